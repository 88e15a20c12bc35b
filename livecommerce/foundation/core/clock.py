"""Time as an argument: wall clock and the media clock of a show's stream."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol

from livecommerce.foundation.core.ids import ShowId


class Clock(Protocol):
    """Wall-clock time, always aware UTC."""

    def now(self) -> datetime: ...

    def now_ms(self) -> int:
        """Unix milliseconds."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000


class StreamClock(Protocol):
    """Where a show's stream is right now, on its own timeline."""

    async def media_ts(self, show_id: ShowId) -> int | None:
        """Milliseconds since the stream started, or None while nothing is streamed. Never raises, never waits long."""
        ...


class NoStream:
    """A `StreamClock` for processes and tests without media."""

    async def media_ts(self, show_id: ShowId) -> int | None:
        return None
