"""Buying: one service behind both doors."""

from __future__ import annotations

import asyncio
import time

import msgspec
import pytest

from livecommerce.foundation.core.actors import ActorKind
from livecommerce.foundation.core.errors import Forbidden, Invalid, NotFound, RateLimited
from livecommerce.foundation.core.ids import new_id
from livecommerce.foundation.core.money import MoneyView
from livecommerce.foundation.core.settings import SalesSettings
from livecommerce.foundation.http.limits import RateLimiter
from livecommerce.foundation.storage.outbox import Outbox
from livecommerce.sales.http import HoldBody
from livecommerce.sales.jobs import SalesClock
from livecommerce.sales.service import Bans, BuyService, Want
from livecommerce.sales.socket import SaleBuy
from livecommerce.shows.model import NotInLineup, ShowStatus, Visibility
from livecommerce.stock.model import Ended, HoldNotOpen, KeyReused, LimitReached, NotStarted, Paused, SoldOut


async def test_a_click_on_a_flash_sale_is_held_at_the_sales_price(market, guest) -> None:
    sale = await market.flash(await market.put(), hold_s=60)

    held = await market.buy(guest(), flash_sale_id=sale.id, quantity=2)

    assert held.status == "held"
    assert held.price == MoneyView("29.00", "EUR")
    assert 59_000 < held.expires_in_ms <= 60_000
    assert (held.hold.title, held.hold.variant_title, held.hold.flash_sale_id) == ("Kyst mug", "Sea", sale.id)
    assert await market.available(sale.id) == 3


async def test_a_variant_of_the_lineup_is_bought_at_its_own_price(market, guest) -> None:
    variant = await market.put(units=3)

    held = await market.buy(guest(), variant_id=variant, show_id=market.show.id)

    assert held.price == MoneyView("39.00", "EUR")
    assert held.hold.flash_sale_id is None
    assert await market.available(variant) == 2


async def test_stock_changes_are_counted_in_the_show(market, guest) -> None:
    sale = await market.flash(await market.put())
    before = len(market.bus.counted)

    await market.buy(guest(), flash_sale_id=sale.id)

    async with asyncio.timeout(2):  # the ack does not wait for it
        while len(market.bus.counted) == before:
            await asyncio.sleep(0)
    [(show, counter)] = market.bus.counted[before:]
    assert (show, counter.pool, counter.id, counter.available) == (market.show.id, "flash_sale", sale.id, 4)
    assert counter.version == (await market.stock.levels([sale.id]))[sale.id].version


async def test_last_unit_goes_to_exactly_one_of_two_buyers(market, guest) -> None:
    sale = await market.flash(await market.put(), quantity=1)

    results = await asyncio.gather(
        *(market.buy(guest(), flash_sale_id=sale.id) for _ in range(2)), return_exceptions=True
    )

    assert sum(isinstance(result, SoldOut) for result in results) == 1
    assert next(r for r in results if isinstance(r, SoldOut)).details["available"] == 0


async def test_refusals_say_why(market, guest) -> None:
    variant, buyer = await market.put(units=20), guest()
    early = await market.flash(variant, starts_in_s=100)
    limited = await market.flash(variant, per_buyer_limit=1)
    await market.buy(buyer, flash_sale_id=limited.id, key="click-000001")

    with pytest.raises(NotStarted):
        await market.buy(buyer, flash_sale_id=early.id)
    with pytest.raises(LimitReached):
        await market.buy(buyer, flash_sale_id=limited.id)
    with pytest.raises(KeyReused):
        await market.buy(buyer, flash_sale_id=limited.id, key="click-000001", quantity=2)
    await market.sales.close(market.host(), limited.id)
    with pytest.raises(Ended):
        await market.buy(guest(), flash_sale_id=limited.id)


@pytest.mark.parametrize(
    ("status", "flash", "lineup"),
    [
        (ShowStatus.SCHEDULED, NotStarted, NotStarted),
        (ShowStatus.PAUSED, Paused, None),
        (ShowStatus.ENDED, Ended, Ended),
    ],
)
async def test_what_sells_when_the_show_is_not_live(market, guest, status, flash, lineup) -> None:
    variant = await market.put()
    sale = await market.flash(variant)
    market.set_show(status=status)

    with pytest.raises(flash):
        await market.buy(guest(), flash_sale_id=sale.id)
    if lineup is None:
        assert (await market.buy(guest(), variant_id=variant, show_id=market.show.id)).status == "held"
        return
    with pytest.raises(lineup):
        await market.buy(guest(), variant_id=variant, show_id=market.show.id)


async def test_only_the_lineup_is_sold_in_a_show(market, guest) -> None:
    variant = await market.put()
    market.set_show(lineup=())

    with pytest.raises(NotInLineup):
        await market.buy(guest(), variant_id=variant, show_id=market.show.id)


async def test_a_private_show_sells_nothing_to_strangers(market, guest) -> None:
    sale = await market.flash(await market.put())
    market.set_show(visibility=Visibility.PRIVATE)

    with pytest.raises(NotFound):
        await market.buy(guest(), flash_sale_id=sale.id)


@pytest.mark.parametrize(
    ("rule", "kind", "contact", "code"),
    [
        ("guest", ActorKind.GUEST, None, None),
        ("contact", ActorKind.GUEST, None, "contact_required"),
        ("contact", ActorKind.GUEST, "ada@example.org", None),
        ("account", ActorKind.GUEST, "ada@example.org", "account_required"),
        ("account", ActorKind.ACCOUNT, "ada@example.org", None),
    ],
)
async def test_who_may_buy_is_a_setting(market, guest, rule, kind, contact, code) -> None:
    sale = await market.flash(await market.put())
    market.settle_for(rule)
    buyer = guest(kind=kind, contact=contact)

    if code is None:
        assert (await market.buy(buyer, flash_sale_id=sale.id)).status == "held"
        return
    with pytest.raises(Forbidden) as refused:
        await market.buy(buyer, flash_sale_id=sale.id)
    assert refused.value.code == code


async def test_check_19_five_clicks_a_second_and_no_more_on_however_many_sockets(market, guest) -> None:
    sale, buyer = await market.flash(await market.put()), guest()
    processes = [
        BuyService(
            market.shelf,
            market.stock,
            Bans(market.stage),
            limiter=RateLimiter(market.redis),
            settings=SalesSettings(buyer="guest"),
        )
        for _ in range(2)
    ]
    started = time.monotonic()

    results = await asyncio.gather(
        *(processes[n % 2].buy(buyer, Want(900, new_id(), flash_sale_id=sale.id)) for n in range(60)),
        return_exceptions=True,
    )

    decided = sum(isinstance(result, SoldOut | LimitReached) for result in results)
    assert decided + sum(isinstance(result, RateLimited) for result in results) == 60
    assert 5 <= decided <= 6 + 5 * (time.monotonic() - started)


@pytest.mark.parametrize("quantity", [0, -1, 1.5, "1", 10**9, True, None, [1]])
@pytest.mark.parametrize("door", [HoldBody, SaleBuy])
async def test_check_27_a_quantity_that_is_none_is_refused_at_the_door(door, quantity) -> None:
    body = {"flash_sale_id": new_id(), "quantity": quantity, "idempotency_key": new_id()}
    if door is HoldBody:
        del body["idempotency_key"]

    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode(body), type=door)


@pytest.mark.parametrize("extra", [{"price": {"amount": "0.01", "currency": "EUR"}}, {"currency": "EUR"}, {"x": 1}])
@pytest.mark.parametrize("door", [HoldBody, SaleBuy])
async def test_check_27_a_price_or_anything_unknown_is_refused_at_the_door(door, extra) -> None:
    body = {"flash_sale_id": new_id(), "quantity": 1, **extra}
    if door is SaleBuy:
        body["idempotency_key"] = new_id()

    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode(body), type=door)


@pytest.mark.parametrize(
    "want",
    [
        Want(0, "k"),
        Want(True, "k", flash_sale_id="a"),
        Want(1, "k y", flash_sale_id="a"),
        Want(1, "k"),
        Want(1, "k", flash_sale_id="not-a-uuid"),
        Want(1, "k", variant_id=new_id()),
        Want(1, "k", flash_sale_id=new_id(), variant_id=new_id()),
        Want(1, "k", variant_id="x", show_id=new_id()),
    ],
)
async def test_check_27_invalid_clicks_touch_neither_redis_nor_postgresql(market, guest, want) -> None:
    await market.redis.flushall()
    await market.redis.config_resetstat()
    before = market.stage.asked

    with pytest.raises(Invalid):
        await market.buying.buy(guest(), want)

    assert market.stage.asked == before
    assert await market.redis.keys("*") == []


async def test_check_27_a_foreign_sku_is_not_found(market, guest) -> None:
    with pytest.raises(NotFound):
        await market.buy(guest(), variant_id=new_id(), show_id=market.show.id)
    with pytest.raises(NotFound):
        await market.buy(guest(), flash_sale_id=new_id())


async def test_check_02_fifty_sends_of_one_click_are_one_hold(market, guest) -> None:
    sale, buyer = await market.flash(await market.put()), guest()

    answers = await asyncio.gather(*(market.buy(buyer, flash_sale_id=sale.id, key="one-click") for _ in range(50)))

    assert len({answer.hold_id for answer in answers}) == 1
    assert await market.available(sale.id) == 4


async def test_a_storm_of_clicks_reads_show_and_product_once(market, guest) -> None:
    sale = await market.flash(await market.put(units=1000), quantity=500)
    before = market.stage.asked

    await asyncio.gather(*(market.buy(guest(), flash_sale_id=sale.id) for _ in range(200)))

    assert market.stage.asked - before == 2


async def test_a_buyer_sees_and_gives_back_own_holds_only(market, guest) -> None:
    sale, buyer = await market.flash(await market.put()), guest()
    held = await market.buy(buyer, flash_sale_id=sale.id)

    assert [hold.id for hold in await market.holds.mine(buyer)] == [held.hold_id]
    assert (await market.holds.get(buyer, held.hold_id)).title == "Kyst mug"
    for hold_id in (held.hold_id, new_id(), "nothing"):
        with pytest.raises(NotFound):
            await market.holds.get(guest(), hold_id)
        with pytest.raises(NotFound):
            await market.holds.release(guest(), hold_id)

    await market.holds.release(buyer, held.hold_id)
    assert await market.holds.mine(buyer) == []
    assert await market.available(sale.id) == 5
    with pytest.raises(HoldNotOpen):
        await market.holds.release(buyer, held.hold_id)


async def test_a_hold_that_was_extended_is_warned_of_again(market, guest) -> None:
    sale, buyer = await market.flash(await market.put(), hold_s=60), guest()
    held = await market.buy(buyer, flash_sale_id=sale.id)
    await market.database.execute("UPDATE stock_hold SET expires_at = clock_timestamp() + interval '20 s'")
    assert await market.holds.warn() == 1

    extended = await market.holds.extend(buyer, held.hold_id)

    assert extended.extended
    assert 75_000 < extended.expires_in_ms <= 80_000
    assert await market.holds.warn() == 0
    await market.database.execute("UPDATE stock_hold SET expires_at = clock_timestamp() + interval '20 s'")
    assert await market.holds.warn() == 1


async def test_buyers_are_told_before_and_when_their_hold_ends(market, guest) -> None:
    sale, buyer = await market.flash(await market.put()), guest()
    held = await market.buy(buyer, flash_sale_id=sale.id)
    clock = SalesClock(market.sales, market.holds, Outbox(market.database))
    await market.database.execute("UPDATE stock_hold SET expires_at = clock_timestamp() + interval '20 s'")

    await market.holds.warn()
    await market.holds.warn()
    await market.database.execute("UPDATE stock_hold SET expires_at = clock_timestamp()")
    await market.upkeep.sweep()
    assert await Outbox(market.database).take("hold.expired", clock.tell_expired)

    assert [(person, kind, data.hold_id) for person, kind, data in market.bus.notices] == [
        (buyer.id, "hold.expiring", held.hold_id),
        (buyer.id, "hold.expired", held.hold_id),
    ]
    assert 0 < market.bus.notices[0][2].expires_in_ms <= 20_000
