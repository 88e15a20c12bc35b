"""What the relay hands to whoever packages the stream (frames, segments, recordings)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

Kind = Literal["audio", "video"]


@dataclass(frozen=True, slots=True)
class Track:
    """One negotiated track of a publisher. `codec` is `H264`, `VP8`, `VP9` or `opus`; `fmtp` is the raw SDP text."""

    kind: Kind
    codec: str
    payload_type: int
    clock_rate: int
    fmtp: str = ""

    @property
    def parameters(self) -> Mapping[str, str]:
        """The format parameters of `fmtp`, keys in lower case (`{"profile-level-id": "42e01f"}`)."""
        pairs = (item.strip().partition("=") for item in self.fmtp.split(";") if item.strip())
        return {key.strip().lower(): value.strip() for key, _, value in pairs}


class MediaSink(Protocol):
    """Receives one stream on its outgoing timeline, which survives a change of publisher.

    All calls come from the event loop of the media process, must return quickly and must not raise.
    Video timestamps run at 90 kHz and audio at 48 kHz, modulo 2**32.
    """

    def started(self, tracks: tuple[Track, ...]) -> None:
        """A publisher starts or takes over: what follows is a discontinuity and begins with a key frame."""

    def rtp(self, kind: Kind, rtp_timestamp: int, marker: bool, payload: bytes, codec: str) -> None:
        """The payload of one RTP packet, in order and without padding."""

    def lost(self, kind: Kind) -> None:
        """Packets before the next one are gone for good: drop the broken frame; a key frame has been asked for."""

    def clock(self, kind: Kind, rtp_timestamp: int, wall_ms: int) -> None:
        """The publisher says that `rtp_timestamp` was sampled at `wall_ms` (our clock); joins audio to video."""

    def stopped(self) -> None:
        """The publisher is gone; `started` may follow."""
