"""Invariants I1 to I11 of selling, counted after the load: each violation is one sentence."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence

from livecommerce.foundation.core.clock import SystemClock
from livecommerce.foundation.core.ids import HoldId, PoolId
from livecommerce.foundation.realtime.bus import Bus
from livecommerce.foundation.storage.postgres import Database
from livecommerce.foundation.storage.redis import Redis
from livecommerce.stock.service import StockService, Upkeep
from livecommerce.stock.store.gate import Gate
from livecommerce.stock.store.ledger import Ledger

QUIET_S = 60.0
"""Within which every hold whose time was cut short must have come back."""


async def violations(database: Database, redis: Redis, held: Iterable[tuple[str, str]]) -> list[str]:
    """What is wrong with the books, the gates and the promises; `held` are (key, hold id) of every HELD that was said.

    Nothing was paid, so I3 says that no unit may be sold; all holds are ended first, for I9 and I11.
    """
    ledger = Ledger(database)
    async with StockService(database, ledger, Gate(redis), Bus(redis, SystemClock())) as stock:
        upkeep = Upkeep(database, ledger, stock)
        found = await _promises(ledger, list(held))
        pools = list(await ledger.versions())
        found += [f"{pool}: {text}" for pool, texts in (await ledger.audit(pools)).items() for text in texts]
        await database.execute("UPDATE stock_hold SET expires_at = clock_timestamp() WHERE state = 'held'")
        found += await _quiescence(ledger, upkeep, pools)
        found += await _gates(ledger, stock, upkeep, redis, pools)
        found += [f"{pool}: {text}" for pool, texts in (await ledger.audit(pools)).items() for text in texts]
    return found


async def _promises(ledger: Ledger, held: Sequence[tuple[str, str]]) -> list[str]:
    by_key: dict[str, set[str]] = defaultdict(set)
    for key, hold_id in held:
        by_key[key].add(hold_id)
    known = await ledger.decided({HoldId(hold_id) for _, hold_id in held})
    lost = [f"I7 {hold_id} was said HELD and is no row" for _, hold_id in held if hold_id not in known]
    return lost + [f"I8 {key} was answered with {len(ids)} holds" for key, ids in by_key.items() if len(ids) > 1]


async def _quiescence(ledger: Ledger, upkeep: Upkeep, pools: Sequence[PoolId]) -> list[str]:
    try:
        async with asyncio.timeout(QUIET_S):
            while any(pool.held for pool in await ledger.levels(pools)):
                await upkeep.sweep()
    except TimeoutError:
        return [f"I9 {pool.id} still holds {pool.held}" for pool in await ledger.levels(pools) if pool.held]
    levels = await ledger.levels(pools)
    wrong = [f"I11 {pool.id} has {pool.available}" for pool in levels if pool.available != pool.total - pool.sold]
    return wrong + [f"I3 {pool.id} has sold {pool.sold}, and nobody paid" for pool in levels if pool.sold]


async def _gates(
    ledger: Ledger, stock: StockService, upkeep: Upkeep, redis: Redis, pools: Sequence[PoolId]
) -> list[str]:
    for pool_id in pools:
        stock.teller.touch(pool_id)
    await upkeep.mend_gates()
    found = []
    for pool in await ledger.levels(pools):
        told = await redis.hmget(f"pool:{{{pool.id}}}:g", "base", "pend", "ver")
        if [int(value or -1) for value in told] != [pool.available, 0, pool.version]:
            found.append(f"I6 the gate of {pool.id} says {told}")
    return found
