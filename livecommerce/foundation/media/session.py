"""One WHIP or WHEP session.

Concurrency: every session owns one task, from the answer to the end: it connects, then ticks (publisher) or waits
(viewer), and cleans up when it ends, whatever ended it. All on one event loop.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from enum import StrEnum

import structlog

from livecommerce.foundation.media.relay import Relay
from livecommerce.foundation.media.rtc.answer import BitrateCaps, Chosen, tracks_of
from livecommerce.foundation.media.rtc.dtls import HandshakeFailed
from livecommerce.foundation.media.rtc.peer import RtcPeer
from livecommerce.foundation.media.rtc.rtp import mid_extension
from livecommerce.foundation.media.rtc.uplink import Uplink, UplinkStats
from livecommerce.foundation.media.source import Source
from livecommerce.foundation.media.viewers import Address, Viewer

log = structlog.get_logger(__name__)

STALLED_S, INTERRUPTED_S = 1.0, 2.5
TICK_S, RECOVERY_TICK_S = 0.1, 0.02


class SessionState(StrEnum):
    """Where a session is. A publisher comes back to `live` from `stalled` and `interrupted`."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    LIVE = "live"
    STALLED = "stalled"
    INTERRUPTED = "interrupted"
    CLOSED = "closed"


OnChange = Callable[[SessionState], None]


class Session:
    """What publishing and playing have in common. `id` is a capability: 128 unguessable bits."""

    def __init__(self, peer: RtcPeer, answer_sdp: str, *, on_change: OnChange | None) -> None:
        self.id = secrets.token_urlsafe(16)
        self.answer_sdp, self.etag = answer_sdp, peer.etag
        self.state = SessionState.CONNECTING
        self.close_reason: str | None = None
        self._peer, self._on_change = peer, on_change
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        peer.on_closed(lambda: self.stop("peer_left"))

    def start(self, handshakes: asyncio.Semaphore, on_end: Callable[[], None]) -> None:
        """Begin to wait for the peer; `on_end` is called once, when everything is cleaned up."""
        self._task = asyncio.create_task(self._run(handshakes, on_end), name=f"{type(self).__name__} {self.id[:6]}")

    async def _run(self, handshakes: asyncio.Semaphore, on_end: Callable[[], None]) -> None:
        try:
            await self._connect(handshakes)
            while not self._stopping.is_set():
                await self._serve()
        except HandshakeFailed:
            self.stop("handshake_failed")
        except Exception as exc:
            log.exception("media session failed", exc_info=exc)
            self.stop("failed")
        finally:
            self.stop("shut_down")
            self._end()
            try:
                await self._peer.close()
            finally:
                self._enter(SessionState.CLOSED)
                on_end()

    async def _connect(self, handshakes: asyncio.Semaphore) -> None:
        """Connect unless the session is stopped first."""
        connecting = asyncio.ensure_future(self._peer.connect(handshakes, self._begin))
        stopping = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait({connecting, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if connecting.done():
                connecting.result()
        finally:
            stopping.cancel()
            connecting.cancel()
            await asyncio.gather(connecting, stopping, return_exceptions=True)

    def _begin(self) -> None:
        """The peer is connected, and nothing of it has been read yet."""
        self._enter(SessionState.CONNECTED)

    async def _serve(self) -> None:
        """One round of being a session, while it is not stopped."""
        await self._stopping.wait()

    def _end(self) -> None:
        """Undo `_begin`, which may not have happened."""

    def _enter(self, state: SessionState) -> None:
        if state is self.state:
            return
        self.state = state
        if self._on_change is not None:
            try:
                self._on_change(state)
            except Exception as exc:
                log.exception("session listener failed", exc_info=exc)

    def is_dead(self, now: float) -> bool:
        """No valid connectivity check for too long."""
        return self._peer.is_dead(now)

    def stop(self, reason: str) -> None:
        """Ask the session to end; the first reason counts."""
        if self.close_reason is None:
            self.close_reason = reason
        self._stopping.set()

    async def close(self, reason: str = "left") -> None:
        """End the session and wait until it has."""
        self.stop(reason)
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)


def _liveness(silence_s: float) -> SessionState:
    if silence_s >= INTERRUPTED_S:
        return SessionState.INTERRUPTED
    return SessionState.STALLED if silence_s >= STALLED_S else SessionState.LIVE


class PublishSession(Session):
    """A host who sends (WHIP)."""

    def __init__(
        self,
        peer: RtcPeer,
        answer_sdp: str,
        *,
        relay: Relay,
        chosen: tuple[Chosen, ...],
        caps: BitrateCaps,
        take_over: Callable[[PublishSession], None],
        on_change: OnChange | None,
    ) -> None:
        super().__init__(peer, answer_sdp, on_change=on_change)
        self.relay = relay
        self._chosen, self._caps, self._take_over = chosen, caps, take_over
        self._uplink: Uplink | None = None
        self._source: Source | None = None

    def _begin(self) -> None:
        """Take the stream over: only now, so that a failed attempt disturbs nobody."""
        self._take_over(self)
        self._source = self.relay.attach(tracks_of(self._chosen), self._request_key)
        self._uplink = Uplink(self._chosen, self._source, send_rtcp=self._peer.send_rtcp, caps=self._caps)
        self._peer.listen(self._uplink.on_rtp, self._uplink.on_rtcp)
        super()._begin()

    async def _serve(self) -> None:
        """Tick: often while something is missing."""
        if self._uplink is not None:
            self._tick(self._uplink)
            await self._pause(RECOVERY_TICK_S if self._uplink.is_recovering else TICK_S)

    def _end(self) -> None:
        if self._source is not None:
            self.relay.detach(self._source)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            pass

    def _tick(self, uplink: Uplink) -> None:
        uplink.tick()
        self.relay.tick(uplink.kbps)
        if uplink.is_abusive:
            self.stop("too_much")
        if uplink.has_media:
            self._enter(_liveness(uplink.silence_s()))

    def _request_key(self) -> None:
        if self._uplink is not None:
            self._uplink.request_key()

    def stats(self) -> UplinkStats | None:
        """The publisher's connection; None before it is connected."""
        return self._uplink.stats() if self._uplink is not None else None


class PlaySession(Session):
    """A viewer who receives (WHEP)."""

    def __init__(
        self, peer: RtcPeer, answer_sdp: str, *, relay: Relay, chosen: tuple[Chosen, ...], on_change: OnChange | None
    ) -> None:
        super().__init__(peer, answer_sdp, on_change=on_change)
        self.relay = relay
        sent = {item.section.kind: item for item in chosen if item.codec is not None}
        self._viewer = Viewer(
            peer,
            {kind: _address(item) for kind, item in sent.items()},
            codecs={track.kind: track.codec for track in relay.tracks if track.kind in sent},
            on_unplayable=lambda: self.stop("codec_changed"),
        )

    def _begin(self) -> None:
        self._peer.listen(_ignore, lambda data: self.relay.on_rtcp(self._viewer, data))
        super()._begin()
        self.relay.join(self._viewer)
        self._enter(SessionState.LIVE)

    def _end(self) -> None:
        self.relay.leave(self._viewer)

    @property
    def is_struggling(self) -> bool:
        """This viewer has lost more than a tenth of the video for ten seconds; HLS would serve them better."""
        return self._viewer.is_struggling(self.relay.now())


def _ignore(data: bytes) -> None:
    """A viewer has no media to send."""


def _address(item: Chosen) -> Address:
    payload_type = item.codec.payload_type if item.codec is not None else 0
    return Address(payload_type, mid_extension(item.section.mid_extension_id, item.section.mid))
