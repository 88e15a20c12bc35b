"""What staff does with paid orders: ship, deliver, export."""

from __future__ import annotations

import csv
import io

import pytest

from livecommerce.foundation.core.ids import new_id
from livecommerce.orders.http.export import safe
from livecommerce.orders.model import NotNow
from tests.storefront import ADDRESS


async def test_an_order_is_delivered_after_it_was_shipped_and_its_buyer_hears_so(storefront) -> None:
    order = await storefront.pay(await storefront.place(await storefront.hold()))
    maja, path = await storefront.house.actor("maja"), f"/orders/{order.id}/deliver"
    with pytest.raises(NotNow):
        await storefront.parcels.deliver(maja, order.id)
    await storefront.parcels.ship(maja, order.id)
    assert (await storefront.request("POST", path))[0] == 403
    assert (await storefront.request("POST", path, "anna"))[0] == 404

    status, delivered = await storefront.request("POST", path, "maja")

    assert (status, delivered["status"], delivered["delivered_at"] is not None) == (200, "delivered", True)
    assert storefront.bus.notices[-1][1] == "order.delivered"
    with pytest.raises(NotNow):
        await storefront.parcels.deliver(maja, order.id)
    assert (await storefront.payments.refund(maja, order.id)).status == "refunded"
    await storefront.sound()


async def _export(storefront, name: str = "maja", show_id: str | None = None):
    path = f"/api/v1/orders.csv?show_id={show_id or storefront.show_id}"
    return await storefront.client.get(path, headers=storefront.house.headers(name))


async def test_orders_of_a_show_are_exported_and_no_cell_is_a_formula(storefront) -> None:
    address = {**ADDRESS, "name": '=HYPERLINK("x";"y")', "line1": "+45 1, 2", "line2": '@"quoted"', "city": "-1"}
    paid = await storefront.pay(await storefront.place(await storefront.hold(quantity=2), address=address))
    await storefront.place(await storefront.hold(), await storefront.hold())

    answer = await _export(storefront)

    assert (answer.status, answer.content_type) == (200, "text/csv")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    rows = list(csv.DictReader(io.StringIO(await answer.text())))
    assert [row["status"] for row in rows] == ["placed", "placed", "paid"]
    row = rows[-1]
    assert (row["order"], row["quantity"], row["line_total"], row["order_total"]) == (
        paid.number,
        "2",
        "78.00",
        "78.00",
    )
    assert (row["name"], row["line1"]) == ('\'=HYPERLINK("x";"y")', "'+45 1, 2")
    assert (row["line2"], row["city"]) == ('\'@"quoted"', "'-1")


async def test_an_export_has_every_order_however_many(storefront, monkeypatch) -> None:
    from livecommerce.orders.http import export

    monkeypatch.setattr(export, "PAGE", 2)
    for _ in range(5):
        await storefront.place(await storefront.hold())

    rows = list(csv.DictReader(io.StringIO(await (await _export(storefront)).text())))

    assert len({row["order"] for row in rows}) == 5


async def test_the_export_is_for_who_may_read_orders(storefront) -> None:
    for name in ("freja", "noor", "anna"):
        assert (await _export(storefront, name)).status == 403
    assert (await storefront.client.get(f"/api/v1/orders.csv?show_id={storefront.show_id}")).status == 401
    assert (await _export(storefront, show_id=new_id())).status in (403, 404)
    assert (await _export(storefront, show_id="x")).status == 404


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@A1", "\t=1", "\r=1"])
def test_no_cell_begins_as_a_formula(text) -> None:
    assert safe(text) == f"'{text}"


async def _refund(storefront, order, key: str | None = None, name: str = "maja", **body):
    headers = {"Idempotency-Key": key or new_id()}
    return await storefront.request("POST", f"/orders/{order.id}/refunds", name, json=body, headers=headers)


async def test_units_are_refunded_one_by_one_until_the_order_is_refunded(storefront) -> None:
    order = await storefront.pay(await storefront.place(await storefront.hold(quantity=3)))

    status, first = await _refund(storefront, order, lines=[{"line": 1, "quantity": 1}], restock=True)
    assert (status, first["status"], first["refunded"]["amount"]) == (200, "paid", "39.00")
    assert (await storefront.level()).sold == 2
    status, second = await _refund(storefront, order, lines=[{"line": 1, "quantity": 1}])
    assert (status, second["status"], second["refunded"]["amount"]) == (200, "paid", "78.00")
    assert (await storefront.level()).sold == 2  # kept by the buyer, or broken
    await storefront.sound()
    maja = await storefront.house.actor("maja")
    assert (await storefront.numbers.of_show(maja, storefront.show_id)).revenue.amount == "39.00"
    status, problem = await _refund(storefront, order, lines=[{"line": 1, "quantity": 2}])
    assert (status, problem["code"], problem["available"]) == (409, "refund_too_much", 1)

    assert (await storefront.payments.refund(maja, order.id)).status == "refunded"

    assert (await storefront.level()).sold == 1
    rows = await storefront.database.fetch("SELECT amount_minor, status FROM refund ORDER BY id")
    assert [tuple(row.values()) for row in rows] == [(3900, "done")] * 3
    await storefront.sound()


async def test_the_same_key_refunds_once(storefront) -> None:
    order = await storefront.pay(await storefront.place(await storefront.hold(quantity=2)))

    for _ in range(2):
        status, view = await _refund(storefront, order, "refund-0001", lines=[{"line": 1, "quantity": 1}], restock=True)
        assert (status, view["refunded"]["amount"]) == (200, "39.00")

    assert await storefront.database.fetchval("SELECT count(*) FROM refund") == 1
    assert (await storefront.level()).sold == 1


async def test_an_amount_is_refunded_up_to_what_was_paid(storefront) -> None:
    order = await storefront.pay(await storefront.place(await storefront.hold()))

    def euro(amount: str) -> dict[str, str]:
        return {"amount": amount, "currency": "EUR"}

    assert (await _refund(storefront, order, amount=euro("5.00")))[1]["refunded"]["amount"] == "5.00"
    status, problem = await _refund(storefront, order, amount=euro("34.01"))
    assert (status, problem["code"]) == (409, "refund_too_much")
    status, view = await _refund(storefront, order, amount=euro("34.00"))
    assert (status, view["status"]) == (200, "refunded")
    assert (await _refund(storefront, order, amount=euro("0.01")))[0] == 409
    assert (await storefront.level()).sold == 1
    await storefront.sound()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"lines": [{"line": 2, "quantity": 1}]},
        {"lines": [{"line": 1, "quantity": 1}] * 2},
        {"amount": {"amount": "-1.00", "currency": "EUR"}},
        {"amount": {"amount": "1.00", "currency": "USD"}},
    ],
)
async def test_a_refund_that_makes_no_sense_is_refused(storefront, body) -> None:
    order = await storefront.pay(await storefront.place(await storefront.hold()))

    status, problem = await _refund(storefront, order, **body)

    assert (status, problem["code"]) == (422, "invalid")
    assert (await _refund(storefront, order, name="freja", lines=[{"line": 1, "quantity": 1}]))[0] == 403
    assert await storefront.database.fetchval("SELECT count(*) FROM refund") == 0


async def _bundle(storefront, *orders, name: str = "maja"):
    return await storefront.request("POST", "/parcels", name, json={"order_ids": [order.id for order in orders]})


async def _paid(storefront, name: str = "freja", **more):
    held = await storefront.hold(name)
    return await storefront.pay(await storefront.place(held, name=name, **more), name=name)


async def test_orders_in_one_parcel_travel_together(storefront) -> None:
    first, second, third = [await _paid(storefront, address=ADDRESS) for _ in range(3)]

    status, bundled = await _bundle(storefront, first, second, third)

    assert (status, len({order["parcel_id"] for order in bundled["items"]})) == (201, 1)
    maja = await storefront.house.actor("maja")
    await storefront.payments.refund(maja, third.id)
    assert (await storefront.parcels.ship(maja, second.id)).status == "shipped"
    assert (await storefront.parcels.deliver(maja, first.id)).status == "delivered"
    states = [(await storefront.orders.get(maja, order.id)).status for order in (first, second, third)]
    assert states == ["delivered", "delivered", "refunded"]
    assert [kind for _, kind, _ in storefront.bus.notices].count("order.shipped") == 2


async def test_only_what_belongs_together_is_bundled(storefront) -> None:
    first, second = await _paid(storefront, address=ADDRESS), await _paid(storefront, address=ADDRESS)
    elsewhere = await _paid(storefront, address={**ADDRESS, "city": "Odense"})
    hers = await _paid(storefront, "anna", address=ADDRESS)
    unpaid = await storefront.place(await storefront.hold(), address=ADDRESS)

    for other, code in ((elsewhere, "not_together"), (hers, "not_together"), (unpaid, "illegal_transition")):
        status, problem = await _bundle(storefront, first, other)
        assert (status, problem["code"]) == (409, code)
    assert (await _bundle(storefront, first, second, name="freja"))[0] == 404
    assert (await _bundle(storefront, first, second))[0] == 201
    assert (await _bundle(storefront, first, second))[1]["code"] == "illegal_transition"
    assert await storefront.database.fetchval("SELECT count(*) FROM orders WHERE parcel_id IS NOT NULL") == 2
