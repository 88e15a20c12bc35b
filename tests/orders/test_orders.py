"""From holds to order to paid, shipped, cancelled and refunded."""

from __future__ import annotations

import asyncio

import pytest

from livecommerce.catalog.service import ProductDraft
from livecommerce.foundation.core.errors import Forbidden, Invalid, NotFound
from livecommerce.foundation.core.ids import new_id
from livecommerce.foundation.core.money import Money, MoneyView
from livecommerce.foundation.storage.outbox import Outbox
from livecommerce.orders.model import Address, NotNow, PaymentInProgress, PaymentStatus, tax_of
from livecommerce.orders.payment import Outcome
from livecommerce.orders.service import Placement
from livecommerce.stock.model import HoldExpired, HoldNotOpen, KeyReused
from livecommerce.stock.service.upkeep import HOLDS_EXTENDED
from tests.storefront import ADDRESS


async def test_a_hold_becomes_an_order_and_a_paid_order_sells_it(storefront) -> None:
    held = await storefront.hold(quantity=2)

    order = await storefront.place(held, address=ADDRESS)
    assert (order.status, order.payment.status, order.payment.method) == ("placed", "open", "sandbox")
    assert order.number.startswith("N-")
    assert (await storefront.level()).held == 2
    paid = await storefront.pay(order)

    assert (paid.status, paid.payment.status) == ("paid", "succeeded")
    assert paid.paid_at is not None
    level = await storefront.level()
    assert (level.available, level.held, level.sold) == (8, 0, 2)
    [(_, told)] = [event for event in await storefront.house.told(storefront.show_id) if event[0] == "order.placed"]
    assert (told["product"]["title"], told["quantity"]) == ("Kyst mug", 2)
    kinds = [kind for _, kind, _ in storefront.bus.notices]
    assert kinds == ["order.placed", "order.paid"]
    await storefront.sound()


async def test_prices_include_their_tax(storefront) -> None:
    order = await storefront.place(await storefront.hold(quantity=2))

    assert order.subtotal == order.total == MoneyView("78.00", "EUR")
    assert order.tax == MoneyView("15.60", "EUR")
    assert order.shipping == MoneyView("0.00", "EUR")
    [line] = order.lines
    assert (line.title, line.variant_title, line.quantity) == ("Kyst mug", "Sea", 2)
    assert (line.unit_price, line.total) == (MoneyView("39.00", "EUR"), MoneyView("78.00", "EUR"))


@pytest.mark.parametrize(
    ("total", "rate", "inclusive", "tax"),
    [
        (7800, "0.25", True, 1560),
        (999, "0.19", True, 160),
        (999, "0.19", False, 190),
        (1, "0.25", True, 0),
        (5, "0.1", False, 1),
    ],
)
def test_tax_is_rounded_half_up_to_the_minor_unit(total, rate, inclusive, tax) -> None:
    assert tax_of(Money(total, "EUR"), rate, inclusive=inclusive) == Money(tax, "EUR")


async def test_one_order_may_have_several_holds(storefront) -> None:
    holds = [await storefront.hold() for _ in range(3)]

    paid = await storefront.pay(await storefront.place(*holds))

    assert len(paid.lines) == 3
    assert (await storefront.level()).sold == 3
    await storefront.sound()


async def test_check_02_fifty_confirms_make_one_order(storefront) -> None:
    held = await storefront.hold()

    orders = await asyncio.gather(*(storefront.place(held, key="one-intent") for _ in range(50)))

    assert len({order.id for order in orders}) == 1
    assert await storefront.database.fetchval("SELECT count(*) FROM orders") == 1
    paid = await asyncio.gather(*(storefront.pay(orders[0]) for _ in range(20)))
    assert {order.status for order in paid} == {"paid"}
    assert await storefront.database.fetchval("SELECT count(*) FROM payment_attempt") == 1
    assert await storefront.database.fetchval("SELECT count(*) FROM stock_move WHERE kind = 'sell'") == 1
    await storefront.sound()


async def test_the_same_holds_under_another_key_are_the_same_order(storefront) -> None:
    held = await storefront.hold()

    first, second = await storefront.place(held), await storefront.place(held)

    assert first.id == second.id


async def test_another_hold_under_a_known_key_is_key_reused(storefront) -> None:
    first, second = await storefront.hold(), await storefront.hold()
    await storefront.place(first, key="one-intent")

    with pytest.raises(KeyReused):
        await storefront.place(second, key="one-intent")
    with pytest.raises(KeyReused):
        await storefront.place(first, second)


async def test_a_foreign_hold_is_like_an_unknown_one(storefront) -> None:
    held = await storefront.hold()

    for hold_id in (held.hold_id, new_id()):
        with pytest.raises(NotFound):
            await storefront.orders.place(
                await storefront.house.actor("anna"), Placement([hold_id], "sandbox", new_id())
            )


async def test_check_06_a_late_order_of_an_expired_hold_is_refused(storefront) -> None:
    held = await storefront.hold()
    await storefront.database.execute("UPDATE stock_hold SET expires_at = clock_timestamp()")
    await storefront.upkeep.sweep()

    with pytest.raises(HoldExpired):
        await storefront.place(held)
    assert (await storefront.level()).available == 10
    await storefront.sound()


async def test_check_07_order_and_expiry_at_once_end_one_way(storefront) -> None:
    for _ in range(8):
        held = await storefront.hold()
        await storefront.database.execute("UPDATE stock_hold SET expires_at = clock_timestamp() WHERE state = 'held'")

        placed, _ = await asyncio.gather(storefront.place(held), storefront.upkeep.sweep(), return_exceptions=True)

        state = await storefront.database.fetchval("SELECT state FROM stock_hold WHERE id = $1", held.hold_id)
        assert (state, isinstance(placed, HoldExpired)) in {("paying", False), ("expired", True)}
    await storefront.sound()


async def test_a_declined_payment_leaves_the_order_to_be_paid_again(storefront) -> None:
    order = await storefront.place(await storefront.hold())

    declined = await storefront.pay(order, "decline")
    assert (declined.status, declined.payment.status) == ("placed", "declined")
    assert (await storefront.level()).held == 1
    paid = await storefront.pay(order)

    assert paid.status == "paid"
    assert await storefront.database.fetchval("SELECT count(*) FROM payment_attempt") == 2
    await storefront.sound()


async def test_cancelling_gives_the_units_back_once(storefront) -> None:
    order = await storefront.place(await storefront.hold(quantity=3))
    freja = await storefront.house.actor("freja")

    cancelled = await storefront.orders.cancel(freja, order.id)

    assert (cancelled.status, cancelled.cancelled_at is not None) == ("cancelled", True)
    assert (await storefront.level()).available == 10
    with pytest.raises(NotNow):
        await storefront.orders.cancel(freja, order.id)
    with pytest.raises(NotNow):
        await storefront.pay(order)
    await storefront.sound()


async def test_refunding_sends_money_and_units_back_once(storefront) -> None:
    order = await storefront.pay(await storefront.place(await storefront.hold()))
    maja = await storefront.house.actor("maja")

    refunded = await storefront.payments.refund(maja, order.id)

    assert refunded.status == "refunded"
    assert (await storefront.level()).available == 10
    assert await storefront.database.fetchval("SELECT status FROM refund") == "done"
    assert await storefront.database.fetchval("SELECT refunded_by IS NOT NULL FROM sandbox_payment")
    with pytest.raises(NotNow):
        await storefront.payments.refund(maja, order.id)
    await storefront.sound()


async def test_what_has_left_the_house_does_not_come_back_with_the_refund(storefront) -> None:
    order = await storefront.pay(await storefront.place(await storefront.hold()))
    maja = await storefront.house.actor("maja")
    assert (await storefront.parcels.ship(maja, order.id)).status == "shipped"

    await storefront.payments.refund(maja, order.id)

    assert (await storefront.level()).sold == 1
    await storefront.sound()


async def test_only_staff_ships_and_refunds(storefront) -> None:
    order = await storefront.pay(await storefront.place(await storefront.hold()))
    freja, anna = await storefront.house.actor("freja"), await storefront.house.actor("anna")

    for act in (storefront.parcels.ship, storefront.payments.refund):
        with pytest.raises(Forbidden):
            await act(freja, order.id)
        with pytest.raises(NotFound):
            await act(anna, order.id)


async def test_a_payment_that_a_crash_left_open_is_looked_up(storefront) -> None:
    order = await storefront.place(await storefront.hold())
    attempt = await storefront.payments._begin(order.id)
    await storefront.sandbox.charge(attempt, "success")  # and then the process died
    await storefront.database.execute("UPDATE payment_attempt SET created_at = now() - interval '1 hour'")
    with pytest.raises(PaymentInProgress):
        await storefront.orders.cancel(await storefront.house.actor("freja"), order.id)

    await storefront.payments.reconcile()

    assert (await storefront.orders.get(await storefront.house.actor("freja"), order.id)).status == "paid"
    await storefront.sound()


async def test_a_payment_that_never_reached_the_provider_is_declined(storefront) -> None:
    order = await storefront.place(await storefront.hold())
    await storefront.payments._begin(order.id)
    await storefront.database.execute("UPDATE payment_attempt SET created_at = now() - interval '1 hour'")

    await storefront.payments.reconcile()

    view = await storefront.orders.get(await storefront.house.actor("freja"), order.id)
    assert (view.status, view.payment.status) == ("placed", "declined")


async def test_money_that_comes_after_it_was_given_up_pays_the_order_that_still_waits(storefront) -> None:
    order = await storefront.place(await storefront.hold())
    attempt = await storefront.payments._begin(order.id)
    await storefront.payments.decide(attempt, Outcome(PaymentStatus.DECLINED))

    decided = await storefront.payments.decide(attempt, Outcome(PaymentStatus.SUCCEEDED))

    assert decided.status == "paid"
    assert await storefront.database.fetchval("SELECT count(*) FROM refund") == 0
    assert (await storefront.level()).sold == 1
    await storefront.sound()


async def test_an_order_that_is_not_paid_in_time_is_called_off(storefront) -> None:
    order = await storefront.place(await storefront.hold())
    await storefront.database.execute("UPDATE orders SET pay_by = clock_timestamp() - interval '20 s'")

    await storefront.payments.cancel_overdue()

    assert (await storefront.orders.get(await storefront.house.actor("freja"), order.id)).status == "cancelled"
    assert (await storefront.level()).available == 10
    assert storefront.bus.notices[-1][1] == "order.cancelled"


async def test_an_outage_costs_no_order_its_time(storefront) -> None:
    order = await storefront.place(await storefront.hold())
    await storefront.upkeep.sweep()
    await storefront.database.execute("UPDATE orders SET pay_by = clock_timestamp() - interval '5 s'")
    await storefront.database.execute("UPDATE stock_heartbeat SET at = clock_timestamp() - interval '60 s'")

    await storefront.upkeep.sweep()
    await storefront.payments.cancel_overdue()
    assert await Outbox(storefront.database).take(HOLDS_EXTENDED, storefront.orders.extended)

    left_s = await storefront.database.fetchval(
        "SELECT extract(epoch FROM pay_by - clock_timestamp())::float8 FROM orders"
    )
    assert 50 < left_s < 60
    assert (await storefront.pay(order)).status == "paid"


async def test_a_hold_of_an_order_cannot_be_given_back_alone(storefront) -> None:
    held = await storefront.hold()
    await storefront.place(held)

    with pytest.raises(HoldNotOpen):
        async with storefront.database.transaction() as tx:
            await storefront.stock.release(tx, [held.hold_id], actor=new_id(), only_held=True)


async def test_what_was_archived_meanwhile_is_still_delivered(storefront) -> None:
    held = await storefront.hold()
    maja = await storefront.house.actor("maja")
    product, _ = await storefront.house.catalog.variant(storefront.variant_id)
    await storefront.house.catalog.edit(maja, product.id, ProductDraft(is_archived=True))
    storefront.orders._shelf._goods.forget(storefront.variant_id)

    order = await storefront.place(held)

    assert order.lines[0].title == "Kyst mug"


async def test_orders_of_a_show_are_for_its_staff(storefront) -> None:
    order = await storefront.place(await storefront.hold())
    other = await storefront.place(await storefront.hold("anna"), name="anna")
    freja, maja = await storefront.house.actor("freja"), await storefront.house.actor("maja")

    assert [o.id for o in (await storefront.orders.mine(freja, cursor=None, limit=50))[0]] == [order.id]
    listed, cursor = await storefront.orders.of_show(maja, storefront.show_id, cursor=None, limit=1)
    assert ([o.id for o in listed], cursor) == ([other.id], other.id)
    listed, cursor = await storefront.orders.of_show(maja, storefront.show_id, cursor=cursor, limit=1)
    assert [o.id for o in listed] == [order.id]
    for name in ("freja", "svea", "noor"):
        with pytest.raises(Forbidden):
            await storefront.orders.of_show(
                await storefront.house.actor(name), storefront.show_id, cursor=None, limit=1
            )


async def test_numbers_of_a_show(storefront) -> None:
    await storefront.pay(await storefront.place(await storefront.hold(quantity=2)))
    await storefront.hold("anna")
    maja = await storefront.house.actor("maja")

    numbers = await storefront.numbers.of_show(maja, storefront.show_id)

    assert (numbers.orders, numbers.units, numbers.holds_open) == (1, 2, 1)
    assert numbers.revenue == MoneyView("78.00", "EUR")
    assert (numbers.viewers, numbers.peak_viewers, numbers.messages, numbers.reactions) == (12, 34, 56, 78)
    with pytest.raises(Forbidden):
        await storefront.numbers.of_show(await storefront.house.actor("freja"), storefront.show_id)


@pytest.mark.parametrize(
    "wrong",
    [{"name": ""}, {"line1": "a\nb"}, {"city": "x" * 81}, {"country": "de"}, {"country": "DEU"}, {"email": "nobody"}],
)
def test_an_address_that_is_none_is_refused(wrong) -> None:
    with pytest.raises(Invalid) as refused:
        Address.checked({**ADDRESS, **wrong})
    assert refused.value.details["field"] == next(iter(wrong))
