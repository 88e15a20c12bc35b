"""Encoding for our own publisher: H.264 baseline without delay, and Opus (PyAV; both encoders are in its wheel)."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple, Protocol

import av
import numpy as np
from av.video.frame import PictureType
from numpy.typing import NDArray

from livecommerce.foundation.media.sink import Kind

OPUS_SAMPLES = 960
"""20 ms at 48 kHz."""
SAMPLE_RATE = 48_000


@dataclass(frozen=True, slots=True)
class Encoding:
    """Size and rate of what is sent. The sides must be multiples of four."""

    width: int = 640
    height: int = 360
    fps: int = 25
    kbps: int = 800
    gop_s: float = 2.0


class Unit(NamedTuple):
    """One encoded frame; `ticks` in the clock of its kind (90 kHz, 48 kHz), from 0 at the start of the source."""

    kind: Kind
    ticks: int
    data: bytes
    is_key: bool


class MediaSource(Protocol):
    """Something to publish. `units` blocks in real time and runs in a thread of its own."""

    kinds: tuple[Kind, ...]

    def units(self, stopping: threading.Event) -> Iterator[Unit]:
        """Encoded frames at the moment they are due, until `stopping` is set; begins with a key frame each time."""
        ...

    def request_key(self) -> None:
        """Make the next picture a key frame; callable from any thread."""
        ...


class H264Encoder:
    """x264, baseline profile, no look-ahead, one thread, key frame at least every `gop_s` seconds."""

    def __init__(self, encoding: Encoding) -> None:
        context = av.CodecContext.create("libx264", "w")
        context.width, context.height, context.pix_fmt = encoding.width, encoding.height, "yuv420p"
        context.framerate, context.time_base = Fraction(encoding.fps), Fraction(1, 90_000)
        context.gop_size = max(1, round(encoding.fps * encoding.gop_s))
        context.bit_rate = encoding.kbps * 1000
        context.thread_count = 1
        context.profile = "Baseline"
        context.options = {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "forced-idr": "1",
            # A short buffer keeps a key frame from delaying the pictures after it.
            "x264-params": f"scenecut=0:vbv-maxrate={encoding.kbps}:vbv-bufsize={encoding.kbps}",
        }
        self._context = context
        self._wants_key = threading.Event()

    def request_key(self) -> None:
        self._wants_key.set()

    def encode(self, frame: av.VideoFrame, ticks: int) -> list[Unit]:
        """One picture in, its access unit out."""
        frame.pts, frame.time_base = ticks, Fraction(1, 90_000)
        frame.pict_type = PictureType.NONE
        if self._wants_key.is_set():
            self._wants_key.clear()
            frame.pict_type = PictureType.I
        return [Unit("video", ticks, bytes(packet), packet.is_keyframe) for packet in self._context.encode(frame)]


class OpusEncoder:
    """libopus, stereo, 20 ms."""

    def __init__(self, kbps: int = 48) -> None:
        context = av.CodecContext.create("libopus", "w")
        context.sample_rate, context.layout, context.format = SAMPLE_RATE, "stereo", "s16"
        context.bit_rate, context.time_base = kbps * 1000, Fraction(1, SAMPLE_RATE)
        self._context = context

    def encode_samples(self, samples: NDArray[np.int16], ticks: int) -> list[Unit]:
        """960 interleaved stereo samples, shape (1, 1920)."""
        return self.encode(av.AudioFrame.from_ndarray(samples, format="s16", layout="stereo"), ticks)

    def encode(self, frame: av.AudioFrame, ticks: int) -> list[Unit]:
        """20 ms of sound in, one Opus packet out."""
        frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, ticks, Fraction(1, SAMPLE_RATE)
        return [Unit("audio", ticks, bytes(packet), True) for packet in self._context.encode(frame)]
