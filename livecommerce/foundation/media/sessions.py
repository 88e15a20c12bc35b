"""The WebRTC server: what the media node talks to.

Concurrency: one janitor task (1 s) ends sessions without consent; each session owns its own task. At most
`RtcLimits.handshakes` DTLS handshakes run at once (8 to 10 ms of CPU each), and joins are capped per second, so that a
"we are live" message does not stop the packets of those who already watch.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog
from aioice.ice import get_host_addresses

from livecommerce.foundation.core.errors import Busy, Conflict
from livecommerce.foundation.media.relay import Relay
from livecommerce.foundation.media.rtc.answer import (
    BitrateCaps,
    Chosen,
    choose_for_publisher,
    choose_for_viewer,
    write_answer,
)
from livecommerce.foundation.media.rtc.dtls import check_aiortc_contract, make_certificate
from livecommerce.foundation.media.rtc.icelite import MuxPort
from livecommerce.foundation.media.rtc.peer import RtcPeer
from livecommerce.foundation.media.rtc.sdp import Description, parse_description
from livecommerce.foundation.media.session import (
    OnChange,
    PlaySession,
    PublishSession,
    Session,
    SessionState,
)

__all__ = [
    "OnChange",
    "PlaySession",
    "PublishSession",
    "RtcLimits",
    "RtcServer",
    "ServerStats",
    "SessionState",
    "StreamOffline",
    "TooManySessions",
]

log = structlog.get_logger(__name__)

JANITOR_S = 1.0
CERTIFICATE_S = 7 * 24 * 3600
"""Certificates are valid for 30 days; sessions that began with an older one keep it."""
WILDCARDS = frozenset({"0.0.0.0", "::", ""})


class TooManySessions(Busy):
    """This media server has no room for another session; try again in a moment."""


class StreamOffline(Conflict):
    """Nobody is publishing to this stream yet."""

    code = "stream_offline"


@dataclass(frozen=True, slots=True)
class RtcLimits:
    """How much one media process takes on (20,000 packets per second are about 110 viewers)."""

    publishers: int = 4
    viewers: int = 110
    handshakes: int = 8
    joins_per_s: int = 25
    caps: BitrateCaps = field(default_factory=BitrateCaps)


@dataclass(frozen=True, slots=True)
class ServerStats:
    """Figures of the process; counters since it began."""

    publishers: int
    viewers: int
    handshakes_failed: int
    datagrams_dropped: int
    write_buffer: int


class RtcServer:
    """One UDP port and every session on it. `announce` are the addresses that answers name; empty means those bound.

    Answers leave from the address that the system's routes prefer, so a machine with several should bind one of them.
    """

    def __init__(self, host: str, port: int, *, announce: Sequence[str] = (), limits: RtcLimits | None = None) -> None:
        self._host, self._port_number = host, port
        self._announce = tuple(announce)
        self._limits = limits or RtcLimits()
        self._port: MuxPort | None = None
        self._certificate = make_certificate()
        self._certified_at = time.monotonic()
        self._publishers: dict[str, PublishSession] = {}
        self._viewers: dict[str, PlaySession] = {}
        self._handshakes = asyncio.Semaphore(self._limits.handshakes)
        self._handshakes_failed = 0
        self._joins = (0.0, 0)
        self._janitor: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Bind the port. Raises OSError when it is taken, AiortcChanged when aiortc is not the one we know."""
        check_aiortc_contract()
        self._port = await MuxPort.open(self._host, self._port_number)
        self._announce = self._announce or _own_addresses(self._host)
        self._janitor = asyncio.create_task(self._sweep(), name="webrtc session janitor")

    async def close(self) -> None:
        """End every session and free the port."""
        if self._janitor is not None:
            self._janitor.cancel()
            await asyncio.gather(self._janitor, return_exceptions=True)
        await asyncio.gather(*(session.close("shut_down") for session in self._sessions()))
        if self._port is not None:
            await self._port.close()

    def _sessions(self) -> list[Session]:
        return [*self._publishers.values(), *self._viewers.values()]

    @property
    def port(self) -> int:
        """The bound UDP port."""
        return self._opened().number

    def _opened(self) -> MuxPort:
        if self._port is None:
            raise RuntimeError("the WebRTC server is not open")
        return self._port

    async def publish(self, relay: Relay, offer_sdp: str, *, on_change: OnChange | None = None) -> PublishSession:
        """Answer a host. When the host has connected, an earlier publisher of the same stream is closed ("replaced").

        Raises MalformedOffer, WrongDirection, UnsupportedOffer, NoCommonCodec and TooManySessions.
        """
        offer = parse_description(offer_sdp)
        chosen = choose_for_publisher(offer)
        # One more than the streams, because a publisher who comes back overlaps with their old session.
        if len(self._publishers) >= 2 * self._limits.publishers:
            raise TooManySessions(retry_after_s=5)
        peer, answer = self._answer(offer, chosen, caps=self._limits.caps)
        session = PublishSession(
            peer,
            answer,
            relay=relay,
            chosen=chosen,
            caps=self._limits.caps,
            take_over=self._replace,
            on_change=on_change,
        )
        self._publishers[session.id] = session
        session.start(self._handshakes, lambda: self._ended(session))
        return session

    async def play(self, relay: Relay, offer_sdp: str, *, on_change: OnChange | None = None) -> PlaySession:
        """Answer a viewer. Raises what `publish` raises, and StreamOffline before the stream has had a publisher."""
        offer = parse_description(offer_sdp)
        if not relay.tracks:
            raise StreamOffline(retry_after_s=2)
        self._admit_viewer()
        chosen = choose_for_viewer(offer, relay.tracks, {kind: out.ssrc for kind, out in relay.out.items()})
        peer, answer = self._answer(offer, chosen, caps=None)
        session = PlaySession(peer, answer, relay=relay, chosen=chosen, on_change=on_change)
        self._viewers[session.id] = session
        session.start(self._handshakes, lambda: self._ended(session))
        return session

    def _admit_viewer(self) -> None:
        if len(self._viewers) >= self._limits.viewers:
            raise TooManySessions(retry_after_s=10)
        now = time.monotonic()
        began, joins = self._joins if now - self._joins[0] < 1 else (now, 0)
        if joins >= self._limits.joins_per_s:
            raise TooManySessions(retry_after_s=1)
        self._joins = (began, joins + 1)

    def _answer(
        self, offer: Description, chosen: tuple[Chosen, ...], *, caps: BitrateCaps | None
    ) -> tuple[RtcPeer, str]:
        if time.monotonic() - self._certified_at > CERTIFICATE_S:
            self._certificate, self._certified_at = make_certificate(), time.monotonic()
        peer = RtcPeer(self._opened(), self._certificate, offer)
        return peer, write_answer(chosen, peer.transport(self._announce), caps=caps)

    def _replace(self, session: PublishSession) -> None:
        for other in self._publishers.values():
            if other is not session and other.relay is session.relay and other.state is not SessionState.CONNECTING:
                other.stop("replaced")

    def _ended(self, session: Session) -> None:
        self._publishers.pop(session.id, None)
        self._viewers.pop(session.id, None)
        if session.close_reason == "handshake_failed":
            self._handshakes_failed += 1
        log.info("media session ended", kind=type(session).__name__, reason=session.close_reason)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(JANITOR_S)
            now = time.monotonic()
            for session in self._sessions():
                if session.is_dead(now):
                    session.stop("timeout")

    def stats(self) -> ServerStats:
        return ServerStats(
            publishers=len(self._publishers),
            viewers=len(self._viewers),
            handshakes_failed=self._handshakes_failed,
            datagrams_dropped=self._port.dropped if self._port is not None else 0,
            write_buffer=self._port.write_buffer if self._port is not None else 0,
        )


def _own_addresses(host: str) -> tuple[str, ...]:
    """The addresses of this machine that `host` binds; loopback when there is no other."""
    if host not in WILDCARDS:
        return (host,)
    return tuple(get_host_addresses(use_ipv4=True, use_ipv6=host == "::")) or ("127.0.0.1",)
