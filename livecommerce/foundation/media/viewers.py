"""A viewer of the relay: what was negotiated with one peer, and what that peer may ask for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from livecommerce.foundation.media.outbound import OutTrack, Record
from livecommerce.foundation.media.rtc.rtp import EXTENSION_BIT, HEADER, MARKER_BIT, PADDING_BIT, VERSION_2
from livecommerce.foundation.media.sink import Kind

MAX_RTCP_PER_S, MAX_RESENDS_PER_S, MAX_KEY_REQUESTS_PER_S = 50, 200, 2
"""Per viewer; what is above is ignored, so that a small request cannot make much traffic."""
STRUGGLING_LOSS, STRUGGLING_S = 0.10, 10.0


class Peer(Protocol):
    """How packets reach a viewer. Neither method raises or waits."""

    def send(self, plain: bytes) -> None: ...

    def send_rtcp(self, plain: bytes) -> None: ...

    @property
    def backlog(self) -> int:
        """Bytes that the kernel has not taken yet."""
        ...


class Address(NamedTuple):
    """How one kind of media is labelled for a viewer; viewers with equal labels share one plaintext."""

    payload_type: int
    extension: bytes

    def write(self, out: OutTrack, record: Record) -> bytes:
        """The packet for everybody with these labels (RFC 3550 5.1)."""
        first = VERSION_2 | EXTENSION_BIT if self.extension else VERSION_2
        second = self.payload_type | MARKER_BIT if record.marker else self.payload_type
        payload = record.payload
        if not payload:
            first, payload = first | PADDING_BIT, b"\x01"
        return HEADER.pack(first, second, record.sequence, record.timestamp, out.ssrc) + self.extension + payload


@dataclass(slots=True)
class _Budget:
    """So many per second."""

    limit: int
    began: float = 0.0
    used: int = 0

    def take(self, now: float) -> bool:
        if now - self.began >= 1:
            self.began, self.used = now, 0
        self.used += 1
        return self.used <= self.limit


class Viewer:
    """One WebRTC viewer."""

    def __init__(
        self,
        peer: Peer,
        addresses: Mapping[Kind, Address],
        codecs: Mapping[Kind, str],
        *,
        on_unplayable: Callable[[], None],
    ) -> None:
        self.peer, self.addresses, self.codecs = peer, dict(addresses), dict(codecs)
        self.on_unplayable = on_unplayable
        self.send = peer.send
        self.loss = 0.0
        self._lossy_since: float | None = None
        self._rtcp = _Budget(MAX_RTCP_PER_S)
        self._resends = _Budget(MAX_RESENDS_PER_S)
        self._key_requests = _Budget(MAX_KEY_REQUESTS_PER_S)

    def may_report(self, now: float) -> bool:
        return self._rtcp.take(now)

    def may_resend(self, now: float) -> bool:
        return self._resends.take(now)

    def may_ask_for_key(self, now: float) -> bool:
        return self._key_requests.take(now)

    def reported(self, fraction_lost: int, now: float) -> None:
        """Loss of the video by the viewer's own report, in 1/256."""
        self.loss = fraction_lost / 256
        if self.loss <= STRUGGLING_LOSS:
            self._lossy_since = None
        elif self._lossy_since is None:
            self._lossy_since = now

    def is_struggling(self, now: float) -> bool:
        """More than a tenth lost for ten seconds: segments over HTTP would serve this viewer better."""
        return self._lossy_since is not None and now - self._lossy_since >= STRUGGLING_S
