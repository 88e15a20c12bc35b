"""The window of one stream's segments in memory, and blocking answers from it (RFC 8216bis 6.2.5.2).

Everything runs on one event loop. A reader looks and, when it must wait, registers a future in the same step;
the packager publishes and resolves the futures in one step. So no wake-up can be lost, and a wake-up reaches
only the readers whose part is there. The window is bounded in time, the waiters in number.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from livecommerce.foundation.core.errors import Busy, LiveCommerceError, NotFound
from livecommerce.foundation.media.h264 import ParameterSets
from livecommerce.foundation.media.playlist import (
    RATE,
    TARGET_DURATION_S,
    Init,
    Page,
    Part,
    Segment,
    advance_part_limit,
    master_playlist,
    media_playlist,
)

RELOAD_TIMEOUT_S = 3.0 * TARGET_DURATION_S
MAX_WAITERS = 512
DEFAULT_BANDWIDTH = 3_000_000
DISCONTINUITIES = 1 << 16
"""Players keep one place per discontinuity sequence: hls.js walks an array of that length and hangs at 10^8."""


class BadReload(LiveCommerceError):
    """The playlist cannot be asked for like that."""

    code, status = "bad_reload", 400


class NotStreaming(NotFound):
    """There is no playlist yet; ask again in a second."""

    code = "not_streaming"


class ReloadTimedOut(Busy):
    """The stream stands still; ask again in a moment."""


class Position(NamedTuple):
    """A place in the stream: `part` counts from 0 within the segment `msn`."""

    msn: int
    part: int


@dataclass(frozen=True, slots=True)
class Reload:
    """Delivery directives of a playlist request (6.2.5)."""

    msn: int | None = None
    part: int | None = None
    skip: bool = False


class Origin:
    """Holds the window; the packager writes, HTTP reads. The stream epoch makes every URI of it unique."""

    def __init__(
        self, epoch: str, *, pdt_base_ms: int, part_target: int, window_s: float = 60.0, first: int = 0
    ) -> None:
        self.epoch = epoch
        self.is_ended = False
        self._pdt_base_ms = pdt_base_ms
        self._part_target = part_target
        self._window = int(window_s * RATE)
        self._segments: deque[Segment] = deque()
        self._inits: dict[int, Init] = {}
        self._init: Init | None = None
        self._is_discontinuous = False
        self._first = self._next_msn = first
        self._discontinuity_sequence = first % DISCONTINUITIES
        self._next_start = 0
        self._waiters: dict[asyncio.Future[None], Callable[[], bool]] = {}
        self._texts: dict[bool, str] = {}

    # written by the packager

    def begin(self, init: bytes, parameters: ParameterSets | None, *, has_audio: bool, start: int) -> None:
        """What follows needs this init segment and, unless it is the first, comes after a discontinuity."""
        self._close_open_segment()
        names = [parameters.codec] if parameters else []
        codecs = ",".join(names + (["opus"] if has_audio else []))
        if self._init is None or self._init.data != init:
            size = (parameters.width, parameters.height) if parameters else (0, 0)
            self._init = Init(self._init.number + 1 if self._init else 0, init, codecs, *size)
            self._inits[self._init.number] = self._init
        self._is_discontinuous = self._next_msn > self._first
        self._next_start = start
        self._publish()

    def add(self, part: Part, *, closes: bool) -> None:
        """Append a part to the open segment, opening one when there is none."""
        if self._init is None:
            raise RuntimeError("a part came before its init segment")
        if not self._segments or self._segments[-1].is_closed:
            self._segments.append(Segment(self._next_msn, self._init, self._next_start, self._is_discontinuous))
            self._next_msn += 1
            self._is_discontinuous = False
        segment = self._segments[-1]
        segment.parts.append(part)
        segment.is_closed = closes
        self._next_start += part.ticks
        self._slide()
        self._publish()

    def end(self) -> None:
        """The stream is over: ENDLIST, and nobody waits any longer."""
        self._close_open_segment()
        self.is_ended = True
        self._publish()

    # read over HTTP

    @property
    def is_ready(self) -> bool:
        """Players need one complete segment."""
        return any(segment.is_closed for segment in self._segments)

    @property
    def waiting(self) -> int:
        """Requests held back until their part is there."""
        return len(self._waiters)

    def master(self) -> str:
        """The multivariant playlist."""
        if self._init is None or not self.is_ready:
            raise NotStreaming(retry_after_s=1)
        return master_playlist(self._init, bandwidth=self._bandwidth())

    async def playlist(self, reload: Reload) -> str:
        """The media playlist, as soon as it holds what the directives ask for."""
        if reload.part is not None and reload.msn is None:
            raise BadReload("_HLS_part needs _HLS_msn.")
        if not self.is_ready:
            raise NotStreaming(retry_after_s=1)
        if reload.msn is not None and not self.is_ended:
            self._check_not_too_far(reload.msn, reload.part)
            wanted = Position(reload.msn, -1 if reload.part is None else reload.part)
            await self._wait(lambda: self._has(wanted))
        return self._text(skip=reload.skip)

    async def part(self, msn: int, index: int) -> bytes:
        """One part; the next one (the preload hint) is waited for, any other unknown one does not exist."""
        wanted = Position(msn, index)
        if wanted == self._hint():
            await self._wait(lambda: self._has(wanted) or self._cannot_come(wanted))
        segment = self._find(msn)
        if segment is None or index >= len(segment.parts):
            raise NotFound()
        return segment.parts[index].data

    def segment(self, msn: int) -> bytes:
        """A whole closed segment."""
        segment = self._find(msn)
        if segment is None or not segment.is_closed:
            raise NotFound()
        return segment.data

    def init(self, number: int) -> bytes:
        """An init segment that the window still needs."""
        init = self._inits.get(number)
        if init is None:
            raise NotFound()
        return init.data

    # inside

    def _has(self, wanted: Position) -> bool:
        """Whether the playlist holds the position. Part -1 means the whole segment; a part past the last of a closed
        segment means part 0 of the next (6.2.5.2), which exists as soon as a later segment does."""
        last = self._segments[-1] if self._segments else None
        if last is None or wanted.msn != last.msn:
            return last is not None and wanted.msn < last.msn
        return last.is_closed if wanted.part < 0 else wanted.part < len(last.parts)

    def _cannot_come(self, wanted: Position) -> bool:
        """The segment was closed before that part was made."""
        last = self._segments[-1] if self._segments else None
        return last is not None and last.is_closed and wanted.msn == last.msn and wanted.part >= len(last.parts)

    def _check_not_too_far(self, msn: int, part: int | None) -> None:
        last = self._segments[-1]
        if msn > last.msn + 2:
            raise BadReload("_HLS_msn is too far ahead.")
        newest = len(last.parts) - 1 if msn == last.msn else -1
        if part is not None and msn >= last.msn and part - newest > advance_part_limit(self._part_target):
            raise BadReload("_HLS_part is too far ahead.")

    async def _wait(self, is_there: Callable[[], bool]) -> None:
        if self.is_ended or is_there():
            return
        if len(self._waiters) >= MAX_WAITERS:
            raise Busy(retry_after_s=1)
        arrived: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters[arrived] = is_there
        try:
            async with asyncio.timeout(RELOAD_TIMEOUT_S):
                await arrived
        except TimeoutError:
            raise ReloadTimedOut(retry_after_s=1) from None
        finally:
            del self._waiters[arrived]

    def _publish(self) -> None:
        self._texts.clear()
        for arrived, is_there in self._waiters.items():
            if not arrived.done() and (self.is_ended or is_there()):
                arrived.set_result(None)

    def _hint(self) -> Position | None:
        if not self._segments or self.is_ended:
            return None
        last = self._segments[-1]
        return Position(last.msn + 1, 0) if last.is_closed else Position(last.msn, len(last.parts))

    def _text(self, *, skip: bool) -> str:
        """Written once per version, however many ask."""
        if skip not in self._texts:
            page = Page(
                epoch=self.epoch,
                segments=tuple(self._segments),
                discontinuity_sequence=self._discontinuity_sequence,
                pdt_base_ms=self._pdt_base_ms,
                part_target=self._part_target,
                is_ended=self.is_ended,
            )
            self._texts[skip] = media_playlist(page, skip=skip)
        return self._texts[skip]

    def _find(self, msn: int) -> Segment | None:
        index = msn - self._segments[0].msn if self._segments else -1
        return self._segments[index] if 0 <= index < len(self._segments) else None

    def _close_open_segment(self) -> None:
        if self._segments:
            self._segments[-1].is_closed = True

    def _slide(self) -> None:
        """Forget the oldest segments beyond the window, and init segments that nobody needs."""
        end = self._segments[-1].start + self._segments[-1].ticks
        while len(self._segments) > 4 and self._segments[1].start <= end - self._window:
            gone = self._segments.popleft()
            if gone.is_discontinuous:
                self._discontinuity_sequence += 1
            if gone.init is not self._segments[0].init:
                self._inits.pop(gone.init.number, None)

    def _bandwidth(self) -> int:
        """Peak segment bit rate (4.4.6.2)."""
        rates = [
            8 * sum(len(part.data) for part in segment.parts) * RATE // segment.ticks
            for segment in self._segments
            if segment.is_closed
        ]
        return max(rates, default=DEFAULT_BANDWIDTH)
