"""One stream: every packet is rewritten once, shared by viewers with equal labels, and encrypted per viewer.

Concurrency: everything runs on the media process's event loop. Packets come in through `Source` (callbacks of the
publisher's channel) and leave at once; nothing is queued per viewer. The only tasks are the replays of `FanOut`.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import structlog

from livecommerce.foundation.media.fanout import FanOut
from livecommerce.foundation.media.keyframes import GopCache, KeyRequests
from livecommerce.foundation.media.outbound import OutTrack, Record
from livecommerce.foundation.media.rtc.rtcp import Feedback, parse_rtcp, write_sender_report
from livecommerce.foundation.media.rtc.rtp import RtpPacket
from livecommerce.foundation.media.sink import Kind, MediaSink, Track
from livecommerce.foundation.media.source import Source
from livecommerce.foundation.media.viewers import Viewer

log = structlog.get_logger(__name__)

RESEND_GOP_S = 0.3
"""A viewer who asks for a key frame this soon after one gets the same one again."""
CNAME = "live"


@dataclass(frozen=True, slots=True)
class RelayStats:
    """Figures of one stream; counters since it began."""

    viewers: int
    keyframe_interval_ms: int | None
    packets_sent: int
    dropped: int
    resent: int
    struggling: int
    plis: dict[str, int]


class Relay:
    """At most one publisher at a time, any number of viewers and sinks."""

    def __init__(
        self,
        *,
        sink: MediaSink | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.tracks: tuple[Track, ...] = ()
        self.out: dict[Kind, OutTrack] = {"audio": OutTrack("audio"), "video": OutTrack("video")}
        self.started_at_ms: int | None = None
        self.now, self.wall = clock, wall
        self._gop = GopCache()
        self._keys = KeyRequests(self._send_key_request)
        self._fanout = FanOut(self.out, self._gop, self.request_key)
        self._sinks: list[MediaSink] = [sink] if sink is not None else []
        self._source: Source | None = None
        self._resent = 0
        self._reported_at = float("-inf")

    # The publisher's side.

    def attach(self, tracks: tuple[Track, ...], request_key: Callable[[], None]) -> Source:
        """A publisher takes the stream, and the one before it is heard no more. Feed its packets into the source."""
        self._turn_away(tracks)
        self.tracks = tracks
        self._source = Source(self, tracks, request_key)
        self._gop.clear()
        self._keys.seen()
        for viewer in [*self._fanout.viewers]:
            self._fanout.wait_for_key(viewer)
        self._each_sink(lambda sink: sink.started(tracks))
        return self._source

    def detach(self, source: Source) -> None:
        """The publisher has gone; viewers keep their sessions."""
        if self._source is source:
            self._source = None
            self._each_sink(lambda sink: sink.stopped())

    def is_current(self, source: Source) -> bool:
        """False once another publisher has taken the stream."""
        return self._source is source

    def _turn_away(self, tracks: Iterable[Track]) -> None:
        """A publisher with other codecs or more kinds: viewers who negotiated what was before must ask again."""
        codecs = {track.kind: track.codec for track in tracks}
        has_more = not codecs.keys() <= {track.kind for track in self.tracks}
        for viewer in [*self._fanout.viewers]:
            if has_more or any(codecs.get(kind, codec) != codec for kind, codec in viewer.codecs.items()):
                viewer.on_unplayable()

    def _send_key_request(self) -> None:
        if self._source is not None:
            self._source.request_key()

    def request_key(self, reason: str) -> None:
        """Ask the publisher for a key frame; `reason` is counted (segment_age, join, …)."""
        self._keys.ask(reason, self.now())

    def began(self, kind: Kind) -> None:
        """The first packet of a kind is about to be forwarded; the lead kind starts the stream's clock."""
        if self.started_at_ms is None and (kind == "video" or all(track.kind != "video" for track in self.tracks)):
            self.started_at_ms = round(self.wall() * 1000)

    def forward(self, kind: Kind, record: Record, *, is_key: bool) -> None:
        """Send one packet to every viewer of its kind."""
        if kind == "video":
            if is_key and self._gop.begin(record, self.now()):
                self._keys.seen()
                self._fanout.key_began()
            self._gop.add(record)
        self._fanout.send(kind, record)

    def deliver(self, kind: Kind, codec: str, timestamp: int, packet: RtpPacket) -> None:
        """One packet in order, for the sinks."""
        self._each_sink(lambda sink: sink.rtp(kind, timestamp & 0xFFFFFFFF, packet.marker, packet.payload, codec))

    def lost(self, kind: Kind) -> None:
        """A run of packets will never come."""
        self._each_sink(lambda sink: sink.lost(kind))
        if kind == "video":
            self.request_key("uplink_loss")

    def sampled(self, kind: Kind, timestamp: int, wall_ms: float) -> None:
        """The extended outgoing `timestamp` was sampled at `wall_ms` of our clock."""
        self.out[kind].wall = (timestamp, wall_ms)
        self._each_sink(lambda sink: sink.clock(kind, timestamp & 0xFFFFFFFF, round(wall_ms)))

    def tick(self, kbps: int) -> None:
        """Repeat key requests and, once per second, tell viewers the time. The publisher's session calls it."""
        now = self.now()
        self._keys.tick(now)
        if now - self._reported_at >= 1:
            self._reported_at = now
            self._fanout.pace_kbps = kbps
            self._report(now)

    def _report(self, now: float) -> None:
        reports: dict[Kind, bytes] = {}
        for kind, out in self.out.items():
            report = out.sender_report(now, self.wall() * 1000)
            if report is not None and now - out.sent_at < 1:
                reports[kind] = write_sender_report(report, CNAME)
        for viewer in self._fanout.viewers:
            compound = b"".join(report for kind, report in reports.items() if kind in viewer.addresses)
            if compound:
                viewer.peer.send_rtcp(compound)

    # The viewers' side.

    def join(self, viewer: Viewer) -> None:
        """Send the stream to a viewer: the newest group of pictures first if it is young, else from a key frame on."""
        may_replay = self._source is not None and self._gop.is_replayable(self.now())
        self._fanout.join(viewer, may_replay=may_replay)

    def leave(self, viewer: Viewer) -> None:
        """Send nothing more to this viewer."""
        self._fanout.leave(viewer)

    def on_rtcp(self, viewer: Viewer, data: bytes) -> None:
        """What a viewer says: losses, reports, requests for a key frame."""
        now = self.now()
        if not viewer.may_report(now):
            return
        feedback = parse_rtcp(data)
        video = self.out["video"].ssrc
        for block in feedback.blocks:
            if block.ssrc == video:
                viewer.reported(block.fraction_lost, now)
        if feedback.nacks:
            self._resend(viewer, feedback, now)
        if video in feedback.key_requests and viewer.may_ask_for_key(now):
            self._answer_key_request(viewer, now)

    def _resend(self, viewer: Viewer, feedback: Feedback, now: float) -> None:
        """Send again exactly what was sent: another plaintext under the same number would reuse an AES-GCM nonce."""
        by_ssrc = {out.ssrc: out for kind, out in self.out.items() if kind in viewer.addresses}
        for ssrc, sequence in feedback.nacks:
            out = by_ssrc.get(ssrc)
            record = out.kept(sequence) if out is not None else None
            if out is not None and record is not None and viewer.may_resend(now):
                viewer.send(viewer.addresses[out.kind].write(out, record))
                self._resent += 1

    def _answer_key_request(self, viewer: Viewer, now: float) -> None:
        is_fresh = now - self._gop.began_at < RESEND_GOP_S and self._gop.is_replayable(now)
        if is_fresh and self._fanout.follows(viewer):
            self._fanout.replay(viewer)
        else:
            self.request_key("viewer")

    # Sinks, clock and figures.

    def add_sink(self, sink: MediaSink) -> None:
        """Hand the stream to `sink` too; a running publisher is announced to it at once."""
        self._sinks.append(sink)
        if self._source is not None:
            sink.started(self.tracks)
            self.request_key("sink")

    def remove_sink(self, sink: MediaSink) -> None:
        """Hand nothing more to `sink`."""
        if sink in self._sinks:
            self._sinks.remove(sink)

    def _each_sink(self, call: Callable[[MediaSink], None]) -> None:
        """A sink that fails is removed: packaging must never stop the live path."""
        for sink in [*self._sinks]:
            try:
                call(sink)
            except Exception as exc:
                log.exception("media sink failed and was removed", exc_info=exc)
                self._sinks.remove(sink)

    @property
    def has_media(self) -> bool:
        """The stream has begun."""
        return self.started_at_ms is not None

    @property
    def _lead(self) -> OutTrack:
        """The track whose timestamps are the stream's clock."""
        return self.out["video"] if self.out["video"].base is not None else self.out["audio"]

    @property
    def rtp_base(self) -> int | None:
        """The RTP timestamp of `media_ts` 0."""
        base = self._lead.base
        return base & 0xFFFFFFFF if base is not None else None

    def media_ts(self) -> int | None:
        """Milliseconds on the stream's timeline at this moment; None before the stream began."""
        lead = self._lead
        if lead.timestamp is None or lead.base is None or not self.has_media:
            return None
        return round((lead.timestamp - lead.base) * 1000 / lead.clock_rate + (self.now() - lead.sent_at) * 1000)

    def stats(self) -> RelayStats:
        now = self.now()
        return RelayStats(
            viewers=len(self._fanout.viewers),
            keyframe_interval_ms=self._gop.interval_ms,
            packets_sent=self._fanout.sent,
            dropped=self._fanout.dropped,
            resent=self._resent,
            struggling=sum(viewer.is_struggling(now) for viewer in self._fanout.viewers),
            plis=dict(self._keys.reasons),
        )

    async def close(self) -> None:
        """Let go of every viewer and sink."""
        if self._source is not None:
            self.detach(self._source)
        await self._fanout.close()
