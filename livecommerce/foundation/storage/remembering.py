"""What a storm of requests asks for all at once: read once, remembered for a moment.

Starts no task: whoever comes first reads, in their own task, and the others wait for them.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """Values by key, at most `ttl_s` old and at most `size` of them. Whoever comes while one is read waits for it."""

    def __init__(self, read: Callable[[K], Awaitable[V]], *, ttl_s: float, size: int = 1000) -> None:
        self._read, self._ttl_s, self._size = read, ttl_s, size
        self._known: OrderedDict[K, tuple[float, V]] = OrderedDict()
        self._reading: dict[K, asyncio.Future[V]] = {}

    async def get(self, key: K) -> V:
        """The value, or the error of reading it; errors are not remembered."""
        known = self._known.get(key)
        if known is not None and time.monotonic() < known[0]:
            return known[1]
        reading = self._reading.get(key)
        if reading is None:
            return await self._lead(key)
        await asyncio.wait([reading])
        if reading.cancelled():  # whoever read has gone away
            return await self.get(key)
        return reading.result()

    def forget(self, key: K) -> None:
        """Read the value anew next time."""
        self._known.pop(key, None)

    async def _lead(self, key: K) -> V:
        reading = self._reading[key] = asyncio.get_running_loop().create_future()
        try:
            value = await self._read(key)
        except Exception as exc:
            reading.set_exception(exc)
            reading.exception()  # seen, even if nobody waits
            raise
        except BaseException:
            reading.cancel()
            raise
        finally:
            del self._reading[key]
        reading.set_result(value)
        self._known[key] = (time.monotonic() + self._ttl_s, value)
        self._known.move_to_end(key)
        while len(self._known) > self._size:
            self._known.popitem(last=False)
        return value
