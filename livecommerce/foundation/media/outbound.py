"""Outgoing numbering of a stream: one SSRC, sequence and timeline per kind of media, whoever publishes.

Every viewer sees the same numbers. So a group of pictures can be sent again as it was, one ring answers every NACK, and
a publisher that comes back continues where the last one stopped.
"""

import secrets
from bisect import bisect_left, insort
from dataclasses import dataclass, field
from typing import NamedTuple

from livecommerce.foundation.media.rtc.rtcp import SenderReport, ntp_from_ms
from livecommerce.foundation.media.rtc.rtp import RtpPacket, Unwrapper
from livecommerce.foundation.media.sink import Kind

RING = 1000
"""Packets kept for retransmission; below libsrtp's replay window of 1024."""
CLOCK_RATES: dict[Kind, int] = {"audio": 48_000, "video": 90_000}
FRAME_TICKS: dict[Kind, int] = {"audio": 960, "video": 3_000}
MAX_GAP = 512
"""A longer run of missing numbers is shown to viewers as one missing packet."""


class Record(NamedTuple):
    """One outgoing packet before it is addressed to a group; `payload` is empty for one that only fills its number."""

    marker: bool
    sequence: int
    timestamp: int
    payload: bytes


@dataclass(slots=True)
class OutTrack:
    """What viewers know of one kind of media. `sequence` and `timestamp` are extended and only grow."""

    kind: Kind
    ssrc: int = field(default_factory=lambda: secrets.randbits(32))
    sequence: int = field(default_factory=lambda: (1 << 16) + secrets.randbits(14))
    timestamp: int | None = None
    base: int | None = None
    sent_at: float = 0.0
    packets: int = 0
    octets: int = 0
    wall: tuple[int, float] | None = None
    """An extended timestamp and the wall clock (ms) at which it was sampled."""
    _ring: list[Record | None] = field(default_factory=lambda: [None] * RING)

    @property
    def clock_rate(self) -> int:
        return CLOCK_RATES[self.kind]

    def next_timestamp(self, now: float) -> int:
        """Where a new publisher's first packet goes: the old timeline moved on by wall time, at least one frame."""
        if self.timestamp is None:
            self.base = (1 << 32) + secrets.randbits(31)
            return self.base
        return self.timestamp + max(FRAME_TICKS[self.kind], round((now - self.sent_at) * self.clock_rate))

    def keep(self, record: Record, sequence: int, timestamp: int, now: float) -> None:
        """Put a packet into the ring and count it for sender reports."""
        self._ring[record.sequence % RING] = record
        self.sequence = max(self.sequence, sequence)
        self.timestamp = max(self.timestamp or 0, timestamp)
        self.sent_at = now
        self.packets += 1
        self.octets += len(record.payload)

    def kept(self, sequence: int) -> Record | None:
        """The packet with this sequence number, if it is young enough."""
        record = self._ring[sequence % RING]
        return record if record is not None and record.sequence == sequence else None

    def sender_report(self, now: float, wall_ms: float) -> SenderReport | None:
        """An SR for `now`, by the publisher's clock when it is known, so that lips and sound stay together."""
        if self.timestamp is None:
            return None
        at, sampled_ms = self.wall or (self.timestamp, wall_ms - (now - self.sent_at) * 1000)
        timestamp = at + round((wall_ms - sampled_ms) * self.clock_rate / 1000)
        return SenderReport(self.ssrc, ntp_from_ms(wall_ms), timestamp, self.packets, self.octets)


class Mapping:
    """Places one publisher's packets on an `OutTrack`.

    Probes (padding only) use up incoming numbers but no outgoing ones: a hole that nothing will ever fill makes a
    browser ask for it for ever and freeze.
    """

    def __init__(self, out: OutTrack, first: RtpPacket, number: int, now: float) -> None:
        self._out = out
        self._timestamps = Unwrapper(32)
        self._first, self._highest = number, number - 1
        self._offset = out.sequence + 1 - number
        self._timestamp_offset = out.next_timestamp(now) - self._timestamps.extend(first.timestamp)
        self._probes: list[int] = []
        out.wall = None

    def covers(self, number: int) -> bool:
        """False for packets from before the one this mapping began with."""
        return number >= self._first

    def timestamp(self, rtp_timestamp: int) -> int:
        """Extended outgoing timestamp of something other than a new packet."""
        return self._timestamps.near(rtp_timestamp) + self._timestamp_offset

    def place(self, number: int, packet: RtpPacket, now: float) -> Record | None:
        """The outgoing packet, already kept in the ring; None for a probe that came in order."""
        jump = number - self._highest - 1
        if jump > MAX_GAP:
            self._offset -= jump - 1
        sequence = number + self._offset - bisect_left(self._probes, number)
        is_newest = number > self._highest
        self._highest = max(self._highest, number)
        if not packet.payload and is_newest:
            self._remember_probe(number)
            return None
        timestamp = self._timestamps.extend(packet.timestamp) + self._timestamp_offset
        record = Record(packet.marker, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, packet.payload)
        self._out.keep(record, sequence, timestamp, now)
        return record

    def _remember_probe(self, number: int) -> None:
        """Later numbers move down by one; probes too old for any late packet become part of the offset."""
        insort(self._probes, number)
        if len(self._probes) > MAX_GAP:
            self._probes = self._probes[MAX_GAP // 2 :]
            self._offset -= MAX_GAP // 2
