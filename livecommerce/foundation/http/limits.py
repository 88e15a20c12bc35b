"""Rate limits across processes: GCRA, one Redis call per hit, and a limiter of this process when Redis is away.

GCRA keeps one number per key, the "theoretical arrival time": when the bucket would be empty again. A hit is allowed if
that lies less than `per_s` ahead, and moves it by `per_s / limit` (ATM Forum TM 4.0, generic cell rate algorithm).
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from dataclasses import dataclass

import structlog

from livecommerce.foundation.core.errors import RateLimited, StorageUnavailable
from livecommerce.foundation.storage.redis import Redis, scripts

log = structlog.get_logger(__name__)

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


class RateLimiter:
    """Counts hits per name and key."""

    def __init__(self, redis: Redis) -> None:
        self._scripts = scripts(redis, __package__)
        self._local = LocalLimiter()
        self._local_until = 0.0

    async def hit(self, name: str, key: str, rate: Rate, *, cost: int = 1) -> None:
        """Count `cost` hits, or raise `RateLimited` with the time to wait and count none."""
        wait_ms = await self._wait_ms(name, key, rate, cost)
        if wait_ms > 0:
            raise RateLimited(retry_after_ms=wait_ms, retry_after_s=math.ceil(wait_ms / 1000))

    async def _wait_ms(self, name: str, key: str, rate: Rate, cost: int) -> int:
        if time.monotonic() < self._local_until:
            return self._local.wait_ms(f"{name}:{key}", rate, cost)
        try:
            return int(await self._scripts.gcra([f"rate:{name}:{key}"], [rate.limit, rate.per_s * 1000, cost]))
        except StorageUnavailable:
            log.warning("rate limits hold per process: Redis does not answer")
            self._local_until = time.monotonic() + LOCAL_AFTER_FAILURE_S
            return self._local.wait_ms(f"{name}:{key}", rate, cost)


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
