"""A stock of pottery: one service with its upkeep, and a variant with three units."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest_asyncio

from livecommerce.foundation.core.ids import HoldId, PersonId, PoolId, ShowId, VariantId, new_id
from livecommerce.foundation.core.money import Money
from livecommerce.foundation.realtime.bus import Bus
from livecommerce.foundation.storage.postgres import Database
from livecommerce.foundation.storage.redis import connect
from livecommerce.stock.model import Ask, Decision, Pool
from livecommerce.stock.service import StockService, Upkeep
from livecommerce.stock.store.gate import Gate
from livecommerce.stock.store.ledger import Ledger


@dataclass
class Shop:
    """What a test needs to sell something."""

    database: Database
    redis: Any
    ledger: Ledger
    gate: Gate
    stock: StockService
    upkeep: Upkeep
    show: ShowId = field(default_factory=lambda: ShowId(new_id()))

    async def variant(self, units: int, *, limit: int | None = None, hold_s: int = 600) -> PoolId:
        variant_id = VariantId(new_id())
        async with self.database.transaction() as tx:
            await self.stock.create_pool(tx, variant_id, units=units, limit_per_buyer=limit, hold_s=hold_s)
        return PoolId(variant_id)

    def ask(self, quantity: int = 1, *, buyer: str | None = None, key: str | None = None, **more: Any) -> Ask:
        return Ask(
            hold_id=HoldId(new_id()),
            show_id=more.get("show", self.show),
            buyer=PersonId(buyer or new_id()),
            key=key or new_id(),
            quantity=quantity,
            price=Money(3900, "EUR"),
        )

    async def buy(self, pool_id: PoolId, quantity: int = 1, **more: Any) -> Decision:
        return await self.stock.hold(pool_id, self.ask(quantity, **more))

    def again(self, ask: Ask, **changes: Any) -> Ask:
        """The same click, sent once more."""
        return replace(ask, hold_id=HoldId(new_id()), **changes)

    async def level(self, pool_id: PoolId) -> Pool:
        return (await self.stock.levels([pool_id]))[pool_id]

    async def sound(self) -> None:
        """Nothing in the books is wrong."""
        versions = await self.ledger.versions()
        assert await self.ledger.audit(list(versions)) == {}

    async def gate_agrees(self, pool_id: PoolId) -> bool:
        """I6: base is what the ledger has, and nothing is pending."""
        keys = f"pool:{{{pool_id}}}:"
        base, pend, ver = await self.redis.hmget(keys + "g", "base", "pend", "ver")
        level = await self.level(pool_id)
        waiting = await self.redis.zcard(keys + "p")
        return (int(base or -1), int(pend or -1), int(ver or -1), waiting) == (level.available, 0, level.version, 0)


@pytest_asyncio.fixture
async def shop(database: Database, redis_url: str, clock: Any) -> AsyncIterator[Shop]:
    redis = connect(redis_url)
    ledger, gate = Ledger(database), Gate(redis)
    async with StockService(database, ledger, gate, Bus(redis, clock)) as stock:
        yield Shop(database, redis, ledger, gate, stock, Upkeep(database, ledger, stock))
    await redis.aclose()
