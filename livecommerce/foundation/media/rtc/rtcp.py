"""RTCP packets at struct level (RFC 3550 6, RFC 4585 feedback, RFC 5104 FIR, draft-alvestrand-rmcat-remb)."""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

SR, RR, SDES, BYE, RTPFB, PSFB = 200, 201, 202, 203, 205, 206
FMT_NACK, FMT_PLI, FMT_FIR, FMT_REMB = 1, 1, 4, 15
MAX_PACKETS, MAX_NACKED = 16, 100
"""Packets read from one compound, and sequence numbers read from one NACK; more is dropped unread."""
NTP_EPOCH_S = 2_208_988_800
VERSION = 0x80
_HEAD = struct.Struct("!BBH")
_SR = struct.Struct("!IIIIII")
_BLOCK = struct.Struct("!IIIIII")


class SenderReport(NamedTuple):
    """When `rtp_timestamp` was sampled, as 64-bit NTP time (RFC 3550 6.4.1)."""

    ssrc: int
    ntp: int
    rtp_timestamp: int
    packets: int = 0
    octets: int = 0


class ReportBlock(NamedTuple):
    """What a receiver says about one SSRC (RFC 3550 6.4.1); `fraction_lost` in 1/256, `dlsr` in 1/65536 s."""

    ssrc: int
    fraction_lost: int
    cumulative_lost: int
    highest_sequence: int
    jitter: int
    lsr: int
    dlsr: int


@dataclass(slots=True)
class Feedback:
    """Everything one compound packet said."""

    sender_reports: list[SenderReport] = field(default_factory=list)
    blocks: list[ReportBlock] = field(default_factory=list)
    nacks: list[tuple[int, int]] = field(default_factory=list)
    """(media SSRC, lost sequence number)"""
    key_requests: set[int] = field(default_factory=set)
    """Media SSRCs that a PLI or FIR names."""
    remb_bps: int | None = None
    bye: set[int] = field(default_factory=set)


def is_rtcp(data: bytes) -> bool:
    """Tell RTCP from RTP on one port (RFC 5761 4)."""
    return len(data) >= 2 and 192 <= data[1] <= 223


def ntp_from_ms(wall_ms: float) -> int:
    """Unix milliseconds as 64-bit NTP time."""
    return int((wall_ms / 1000 + NTP_EPOCH_S) * (1 << 32)) & 0xFFFFFFFFFFFFFFFF


def ms_from_ntp(ntp: int) -> float:
    """64-bit NTP time as Unix milliseconds."""
    return (ntp / (1 << 32) - NTP_EPOCH_S) * 1000


def parse_rtcp(data: bytes) -> Feedback:
    """Read a compound packet; whatever contradicts itself is skipped, never raised."""
    feedback, position = Feedback(), 0
    for _ in range(MAX_PACKETS):
        if position + 4 > len(data):
            break
        first, kind, words = _HEAD.unpack_from(data, position)
        end = position + 4 + 4 * words
        if first >> 6 != 2 or end > len(data):
            break
        _read(feedback, kind, first & 0x1F, data[position + 4 : end])
        position = end
    return feedback


def _read(feedback: Feedback, kind: int, count: int, body: bytes) -> None:
    if kind == SR and len(body) >= _SR.size:
        ssrc, seconds, fraction, rtp, packets, octets = _SR.unpack_from(body)
        feedback.sender_reports.append(SenderReport(ssrc, seconds << 32 | fraction, rtp, packets, octets))
        feedback.blocks += _blocks(body[_SR.size :], count)
    elif kind == RR and len(body) >= 4:
        feedback.blocks += _blocks(body[4:], count)
    elif kind == RTPFB and count == FMT_NACK and len(body) >= 12:
        feedback.nacks += _nacked(body, MAX_NACKED - len(feedback.nacks))
    elif kind == PSFB:
        _read_psfb(feedback, count, body)
    elif kind == BYE and len(body) >= 4 * count:
        feedback.bye.update(struct.unpack_from(f"!{count}I", body))


def _read_psfb(feedback: Feedback, fmt: int, body: bytes) -> None:
    if fmt == FMT_PLI and len(body) >= 8:
        feedback.key_requests.add(int.from_bytes(body[4:8], "big"))
    elif fmt == FMT_FIR and len(body) >= 16:
        feedback.key_requests.add(int.from_bytes(body[8:12], "big"))
    elif fmt == FMT_REMB and len(body) >= 16 and body[8:12] == b"REMB":
        exponent, mantissa = body[13] >> 2, int.from_bytes(body[13:16], "big") & 0x3FFFF
        feedback.remb_bps = min(mantissa << exponent, 1 << 40)


def _blocks(body: bytes, count: int) -> Iterable[ReportBlock]:
    for index in range(min(count, len(body) // _BLOCK.size)):
        ssrc, loss, highest, jitter, lsr, dlsr = _BLOCK.unpack_from(body, index * _BLOCK.size)
        yield ReportBlock(ssrc, loss >> 24, loss & 0xFFFFFF, highest, jitter, lsr, dlsr)


def _nacked(body: bytes, room: int) -> list[tuple[int, int]]:
    ssrc, lost = int.from_bytes(body[4:8], "big"), list[tuple[int, int]]()
    for first, mask in struct.iter_unpack("!HH", body[8 : len(body) - len(body) % 4]):
        lost.append((ssrc, first))
        lost += [(ssrc, (first + bit + 1) & 0xFFFF) for bit in range(16) if mask >> bit & 1]
    return lost[: max(0, room)]


def _packet(kind: int, count: int, body: bytes) -> bytes:
    return _HEAD.pack(VERSION | count, kind, len(body) // 4) + body


def write_sender_report(report: SenderReport, cname: str) -> bytes:
    """SR and the SDES that must accompany it (RFC 3550 6.1)."""
    body = _SR.pack(
        report.ssrc,
        report.ntp >> 32,
        report.ntp & 0xFFFFFFFF,
        report.rtp_timestamp & 0xFFFFFFFF,
        report.packets & 0xFFFFFFFF,
        report.octets & 0xFFFFFFFF,
    )
    return _packet(SR, 0, body) + write_sdes(report.ssrc, cname)


def write_sdes(ssrc: int, cname: str) -> bytes:
    """The canonical name of a source (RFC 3550 6.5.1)."""
    text = cname.encode("ascii")
    item = bytes([1, len(text)]) + text
    return _packet(SDES, 1, ssrc.to_bytes(4, "big") + item + bytes(4 - len(item) % 4))


def write_receiver_report(ssrc: int, blocks: Sequence[ReportBlock]) -> bytes:
    """RR about at most 31 sources."""
    body = ssrc.to_bytes(4, "big")
    for block in blocks[:31]:
        lost = (block.fraction_lost & 0xFF) << 24 | min(block.cumulative_lost, 0x7FFFFF)
        body += _BLOCK.pack(
            block.ssrc, lost, block.highest_sequence & 0xFFFFFFFF, block.jitter & 0xFFFFFFFF, block.lsr, block.dlsr
        )
    return _packet(RR, len(blocks[:31]), body)


def write_nack(ssrc: int, media_ssrc: int, sequences: Sequence[int]) -> bytes:
    """Generic NACK (RFC 4585 6.2.1); `sequences` in ascending order of the stream."""
    pairs: list[tuple[int, int]] = []
    for sequence in sequences:
        offset = (sequence - pairs[-1][0] - 1) & 0xFFFF if pairs else 0xFFFF
        if offset < 16:
            pairs[-1] = (pairs[-1][0], pairs[-1][1] | 1 << offset)
        else:
            pairs.append((sequence & 0xFFFF, 0))
    body = struct.pack("!II", ssrc, media_ssrc) + b"".join(struct.pack("!HH", *pair) for pair in pairs)
    return _packet(RTPFB, FMT_NACK, body)


def write_pli(ssrc: int, media_ssrc: int) -> bytes:
    """Picture loss indication: please send a key frame (RFC 4585 6.3.1)."""
    return _packet(PSFB, FMT_PLI, struct.pack("!II", ssrc, media_ssrc))


def write_remb(ssrc: int, media_ssrcs: Sequence[int], bitrate_bps: int) -> bytes:
    """The most this receiver wants (draft-alvestrand-rmcat-remb 2.2)."""
    exponent = max(0, bitrate_bps.bit_length() - 18)
    number = exponent << 18 | bitrate_bps >> exponent
    body = struct.pack("!II", ssrc, 0) + b"REMB" + struct.pack("!I", len(media_ssrcs) << 24 | number)
    return _packet(PSFB, FMT_REMB, body + b"".join(s.to_bytes(4, "big") for s in media_ssrcs))


def write_bye(ssrc: int) -> bytes:
    """The source leaves (RFC 3550 6.6)."""
    return _packet(BYE, 1, ssrc.to_bytes(4, "big"))
