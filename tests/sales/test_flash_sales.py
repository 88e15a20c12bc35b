"""A flash sale's life: fenced off, opened and closed at its time, told with its state."""

from __future__ import annotations

import asyncio

import pytest

from livecommerce.foundation.core.errors import Forbidden, Invalid, NotFound
from livecommerce.foundation.core.ids import new_id
from livecommerce.foundation.core.money import Money
from livecommerce.foundation.storage.outbox import Outbox
from livecommerce.sales.jobs import SalesClock
from livecommerce.sales.model import NotCheaper, SaleIsClosed
from livecommerce.shows.model import NotInLineup, NotNow, ShowStatus, Visibility
from livecommerce.stock.model import NotEnoughStock


async def test_a_sale_that_starts_at_once_is_open_told_and_fenced_off(market) -> None:
    variant = await market.put(units=10)

    sale = await market.flash(variant, quantity=4)

    assert (sale.state, sale.available, sale.price.amount, sale.struck_price.amount) == ("open", 4, "29.00", "39.00")
    assert await market.available(variant) == 6
    [(kind, data)] = await market.told()
    assert kind == "sale.opened"
    assert data["sale"]["id"] == sale.id
    assert data["sale"]["available"] == 4
    assert data["sale"]["closes_at"].endswith("Z")


async def test_a_scheduled_sale_opens_and_closes_at_its_time_and_gives_back(market, guest) -> None:
    variant = await market.put(units=10)
    sale = await market.flash(variant, quantity=4, starts_in_s=100)
    clock = SalesClock(market.sales, market.holds, Outbox(market.database))
    assert sale.state == "scheduled"
    await clock.open_and_end()
    assert [kind for kind, _ in await market.told()] == ["sale.scheduled"]

    await _shift(market, sale.id, 100)
    await clock.open_and_end()
    await market.buy(guest(), flash_sale_id=sale.id)
    await _shift(market, sale.id, 100)
    await clock.open_and_end()

    assert [kind for kind, _ in await market.told()] == ["sale.scheduled", "sale.opened", "sale.closed"]
    closed = (await market.told())[-1][1]["sale"]
    assert (closed["state"], closed["closed_reason"], closed["available"]) == ("closed", "ended", 0)
    assert await market.available(variant) == 9


async def test_of_several_processes_one_opens_a_sale(market) -> None:
    variant = await market.put(units=10)
    sale = await market.flash(variant, starts_in_s=100)
    await _shift(market, sale.id, 100)

    opened = await asyncio.gather(*(market.sales.open_due() for _ in range(5)))

    assert sum(opened) == 1
    assert [kind for kind, _ in await market.told()] == ["sale.scheduled", "sale.opened"]


async def test_a_sale_that_sold_every_unit_is_closed_as_sold_out(market, guest) -> None:
    variant = await market.put(units=10)
    sale = await market.flash(variant, quantity=1)
    buyer = guest()
    held = await market.buy(buyer, flash_sale_id=sale.id)
    await market.sales.end_finished()
    assert (await market.sales.get(None, sale.id)).state == "open"

    async with market.database.transaction() as tx:
        await market.stock.sell(tx, [held.hold_id])
    await market.sales.end_finished()

    view = await market.sales.get(None, sale.id)
    assert (view.state, view.closed_reason) == ("closed", "sold_out")


async def test_a_host_closes_a_sale_early_once(market) -> None:
    variant = await market.put(units=10)
    sale = await market.flash(variant, quantity=4, starts_in_s=50)

    closed = await market.sales.close(market.host(), sale.id)

    assert (closed.state, closed.closed_reason) == ("closed", "host")
    assert await market.available(variant) == 10
    with pytest.raises(SaleIsClosed):
        await market.sales.close(market.host(), sale.id)
    assert await market.database.fetchval("SELECT count(*) FROM audit_trail WHERE action LIKE 'sale.%'") == 2


async def test_sales_of_an_ended_show_are_closed(market) -> None:
    variant = await market.put()
    sale = await market.flash(variant)
    market.set_show(status=ShowStatus.ENDED)

    await market.sales.end_finished()

    assert (await market.sales.get(None, sale.id)).state == "closed"
    with pytest.raises(NotNow):
        await market.flash(variant)


async def test_what_is_not_there_cannot_be_put_on_sale(market) -> None:
    variant = await market.put(units=3)

    with pytest.raises(NotEnoughStock):
        await market.flash(variant, quantity=4)

    assert await market.told() == []
    assert await market.available(variant) == 3


@pytest.mark.parametrize("price", [Money(3900, "EUR"), Money(4000, "EUR"), Money(0, "EUR"), Money(-5, "EUR")])
async def test_a_sale_must_be_cheaper_than_usual(market, price) -> None:
    variant = await market.put(price=3900)

    with pytest.raises(NotCheaper):
        await market.flash(variant, price=price)


async def test_a_sale_is_in_the_products_currency(market) -> None:
    with pytest.raises(Invalid):
        await market.flash(await market.put(), price=Money(100, "USD"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"quantity": 0},
        {"duration_s": 9},
        {"duration_s": 1201},
        {"hold_s": 59},
        {"starts_in_s": -1},
        {"per_buyer_limit": -1},
    ],
)
async def test_numbers_out_of_range_are_refused(market, wrong) -> None:
    with pytest.raises(Invalid):
        await market.flash(await market.put(), **wrong)


async def test_only_products_of_the_lineup_go_on_sale(market) -> None:
    variant = await market.put()
    market.set_show(lineup=())

    with pytest.raises(NotInLineup):
        await market.flash(variant)


async def test_only_who_may_open_sales_does(market, guest) -> None:
    variant = await market.put()

    with pytest.raises(Forbidden):
        await market.sales.schedule(guest(), market.show.id, market.draft(variant))
    sale = await market.flash(variant)
    with pytest.raises(Forbidden):
        await market.sales.close(guest(), sale.id)


async def test_sales_of_a_private_show_do_not_exist_for_strangers(market, guest) -> None:
    sale = await market.flash(await market.put())
    market.set_show(visibility=Visibility.PRIVATE)

    for ask in (
        market.sales.get(guest(), sale.id),
        market.sales.close(guest(), sale.id),
        market.sales.get(None, new_id()),
    ):
        with pytest.raises(NotFound):
            await ask


async def _shift(market, sale_id: str, seconds: int) -> None:
    """Let time pass for a sale."""
    for table, columns in (("flash_sale", ("opens_at", "closes_at")), ("stock_pool", ("starts_at", "ends_at"))):
        moved = ", ".join(f"{column} = {column} - make_interval(secs => {seconds})" for column in columns)
        await market.database.execute(f"UPDATE {table} SET {moved} WHERE id = $1", sale_id)
    await market.database.execute("UPDATE stock_pool SET ver = ver + 1 WHERE id = $1", sale_id)
