"""What the rest of the product asks of the media process, whether it runs here or behind the internal HTTP door."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import msgspec

from livecommerce.foundation.core.errors import Busy, Conflict, NotFound
from livecommerce.foundation.core.ids import PersonId, ShowId


class StreamState(StrEnum):
    """Life of a stream: 1 s without packets is stalled, 2.5 s interrupted, five minutes (a setting) ended."""

    WAITING = "waiting"
    LIVE = "live"
    STALLED = "stalled"
    INTERRUPTED = "interrupted"
    ENDED = "ended"


class NoStream(NotFound):
    """Nothing is being streamed in this show."""

    code = "no_stream"


class SessionNotFound(NotFound):
    """There is no such WHIP or WHEP session."""

    code = "session_not_found"


class PublishedByAnother(Conflict):
    """Somebody else is streaming into this show."""

    code = "published_by_another"


class NotPlayable(Conflict):
    """Nothing can be played over WebRTC yet; ask again, or play HLS."""

    code = "not_streaming"


class MediaUnavailable(Busy):
    """The media server cannot be reached; try again in a moment."""


@dataclass(frozen=True, slots=True)
class File:
    """One file of HLS. `max_age_s` None means that it never changes."""

    body: bytes
    content_type: str
    max_age_s: float | None


class SessionTag(msgspec.Struct, frozen=True):
    """A WHIP or WHEP session and the strong entity tag of its ICE session (RFC 9725 4.3.1)."""

    session_id: str
    etag: str


class Negotiated(SessionTag, frozen=True):
    """A new session and our SDP answer."""

    sdp: str


class StreamViewers(msgspec.Struct, frozen=True):
    """Who watches how."""

    whep: int = 0
    hls: int = 0


class StreamNumbers(msgspec.Struct, frozen=True, kw_only=True):
    """What the host's console shows of the incoming stream."""

    state: StreamState = StreamState.WAITING
    codec: str | None = None
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    bitrate_kbps: int | None = None
    keyframe_interval_ms: int | None = None
    loss_percent: float | None = None
    rtt_ms: float | None = None
    viewers: StreamViewers = StreamViewers()


class MediaDoor(Protocol):
    """The operations. All raise domain errors; `MediaUnavailable` when no media process answers."""

    async def publish(self, show_id: ShowId, owner: PersonId, sdp: str) -> Negotiated:
        """Answer a WHIP offer. The same owner replaces their own session; another one is `PublishedByAnother`."""

    async def play(self, show_id: ShowId, viewer: PersonId, sdp: str) -> Negotiated:
        """Answer a WHEP offer."""

    async def find_session(self, show_id: ShowId, session_id: str, person: PersonId) -> SessionTag:
        """The session; `SessionNotFound` unless this person holds it in this show."""

    async def close_session(self, show_id: ShowId, session_id: str, person: PersonId) -> None:
        """End a session of this person."""

    async def disconnect(self, show_id: ShowId, person: PersonId) -> None:
        """End every session of a person in a show."""

    async def end(self, show_id: ShowId) -> None:
        """End the stream for good: the publisher and all viewers are disconnected."""

    async def file(self, show_id: ShowId, path: str) -> File:
        """A playlist (waiting as its query says), part, segment or init segment."""

    async def numbers(self, show_id: ShowId) -> StreamNumbers:
        """How the stream is."""
