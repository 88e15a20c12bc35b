"""Group commit: one fsync for many clicks, poisoned clicks, unknown outcomes, lost servers."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from livecommerce.foundation.core.errors import Busy, StorageUnavailable
from livecommerce.foundation.core.money import Money
from livecommerce.foundation.realtime.bus import Bus
from livecommerce.foundation.storage.redis import connect
from livecommerce.stock.model import Decision, LimitReached, SoldOut
from livecommerce.stock.service import StockService
from livecommerce.stock.service.batches import BATCH_MAX
from livecommerce.stock.store.gate import Gate
from livecommerce.stock.store.ledger import Ledger


class CountingLedger(Ledger):
    """Remembers how large the batches were."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.sizes: list[int] = []

    async def hold_batch(self, pool_id, asks):
        self.sizes.append(len(asks))
        return await super().hold_batch(pool_id, asks)


class AmnesiacLedger(Ledger):
    """Commits, and loses the answer on the way: once, or for ever."""

    forgets = 1

    async def hold_batch(self, pool_id, asks):
        decisions = await super().hold_batch(pool_id, asks)
        if self.forgets > 0:
            self.forgets -= 1
            raise StorageUnavailable()
        return decisions


async def test_clicks_of_one_moment_share_a_commit(shop) -> None:
    ledger, pool = CountingLedger(shop.database), await shop.variant(1000)

    async with StockService(shop.database, ledger, shop.gate, Bus(shop.redis, None)) as stock:
        await asyncio.gather(*(stock.hold(pool, shop.ask()) for _ in range(700)))

    assert sum(ledger.sizes) == 700
    assert max(ledger.sizes) <= BATCH_MAX
    assert len(ledger.sizes) <= 10
    await shop.sound()
    assert await shop.gate_agrees(pool)


async def test_an_unknown_commit_is_run_again_until_it_is_known(shop) -> None:
    ledger, pool, ask = AmnesiacLedger(shop.database), await shop.variant(5), shop.ask(2)

    async with StockService(shop.database, ledger, shop.gate, Bus(shop.redis, None)) as stock:
        decision = await stock.hold(pool, ask)

    assert decision.hold_id == ask.hold_id
    assert (await shop.level(pool)).held == 2
    await shop.sound()


async def test_an_outcome_that_stays_unknown_is_busy_and_the_same_key_finds_it(shop, monkeypatch) -> None:
    monkeypatch.setattr("livecommerce.stock.service.batches.UNKNOWN_FOR_S", 0.3)
    ledger, pool, ask = AmnesiacLedger(shop.database), await shop.variant(5), shop.ask(2)
    ledger.forgets = 1000

    async with StockService(shop.database, ledger, shop.gate, Bus(shop.redis, None)) as stock:
        with pytest.raises(Busy) as refused:
            await stock.hold(pool, ask)
    assert 1000 <= int(refused.value.details["retry_after_ms"]) <= 5000
    assert await shop.redis.exists(f"pool:{{{pool}}}:outage")
    with pytest.raises(Busy):
        await shop.buy(pool)
    await shop.redis.delete(f"pool:{{{pool}}}:outage")

    assert (await shop.stock.hold(pool, shop.again(ask))).hold_id == ask.hold_id
    assert (await shop.level(pool)).held == 2
    await shop.sound()


async def test_a_poisoned_click_never_costs_its_neighbours(shop) -> None:
    pool = await shop.variant(50)
    asks = [shop.ask() for _ in range(20)]
    asks[7] = replace(asks[7], price=Money(3900, "E\x00R"))  # PostgreSQL refuses the whole statement for it

    results = await asyncio.gather(*(shop.stock.hold(pool, ask) for ask in asks), return_exceptions=True)

    assert [index for index, result in enumerate(results) if not isinstance(result, Decision)] == [7]
    assert isinstance(results[7], Busy)
    assert (await shop.level(pool)).held == 19
    await shop.sound()


async def test_buying_goes_on_without_redis(shop) -> None:
    nowhere = connect("unix:///nowhere/valkey.sock")
    pool = await shop.variant(10, limit=2)
    buyers = [f"00000000-0000-7000-8000-{number:012d}" for number in range(30)]

    async with StockService(shop.database, shop.ledger, Gate(nowhere), Bus(nowhere, None)) as stock:
        results = await asyncio.gather(
            *(stock.hold(pool, shop.ask(buyer=buyer)) for buyer in buyers), return_exceptions=True
        )
        with pytest.raises((LimitReached, SoldOut)):
            await stock.hold(pool, shop.ask(2, buyer=buyers[0]))

    assert sum(isinstance(result, Decision) for result in results) == 10
    assert sum(isinstance(result, SoldOut) for result in results) == 20
    await nowhere.aclose()
    await shop.upkeep.mend_gates()
    assert isinstance(await _sold_out(shop, pool), SoldOut)
    await shop.sound()


async def test_clicks_without_redis_are_bounded(shop, monkeypatch) -> None:
    monkeypatch.setattr("livecommerce.stock.service.clicks.DIRECT_MAX", 5)
    nowhere = connect("unix:///nowhere/valkey.sock")
    pool = await shop.variant(100)

    async with StockService(shop.database, shop.ledger, Gate(nowhere), Bus(nowhere, None)) as stock:
        results = await asyncio.gather(*(stock.hold(pool, shop.ask()) for _ in range(20)), return_exceptions=True)

    assert sum(isinstance(result, Decision) for result in results) == 5
    assert sum(isinstance(result, Busy) for result in results) == 15
    await nowhere.aclose()


async def test_a_full_queue_is_busy_and_keeps_no_units(shop, monkeypatch) -> None:
    pool = await shop.variant(100)
    await shop.buy(pool)
    monkeypatch.setattr("livecommerce.stock.service.batches.WAITING_MAX", 0)

    with pytest.raises(Busy):
        await shop.buy(pool)

    async with asyncio.timeout(5):
        while not await shop.gate_agrees(pool):
            await asyncio.sleep(0.01)


async def test_what_waits_at_the_end_is_answered(shop) -> None:
    pool = await shop.variant(100)
    async with StockService(shop.database, shop.ledger, shop.gate, Bus(shop.redis, None)) as stock:
        clicks = [asyncio.create_task(stock.hold(pool, shop.ask())) for _ in range(50)]
        await asyncio.sleep(0)

    results = await asyncio.gather(*clicks, return_exceptions=True)

    assert all(isinstance(result, Decision | Busy) for result in results)
    held = sum(isinstance(result, Decision) for result in results)
    assert (await shop.level(pool)).held == held


async def test_holding_commits_synchronously_whatever_the_server_is_set_to(shop) -> None:
    pool = await shop.variant(5)

    async with shop.database.transaction() as tx:
        await tx.execute("SET LOCAL synchronous_commit = off")
        ask = shop.ask()
        await tx.fetch(
            "SELECT * FROM stock_hold_batch($1, $2, $3, $4, $5, $6, $7, $8, 20)",
            *(pool, [ask.hold_id], [ask.show_id], [ask.buyer], [ask.key], [1], [3900], ["EUR"]),
        )
        assert await tx.fetchval("SHOW synchronous_commit") == "on"


async def _sold_out(shop, pool) -> BaseException | None:
    try:
        await shop.buy(pool)
    except SoldOut as refused:
        return refused
    return None
