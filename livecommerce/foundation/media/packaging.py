"""The relay's sink that makes LL-HLS of a stream: payloads → access units → parts → origin.

Runs inside the event loop of the media process, on every packet: nothing here waits. VP8 and VP9 streams are
WebRTC only; for them this sink keeps the clock and makes no playlist.
"""

import secrets
import time
from collections.abc import Callable

from livecommerce.foundation.media import frames
from livecommerce.foundation.media.cmaf import Packager
from livecommerce.foundation.media.frames import H264Depacketiser, Picture
from livecommerce.foundation.media.meter import Meter
from livecommerce.foundation.media.origin import Origin
from livecommerce.foundation.media.playlist import RATE
from livecommerce.foundation.media.sink import Kind, Track
from livecommerce.foundation.media.timeline import Timeline

COUNTED_FROM_S = 1_700_000_000


class Packaging:
    """A `MediaSink`. `origin` and `timeline` appear with the first packet of the leading track (video, if any)."""

    def __init__(
        self,
        *,
        now_ms: Callable[[], int],
        ask_key: Callable[[str], None],
        part_ms: int = 500,
        window_s: float = 60.0,
        monotonic_ms: Callable[[], int] = lambda: time.monotonic_ns() // 1_000_000,
    ) -> None:
        self.origin: Origin | None = None
        self.timeline: Timeline | None = None
        self.meter = Meter(monotonic_ms)
        self.tracks: tuple[Track, ...] = ()
        self._now_ms = now_ms
        self._ask_key = ask_key
        self._part_target = part_ms * RATE // 1000
        self._window_s = window_s
        self._packager: Packager | None = None
        self._pictures = H264Depacketiser()

    @property
    def is_hls(self) -> bool:
        """Whether the stream can be packaged without transcoding."""
        return bool(self.tracks) and all(track.codec in ("H264", "opus") for track in self.tracks)

    @property
    def leading(self) -> Kind:
        """The track whose timestamps are the stream's timeline."""
        return "video" if any(track.kind == "video" for track in self.tracks) else "audio"

    def started(self, tracks: tuple[Track, ...]) -> None:
        """A publisher starts or takes over."""
        self.stopped()
        self.tracks = tracks
        self._pictures = H264Depacketiser()
        self._packager = None
        self.meter.restart()
        if self.timeline is not None:
            self.timeline.renew()

    def rtp(self, kind: Kind, rtp_timestamp: int, marker: bool, payload: bytes, codec: str) -> None:
        """One payload, in order."""
        now_ms = self._now_ms()
        self.meter.packet(kind, len(payload))
        if self.timeline is None:
            if kind != self.leading:
                return
            self.timeline = Timeline(kind, rtp_timestamp, now_ms)
        time = self.timeline.place(kind, rtp_timestamp, now_ms)
        if not self.is_hls or time is None or time < 0:
            return  # what was recorded before the first picture has no place on the timeline
        packager = self._current_packager()
        if codec == "opus":
            sound = frames.sound(rtp_timestamp, payload)
            if sound is not None:
                packager.sound(time, sound)
            return
        for picture in self._pictures.add(rtp_timestamp, marker, payload):
            self._give(packager, time, picture, rtp_timestamp)

    def lost(self, kind: Kind) -> None:
        """Packets are gone for good; lost sound becomes silence by itself."""
        if kind == "video":
            self._pictures.lost()

    def clock(self, kind: Kind, rtp_timestamp: int, wall_ms: int) -> None:
        """A sender report."""
        if self.timeline is not None:
            self.timeline.report(kind, rtp_timestamp, wall_ms)

    def stopped(self) -> None:
        """The publisher is gone: whatever is complete is given out."""
        if self._packager is not None:
            self._packager.interrupt()

    def end(self) -> None:
        """The stream is over for good."""
        self.stopped()
        if self.origin is not None:
            self.origin.end()

    def _give(self, packager: Packager, time: int, picture: Picture, rtp_timestamp: int) -> None:
        """A picture completed by a packet of the next one carries its own, older timestamp."""
        late = (rtp_timestamp - picture.rtp_timestamp) % (1 << 32)
        if picture.is_key:
            self.meter.key_frame(picture.parameters)
        self.meter.picture()
        packager.picture(max(0, time - late), picture)

    def _current_packager(self) -> Packager:
        if self._packager is None:
            if self.origin is None and self.timeline is not None:
                self.origin = Origin(
                    secrets.token_hex(4),
                    pdt_base_ms=self.timeline.pdt_base_ms,
                    part_target=self._part_target,
                    window_s=self._window_s,
                    first=first_sequence(self.timeline.pdt_base_ms),
                )
            assert self.origin is not None  # noqa: S101  the timeline exists whenever a packet was placed
            kinds = {track.kind for track in self.tracks}
            self._packager = Packager(
                self.origin,
                lambda: self._ask_key("segment_age"),
                part_target=self._part_target,
                has_video="video" in kinds,
                has_audio="audio" in kinds,
            )
        return self._packager


def first_sequence(pdt_base_ms: int) -> int:
    """Where a stream begins to count segments and discontinuities: seconds since 2023-11-14.

    Both happen at most once per second, so the numbers of a stream that begins anew (its process died) are above those
    of the one before, and a player that goes on reloading the same playlist just goes on.
    """
    return max(0, pdt_base_ms // 1000 - COUNTED_FROM_S)
