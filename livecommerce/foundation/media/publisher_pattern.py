"""The test source: a drawn picture and a soft tone, in real time."""

import math
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from livecommerce.foundation.media.publisher_encoders import (
    OPUS_SAMPLES,
    SAMPLE_RATE,
    Encoding,
    H264Encoder,
    OpusEncoder,
    Unit,
)
from livecommerce.foundation.media.publisher_picture import TestPicture
from livecommerce.foundation.media.sink import Kind

CAPTION_EVERY_FRAMES = 5
TONE_S, TONE_HZ, TONE_LEVEL = 4, (220.0, 277.0, 330.0), 500
"""A quiet chord that swells every four seconds; the length holds whole periods, so it loops without a click."""


class TestPattern:
    """What `livecommerce publish test` sends. `caption` is asked five times a second and must not wait."""

    __test__ = False
    kinds: tuple[Kind, ...] = ("audio", "video")

    def __init__(
        self, encoding: Encoding | None = None, *, picture: Path | None = None, caption: Callable[[], str] = str
    ) -> None:
        self._encoding = encoding or Encoding()
        self._background, self._caption = picture, caption
        self._video: H264Encoder | None = None

    def request_key(self) -> None:
        """Make the next picture a key frame."""
        if self._video is not None:
            self._video.request_key()

    def units(self, stopping: threading.Event) -> Iterator[Unit]:
        """Pictures and 20 ms of sound at the moment they are due. What would be late by a second is left out."""
        began, frame, block = time.monotonic(), 0, 0
        self._video, sound = H264Encoder(self._encoding), OpusEncoder()
        picture = TestPicture(self._encoding.width, self._encoding.height, self._background)
        tone, caption, fps = _tone(), "", self._encoding.fps
        while True:
            due = min(frame / fps, block * OPUS_SAMPLES / SAMPLE_RATE)
            if stopping.wait(max(0.0, began + due - time.monotonic())):
                return
            late = time.monotonic() - began - due
            if late > 1:  # a busy machine: skip, so that the stream's time stays that of the wall
                frame, block = frame + int(late * fps), block + int(late * SAMPLE_RATE / OPUS_SAMPLES)
                continue
            if block * OPUS_SAMPLES / SAMPLE_RATE <= frame / fps:
                yield from sound.encode_samples(tone[block % len(tone)], block * OPUS_SAMPLES)
                block += 1
                continue
            if frame % CAPTION_EVERY_FRAMES == 0:
                caption = self._caption()
            image = picture.draw(frame / fps, caption=caption, clock=time.strftime("%H:%M:%S"))
            yield from self._video.encode(image, frame * 90_000 // fps)
            frame += 1


def _tone() -> NDArray[np.int16]:
    """Blocks of shape (1, 1920): 20 ms of interleaved stereo each."""
    at = np.arange(TONE_S * SAMPLE_RATE) / SAMPLE_RATE
    swell = (1 - np.cos(2 * math.pi * at / TONE_S)) / 2
    chord = sum(np.sin(2 * math.pi * hertz * at) for hertz in TONE_HZ)
    mono = np.asarray(TONE_LEVEL * swell * chord).astype(np.int16)
    return np.repeat(mono, 2).reshape(-1, 1, 2 * OPUS_SAMPLES)
