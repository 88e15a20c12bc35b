"""What becomes of holds: paid, released, expired, returned; and what flows back when a flash sale has ended."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from livecommerce.foundation.core.errors import NotFound
from livecommerce.foundation.core.ids import FlashSaleId, PoolId, VariantId, new_id
from livecommerce.stock.model import AlreadyExtended, Closing, Hold, HoldExpired, HoldNotOpen, NotEnoughStock


async def test_a_paid_hold_is_sold_and_journalled_once(shop) -> None:
    pool, buyer = await shop.variant(5), new_id()
    held = await shop.buy(pool, 2, buyer=buyer)

    async with shop.database.transaction() as tx:
        await shop.stock.pay(tx, [held.hold_id], buyer)
    async with shop.database.transaction() as tx:
        await shop.stock.sell(tx, [held.hold_id])

    level = await shop.level(pool)
    assert (level.available, level.held, level.sold) == (3, 0, 2)
    with pytest.raises(HoldNotOpen):
        async with shop.database.transaction() as tx:
            await shop.stock.sell(tx, [held.hold_id])
    await shop.sound()
    assert await shop.gate_agrees(pool)


async def test_a_foreign_hold_cannot_be_told_from_an_unknown_one(shop) -> None:
    pool = await shop.variant(5)
    held = await shop.buy(pool)

    for hold_id in (held.hold_id, new_id(), "not-an-id"):
        with pytest.raises(NotFound):
            async with shop.database.transaction() as tx:
                await shop.stock.pay(tx, [hold_id], new_id())


async def test_a_paying_hold_does_not_expire(shop) -> None:
    pool, buyer = await shop.variant(5, hold_s=1), new_id()
    held = await shop.buy(pool, buyer=buyer)
    async with shop.database.transaction() as tx:
        await shop.stock.pay(tx, [held.hold_id], buyer)
    await _age(shop, 10)

    assert await shop.upkeep.sweep() == 0
    assert (await shop.stock.holds([held.hold_id]))[0].state == "paying"


async def test_an_order_may_take_several_holds_of_several_pools(shop) -> None:
    pools, buyer = [await shop.variant(5) for _ in range(4)], new_id()
    holds = [(await shop.buy(pool, buyer=buyer)).hold_id for pool in pools]

    async with shop.database.transaction() as tx:
        await shop.stock.pay(tx, holds, buyer)
        await shop.stock.sell(tx, holds)

    assert [(await shop.level(pool)).sold for pool in pools] == [1, 1, 1, 1]
    await shop.sound()


async def test_check_06_abandoned_holds_come_back_and_a_late_confirm_is_expired(shop) -> None:
    pool = await shop.variant(100, hold_s=1)
    buyers = [new_id() for _ in range(100)]
    holds = await asyncio.gather(*(shop.buy(pool, buyer=buyer) for buyer in buyers))
    before = await shop.level(pool)
    assert before.available == 0

    async with asyncio.timeout(5):
        while (await shop.level(pool)).available < 100:
            await shop.upkeep.sweep()

    assert (await shop.level(pool)).version > before.version
    with pytest.raises(HoldExpired):
        async with shop.database.transaction() as tx:
            await shop.stock.pay(tx, [holds[0].hold_id], buyers[0])
    closes = await shop.database.fetch("SELECT hold_id FROM stock_move WHERE kind = 'expire'")
    assert len(closes) == len({row["hold_id"] for row in closes}) == 100
    assert await shop.database.fetchval("SELECT count(*) FROM outbox WHERE topic = 'hold.expired'") == 100
    await shop.sound()
    assert await shop.gate_agrees(pool)


@pytest.mark.parametrize("first", ["confirm", "expire"])
async def test_check_07_confirm_and_expiry_forced_in_both_orders_end_one_way(shop, first) -> None:
    pool, buyer = await shop.variant(1), new_id()
    held = await shop.buy(pool, buyer=buyer)
    await _age(shop, 3600)
    locked, finish = asyncio.Event(), asyncio.Event()

    async def confirm() -> None:
        async with shop.database.transaction() as tx:
            await shop.stock.pay(tx, [held.hold_id], buyer)
            await shop.stock.sell(tx, [held.hold_id])
            locked.set()
            await finish.wait()

    async def expire() -> None:
        async with shop.database.transaction() as tx:
            await shop.stock.expire(tx, await shop.ledger.due(tx, 10))
            locked.set()
            await finish.wait()

    winner = asyncio.create_task(confirm() if first == "confirm" else expire())
    await locked.wait()
    loser = asyncio.create_task(expire() if first == "confirm" else confirm())
    if first == "expire":
        await _until_somebody_waits(shop)
    else:
        await loser_done_or_waiting(loser)
    finish.set()
    await winner
    if first == "expire":
        with pytest.raises(HoldExpired):
            await loser
    else:
        await loser

    kinds = [row["kind"] for row in await shop.database.fetch("SELECT kind FROM stock_move WHERE hold_id IS NOT NULL")]
    assert sorted(kinds) == sorted(["hold", "sell" if first == "confirm" else "expire"])
    level = await shop.level(pool)
    assert (level.held, level.sold) == (0, 1 if first == "confirm" else 0)
    await shop.sound()


async def loser_done_or_waiting(task: asyncio.Task[None]) -> None:
    """The sweep skips what somebody else is closing, so it does not even wait."""
    await asyncio.sleep(0)
    assert not task.done() or task.exception() is None


async def test_a_second_close_of_a_hold_is_refused_by_constraint(shop) -> None:
    """Negative control: without the rule in the model, the journal still knows."""
    pool, buyer = await shop.variant(5), new_id()
    held = await shop.buy(pool, buyer=buyer)
    async with shop.database.transaction() as tx:
        await shop.stock.release(tx, [held.hold_id], actor=buyer)

    with pytest.raises(asyncpg.UniqueViolationError):
        async with shop.database.transaction() as tx:
            await shop.ledger.close(tx, [held.hold_id], Closing.EXPIRE)


async def test_the_journal_cannot_be_rewritten(shop) -> None:
    await shop.variant(5)

    with pytest.raises(asyncpg.RaiseError):
        await shop.database.execute("UPDATE stock_move SET d_total = 6")
    with pytest.raises(asyncpg.RaiseError):
        await shop.database.execute("DELETE FROM stock_move")


async def test_sold_units_are_returned_once_per_refund(shop) -> None:
    pool, buyer, refund = await shop.variant(5, limit=1), new_id(), new_id()
    held = await shop.buy(pool, buyer=buyer)
    async with shop.database.transaction() as tx:
        await shop.stock.sell(tx, [held.hold_id])

    async with shop.database.transaction() as tx:
        await shop.stock.take_back(tx, [held.hold_id], refund=refund, actor=buyer)

    level = await shop.level(pool)
    assert (level.available, level.held, level.sold) == (5, 0, 0)
    assert (await shop.buy(pool, buyer=buyer)).state == "held"
    with pytest.raises(asyncpg.UniqueViolationError):
        async with shop.database.transaction() as tx:
            await shop.stock.take_back(tx, [held.hold_id], refund=refund, actor=buyer)
    await shop.sound()


async def test_units_of_an_ended_flash_sale_flow_back_now_and_when_its_holds_expire(shop) -> None:
    pool = await shop.variant(10)
    flash = await _fence(shop, pool, 4)
    await shop.buy(flash)
    held = await shop.buy(flash)

    async with shop.database.transaction() as tx:
        await shop.stock.give_back(tx, flash)
    assert ((await shop.level(pool)).total, (await shop.level(flash)).total) == (8, 2)

    async with shop.database.transaction() as tx:
        await shop.stock.release(tx, [held.hold_id], actor=new_id())
    assert ((await shop.level(pool)).total, (await shop.level(flash)).total) == (9, 1)
    await _age(shop, 3600)
    await shop.upkeep.sweep()
    assert ((await shop.level(pool)).total, (await shop.level(flash)).total) == (10, 0)
    await shop.sound()


async def test_more_than_is_free_cannot_be_fenced_off(shop) -> None:
    pool = await shop.variant(10)
    await shop.buy(pool, 7)

    with pytest.raises(NotEnoughStock):
        await _fence(shop, pool, 4)

    await _fence(shop, pool, 3)
    assert (await shop.level(pool)).available == 0
    await shop.sound()


async def test_stock_is_adjusted_with_a_reason_and_never_below_what_is_promised(shop) -> None:
    pool, actor = await shop.variant(10), new_id()
    await shop.buy(pool, 7)

    with pytest.raises(NotEnoughStock):
        async with shop.database.transaction() as tx:
            await shop.stock.adjust(tx, pool, -4, reason="broken", actor=actor)
    async with shop.database.transaction() as tx:
        level = await shop.stock.adjust(tx, pool, -3, reason="broken", actor=actor)

    assert level.available == 0
    row = await shop.database.fetchrow("SELECT d_total, reason, actor FROM stock_move WHERE kind = 'adjust'")
    assert tuple(row) == (-3, "broken", actor)
    await shop.sound()


async def _fence(shop, pool: PoolId, units: int) -> PoolId:
    flash, now = FlashSaleId(new_id()), datetime.now(UTC)
    async with shop.database.transaction() as tx:
        await shop.stock.fence(
            tx,
            flash,
            VariantId(pool),
            show_id=shop.show,
            units=units,
            limit_per_buyer=None,
            starts_at=now - timedelta(seconds=1),
            ends_at=now + timedelta(seconds=60),
            hold_s=60,
        )
    return PoolId(flash)


async def test_a_buyer_extends_a_hold_once_by_its_pools_time(shop) -> None:
    pool, buyer = await shop.variant(5, hold_s=120), new_id()
    held = await shop.buy(pool, buyer=buyer)
    await _age(shop, 60)

    extended = await _extend(shop, held.hold_id, buyer)

    assert extended.extended
    assert 170_000 < extended.expires_in_ms <= 180_000
    with pytest.raises(AlreadyExtended):
        await _extend(shop, held.hold_id, buyer)
    assert (await shop.stock.holds([held.hold_id]))[0].expires_at == extended.expires_at


async def test_fifty_extensions_at_once_are_one(shop) -> None:
    pool, buyer = await shop.variant(5, hold_s=120), new_id()
    held = await shop.buy(pool, buyer=buyer)

    answers = await asyncio.gather(*(_extend(shop, held.hold_id, buyer) for _ in range(50)), return_exceptions=True)

    assert sum(isinstance(answer, AlreadyExtended) for answer in answers) == 49
    assert (await shop.stock.holds([held.hold_id]))[0].expires_in_ms <= 240_000


async def test_a_hold_that_has_ended_or_is_foreign_or_being_paid_is_not_extended(shop) -> None:
    pool, buyer = await shop.variant(5, hold_s=120), new_id()
    held, paying = await shop.buy(pool, buyer=buyer), await shop.buy(pool, buyer=buyer)
    async with shop.database.transaction() as tx:
        await shop.stock.pay(tx, [paying.hold_id], buyer)

    with pytest.raises(NotFound):
        await _extend(shop, held.hold_id, new_id())
    with pytest.raises(HoldNotOpen):
        await _extend(shop, paying.hold_id, buyer)
    await _age(shop, 120)
    with pytest.raises(HoldExpired):  # although the sweep has not come by
        await _extend(shop, held.hold_id, buyer)


async def _extend(shop, hold_id: str, buyer: str) -> Hold:
    async with shop.database.transaction() as tx:
        return await shop.stock.extend(tx, hold_id, buyer)


async def _age(shop, seconds: int) -> None:
    """Let time pass for holds."""
    await shop.database.execute(
        "UPDATE stock_hold SET expires_at = expires_at - make_interval(secs => $1::float8)", float(seconds)
    )


async def _until_somebody_waits(shop) -> None:
    async with asyncio.timeout(5):
        while not await shop.database.fetchval("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"):
            await asyncio.sleep(0.01)
