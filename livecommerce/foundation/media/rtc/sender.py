"""Sending encoded media as a client: packets, sender reports, retransmission, requests for key frames."""

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from livecommerce.foundation.media.rtc.offer import MID_EXTENSION_ID, OfferedTrack
from livecommerce.foundation.media.rtc.packetize import h264_payloads
from livecommerce.foundation.media.rtc.rtcp import (
    SenderReport,
    ntp_from_ms,
    parse_rtcp,
    write_bye,
    write_sender_report,
)
from livecommerce.foundation.media.rtc.rtp import RtpPacket, mid_extension, write_rtp
from livecommerce.foundation.media.sink import Kind

CLOCK_RATES: dict[Kind, int] = {"audio": 48_000, "video": 90_000}
RING = 512
REPORT_S = 1.0


@dataclass(slots=True)
class _Outgoing:
    """The state of one track that is sent."""

    offered: OfferedTrack
    extension: bytes
    sequence: int = field(default_factory=lambda: secrets.randbits(14))
    base: int = field(default_factory=lambda: secrets.randbits(31))
    packets: int = 0
    octets: int = 0
    newest: int | None = None
    ring: list[tuple[int, bytes] | None] = field(default_factory=lambda: [None] * RING)


class MediaSender:
    """Turns encoded frames into RTP on an encrypted channel. Nothing here waits."""

    def __init__(
        self,
        tracks: Sequence[OfferedTrack],
        *,
        send: Callable[[bytes], None],
        send_rtcp: Callable[[bytes], None],
        on_key_request: Callable[[], None],
        cname: str,
    ) -> None:
        extension = {track.kind: mid_extension(MID_EXTENSION_ID, track.mid) for track in tracks}
        self._tracks = {track.kind: _Outgoing(track, extension[track.kind]) for track in tracks}
        self._send, self._send_rtcp, self._on_key_request, self._cname = send, send_rtcp, on_key_request, cname
        self._reported_at = float("-inf")
        self._began_s: float | None = None

    def packets(self, kind: Kind, ticks: int, data: bytes) -> list[bytes]:
        """One frame as packets ready to be sent with `send`; `ticks` is its time in the clock of its kind."""
        track = self._tracks[kind]
        payloads = h264_payloads(data) if kind == "video" else [data]
        track.newest = ticks
        if self._began_s is None:
            self._began_s = time.time() - ticks / CLOCK_RATES[kind]
        return [self._packet(track, payload, ticks, is_last=payload is payloads[-1]) for payload in payloads]

    def _packet(self, track: _Outgoing, payload: bytes, ticks: int, *, is_last: bool) -> bytes:
        track.sequence = (track.sequence + 1) & 0xFFFF
        # A marker ends a picture; sound has one only after silence (RFC 3551 4.1).
        is_marked = is_last and track.offered.kind == "video"
        packet = RtpPacket(
            track.offered.payload_type, is_marked, track.sequence, track.base + ticks, track.offered.ssrc, payload
        )
        plain = write_rtp(packet, track.extension)
        track.ring[track.sequence % RING] = (track.sequence, plain)
        track.packets += 1
        track.octets += len(payload)
        return plain

    def on_rtcp(self, data: bytes) -> None:
        """Retransmit what is asked for, and pass on requests for a key frame."""
        feedback = parse_rtcp(data)
        by_ssrc = {track.offered.ssrc: track for track in self._tracks.values()}
        for ssrc, sequence in feedback.nacks:
            track = by_ssrc.get(ssrc)
            kept = track.ring[sequence % RING] if track is not None else None
            if kept is not None and kept[0] == sequence:
                self._send(kept[1])
        if feedback.key_requests & by_ssrc.keys():
            self._on_key_request()

    def report(self, now: float) -> None:
        """Once per second say which timestamp was sampled when (RFC 3550 6.4.1).

        Both kinds count from one instant, so sound and picture keep their distance whatever the encoders need.
        """
        if self._began_s is None or now - self._reported_at < REPORT_S:
            return
        self._reported_at = now
        for track in self._tracks.values():
            if track.newest is not None:
                offered = track.offered
                ntp = ntp_from_ms((self._began_s + track.newest / CLOCK_RATES[offered.kind]) * 1000)
                report = SenderReport(offered.ssrc, ntp, track.base + track.newest, track.packets, track.octets)
                self._send_rtcp(write_sender_report(report, self._cname))

    def leave(self) -> None:
        """Say that nothing more will come."""
        for track in self._tracks.values():
            self._send_rtcp(write_bye(track.offered.ssrc))
