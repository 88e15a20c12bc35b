"""The web process as a cache in front of the origin: one request per part and playlist version, however many ask.

Each distinct file has at most one flight to the origin; everybody who asks meanwhile waits for that flight, and a
viewer who leaves does not take it away from the others. What landed is kept: parts, segments and init segments
(which never change) in an LRU bounded in bytes; a blocking reload until a later one lands, since its answer holds at
least what was asked for; a plain reload for half a part. Flights run as tasks in the edge's own task group.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from livecommerce.foundation.core.errors import Busy, LiveCommerceError
from livecommerce.foundation.core.ids import ShowId
from livecommerce.foundation.media.door import File

Key = tuple[ShowId, str]

MAX_BYTES = 96 * 1024 * 1024
"""About a minute of four streams at 3 Mbit/s."""
MAX_FLIGHTS = 512
MAX_ENTRY_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Kept:
    file: File
    until: float


Fetch = Callable[[ShowId, str], Coroutine[Any, Any, File]]
"""Ask the origin for a path (below the show's playlist, with query) of a show."""


class Edge:
    """Coalesces and caches. Use as an async context; leaving it cancels the flights."""

    def __init__(
        self, fetch: Fetch, *, max_bytes: int = MAX_BYTES, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._fetch = fetch
        self._monotonic = monotonic
        self._max_bytes = max_bytes
        self._bytes = 0
        self._kept: OrderedDict[Key, _Kept] = OrderedDict()
        self._flights: dict[Key, asyncio.Task[File]] = {}

    async def __aenter__(self) -> "Edge":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        flights = [*self._flights.values()]
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)

    @property
    def held_bytes(self) -> int:
        """Bytes kept at the moment."""
        return self._bytes

    async def get(self, show_id: ShowId, path: str) -> File:
        """The file; raises what the origin answered. Refusals are shared by those who wait, and never kept."""
        key = (show_id, path)
        kept = self._kept.get(key)
        if kept is not None and self._monotonic() < kept.until:
            self._kept.move_to_end(key)
            return kept.file
        flight = self._flights.get(key) or self._take_off(key)
        try:
            return await asyncio.shield(flight)
        except asyncio.CancelledError:
            if flight.cancelled():
                raise Busy(retry_after_s=1) from None
            raise

    def _take_off(self, key: Key) -> asyncio.Task[File]:
        if len(self._flights) >= MAX_FLIGHTS:
            raise Busy(retry_after_s=1)
        flight = asyncio.get_running_loop().create_task(self._fetch(*key), name="hls flight")
        self._flights[key] = flight
        flight.add_done_callback(lambda landed: self._land(key, landed))
        return flight

    def _land(self, key: Key, flight: asyncio.Task[File]) -> None:
        self._flights.pop(key, None)
        if flight.cancelled():
            return
        error = flight.exception()
        if error is None:
            self._keep(key, flight.result())
        elif not isinstance(error, LiveCommerceError):
            flight.get_loop().call_exception_handler({"message": "an HLS flight failed", "exception": error})

    def _keep(self, key: Key, file: File) -> None:
        self._drop(key)
        if file.max_age_s == 0 or len(file.body) > MAX_ENTRY_BYTES:
            return
        until = float("inf") if file.max_age_s is None else self._monotonic() + file.max_age_s
        self._kept[key] = _Kept(file, until)
        self._bytes += len(file.body)
        while self._bytes > self._max_bytes:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: Key) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._bytes -= len(kept.file.body)
