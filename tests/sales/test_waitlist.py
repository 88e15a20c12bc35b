"""The line for what is sold out: first come, first served, never two offers for one unit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from livecommerce.foundation.core.errors import NotFound
from livecommerce.foundation.core.ids import PoolId, new_id
from livecommerce.foundation.core.settings import SalesSettings
from livecommerce.foundation.storage.outbox import Outbox
from livecommerce.sales.model import NotSoldOut, WaitlistFull
from livecommerce.sales.service import Bans, WaitlistService, Want
from livecommerce.sales.service.waitlist import OFFERED
from livecommerce.sales.store import WaitlistStore
from livecommerce.shows.model import ShowStatus
from livecommerce.stock.model import Ended, LimitReached, SoldOut
from livecommerce.stock.service.pools import UNITS_FREED


class Line:
    """Lines of the market, as one process keeps them."""

    def __init__(self, market: Any, **settings: Any) -> None:
        self.market, self.outbox = market, Outbox(market.database)
        self.service = WaitlistService(
            market.database,
            WaitlistStore(market.database),
            shelf=market.shelf,
            shows=market.stage,
            stock=market.stock,
            bans=Bans(market.stage),
            bus=market.bus,
            limiter=market.limiter,
            settings=SalesSettings(buyer="guest", buys_per_s=1000, **settings),
        )

    async def join(self, actor: Any, quantity: int = 1, **what: Any) -> Any:
        return await self.service.join(actor, Want(quantity, new_id(), **what))

    async def serve(self) -> None:
        """Do what was left to do, and tell."""
        while await self.outbox.take(UNITS_FREED, self.service.freed):
            pass
        while await self.outbox.take(OFFERED, self.service.tell):
            pass

    async def offered(self, *actors: Any) -> list[int]:
        """How many units each has on offer now."""
        views = [await self.service.mine(actor) for actor in actors]
        return [sum(view.quantity for view in mine if view.status == "offered") for mine in views]

    async def is_sound(self) -> bool:
        """What is kept for lines is what the people in them wait for."""
        rows = await self.market.database.fetch(
            "SELECT p.waiting, coalesce((SELECT sum(qty) FROM waitlist_entry e WHERE e.pool_id = p.id "
            "AND e.state = 'waiting'), 0) AS units FROM stock_pool p"
        )
        versions = await self.market.upkeep._ledger.versions()
        return (
            all(row["waiting"] == row["units"] for row in rows)
            and await self.market.upkeep._ledger.audit(list(versions)) == {}
        )


@pytest.fixture
def line(market: Any) -> Line:
    return Line(market)


async def sold_out(market: Any, guest: Callable[..., Any], units: int = 1, **terms: Any) -> tuple[Any, list[Any]]:
    """A flash sale whose units are all held, one by each of these buyers."""
    sale = await market.flash(await market.put(units=units), quantity=units, **terms)
    buyers = [guest() for _ in range(units)]
    for buyer in buyers:
        held = await market.buy(buyer, flash_sale_id=sale.id)
        buyer_holds[buyer.id] = held.hold_id
    return sale, buyers


buyer_holds: dict[str, str] = {}


async def give_back(market: Any, buyer: Any) -> None:
    await market.holds.release(buyer, buyer_holds[buyer.id])


async def test_a_unit_that_comes_back_is_offered_to_the_first_in_line(market, guest, line) -> None:
    sale, [buyer] = await sold_out(market, guest)
    first, second = guest(), guest()
    assert (await line.join(first, flash_sale_id=sale.id)).position == 1
    assert (await line.join(second, flash_sale_id=sale.id)).position == 2

    await give_back(market, buyer)
    await line.serve()

    assert await line.offered(first, second) == [1, 0]
    [hold] = await market.holds.mine(first)
    assert hold.price.amount == "29.00"
    assert 299_000 < hold.expires_in_ms <= 300_000
    [(person, kind, notice)] = market.bus.notices
    assert (person, kind, notice.hold_id) == (first.id, "waitlist.offered", hold.id)
    assert 299_000 < notice.expires_in_ms <= 300_000
    assert [view.position for view in await line.service.mine(second)] == [1]
    assert await line.is_sound()


async def test_an_offer_that_ends_passes_to_the_next(market, guest, line) -> None:
    sale, [buyer] = await sold_out(market, guest)
    first, second = guest(), guest()
    for waiting in (first, second):
        await line.join(waiting, flash_sale_id=sale.id)
    await give_back(market, buyer)
    await line.serve()

    await market.database.execute("UPDATE stock_hold SET expires_at = clock_timestamp() WHERE state = 'held'")
    await market.upkeep.sweep()
    await line.serve()

    assert await line.offered(first, second) == [0, 1]
    with pytest.raises(SoldOut):
        await market.buy(first, flash_sale_id=sale.id)
    assert (await line.join(first, flash_sale_id=sale.id)).position == 1  # nobody is shut out for letting it go
    assert await line.is_sound()


async def test_a_click_cannot_overtake_the_line(market, guest, line) -> None:
    sale, [buyer] = await sold_out(market, guest)
    waiting = guest()
    await line.join(waiting, flash_sale_id=sale.id)

    await give_back(market, buyer)
    with pytest.raises(SoldOut):  # the unit is free, and nobody has served the line yet
        await market.buy(guest(), flash_sale_id=sale.id)
    await market.redis.flushall()
    with pytest.raises(SoldOut):  # neither by a gate that was built anew
        await market.buy(guest(), flash_sale_id=sale.id)
    await line.serve()

    assert await line.offered(waiting) == [1]


async def test_without_a_line_what_comes_back_is_for_everybody(market, guest, line) -> None:
    sale, [buyer] = await sold_out(market, guest)
    waiting = guest()
    entry = await line.join(waiting, flash_sale_id=sale.id)

    await line.service.leave(waiting, entry.id)
    await give_back(market, buyer)
    await line.serve()

    assert (await market.buy(guest(), flash_sale_id=sale.id)).status == "held"
    assert await line.service.mine(waiting) == []
    assert await line.is_sound()


async def test_offers_of_several_processes_go_by_the_order_of_the_line(market, guest) -> None:
    sale, buyers = await sold_out(market, guest, units=6)
    processes = [Line(market) for _ in range(4)]
    people = [guest() for _ in range(10)]
    entries = await asyncio.gather(*(processes[i % 4].join(who, flash_sale_id=sale.id) for i, who in enumerate(people)))
    by_place = [who for _, who in sorted(zip([e.position for e in entries], people, strict=True), key=lambda x: x[0])]

    await asyncio.gather(*(give_back(market, buyer) for buyer in buyers), *(process.serve() for process in processes))
    await asyncio.gather(*(process.serve() for process in processes))

    assert await processes[0].offered(*by_place) == [1] * 6 + [0] * 4
    assert await processes[0].is_sound()


async def test_never_two_offers_for_one_unit(market, guest) -> None:
    assert await _race_of_offers(market, guest) == 1
    assert await Line(market).is_sound()


async def test_negative_control_without_lock_and_constraint_one_unit_is_offered_twice(market, guest) -> None:
    source = await market.database.fetchval("SELECT pg_get_functiondef('stock_offer'::regproc)")
    await market.database.execute("ALTER TABLE stock_pool DROP CONSTRAINT never_oversold")
    blind = source.replace("pool.total - pool.held - pool.sold, pool.limit", "p_qty, pool.limit")
    assert blind != source
    await market.database.execute(blind)
    market.stock.lock_line = _unlocked(market)
    try:
        assert await _race_of_offers(market, guest) > 1
    finally:
        await market.database.execute("DELETE FROM flash_sale")
        await market.database.execute("DELETE FROM stock_pool")
        await market.database.execute(source)
        await market.database.execute(
            "ALTER TABLE stock_pool ADD CONSTRAINT never_oversold CHECK (held + sold <= total)"
        )


def _unlocked(market: Any) -> Any:
    async def lock_line(tx: Any, pool_id: PoolId) -> Any:
        pool = (await market.stock.levels([pool_id], tx))[pool_id]
        await asyncio.sleep(0.05)  # all of them have read that one is free
        return pool

    return lock_line


async def _race_of_offers(market: Any, guest: Callable[..., Any]) -> int:
    """Four processes serve a line of four at once, for one unit; how many offers they made."""
    sale, [buyer] = await sold_out(market, guest)
    processes = [Line(market) for _ in range(4)]
    for process in processes:
        await process.join(guest(), flash_sale_id=sale.id)
    await give_back(market, buyer)

    async def serve(process: Line) -> None:
        async with market.database.transaction() as tx:
            await process.service.freed(tx, {"pool_id": sale.id})

    await asyncio.gather(*(serve(process) for process in processes), return_exceptions=True)
    return int(
        await market.database.fetchval(
            "SELECT count(*) FROM waitlist_entry e JOIN stock_hold h ON h.id = e.hold_id WHERE h.state = 'held'"
        )
    )


async def test_what_a_dead_process_left_is_served_by_another(market, guest, line) -> None:
    sale, [buyer] = await sold_out(market, guest)
    waiting = guest()
    await line.join(waiting, flash_sale_id=sale.id)
    await give_back(market, buyer)

    async def killed(tx: Any, payload: dict[str, Any]) -> None:
        await line.service.freed(tx, payload)
        raise asyncio.CancelledError  # after the offer, before its commit

    with pytest.raises(asyncio.CancelledError):
        await line.outbox.take(UNITS_FREED, killed)
    assert await line.offered(waiting) == [0]
    await line.serve()

    assert await line.offered(waiting) == [1]
    assert len(market.bus.notices) == 1


async def test_a_lost_message_is_made_good_by_the_next_look(market, guest, line) -> None:
    sale, [buyer] = await sold_out(market, guest)
    waiting = guest()
    await line.join(waiting, flash_sale_id=sale.id)
    await give_back(market, buyer)
    await market.database.execute("DELETE FROM outbox")

    await line.service.tend()

    assert await line.offered(waiting) == [1]


async def test_who_may_have_no_more_is_passed_over(market, guest, line) -> None:
    variant = await market.put(units=3, limit=1)
    buyers = [guest() for _ in range(3)]
    for buyer in buyers:
        held = await market.buy(buyer, variant_id=variant, show_id=market.show.id)
        buyer_holds[buyer.id] = held.hold_id
    where = {"variant_id": variant, "show_id": market.show.id}
    with pytest.raises(LimitReached):
        await line.join(guest(), 2, **where)
    await line.join(buyers[0], **where)  # has one, which is all they may have
    patient = guest()
    await line.join(patient, **where)

    await give_back(market, buyers[1])
    await line.serve()

    assert await line.offered(buyers[0], patient) == [0, 1]
    assert await line.is_sound()


async def test_who_was_removed_from_the_show_is_offered_nothing(market, guest, line) -> None:
    sale, [buyer] = await sold_out(market, guest)
    removed, patient = guest(), guest()
    for waiting in (removed, patient):
        await line.join(waiting, flash_sale_id=sale.id)
    market.stage.sanctions = [_ban(market, removed)]

    fresh = Line(market)
    await give_back(market, buyer)
    await fresh.serve()

    assert await fresh.offered(removed, patient) == [0, 1]


def _ban(market: Any, person: Any) -> Any:
    from types import SimpleNamespace

    from livecommerce.moderation.model import SanctionKind

    return SimpleNamespace(viewer_id=person.id, kind=SanctionKind.BAN)


async def test_a_line_is_for_what_is_sold_out_and_goes_home_when_the_sale_ends(market, guest, line) -> None:
    sale = await market.flash(await market.put(units=2), quantity=1)
    with pytest.raises(NotSoldOut):
        await line.join(guest(), flash_sale_id=sale.id)
    buyer, waiting = guest(), guest()
    await market.buy(buyer, flash_sale_id=sale.id)
    await line.join(waiting, flash_sale_id=sale.id)

    await market.sales.close(market.host(), sale.id)
    await line.serve()

    assert await line.service.mine(waiting) == []
    with pytest.raises(Ended):
        await line.join(waiting, flash_sale_id=sale.id)
    assert await line.is_sound()


async def test_the_line_of_an_ended_show_keeps_no_units(market, guest, line) -> None:
    variant = await market.put(units=1)
    held = await market.buy(buyer := guest(), variant_id=variant, show_id=market.show.id)
    await line.join(waiting := guest(), variant_id=variant, show_id=market.show.id)

    market.set_show(status=ShowStatus.ENDED)
    await market.holds.release(buyer, held.hold_id)
    await line.service.tend()

    assert await line.service.mine(waiting) == []
    assert await market.available(variant) == 1


async def test_a_line_is_bounded_and_a_second_place_is_the_first(market, guest) -> None:
    sale, _ = await sold_out(market, guest)
    short, waiting = Line(market, waitlist_max=2), guest()

    places = await asyncio.gather(*(short.join(waiting, flash_sale_id=sale.id) for _ in range(10)))
    await short.join(guest(), flash_sale_id=sale.id)

    assert len({place.id for place in places}) == 1
    with pytest.raises(WaitlistFull):
        await short.join(guest(), flash_sale_id=sale.id)


async def test_a_foreign_place_cannot_be_told_from_an_unknown_one(market, guest, line) -> None:
    sale, _ = await sold_out(market, guest)
    entry = await line.join(guest(), flash_sale_id=sale.id)

    for entry_id in (entry.id, new_id(), "nothing"):
        with pytest.raises(NotFound):
            await line.service.leave(guest(), entry_id)


async def test_an_offer_that_is_left_passes_to_the_next_at_once(market, guest, line) -> None:
    sale, [buyer] = await sold_out(market, guest)
    first, second = guest(), guest()
    entry = await line.join(first, flash_sale_id=sale.id)
    await line.join(second, flash_sale_id=sale.id)
    await give_back(market, buyer)
    await line.serve()

    await line.service.leave(first, entry.id)
    await line.serve()

    assert await line.offered(first, second) == [0, 1]
    assert await line.is_sound()
