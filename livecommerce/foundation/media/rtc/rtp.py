"""RTP packets at struct level (RFC 3550 5.1, RFC 8285 one-byte extensions, RFC 4588 retransmission)."""

import struct
from typing import NamedTuple

HEADER = struct.Struct("!BBHII")
VERSION_2 = 0x80
PADDING_BIT, EXTENSION_BIT, MARKER_BIT = 0x20, 0x10, 0x80
ONE_BYTE_PROFILE = 0xBEDE
MAX_PAYLOAD = 1200
"""Bytes that fit into a datagram on every usual path together with RTP, SRTP, UDP and IPv6 headers."""


class RtpPacket(NamedTuple):
    """One RTP packet without CSRCs, extensions and padding; `payload` is empty for a padding-only probe."""

    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes


def parse_rtp(data: bytes) -> RtpPacket | None:
    """Read one packet; None when its lengths contradict each other."""
    if len(data) < HEADER.size:
        return None
    first, second, sequence, timestamp, ssrc = HEADER.unpack_from(data)
    if first >> 6 != 2:
        return None
    start, end = HEADER.size + 4 * (first & 0x0F), len(data)
    if first & EXTENSION_BIT:
        if start + 4 > end:
            return None
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
    if first & PADDING_BIT:
        end -= data[-1]
        if data[-1] == 0:
            return None
    if start > end:
        return None
    return RtpPacket(second & 0x7F, second >= MARKER_BIT, sequence, timestamp, ssrc, data[start:end])


def write_rtp(packet: RtpPacket, extension: bytes = b"") -> bytes:
    """One packet as bytes; `extension` comes from `mid_extension`."""
    first = VERSION_2 | EXTENSION_BIT if extension else VERSION_2
    second = packet.payload_type | MARKER_BIT if packet.marker else packet.payload_type
    header = HEADER.pack(first, second, packet.sequence & 0xFFFF, packet.timestamp & 0xFFFFFFFF, packet.ssrc)
    return header + extension + packet.payload


def mid_extension(extension_id: int | None, mid: str) -> bytes:
    """The header extension that names the m-section (RFC 9143 15); empty when it was not negotiated."""
    if extension_id is None:
        return b""
    value = mid.encode("ascii")
    element = bytes([extension_id << 4 | len(value) - 1]) + value
    element += bytes(-len(element) % 4)
    return struct.pack("!HH", ONE_BYTE_PROFILE, len(element) // 4) + element


def unwrap_rtx(packet: RtpPacket, payload_type: int, ssrc: int) -> RtpPacket | None:
    """The original inside a retransmission packet (RFC 4588 4); None for an empty probe."""
    if len(packet.payload) < 2:
        return None
    original = int.from_bytes(packet.payload[:2], "big")
    return RtpPacket(payload_type, packet.marker, original, packet.timestamp, ssrc, packet.payload[2:])


class Unwrapper:
    """Extends a number that wraps (16-bit sequence, 32-bit timestamp) to one that only grows.

    Guarantee: neighbours closer than half the range keep their order across the wrap.
    """

    __slots__ = ("_half", "_highest", "_range")

    def __init__(self, bits: int) -> None:
        self._range, self._half = 1 << bits, 1 << (bits - 1)
        self._highest: int | None = None

    @property
    def highest(self) -> int | None:
        return self._highest

    def extend(self, value: int) -> int:
        """The extended value; the first one starts a full range up, so that older neighbours stay positive."""
        if self._highest is None:
            self._highest = value + self._range
            return self._highest
        extended = self.near(value)
        self._highest = max(self._highest, extended)
        return extended

    def near(self, value: int) -> int:
        """The same without remembering `value`; before the first `extend` it is the value itself."""
        highest = self._highest if self._highest is not None else value
        delta = (value - highest) % self._range
        return highest + delta - (self._range if delta >= self._half else 0)
