"""What one publisher feeds into a stream: rewriting on arrival for viewers, and in order for packagers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from livecommerce.foundation.media.keyframes import is_key_start
from livecommerce.foundation.media.outbound import Mapping, OutTrack, Record
from livecommerce.foundation.media.rtc.rtcp import ms_from_ntp
from livecommerce.foundation.media.rtc.rtp import RtpPacket
from livecommerce.foundation.media.sink import Kind, Track


class Stream(Protocol):
    """The part of the relay that a source writes to."""

    out: dict[Kind, OutTrack]
    now: Callable[[], float]
    wall: Callable[[], float]

    def is_current(self, source: Source) -> bool: ...

    def began(self, kind: Kind) -> None: ...

    def forward(self, kind: Kind, record: Record, *, is_key: bool) -> None: ...

    def deliver(self, kind: Kind, codec: str, timestamp: int, packet: RtpPacket) -> None: ...

    def lost(self, kind: Kind) -> None: ...

    def sampled(self, kind: Kind, timestamp: int, wall_ms: float) -> None: ...

    def request_key(self, reason: str) -> None: ...


class Source:
    """One publisher's packets on their way into a stream (`rtc.uplink.Feed`); mute once another publisher took over."""

    def __init__(self, stream: Stream, tracks: tuple[Track, ...], request_key: Callable[[], None]) -> None:
        self.request_key = request_key
        self._stream = stream
        self._codecs: dict[Kind, str] = {track.kind: track.codec for track in tracks}
        self._mappings: dict[Kind, Mapping] = {}
        self._skew_ms: float | None = None

    def packet(self, kind: Kind, number: int, packet: RtpPacket) -> None:
        """Rewrite a packet and send it on; video begins with a key frame."""
        stream = self._stream
        if not stream.is_current(self):
            return
        is_key = kind == "video" and is_key_start(self._codecs[kind], packet.payload)
        mapping = self._mappings.get(kind)
        if mapping is None:
            if kind == "video" and not is_key:
                stream.request_key("start")
            elif packet.payload:
                mapping = self._begin(kind, number, packet)
        if mapping is not None and mapping.covers(number):
            record = mapping.place(number, packet, stream.now())
            if record is not None:
                stream.forward(kind, record, is_key=is_key)

    def _begin(self, kind: Kind, number: int, packet: RtpPacket) -> Mapping:
        mapping = self._mappings[kind] = Mapping(self._stream.out[kind], packet, number, self._stream.now())
        self._stream.began(kind)
        return mapping

    def ordered(self, kind: Kind, number: int, packet: RtpPacket | None) -> None:
        """Hand a packet to the sinks, on the outgoing timeline."""
        mapping = self._mappings.get(kind)
        if mapping is None or not mapping.covers(number) or not self._stream.is_current(self):
            return
        if packet is None:
            self._stream.lost(kind)
        elif packet.payload:
            self._stream.deliver(kind, self._codecs[kind], mapping.timestamp(packet.timestamp), packet)

    def sampled(self, kind: Kind, rtp_timestamp: int, ntp: int) -> None:
        """Translate the publisher's clock to ours once, so that sound and picture keep their distance."""
        mapping = self._mappings.get(kind)
        if mapping is None or not self._stream.is_current(self):
            return
        sent_ms = ms_from_ntp(ntp)
        if self._skew_ms is None:
            self._skew_ms = self._stream.wall() * 1000 - sent_ms
        self._stream.sampled(kind, mapping.timestamp(rtp_timestamp), sent_ms + self._skew_ms)
