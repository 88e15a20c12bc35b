"""The janitor: outages, lost and lying gates, books that do not add up."""

from __future__ import annotations

import asyncio

import pytest

from livecommerce.foundation.core.ids import new_id
from livecommerce.stock.model import Paused, SoldOut


async def test_an_outage_extends_holds_before_any_expires(shop) -> None:
    pool = await shop.variant(5)
    held = await shop.buy(pool)
    await shop.upkeep.sweep()
    await shop.database.execute("UPDATE stock_hold SET expires_at = clock_timestamp() - interval '5 s'")
    await shop.database.execute("UPDATE stock_heartbeat SET at = clock_timestamp() - interval '60 s'")

    assert await shop.upkeep.sweep() == 0

    hold = (await shop.stock.holds([held.hold_id]))[0]
    assert not hold.extended  # the buyer may still ask for more time
    assert 50_000 < hold.expires_in_ms <= 56_000
    await shop.upkeep.sweep()
    assert (await shop.stock.holds([held.hold_id]))[0].expires_in_ms <= 56_000


async def test_of_two_sweeps_at_once_only_one_extends(shop) -> None:
    pool = await shop.variant(5)
    held = await shop.buy(pool)
    await shop.upkeep.sweep()
    await shop.database.execute("UPDATE stock_heartbeat SET at = clock_timestamp() - interval '60 s'")

    await asyncio.gather(*(shop.upkeep.sweep() for _ in range(5)))

    assert (await shop.stock.holds([held.hold_id]))[0].expires_in_ms <= 661_000


async def test_a_hold_that_ends_soon_is_warned_of_once(shop) -> None:
    pool, buyer = await shop.variant(5, hold_s=20), new_id()
    held = await shop.buy(pool, buyer=buyer)
    await shop.buy(await shop.variant(5, hold_s=600))

    warned = await shop.upkeep.warn(30)

    assert [(hold_id, person) for hold_id, person, _ in warned] == [(held.hold_id, buyer)]
    assert 0 < warned[0][2] <= 20_000
    assert await shop.upkeep.warn(30) == []


async def test_a_flushed_gate_is_rebuilt_by_the_next_click(shop) -> None:
    pool, buyer = await shop.variant(5, limit=2), new_id()
    ask = shop.ask(2, buyer=buyer)
    held = await shop.stock.hold(pool, ask)
    await shop.redis.flushall()

    again = await shop.stock.hold(pool, shop.again(ask))

    assert again.hold_id == held.hold_id
    assert await shop.gate_agrees(pool)
    await shop.sound()


async def test_a_flushed_gate_is_rebuilt_by_the_janitor(shop) -> None:
    pool = await shop.variant(5)
    await shop.buy(pool)
    await shop.redis.flushall()

    await shop.upkeep.mend_gates()

    assert await shop.gate_agrees(pool)


@pytest.mark.parametrize("lie", [{"base": 0}, {"pend": 5}, {"base": -7, "pend": 99}, {"lim": 0}])
async def test_a_gate_that_refuses_wrongly_is_mended(shop, lie) -> None:
    pool = await shop.variant(5)
    await shop.buy(pool)
    await shop.redis.hset(f"pool:{{{pool}}}:g", mapping=lie)

    await shop.upkeep.mend_gates()

    assert await shop.gate_agrees(pool)
    await shop.buy(pool)


@pytest.mark.parametrize("damage", ["numbers", "types"])
async def test_a_gate_beyond_repair_is_gone_round_and_built_anew(shop, damage) -> None:
    pool, key = await shop.variant(5), "pool:{%s}:g"
    await shop.buy(pool)
    if damage == "numbers":
        await shop.redis.hset(key % pool, mapping={"base": "many", "ver": "new", "pend": "?"})
    else:
        await shop.redis.delete(f"pool:{{{pool}}}:u")
        await shop.redis.set(f"pool:{{{pool}}}:u", "not a hash")

    await shop.buy(pool)
    await shop.upkeep.mend_gates()

    assert await shop.gate_agrees(pool)
    await shop.buy(pool)
    assert await shop.gate_agrees(pool)
    await shop.sound()


@pytest.mark.parametrize("lie", ["nonsense", "somebody else's"])
async def test_a_gate_that_lies_about_a_key_takes_no_hold_from_anybody(shop, lie) -> None:
    pool = await shop.variant(5)
    other, ask = await shop.buy(pool), shop.ask()
    known = "x|y" if lie == "nonsense" else other.hold_id
    await shop.redis.set(f"pool:{{{pool}}}:i:{ask.buyer}:{ask.key}", known)

    held = await shop.stock.hold(pool, ask)

    assert held.hold_id != other.hold_id
    assert (await shop.stock.hold(pool, shop.again(ask))).hold_id == held.hold_id
    assert (await shop.level(pool)).held == 2
    await shop.sound()


async def test_a_gate_that_lies_about_the_future_is_rebuilt(shop) -> None:
    pool = await shop.variant(5)
    await shop.buy(pool)
    await shop.redis.hset(f"pool:{{{pool}}}:g", mapping={"base": 0, "ver": 10**9})
    with pytest.raises(SoldOut):
        await shop.buy(pool)

    await shop.upkeep.mend_gates()

    assert await shop.gate_agrees(pool)
    await shop.buy(pool)


async def test_a_gate_that_promises_too_much_sells_nothing_that_is_not_there(shop) -> None:
    pool = await shop.variant(3)
    await shop.buy(pool)
    await shop.redis.hset(f"pool:{{{pool}}}:g", mapping={"base": 1000, "ver": 1000})

    results = await asyncio.gather(*(shop.buy(pool) for _ in range(20)), return_exceptions=True)

    assert sum(not isinstance(result, BaseException) for result in results) == 2
    assert sum(isinstance(result, SoldOut) for result in results) == 18
    await shop.sound()


async def test_negative_control_without_the_ledgers_check_a_lying_gate_oversells(shop) -> None:
    source = await shop.database.fetchval("SELECT pg_get_functiondef('stock_hold_batch'::regproc)")
    blind = source.replace("taken + p_qty[i] > free", "false")
    assert blind != source
    await shop.database.execute("ALTER TABLE stock_pool DROP CONSTRAINT never_oversold")
    await shop.database.execute(blind)
    try:
        pool = await shop.variant(3)
        await shop.buy(pool)
        await shop.redis.hset(f"pool:{{{pool}}}:g", mapping={"base": 1000, "ver": 1000})

        results = await asyncio.gather(*(shop.buy(pool) for _ in range(20)), return_exceptions=True)

        assert sum(not isinstance(result, BaseException) for result in results) == 20
        assert any("I1" in violation for violation in (await shop.upkeep.audit())[pool])
    finally:
        await shop.database.execute("DELETE FROM stock_pool")
        await shop.database.execute(source)
        await shop.database.execute("ALTER TABLE stock_pool ADD CONSTRAINT never_oversold CHECK (held + sold <= total)")


async def test_a_granted_click_that_was_never_decided_is_given_back(shop) -> None:
    pool = await shop.variant(1)
    await shop.buy(await shop.variant(1))
    await shop.stock.clicks.rebuild(pool)
    await shop.gate.reserve(pool, shop.ask())
    with pytest.raises(SoldOut):
        await shop.buy(pool)
    await _let_deadlines_pass(shop, pool)

    await shop.upkeep.mend_gates()

    assert await shop.gate_agrees(pool)
    await shop.buy(pool)


async def test_a_hold_whose_process_died_before_settling_is_settled(shop) -> None:
    pool, ask = await shop.variant(2), shop.ask()
    await shop.stock.clicks.rebuild(pool)
    await shop.gate.reserve(pool, ask)
    await shop.ledger.hold_batch(pool, [ask])
    assert not await shop.gate_agrees(pool)
    await _let_deadlines_pass(shop, pool)

    await shop.upkeep.mend_gates()

    assert await shop.gate_agrees(pool)
    assert (await shop.stock.hold(pool, shop.again(ask))).hold_id == ask.hold_id
    await shop.sound()


async def test_books_that_do_not_add_up_pause_the_pool(shop) -> None:
    pool, sound = await shop.variant(5), await shop.variant(5)
    await shop.buy(pool)
    await shop.buy(sound)
    await shop.database.execute("UPDATE stock_pool SET held = held + 1, ver = ver + 1 WHERE id = $1", pool)

    broken = await shop.upkeep.audit()

    assert list(broken) == [pool]
    assert broken[pool] == ["I2 holds do not add up", "I10 the journal does not add up"]
    with pytest.raises(Paused):
        await shop.buy(pool)
    await shop.buy(sound)


async def test_a_pause_survives_the_loss_of_the_gate(shop) -> None:
    pool = await shop.variant(5)
    async with shop.database.transaction() as tx:
        await shop.stock.pause(tx, pool, is_paused=True)
    await shop.redis.flushall()

    with pytest.raises(Paused):
        await shop.buy(pool)


async def test_two_processes_rebuild_one_gate_once(shop) -> None:
    pool = await shop.variant(5)

    built = await asyncio.gather(*(shop.stock.clicks.rebuild(pool) for _ in range(5)))

    assert sum(built) == 1


async def test_only_keys_of_the_pool_are_made(shop) -> None:
    pool, ask = await shop.variant(5), shop.ask()
    await shop.stock.hold(pool, ask)

    keys = {key.decode() for key in await shop.redis.keys("*")}

    assert keys == {f"pool:{{{pool}}}:{part}" for part in ("g", "u", f"i:{ask.buyer}:{ask.key}")}


async def _let_deadlines_pass(shop, pool) -> None:
    key = f"pool:{{{pool}}}:p"
    for member in await shop.redis.zrange(key, 0, -1):
        await shop.redis.zadd(key, {member: 1})
