"""Receiving from one publisher: order, retransmission, feedback, rate limits and liveness.

Concurrency: no task of its own. `on_rtp` and `on_rtcp` run in the channel's reader, `tick` in the session's task; all
on one event loop, and none of them waits.
"""

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from livecommerce.foundation.media.rtc.answer import BitrateCaps, Chosen
from livecommerce.foundation.media.rtc.inbound import InboundTrack
from livecommerce.foundation.media.rtc.rtcp import (
    Feedback,
    parse_rtcp,
    write_nack,
    write_pli,
    write_receiver_report,
    write_remb,
)
from livecommerce.foundation.media.rtc.rtp import RtpPacket, parse_rtp
from livecommerce.foundation.media.sink import Kind

MAX_PACKETS_PER_S = 1000
AUDIO_ALLOWANCE_KBPS = 512
ABUSE_S = 5
"""Seconds above twice the agreed rate until the session is closed."""
FLOOR_KBPS = 150
MAX_NACKED_AT_ONCE = 100
REPORT_S = 1.0


class Feed(Protocol):
    """Who takes the packets of a publisher."""

    def packet(self, kind: Kind, number: int, packet: RtpPacket) -> None:
        """As it arrives: once each, maybe late; `number` is the extended sequence number. Probes have no payload."""

    def ordered(self, kind: Kind, number: int, packet: RtpPacket | None) -> None:
        """The same packets in order, later; None for a run that is lost."""

    def sampled(self, kind: Kind, rtp_timestamp: int, ntp: int) -> None:
        """The publisher's clock (RFC 3550 6.4.1)."""


@dataclass(frozen=True, slots=True)
class UplinkStats:
    """What a host sees of their own connection; rates over the last second."""

    bitrate_kbps: int
    fps: int
    loss_percent: float
    nacks_sent: int
    recovered: int
    lost: int
    rtt_ms: float | None
    silence_ms: int
    codec: str | None


class Uplink:
    """The receiving half of one publisher's session."""

    def __init__(
        self,
        chosen: Sequence[Chosen],
        feed: Feed,
        *,
        send_rtcp: Callable[[bytes], None],
        caps: BitrateCaps,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tracks = [track for track in map(InboundTrack.of, chosen) if track is not None]
        self._by_payload_type = {track.payload_type: track for track in self._tracks}
        self._by_payload_type |= {t.rtx_payload_type: t for t in self._tracks if t.rtx_payload_type is not None}
        self._video = next((track for track in self._tracks if track.kind == "video"), None)
        self._codec = next((c.codec.name for c in chosen if c.codec and c.section.kind == "video"), None)
        self._feed, self._send, self._caps, self._clock = feed, send_rtcp, caps, clock
        self._ssrc = secrets.randbits(32)
        self._rate = RateLimit(caps.max_kbps + AUDIO_ALLOWANCE_KBPS)
        self._target_kbps = float(caps.max_kbps)
        self._reported_at = self._media_at = clock()
        self._loss, self._fps, self.kbps, self._frames = 0.0, 0, 0, 0
        self.has_media = False
        self.dropped = 0

    def on_rtp(self, data: bytes) -> None:
        now = self._clock()
        packet = parse_rtp(data)
        track = self._by_payload_type.get(packet.payload_type) if packet is not None else None
        if packet is None or track is None or not self._rate.admit(len(data), now):
            self.dropped += 1
            return
        accepted = track.accept(packet, now)
        if accepted is None:
            return
        number, original = accepted
        if original.payload:
            self._media_at, self.has_media = now, True
        self._feed.packet(track.kind, number, original)
        self._deliver(track)
        if track.window.missing:
            self._ask_again(track, now)

    def _deliver(self, track: InboundTrack) -> None:
        for number, packet in track.window.take():
            self._feed.ordered(track.kind, number, packet)

    def _ask_again(self, track: InboundTrack, now: float) -> None:
        """NACK what is due; only video asks (a lost 20 ms of sound is concealed sooner than sent again)."""
        if track is not self._video or track.ssrc is None:
            return
        numbers = track.window.due(now)
        for start in range(0, len(numbers), MAX_NACKED_AT_ONCE):
            batch = [number & 0xFFFF for number in numbers[start : start + MAX_NACKED_AT_ONCE]]
            self._send(write_nack(self._ssrc, track.ssrc, batch))

    def on_rtcp(self, data: bytes) -> None:
        now, feedback = self._clock(), parse_rtcp(data)
        for report in feedback.sender_reports:
            track = next((track for track in self._tracks if track.ssrc == report.ssrc), None)
            if track is not None:
                track.sender_report(report, now)
                self._feed.sampled(track.kind, report.rtp_timestamp, report.ntp)
        self._left(feedback)

    def _left(self, feedback: Feedback) -> None:
        """A BYE of the video source counts as silence from now on: the session's liveness does the rest."""
        if self._video is not None and self._video.ssrc in feedback.bye:
            self._media_at = min(self._media_at, self._clock() - 1)

    def request_key(self) -> None:
        """Send a PLI for the media source (not for its retransmission source: browsers ignore that)."""
        if self._video is not None and self._video.ssrc is not None:
            self._send(write_pli(self._ssrc, self._video.ssrc))

    def tick(self) -> None:
        """Retry, give up and report; call every 20 to 100 ms."""
        now = self._clock()
        for track in self._tracks:
            if track.window.missing:
                self._ask_again(track, now)
                if track.window.expire(now):
                    self._deliver(track)
        if now - self._reported_at >= REPORT_S:
            self._report(now, now - self._reported_at)
            self._reported_at = now

    @property
    def is_recovering(self) -> bool:
        """True while something is missing, so that `tick` should come soon."""
        return any(track.window.missing for track in self._tracks)

    def _report(self, now: float, elapsed_s: float) -> None:
        """RR about every source, and REMB for the video (in one compound, RFC 3550 6.1)."""
        reports = [report for report in (track.report(now) for track in self._tracks) if report is not None]
        if not reports:
            return
        self._loss = max(fraction for _, fraction in reports)
        self._adapt(self._loss)
        compound = write_receiver_report(self._ssrc, [block for block, _ in reports])
        if self._video is not None and self._video.ssrc is not None:
            compound += write_remb(self._ssrc, [self._video.ssrc], int(self._target_kbps * 1000))
            self._fps = round((self._video.frames - self._frames) / elapsed_s)
            self._frames = self._video.frames
        self.kbps = self._rate.last_kbps
        self._send(compound)

    def _adapt(self, loss: float) -> None:
        """Loss-based control: above 10 % lost halve the loss away, below 2 % grow by 5 % (draft-ietf-rmcat-gcc 6)."""
        if loss > 0.10:
            self._target_kbps *= 1 - 0.5 * loss
        elif loss < 0.02:
            self._target_kbps *= 1.05
        self._target_kbps = min(max(self._target_kbps, FLOOR_KBPS), self._caps.max_kbps)

    def silence_s(self) -> float:
        """Seconds since the last packet with media."""
        return self._clock() - self._media_at

    @property
    def is_abusive(self) -> bool:
        """The publisher has sent more than twice the agreed rate for five seconds."""
        return self._rate.seconds_over >= ABUSE_S

    def stats(self) -> UplinkStats:
        video = self._video.window if self._video is not None else None
        silence_s = self.silence_s()
        is_flowing = silence_s < REPORT_S
        return UplinkStats(
            bitrate_kbps=self.kbps if is_flowing else 0,
            fps=self._fps if is_flowing else 0,
            loss_percent=round(100 * self._loss, 1),
            nacks_sent=video.asked if video else 0,
            recovered=video.recovered if video else 0,
            lost=sum(track.window.lost for track in self._tracks),
            rtt_ms=round(video.rtt_s * 1000, 1) if video and video.is_rtt_known else None,
            silence_ms=int(silence_s * 1000),
            codec=self._codec,
        )


class RateLimit:
    """Drops what exceeds twice the agreed rate within a second, and counts the seconds in which that happened."""

    def __init__(self, max_kbps: int) -> None:
        self._max_octets = 2 * max_kbps * 125
        self._octets = self._packets = 0
        self._began = 0.0
        self.seconds_over = 0
        self.last_kbps = 0

    def admit(self, octets: int, now: float) -> bool:
        """Count a packet; False when this second is used up."""
        if now - self._began >= 1:
            is_over = self._is_over()
            self.seconds_over = self.seconds_over + 1 if is_over else 0
            self.last_kbps = int(self._octets / 125 / (now - self._began)) if self._began else 0
            self._began, self._octets, self._packets = now, 0, 0
        self._octets += octets
        self._packets += 1
        return not self._is_over()

    def _is_over(self) -> bool:
        return self._octets > self._max_octets or self._packets > 2 * MAX_PACKETS_PER_S
