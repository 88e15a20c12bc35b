"""Who may publish and who may play, and the way from there to the media process."""

from __future__ import annotations

import msgspec

from livecommerce.broadcast.model import Playback
from livecommerce.broadcast.service.paths import PathKeys
from livecommerce.broadcast.service.shows import Admission, Shows
from livecommerce.broadcast.service.viewers import HlsViewers
from livecommerce.broadcast.store import StreamStore
from livecommerce.foundation.core.actors import Actor, Permission, require
from livecommerce.foundation.core.clock import Clock
from livecommerce.foundation.core.errors import Conflict, NotFound, StorageUnavailable
from livecommerce.foundation.core.ids import PersonId, ShowId
from livecommerce.foundation.http.limits import Rate, RateLimiter
from livecommerce.foundation.media.door import File, MediaDoor, Negotiated, SessionTag, StreamNumbers, StreamViewers
from livecommerce.foundation.media.edge import Edge
from livecommerce.foundation.media.files import is_hls_path, parse_reload, reload_query
from livecommerce.foundation.media.playlist import MASTER, MEDIA
from livecommerce.shows.model import Show, ShowStatus, Visibility

OFFERS_PER_PERSON = Rate(30, 60)
"""A publisher that lost its server tries every few seconds."""
OFFERS_PER_ADDRESS = Rate(600, 60)
PATCHES_PER_PERSON = Rate(120, 60)
SEEN_MS = 2_000
SEEN_AFTER_TROUBLE_MS = 10_000
"""While PostgreSQL is lost it is not asked again for so long: whoever asks may wait for its timeout."""
MAX_SHOWS = 1_000


class ShowIsOver(Conflict):
    """The show has ended; nothing can be streamed into it."""

    code = "ended"


class BroadcastService:
    """The doors' side of the room: one method per use case."""

    def __init__(
        self,
        shows: Shows,
        media: MediaDoor,
        edge: Edge,
        store: StreamStore,
        limiter: RateLimiter,
        *,
        admission: Admission,
        path_keys: PathKeys,
        viewers: HlsViewers,
        clock: Clock,
    ) -> None:
        self._shows, self._media, self._edge, self._store, self._limiter = shows, media, edge, store, limiter
        self._admission, self._path_keys, self._viewers, self._clock = admission, path_keys, viewers, clock
        self._shows_seen: dict[ShowId, tuple[int, Show]] = {}

    async def publish(self, actor: Actor, show_id: ShowId, sdp: str, *, address: str) -> Negotiated:
        """Begin to stream into a show, or take over from one's own other session."""
        show = await self._visible(actor, show_id)
        require(actor, Permission.STREAM_PUBLISH, show_id)
        if show.status is ShowStatus.ENDED:
            raise ShowIsOver()
        await self._count_offer(actor, address)
        return await self._media.publish(show_id, actor.id, sdp)

    async def play(self, actor: Actor, show_id: ShowId, sdp: str, *, address: str) -> Negotiated:
        """Begin to watch over WebRTC."""
        await self._visible(actor, show_id)
        await self._count_offer(actor, address)
        return await self._media.play(show_id, actor.id, sdp)

    async def find_session(self, actor: Actor, show_id: ShowId, session_id: str) -> SessionTag:
        """One's own WHIP or WHEP session."""
        await self._limiter.hit("sdp-patch", actor.id, PATCHES_PER_PERSON)
        return await self._media.find_session(show_id, session_id, actor.id)

    async def close_session(self, actor: Actor, show_id: ShowId, session_id: str) -> None:
        """End one's own session."""
        await self._media.close_session(show_id, session_id, actor.id)

    async def disconnect(self, show_id: ShowId, person_id: PersonId) -> None:
        """Somebody was banned: end what they play or publish in this show."""
        await self._media.disconnect(show_id, person_id)

    async def end(self, show_id: ShowId) -> None:
        """The show is over: end its stream."""
        await self._media.end(show_id)

    async def playback(self, show_id: ShowId) -> Playback:
        """How to play the show, for snapshots."""
        return Playback.of(await self._store.get(show_id))

    async def numbers(self, actor: Actor, show_id: ShowId) -> StreamNumbers:
        """How the stream is, for staff."""
        await self._visible(actor, show_id)
        require(actor, Permission.STAFF_READ, show_id)
        numbers = await self._media.numbers(show_id)
        viewers = StreamViewers(whep=numbers.viewers.whep, hls=await self._viewers.total(show_id))
        return msgspec.structs.replace(numbers, viewers=viewers)

    async def entry(self, actor: Actor | None, show_id: ShowId) -> tuple[File, bool]:
        """The multivariant playlist and whether anybody may have it. Of a show that is not public, it is given only to
        those who may watch, and names the path key."""
        show = await self._visible(actor, show_id)
        is_open = show.visibility is not Visibility.PRIVATE
        file = await self._edge.get(show_id, MASTER)
        if is_open:
            return file, True
        media = f"k/{self._path_keys.current(show_id, self._clock.now_ms())}/{MEDIA}"
        body = file.body.replace(f"\n{MEDIA}\n".encode(), f"\n{media}\n".encode())
        return File(body, file.content_type, file.max_age_s), False

    async def file(
        self, show_id: ShowId, path: str, query: str, *, key: str | None, address: str, browser: str
    ) -> File:
        """A playlist, part or segment. Without the right key there is nothing here of a private show."""
        show = await self._known(show_id)
        is_locked = show.visibility is Visibility.PRIVATE or key is not None
        if is_locked and not self._path_keys.is_valid(show_id, key or "", self._clock.now_ms()):
            raise NotFound()
        if not is_hls_path(path) or path == MASTER:
            raise NotFound()
        if path == MEDIA:
            await self._viewers.saw(show_id, address=address, browser=browser)
            directives = reload_query(parse_reload(query))
            return await self._edge.get(show_id, f"{path}?{directives}" if directives else path)
        return await self._edge.get(show_id, path)

    async def _known(self, show_id: ShowId) -> Show:
        """The show, as it was within the last two seconds: every part of every viewer asks.

        One request looks again while the others go on with what was known; so does everybody while PostgreSQL is lost,
        because the picture needs nothing of it.
        """
        now = self._clock.now_ms()
        due, known = self._shows_seen.get(show_id, (0, None))
        if known is not None and now < due:
            return known
        if known is not None:
            self._shows_seen[show_id] = (now + SEEN_AFTER_TROUBLE_MS, known)
        try:
            show = await self._shows.get(show_id)
        except StorageUnavailable:
            if known is None:
                raise
            return known
        if len(self._shows_seen) >= MAX_SHOWS:
            self._shows_seen.clear()
        self._shows_seen[show_id] = (now + SEEN_MS, show)
        return show

    async def _visible(self, actor: Actor | None, show_id: ShowId) -> Show:
        """The show; one that somebody may not see does not exist for them."""
        show = await self._known(show_id)
        if not show.may_be_watched_by(actor):
            raise NotFound()
        if actor is not None:
            await self._admission.admit(actor, show_id)
        return show

    async def _count_offer(self, actor: Actor, address: str) -> None:
        await self._limiter.hit("sdp-person", actor.id, OFFERS_PER_PERSON)
        await self._limiter.hit("sdp-address", address, OFFERS_PER_ADDRESS)
