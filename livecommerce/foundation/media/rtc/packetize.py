"""Encoded frames into RTP payloads (RFC 6184 for H.264; Opus is one payload per packet, RFC 7587 4.2)."""

from collections.abc import Iterator

from livecommerce.foundation.media.rtc.rtp import MAX_PAYLOAD

_STAP_A, _FU_A = 24, 28
_SLICES = frozenset({1, 5})


def nal_units(annex_b: bytes) -> Iterator[bytes]:
    """NAL units of a byte stream (ITU-T H.264 annex B), without start codes."""
    start = annex_b.find(b"\0\0\1")
    while start >= 0:
        start += 3
        following = annex_b.find(b"\0\0\1", start)
        end = len(annex_b) if following < 0 else following
        unit = annex_b[start:end].rstrip(b"\0")
        if unit:
            yield unit
        start = following


def h264_payloads(annex_b: bytes) -> list[bytes]:
    """The payloads of one access unit, in order: parameter sets together in a STAP-A, large slices in FU-A."""
    payloads: list[bytes] = []
    small: list[bytes] = []
    for unit in nal_units(annex_b):
        if unit[0] & 0x1F in _SLICES or len(unit) > MAX_PAYLOAD // 4:
            payloads += _aggregate(small)
            small = []
            payloads += _fragments(unit)
        else:
            small.append(unit)
    return payloads + _aggregate(small)


def _aggregate(units: list[bytes]) -> list[bytes]:
    """RFC 6184 5.7.1; a single unit goes as it is (5.6)."""
    if len(units) < 2:
        return units
    importance = max(unit[0] & 0x60 for unit in units)
    body = b"".join(len(unit).to_bytes(2, "big") + unit for unit in units)
    return [bytes([importance | _STAP_A]) + body] if len(body) < MAX_PAYLOAD else units


def _fragments(unit: bytes) -> list[bytes]:
    """RFC 6184 5.8."""
    if len(unit) <= MAX_PAYLOAD:
        return [unit]
    indicator, kind, body = unit[0] & 0x60 | _FU_A, unit[0] & 0x1F, unit[1:]
    size = MAX_PAYLOAD - 2
    starts = range(0, len(body), size)
    return [
        bytes([indicator, (0x80 if at == 0 else 0) | (0x40 if at == starts[-1] else 0) | kind]) + body[at : at + size]
        for at in starts
    ]
