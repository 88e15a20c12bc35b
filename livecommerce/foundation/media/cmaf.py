"""Cuts access units into CMAF parts and segments. Nothing is decoded; durations are exact.

A sample is written when the next one tells its duration. The cut comes before the sample that would overflow
PART-TARGET; when frames are so sparse that this would leave a part under 85 % of the target (RFC 8216bis 4.4.3.7),
the cut falls on the timeline inside a frame, which then belongs to the part it begins in. A segment ends at a key
frame once it is a second old.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from livecommerce.foundation.media import boxes, opus
from livecommerce.foundation.media.boxes import AUDIO_TRACK, VIDEO_TRACK, Run, Sample
from livecommerce.foundation.media.frames import Picture, Sound
from livecommerce.foundation.media.h264 import ParameterSets
from livecommerce.foundation.media.playlist import MAX_SEGMENT, RATE, Part

MIN_SEGMENT = RATE
KEY_WANTED_AT = int(1.9 * RATE)
"""Age of a segment at which a key frame is asked for: it arrives at about 2 s."""
SOUND_SEGMENT = 2 * RATE
ASK_EVERY = RATE // 4
MAX_GAP = int(2.5 * RATE)
"""A longer hole in the picture is a discontinuity."""
USUAL_TICKS = 3000
SOUND_TOLERANCE = 480
"""10 ms: sound that is off by less is taken as contiguous."""
SOUND_LATE = int(0.25 * RATE)
SOUND_KEPT = int(0.1 * RATE)
MAX_SOUNDS = 256


class Output(Protocol):
    """Where parts go."""

    def begin(self, init: bytes, parameters: ParameterSets | None, *, has_audio: bool, start: int) -> None:
        """What follows needs this init segment and is not continuous with what came before."""

    def add(self, part: Part, *, closes: bool) -> None:
        """The next part; `closes` when it is the last of its segment."""


@dataclass(frozen=True, slots=True)
class _Pending:
    """The newest picture: complete, but of unknown duration."""

    time: int
    picture: Picture


class Packager:
    """One stream's packager. Times are ticks on the stream's timeline: 90 kHz for pictures, 48 kHz for sound."""

    def __init__(
        self, output: Output, ask_key: Callable[[], None], *, part_target: int, has_video: bool, has_audio: bool
    ) -> None:
        self._target, self._min_part = part_target, -(-part_target * 85 // 100)
        self._output = output
        self._ask_key = ask_key
        self._has_video = has_video
        self._sounds = SoundTrack() if has_audio else None
        self._parameters: ParameterSets | None = None
        self._pending: _Pending | None = None
        self._samples: list[Sample] = []
        self._is_open = False
        self._is_first_segment = True
        self._segment_start = self._part_start = self._asked_at = 0
        self._sequence = 0

    def picture(self, time: int, picture: Picture) -> None:
        """Take the next picture in decoding order."""
        pending = self._pending
        if pending is not None:
            if not 0 < time - pending.time <= MAX_GAP:
                self.interrupt()
            else:
                sample = Sample(pending.time, time - pending.time, pending.picture.data, pending.picture.is_key)
                self._add(sample)
        if picture.is_key and self._is_open and picture.parameters != self._parameters:
            self._close(time)
        if not self._is_open:
            if not picture.is_key:
                self._ask_key()
                return
            self._open(time, picture.parameters)
        self._pending = _Pending(time, picture)
        self._want_key(time)

    def sound(self, time: int, sound: Sound) -> None:
        """Take the next Opus packet."""
        if self._sounds is None:
            return
        if not self._has_video and self._is_open and abs(time - self._sounds.end) > MAX_GAP * 8 // 15:
            self.interrupt()
        self._sounds.add(time, sound)
        if self._has_video:
            return
        if not self._is_open:
            self._open(_video_ticks(time), None)
        self._cut_sound_only(_video_ticks(self._sounds.end))

    def interrupt(self) -> None:
        """The publisher went silent: give out what is there; what follows is discontinuous."""
        if not self._is_open:
            return
        if self._pending is None:
            self._close(_video_ticks(self._sounds.end) if self._sounds else self._part_start)
            return
        pending, ticks = self._pending, self._samples[-1].ticks if self._samples else USUAL_TICKS
        self._add(Sample(pending.time, ticks, pending.picture.data, pending.picture.is_key))
        self._close(pending.time + ticks)

    def _open(self, time: int, parameters: ParameterSets | None) -> None:
        self._parameters = parameters
        self._is_open = self._is_first_segment = True
        self._segment_start = self._part_start = self._asked_at = time
        has_audio = self._sounds is not None
        if self._sounds is not None:
            self._sounds.begin(_audio_ticks(time))
        init = boxes.init_segment(parameters, has_audio=has_audio)
        self._output.begin(init, parameters, has_audio=has_audio, start=time)

    def _close(self, time: int) -> None:
        """End the current segment at `time`, or forget it when it is still empty."""
        if time > self._part_start:
            self._cut(time, closes=True)
        self._is_open, self._pending, self._samples = False, None, []
        if self._sounds is not None:
            self._sounds.pause()

    def _add(self, sample: Sample) -> None:
        end = sample.time + sample.ticks
        if sample.is_key and sample.time - self._segment_start >= MIN_SEGMENT:
            self._cut(sample.time, closes=True)
        elif end - self._part_start > self._target and sample.time - self._part_start >= self._min_part:
            self._cut(sample.time)
        self._samples.append(sample)
        while end - self._part_start > self._target:
            self._cut(self._part_start + self._target)

    def _cut_sound_only(self, end: int) -> None:
        while end - self._part_start >= self._target:
            cut = self._part_start + self._target
            self._cut(cut, closes=cut - self._segment_start >= SOUND_SEGMENT)

    def _cut(self, time: int, *, closes: bool = False) -> None:
        """Write the part [part_start, time); close the segment also when one more part could make it too long."""
        closes = closes or time + self._target - self._segment_start > MAX_SEGMENT
        runs = []
        if self._has_video:
            start = self._samples[0].time if self._samples else self._part_start
            runs.append(Run(VIDEO_TRACK, start, self._samples))
        sounds = self._sounds.take(_audio_ticks(time)) if self._sounds else []
        if sounds:
            runs.append(Run(AUDIO_TRACK, sounds[0].time, sounds))
        self._sequence += 1
        is_independent = self._samples[0].is_key if self._samples else not self._has_video
        data = boxes.fragment(self._sequence, runs)
        self._output.add(Part(data, time - self._part_start, is_independent), closes=closes)
        self._samples, self._part_start = [], time
        if closes:
            self._segment_start, self._is_first_segment = time, False

    def _want_key(self, time: int) -> None:
        """Ask in time for the cut; sooner in the first segment, since players wait for one whole segment."""
        wanted_at = MIN_SEGMENT if self._is_first_segment else KEY_WANTED_AT
        if time - self._segment_start >= wanted_at and time - self._asked_at >= ASK_EVERY:
            self._asked_at = time
            self._ask_key()


class SoundTrack:
    """Keeps the sound continuous, so that a player's sound buffer has no hole: what is missing becomes silence."""

    def __init__(self) -> None:
        self.end = 0
        self._queue: deque[Sample] = deque()
        self._early: deque[tuple[int, Sound]] = deque(maxlen=64)
        self._has_begun = False

    def begin(self, time: int) -> None:
        """The part that follows starts at `time`; sound that came before its picture is used now."""
        early = [*self._early]
        early += [(sample.time, Sound(0, sample.data, sample.ticks)) for sample in self._queue]
        self._early.clear()
        self._queue.clear()
        self.end, self._has_begun = time, True
        for at, sound in sorted(early, key=lambda each: each[0]):
            if at >= time - SOUND_TOLERANCE:
                self.add(at, sound)

    def pause(self) -> None:
        """Until the next `begin`, sound only waits for its picture."""
        self._has_begun = False

    def add(self, time: int, sound: Sound) -> None:
        """Append one packet; a hole before it is filled, a packet from the past is dropped."""
        if not self._has_begun:
            self._early.append((time, sound))
            return
        if time < self.end - SOUND_TOLERANCE:
            return
        self._fill(time - SOUND_TOLERANCE)
        self._append(sound.data, sound.ticks)

    def take(self, until: int) -> list[Sample]:
        """The samples that begin before `until`. Sound that is very late is replaced by silence."""
        late, kept = SOUND_LATE * 8 // 15, SOUND_KEPT * 8 // 15
        if self.end < until - late:
            self._fill(until - kept)
        taken = []
        while self._queue and self._queue[0].time < until:
            taken.append(self._queue.popleft())
        return taken

    def _fill(self, until: int) -> None:
        if until - self.end > MAX_SOUNDS * opus.SILENCE_TICKS:
            self.end = until
        while self.end < until:
            self._append(opus.SILENCE, opus.SILENCE_TICKS)

    def _append(self, data: bytes, ticks: int) -> None:
        if len(self._queue) >= MAX_SOUNDS:
            self._queue.popleft()
        self._queue.append(Sample(self.end, ticks, data))
        self.end += ticks


def _video_ticks(time: int) -> int:
    return time * 15 // 8


def _audio_ticks(time: int) -> int:
    return time * 8 // 15
