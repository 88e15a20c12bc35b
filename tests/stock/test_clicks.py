"""From click to hold: the last unit, order of decision, double clicks, limits, windows."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from livecommerce.foundation.core.errors import Invalid, NotFound, StorageUnavailable
from livecommerce.foundation.core.ids import FlashSaleId, PoolId, VariantId, new_id
from livecommerce.stock.model import (
    Decision,
    Ended,
    HoldState,
    KeyReused,
    LimitReached,
    NotStarted,
    Paused,
    Refused,
    SoldOut,
)


async def test_last_unit_goes_to_exactly_one_of_two_buyers(shop) -> None:
    pool = await shop.variant(1)

    results = await asyncio.gather(shop.buy(pool), shop.buy(pool), return_exceptions=True)

    assert {type(result) for result in results} == {Decision, SoldOut}
    assert (await shop.level(pool)).available == 0
    await shop.sound()


async def test_clicks_are_decided_in_order_so_that_smaller_asks_fit_behind_a_refused_one(shop) -> None:
    pool = await shop.variant(2)

    decisions = await shop.ledger.hold_batch(pool, [shop.ask(3), shop.ask(1), shop.ask(1), shop.ask(1)])

    assert [decision.state for decision in decisions] == ["rejected", "held", "held", "rejected"]
    assert [decision.reason for decision in decisions] == ["sold_out", None, None, "sold_out"]
    assert decisions[0].available == 0
    await shop.sound()


async def test_check_02_fifty_sends_of_one_key_make_one_hold(shop) -> None:
    pool, ask = await shop.variant(10), shop.ask(2)

    decisions = await asyncio.gather(*(shop.stock.hold(pool, shop.again(ask)) for _ in range(50)))

    assert len({decision.hold_id for decision in decisions}) == 1
    assert (await shop.level(pool)).held == 2
    assert await shop.database.fetchval("SELECT count(*) FROM stock_hold") == 1
    assert await shop.database.fetchval("SELECT count(*) FROM stock_move WHERE kind = 'hold'") == 1
    await shop.sound()


async def test_the_same_click_twice_in_one_batch_is_answered_once(shop) -> None:
    pool, ask = await shop.variant(10), shop.ask(1)

    decisions = await shop.ledger.hold_batch(pool, [ask, shop.again(ask), shop.again(ask, quantity=2)])

    assert [decision.hold_id for decision in decisions] == [ask.hold_id] * 3
    assert [decision.reason for decision in decisions] == [None, None, "key_reused"]
    assert (await shop.level(pool)).held == 1


async def test_check_02_another_quantity_under_a_known_key_is_key_reused(shop) -> None:
    pool, ask = await shop.variant(10), shop.ask(2)
    held = await shop.stock.hold(pool, ask)

    with pytest.raises(KeyReused):
        await shop.stock.hold(pool, shop.again(ask, quantity=3))

    assert (await shop.stock.hold(pool, shop.again(ask))).hold_id == held.hold_id
    assert (await shop.level(pool)).held == 2
    await shop.sound()


async def test_two_buyers_may_use_the_same_key(shop) -> None:
    pool = await shop.variant(2)

    first, second = await asyncio.gather(shop.buy(pool, key="click-1"), shop.buy(pool, key="click-1"))

    assert first.hold_id != second.hold_id


async def test_a_buyer_gets_no_more_than_the_limit(shop) -> None:
    pool, buyer = await shop.variant(10, limit=2), new_id()
    await shop.buy(pool, 2, buyer=buyer)

    with pytest.raises(LimitReached):
        await shop.buy(pool, 1, buyer=buyer)

    assert (await shop.level(pool)).held == 2
    await shop.sound()


async def test_a_limit_counts_over_flash_sale_and_cart_alike(shop) -> None:
    pool, buyer = await shop.variant(10, limit=3), new_id()
    flash = await _flash(shop, pool, units=5, limit=2)
    await shop.buy(pool, 1, buyer=buyer)
    await shop.buy(flash, 1, buyer=buyer)

    with pytest.raises(LimitReached):
        await shop.buy(flash, 1, buyer=buyer)

    await shop.buy(pool, 1, buyer=buyer)
    with pytest.raises(LimitReached):
        await shop.buy(pool, 1, buyer=buyer)
    await shop.sound()


async def test_two_pools_that_race_for_one_buyers_limit_never_exceed_it(shop) -> None:
    pool = await shop.variant(100, limit=1)
    flash = await _flash(shop, pool, units=50, limit=1)

    for _ in range(20):
        buyer = new_id()
        await asyncio.gather(shop.buy(pool, buyer=buyer), shop.buy(flash, buyer=buyer), return_exceptions=True)

    assert await shop.database.fetchval("SELECT max(qty) FROM stock_buyer_limit") == 1
    await shop.sound()


async def test_a_limit_counts_per_show(shop) -> None:
    pool, buyer = await shop.variant(10, limit=1), new_id()
    await shop.buy(pool, buyer=buyer)

    assert (await shop.buy(pool, buyer=buyer, show=new_id())).state is HoldState.HELD


async def test_a_released_unit_may_be_held_again_by_the_same_buyer(shop) -> None:
    pool, buyer = await shop.variant(1, limit=1), new_id()
    held = await shop.buy(pool, buyer=buyer)
    async with shop.database.transaction() as tx:
        await shop.stock.release(tx, [held.hold_id], actor=buyer)

    again = await shop.buy(pool, buyer=buyer)

    assert again.hold_id != held.hold_id
    await shop.sound()


async def test_unpaid_holds_of_a_buyer_are_capped(shop) -> None:
    pool, buyer = await shop.variant(100), new_id()
    for _ in range(20):
        await shop.buy(pool, buyer=buyer)

    with pytest.raises(LimitReached):
        await shop.buy(pool, buyer=buyer)


async def test_before_the_window_a_click_waits_and_its_key_is_not_burnt(shop) -> None:
    pool = await shop.variant(5)
    flash = await _flash(shop, pool, units=5, starts_in_s=1)
    ask = shop.ask()

    with pytest.raises(NotStarted) as refused:
        await shop.stock.hold(flash, ask)
    assert 0 < int(refused.value.details["retry_after_ms"]) <= 1000
    assert [d.reason for d in await shop.ledger.hold_batch(flash, [ask])] == ["not_started"]

    await shop.database.execute(
        "UPDATE stock_pool SET starts_at = now() - interval '1 s', ver = ver + 1 WHERE id = $1", flash
    )
    await shop.upkeep.mend_gates()
    assert (await shop.stock.hold(flash, shop.again(ask))).state is HoldState.HELD


async def test_a_flash_sale_that_gave_back_has_ended(shop) -> None:
    pool = await shop.variant(5)
    flash = await _flash(shop, pool, units=5)
    await shop.buy(flash)

    async with shop.database.transaction() as tx:
        await shop.stock.give_back(tx, FlashSaleId(flash))

    with pytest.raises(Ended):
        await shop.buy(flash)
    assert [d.reason for d in await shop.ledger.hold_batch(flash, [shop.ask()])] == ["ended"]
    assert ((await shop.level(flash)).total, (await shop.level(pool)).total) == (1, 4)
    await shop.sound()


async def test_a_paused_pool_sells_nothing_until_it_is_resumed(shop) -> None:
    pool = await shop.variant(5)
    await shop.buy(pool)
    async with shop.database.transaction() as tx:
        await shop.stock.pause(tx, pool, is_paused=True)

    ask = shop.ask()
    with pytest.raises(Paused):
        await shop.stock.hold(pool, ask)

    async with shop.database.transaction() as tx:
        await shop.stock.pause(tx, pool, is_paused=False)
    assert (await shop.stock.hold(pool, shop.again(ask))).state is HoldState.HELD


async def test_a_pool_that_does_not_exist_is_not_found(shop) -> None:
    with pytest.raises(NotFound):
        await shop.buy(PoolId(new_id()))


@pytest.mark.parametrize("quantity", [0, -1, 1.5, "1", 10**9, True, None, [1]])
async def test_check_27_a_quantity_that_is_none_never_leaves_the_process(shop, quantity) -> None:
    with pytest.raises(Invalid):
        shop.ask(quantity)


@pytest.mark.parametrize("key", ["", "a b", "a\r\nb", "{x}:*", "'; DROP", "ü", "x" * 65, "a\x00"])
async def test_check_29_a_key_that_could_hurt_never_leaves_the_process(shop, key) -> None:
    with pytest.raises(Invalid):
        shop.again(shop.ask(), key=key)


async def test_an_id_that_is_none_never_leaves_the_process(shop) -> None:
    with pytest.raises(NotFound):
        shop.ask(buyer="x'y")


async def test_two_hundred_buyers_take_exactly_what_is_there(shop) -> None:
    pool = await shop.variant(30)

    results = await asyncio.gather(*(shop.buy(pool) for _ in range(200)), return_exceptions=True)

    assert sum(isinstance(result, Decision) for result in results) == 30
    assert sum(isinstance(result, SoldOut) for result in results) == 170
    assert all(isinstance(result, Decision | Refused) for result in results)
    assert await shop.gate_agrees(pool)
    await shop.sound()


async def _flash(shop, pool, *, units: int, limit: int | None = None, starts_in_s: float = -1) -> PoolId:
    flash = FlashSaleId(new_id())
    now = datetime.now(UTC)
    async with shop.database.transaction() as tx:
        await shop.stock.fence(
            tx,
            flash,
            VariantId(pool),
            show_id=shop.show,
            units=units,
            limit_per_buyer=limit,
            starts_at=now + timedelta(seconds=starts_in_s),
            ends_at=now + timedelta(seconds=600),
            hold_s=60,
        )
    return PoolId(flash)


async def test_a_click_that_goes_away_before_the_gate_takes_nobody_along(shop) -> None:
    pool = await shop.variant(5)
    await shop.buy(pool)
    clicks = [asyncio.create_task(shop.gate.reserve(pool, shop.ask())) for _ in range(3)]
    await asyncio.sleep(0)

    clicks[0].cancel()
    async with asyncio.timeout(5):
        results = await asyncio.gather(*clicks, return_exceptions=True)

    assert isinstance(results[0], asyncio.CancelledError)
    assert all(isinstance(result, StorageUnavailable) for result in results[1:])  # they go straight to the ledger
