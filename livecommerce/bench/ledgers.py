"""What one process can decide without any door: at the ledger, as a batcher and one by one; and at the gate."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from livecommerce.bench.one_by_one import OneByOne
from livecommerce.foundation.core.clock import SystemClock
from livecommerce.foundation.core.ids import HoldId, PersonId, PoolId, ShowId, VariantId, new_id
from livecommerce.foundation.core.money import Money
from livecommerce.foundation.realtime.bus import Bus
from livecommerce.foundation.storage.postgres import Database
from livecommerce.foundation.storage.redis import Redis
from livecommerce.stock.model import Ask
from livecommerce.stock.service import StockService
from livecommerce.stock.service.batches import GroupCommit
from livecommerce.stock.store.gate import Gate
from livecommerce.stock.store.ledger import Ledger

IN_FLIGHT = 1000
"""Clicks that wait at any time: enough for full batches; the rival takes them one after the other."""
GATE_IN_FLIGHT = 600
UNITS = 10_000_000
LIMIT = 5
"""Units per buyer, so that both designs check it."""


class Counter:
    """Rates of deciding clicks, each on a pool of its own."""

    def __init__(self, database: Database, redis: Redis) -> None:
        self._database, self._redis = database, redis
        self._ledger, self._gate = Ledger(database), Gate(redis)
        self._bus, self._show = Bus(redis, SystemClock()), ShowId(new_id())

    async def batched(self, seconds: float) -> float:
        """Holds per second of the group commit."""
        pool = await self._pool(UNITS)

        async def told(*_: object) -> None:
            """Nobody watches: what is measured is the ledger."""

        async with GroupCommit(self._ledger, committed=told, lost=told) as batches:
            return await _rate(lambda: batches.decide(pool, self._ask()), seconds, IN_FLIGHT)

    async def one_by_one(self, seconds: float) -> float:
        """Holds per second of one transaction per click, with the same checks and journal."""
        pool = await self._pool(UNITS)
        async with OneByOne(self._database, self._ledger, self._gate, self._bus) as stock:
            return await _rate(lambda: stock.hold(pool, self._ask()), seconds, IN_FLIGHT)

    async def refusals(self, seconds: float) -> float:
        """Sold-out answers of the gate per second; PostgreSQL hears of none."""
        pool = await self._pool(0)
        async with StockService(self._database, self._ledger, self._gate, self._bus) as stock:
            await stock.clicks.rebuild(pool)
        return await _rate(lambda: self._gate.reserve(pool, self._ask()), seconds, GATE_IN_FLIGHT)

    async def _pool(self, units: int) -> PoolId:
        variant_id = VariantId(new_id())
        async with (
            StockService(self._database, self._ledger, self._gate, self._bus) as stock,
            self._database.transaction() as tx,
        ):
            await stock.create_pool(tx, variant_id, units=units, limit_per_buyer=LIMIT, hold_s=600)
        return PoolId(variant_id)

    def _ask(self) -> Ask:
        return Ask(HoldId(new_id()), self._show, PersonId(new_id()), new_id(), 1, Money(100, "EUR"))


async def _rate(decide: Callable[[], Awaitable[object]], seconds: float, in_flight: int) -> float:
    decided, until = 0, time.perf_counter() + seconds

    async def keep_clicking() -> None:
        nonlocal decided
        while time.perf_counter() < until:
            await decide()
            decided += 1

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(in_flight):
            group.create_task(keep_clicking())
    return decided / (time.perf_counter() - began)
