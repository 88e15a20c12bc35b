"""One received track: its sources, its window, and what a receiver report says about it."""

from livecommerce.foundation.media.rtc.answer import Chosen
from livecommerce.foundation.media.rtc.rtcp import ReportBlock, SenderReport
from livecommerce.foundation.media.rtc.rtp import RtpPacket, Unwrapper, unwrap_rtx
from livecommerce.foundation.media.rtc.window import ReceiveWindow
from livecommerce.foundation.media.sink import Kind


class InboundTrack:
    """The packets of one kind of media from one publisher.

    The first source that uses the negotiated payload type is the track; a second one on the same payload type is
    ignored, so a peer cannot make us keep state for thousands of sources.
    """

    def __init__(self, kind: Kind, payload_type: int, clock_rate: int, rtx_payload_type: int | None) -> None:
        self.kind, self.clock_rate = kind, clock_rate
        self.payload_type, self.rtx_payload_type = payload_type, rtx_payload_type
        self.ssrc: int | None = None
        self.window = ReceiveWindow()
        self.frames = self.ignored = self._arrived = 0
        self._numbers = Unwrapper(16)
        self._first = 0
        self._rtx_ssrc: int | None = None
        self._jitter = 0.0
        self._transit: float | None = None
        self._sr: tuple[int, float] | None = None
        self._reported = (0, 0)

    @classmethod
    def of(cls, chosen: Chosen) -> "InboundTrack | None":
        """The track of a negotiated section."""
        if chosen.codec is None:
            return None
        rtx = chosen.rtx.payload_type if chosen.rtx is not None else None
        return cls(chosen.section.kind, chosen.codec.payload_type, chosen.codec.clock_rate, rtx)

    def accept(self, packet: RtpPacket, now: float) -> tuple[int, RtpPacket] | None:
        """The packet with its extended sequence number; None for duplicates, probes and foreign sources."""
        if packet.payload_type == self.rtx_payload_type:
            return self._accept_rtx(packet, now)
        if self.ssrc is None:
            self.ssrc = packet.ssrc
        elif packet.ssrc != self.ssrc:
            self.ignored += 1
            return None
        is_first = self._numbers.highest is None
        number = self._numbers.extend(packet.sequence)
        if is_first:
            self._first = number
        self._measure(packet, now)
        return (number, packet) if self.window.add(number, packet, now) else None

    def _accept_rtx(self, packet: RtpPacket, now: float) -> tuple[int, RtpPacket] | None:
        self._rtx_ssrc = self._rtx_ssrc or packet.ssrc
        if self.ssrc is None or packet.ssrc != self._rtx_ssrc:
            self.ignored += 1
            return None
        original = unwrap_rtx(packet, self.payload_type, self.ssrc)
        if original is None:
            return None
        number = self._numbers.extend(original.sequence)
        return (number, original) if self.window.add(number, original, now) else None

    def _measure(self, packet: RtpPacket, now: float) -> None:
        """Interarrival jitter (RFC 3550 A.8), packets without retransmissions, frames."""
        self.frames += packet.marker
        self._arrived += 1
        transit = now * self.clock_rate - packet.timestamp
        if self._transit is not None:
            change = abs(transit - self._transit)
            if change < self.clock_rate:  # more than a second is a wrap or a jump of the source
                self._jitter += (change - self._jitter) / 16
        self._transit = transit

    def sender_report(self, report: SenderReport, now: float) -> None:
        """Remember a sender report for LSR and DLSR (RFC 3550 6.4.1)."""
        self._sr = (report.ntp >> 16 & 0xFFFFFFFF, now)

    def report(self, now: float) -> tuple[ReportBlock, float] | None:
        """A report block and the share lost since the last one (0 to 1); None before the first packet."""
        highest = self._numbers.highest
        if self.ssrc is None or highest is None:
            return None
        expected, received = highest - self._first + 1, self._arrived
        new_expected, new_received = expected - self._reported[0], received - self._reported[1]
        self._reported = (expected, received)
        fraction = max(0.0, 1 - new_received / new_expected) if new_expected > 0 else 0.0
        lsr, dlsr = (self._sr[0], int((now - self._sr[1]) * 65536)) if self._sr is not None else (0, 0)
        lost = max(0, expected - received)
        block = ReportBlock(
            self.ssrc, min(255, int(fraction * 256)), lost, highest & 0xFFFFFFFF, int(self._jitter), lsr, dlsr
        )
        return block, fraction
