"""RTP payloads back into access units: H.264 (RFC 6184: single NAL, STAP-A, FU-A) and Opus (RFC 7587).

VP8, VP9 and AV1 streams are passed on over WebRTC only; there is no depacketiser for them.
Input is in order; a hole is announced by `lost()`, after which video waits for a key frame.
"""

from dataclasses import dataclass

from livecommerce.foundation.media import h264, opus
from livecommerce.foundation.media.h264 import MalformedParameterSets, ParameterSets

MAX_FRAME_BYTES = 1_500_000
MAX_NALS = 256
_STAP_A, _FU_A = 24, 28
_NOT_STORED = frozenset({h264.SPS, h264.PPS, h264.DELIMITER, h264.FILLER})


@dataclass(frozen=True, slots=True)
class Picture:
    """One H.264 access unit: NAL units with four-byte lengths, parameter sets left out (ISO 14496-15 `avc1`)."""

    rtp_timestamp: int
    data: bytes
    is_key: bool
    parameters: ParameterSets


@dataclass(frozen=True, slots=True)
class Sound:
    """One Opus packet and how long it lasts in 48 kHz ticks."""

    rtp_timestamp: int
    data: bytes
    ticks: int


class H264Depacketiser:
    """Collects NAL units until the marker bit, or the next timestamp, completes the picture."""

    def __init__(self) -> None:
        self._timestamp: int | None = None
        self._nals: list[bytes] = []
        self._bytes = 0
        self._fragments: bytearray | None = None
        self._is_broken = False
        self._needs_key = True
        self._sps = b""
        self._pps = b""
        self._parameters: ParameterSets | None = None

    @property
    def needs_key(self) -> bool:
        """No picture can be given out until a key frame with parameter sets arrives."""
        return self._needs_key

    def lost(self) -> None:
        """A packet is missing: what is collected is useless, and so is everything that refers to it."""
        self._is_broken = True
        self._needs_key = True

    def add(self, rtp_timestamp: int, marker: bool, payload: bytes) -> list[Picture]:
        """Take one payload; return the pictures it completes (two when the marker of the first was lost)."""
        pictures = []
        if self._timestamp is not None and rtp_timestamp != self._timestamp:
            pictures.append(self._finish())
        self._timestamp = rtp_timestamp
        self._collect(payload)
        if marker:
            pictures.append(self._finish())
        return [picture for picture in pictures if picture is not None]

    def _collect(self, payload: bytes) -> None:
        if not payload:
            return
        match payload[0] & 0x1F:
            case number if 1 <= number <= 23:
                self._store(payload)
            case number if number == _STAP_A:
                self._collect_aggregate(payload)
            case number if number == _FU_A and len(payload) > 2:
                self._collect_fragment(payload)
            case _:
                self.lost()  # interleaved mode is never negotiated

    def _collect_aggregate(self, payload: bytes) -> None:
        at = 1
        while at + 2 < len(payload):
            end = at + 2 + int.from_bytes(payload[at : at + 2], "big")
            if end > len(payload) or end == at + 2:
                self.lost()
                return
            self._store(payload[at + 2 : end])
            at = end

    def _collect_fragment(self, payload: bytes) -> None:
        is_start, is_end = payload[1] & 0x80, payload[1] & 0x40
        if is_start:
            self._fragments = bytearray([payload[0] & 0xE0 | payload[1] & 0x1F])
        if self._fragments is None:
            self.lost()
            return
        self._fragments += payload[2:]
        if len(self._fragments) > MAX_FRAME_BYTES:
            self._fragments = None
            self.lost()
            return
        if is_end:
            self._store(bytes(self._fragments))
            self._fragments = None

    def _store(self, nal: bytes) -> None:
        kind = h264.nal_type(nal)
        if kind == h264.SPS:
            self._sps = nal
        elif kind == h264.PPS:
            self._pps = nal
        self._bytes += len(nal)
        if self._bytes > MAX_FRAME_BYTES or len(self._nals) >= MAX_NALS:
            self.lost()
            return
        self._nals.append(nal)

    def _finish(self) -> Picture | None:
        nals, timestamp = self._nals, self._timestamp
        is_broken = self._is_broken or self._fragments is not None
        self._nals, self._timestamp, self._fragments, self._bytes, self._is_broken = [], None, None, 0, False
        stored = [nal for nal in nals if h264.nal_type(nal) not in _NOT_STORED]
        if is_broken:
            self._needs_key = True
            return None
        if timestamp is None or not any(h264.nal_type(nal) <= h264.IDR for nal in stored):
            return None
        is_key = any(h264.nal_type(nal) == h264.IDR for nal in stored)
        parameters = self._current_parameters() if is_key else self._parameters
        if parameters is None or (self._needs_key and not is_key):
            return None
        self._needs_key = False
        data = b"".join(len(nal).to_bytes(4, "big") + nal for nal in stored)
        return Picture(timestamp, data, is_key, parameters)

    def _current_parameters(self) -> ParameterSets | None:
        """Parameter sets change only at a key frame; a set that cannot be read makes the key frame useless."""
        known = self._parameters
        if known is None or (known.sps, known.pps) != (self._sps, self._pps):
            try:
                self._parameters = ParameterSets.of(self._sps, self._pps)
            except MalformedParameterSets:
                self._parameters = None
                self._needs_key = True
        return self._parameters


def sound(rtp_timestamp: int, payload: bytes) -> Sound | None:
    """The Opus packet of one RTP payload (RFC 7587 4.2: exactly one), or nothing when it is malformed."""
    ticks = opus.packet_ticks(payload)
    return Sound(rtp_timestamp, payload, ticks) if ticks else None
