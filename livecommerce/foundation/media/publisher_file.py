"""The file source: anything PyAV can decode, looped, in real time."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer

from livecommerce.foundation.core.errors import Invalid
from livecommerce.foundation.media.publisher_encoders import (
    OPUS_SAMPLES,
    SAMPLE_RATE,
    Encoding,
    H264Encoder,
    OpusEncoder,
    Unit,
)
from livecommerce.foundation.media.sink import Kind

MAX_FPS = 30


class UnreadableMedia(Invalid):
    """This file has no sound or picture that can be read."""

    code = "media_unreadable"


class MediaFile:
    """A recording published again and again. `encoding` bounds the picture; its shape stays that of the file."""

    def __init__(self, path: Path, encoding: Encoding | None = None) -> None:
        """Look into the file. Raises UnreadableMedia."""
        self._path = path
        self._video: H264Encoder | None = None
        try:
            with av.open(str(path)) as container:
                self._encoding = _fit(container, encoding or Encoding(width=1280, height=720, kbps=1500))
                kinds: list[Kind] = ["audio"] if container.streams.audio else []
                kinds += ["video"] if container.streams.video else []
        except (av.FFmpegError, OSError) as exc:
            raise UnreadableMedia from exc
        if not kinds:
            raise UnreadableMedia
        self.kinds: tuple[Kind, ...] = tuple(kinds)

    def request_key(self) -> None:
        """Make the next picture a key frame."""
        if self._video is not None:
            self._video.request_key()

    def units(self, stopping: threading.Event) -> Iterator[Unit]:
        """The file from its beginning, over and over. Raises UnreadableMedia when it cannot be decoded after all."""
        began, start_s = time.monotonic(), 0.0
        self._video, sound = H264Encoder(self._encoding), OpusEncoder()
        while not stopping.is_set():
            end_s = start_s
            for unit in self._once(self._video, sound, start_s):
                at_s = unit.ticks / (90_000 if unit.kind == "video" else SAMPLE_RATE)
                if stopping.wait(max(0.0, began + at_s - time.monotonic())):
                    return
                end_s = max(end_s, at_s + 1 / self._encoding.fps)
                yield unit
            if end_s == start_s:
                raise UnreadableMedia
            start_s = end_s

    def _once(self, video: H264Encoder, sound: OpusEncoder, start_s: float) -> Iterator[Unit]:
        """One pass, encoded, with times that begin at `start_s`."""
        resampler = av.AudioResampler(format="s16", layout="stereo", rate=SAMPLE_RATE, frame_size=OPUS_SAMPLES)
        next_picture_s, samples = start_s, -(-round(start_s * SAMPLE_RATE) // OPUS_SAMPLES) * OPUS_SAMPLES
        first_s: float | None = None
        try:
            with av.open(str(self._path)) as container:
                streams = [*container.streams.video[:1], *container.streams.audio[:1]]
                for frame in container.decode(streams):
                    if isinstance(frame, av.AudioFrame):
                        for block in resampler.resample(frame):
                            yield from sound.encode(block, samples)
                            samples += OPUS_SAMPLES
                    elif isinstance(frame, av.VideoFrame):
                        first_s = frame.time or 0.0 if first_s is None else first_s
                        at_s = start_s + (frame.time or 0.0) - first_s
                        if at_s >= next_picture_s:
                            next_picture_s = at_s + 0.9 / MAX_FPS
                            yield from video.encode(self._scaled(frame), round(at_s * 90_000))
        except av.FFmpegError as exc:
            raise UnreadableMedia from exc

    def _scaled(self, frame: av.VideoFrame) -> av.VideoFrame:
        return frame.reformat(width=self._encoding.width, height=self._encoding.height, format="yuv420p")


def _fit(container: InputContainer, bounds: Encoding) -> Encoding:
    """The largest size of the file's shape within `bounds` (either way up), sides multiples of four."""
    if not container.streams.video:
        return bounds
    stream = container.streams.video[0]
    long, short = max(bounds.width, bounds.height), min(bounds.width, bounds.height)
    width, height = max(stream.width, 4), max(stream.height, 4)
    scale = min(1.0, long / max(width, height), short / min(width, height))
    fps = round(min(stream.average_rate or Fraction(25), Fraction(MAX_FPS)))
    return replace(
        bounds,
        width=max(4, round(width * scale) // 4 * 4),
        height=max(4, round(height * scale) // 4 * 4),
        fps=max(1, fps),
    )
