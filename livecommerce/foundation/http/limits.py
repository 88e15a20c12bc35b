"""Rate limits across processes: GCRA in Redis, and a limiter of this process when Redis is away.

All hits of one name in one turn of the loop go in one call: whoever is first waits that turn and asks for all. A call
of its own for each click would cost the process more than everything else that is done for the click. No task is
started.

GCRA keeps one number per key, the "theoretical arrival time": when the bucket would be empty again. A hit is allowed if
that lies less than `per_s` ahead, and moves it by `per_s / limit` (ATM Forum TM 4.0, generic cell rate algorithm).
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from livecommerce.foundation.core.errors import RateLimited, StorageUnavailable
from livecommerce.foundation.storage.redis import Redis, scripts

log = structlog.get_logger(__name__)

HITS_PER_CALL = 300
KEYS_IN_PROCESS = 10_000
"""The local limiter forgets the longest unused keys beyond this."""
LOCAL_AFTER_FAILURE_S = 1.0
"""Redis is not asked again for so long after it failed: every request would wait for its timeout."""


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `limit` hits within `per_s` seconds, all of which may come at once."""

    limit: int
    per_s: float

    @property
    def interval_ms(self) -> float:
        """What one hit costs."""
        return self.per_s * 1000 / self.limit


class LeaderGone(Exception):
    """Whoever asked for this hit went away: ask again."""


@dataclass(frozen=True, slots=True)
class Hit:
    """Somebody who waits to hear how long to wait."""

    key: str
    rate: Rate
    cost: int
    wait_ms: asyncio.Future[int] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class RateLimiter:
    """Counts hits per name and key."""

    def __init__(self, redis: Redis) -> None:
        self._scripts = scripts(redis, __package__)
        self._local = LocalLimiter()
        self._local_until = 0.0
        self._hits: dict[str, list[Hit]] = {}

    async def hit(self, name: str, key: str, rate: Rate, *, cost: int = 1) -> None:
        """Count `cost` hits, or raise `RateLimited` with the time to wait and count none."""
        wait_ms = await self._wait_ms(name, key, rate, cost)
        if wait_ms > 0:
            raise RateLimited(retry_after_ms=wait_ms, retry_after_s=math.ceil(wait_ms / 1000))

    async def _wait_ms(self, name: str, key: str, rate: Rate, cost: int) -> int:
        if time.monotonic() < self._local_until:
            return self._local.wait_ms(f"{name}:{key}", rate, cost)
        try:
            return await self._asked(name, Hit(key, rate, cost))
        except StorageUnavailable:
            log.warning("rate limits hold per process: Redis does not answer")
            self._local_until = time.monotonic() + LOCAL_AFTER_FAILURE_S
            return self._local.wait_ms(f"{name}:{key}", rate, cost)

    async def _asked(self, name: str, hit: Hit) -> int:
        hits = self._hits.setdefault(name, [])
        hits.append(hit)
        if len(hits) == 1:
            await self._lead(name)
        try:
            return await hit.wait_ms
        except LeaderGone:
            return await self._asked(name, Hit(hit.key, hit.rate, hit.cost))

    async def _lead(self, name: str) -> None:
        hits = self._hits[name]
        error: Exception = StorageUnavailable(retry_after_ms=1000)
        try:
            try:
                await asyncio.sleep(0)
            finally:
                del self._hits[name]
            for start in range(0, len(hits), HITS_PER_CALL):
                await self._ask(name, hits[start : start + HITS_PER_CALL])
        except asyncio.CancelledError:
            error = LeaderGone()
            raise
        finally:
            for hit in hits[1:]:
                if not hit.wait_ms.done():
                    hit.wait_ms.set_exception(error)
            hits[0].wait_ms.cancel()  # without effect when there is an answer

    async def _ask(self, name: str, hits: Sequence[Hit]) -> None:
        # One slot of a Redis Cluster per name, so that they may be asked together.
        keys = [f"rate:{{{name}}}:{hit.key}" for hit in hits]
        args = [value for hit in hits for value in (hit.rate.limit, hit.rate.per_s * 1000, hit.cost)]
        for hit, wait_ms in zip(hits, await self._scripts.gcra(keys, args), strict=True):
            if not hit.wait_ms.done():
                hit.wait_ms.set_result(int(wait_ms))


class LocalLimiter:
    """The same algorithm in this process, for at most `KEYS_IN_PROCESS` keys."""

    def __init__(self, *, keys: int = KEYS_IN_PROCESS) -> None:
        self._arrivals: OrderedDict[str, float] = OrderedDict()
        self._keys = keys

    def wait_ms(self, key: str, rate: Rate, cost: int = 1, *, now_ms: float | None = None) -> int:
        """Count `cost` hits and return 0, or return how long to wait (ms) and count none."""
        now = time.monotonic() * 1000 if now_ms is None else now_ms
        arrival = max(now, self._arrivals.get(key, 0.0)) + cost * rate.interval_ms
        too_early = arrival - now - rate.per_s * 1000
        if too_early > 0.5:  # rounding of the sums is not a refusal
            return math.ceil(too_early)
        self._arrivals[key] = arrival
        self._arrivals.move_to_end(key)
        if len(self._arrivals) > self._keys:
            self._arrivals.popitem(last=False)
        return 0
