"""The way of a buyer through the HTTP doors, and what they refuse."""

from __future__ import annotations

import asyncio

import pytest

from livecommerce.foundation.core.ids import new_id
from livecommerce.moderation.model import SanctionKind
from tests.storefront import ADDRESS


async def test_buying_a_flash_sale_through_the_doors(storefront) -> None:
    sale_body = {
        "variant_id": storefront.variant_id,
        "price": {"amount": "29.00", "currency": "EUR"},
        "quantity": 4,
        "per_buyer_limit": 2,
        "starts_in_s": 0,
        "duration_s": 60,
    }
    status, sale = await storefront.request("POST", f"/shows/{storefront.show_id}/flash-sales", "maja", json=sale_body)
    assert (status, sale["state"], sale["available"]) == (201, "open", 4)
    assert sale["struck_price"] == {"amount": "39.00", "currency": "EUR"}

    key = {"Idempotency-Key": "click-00001"}
    want = {"flash_sale_id": sale["id"], "quantity": 1}
    status, held = await storefront.request("POST", "/holds", json=want, headers=key)
    assert (status, held["status"], held["price"]["amount"]) == (201, "held", "29.00")
    assert held["hold"]["id"] == held["hold_id"]
    status, again = await storefront.request("POST", "/holds", json=want, headers=key)
    assert (status, again["hold_id"]) == (201, held["hold_id"])
    status, problem = await storefront.request("POST", "/holds", json={**want, "quantity": 2}, headers=key)
    assert (status, problem["code"]) == (409, "key_reused")
    status, problem = await storefront.request("POST", "/holds", json={**want, "quantity": 3})
    assert (status, problem["code"]) == (409, "limit_reached")
    status, problem = await storefront.request("POST", "/holds", "anna", json={**want, "quantity": 5})
    assert (status, problem["code"]) == (409, "limit_reached")

    status, mine = await storefront.request("GET", "/holds?mine=1")
    assert (status, [hold["id"] for hold in mine["items"]]) == (200, [held["hold_id"]])

    body = {"hold_ids": [held["hold_id"]], "address": ADDRESS, "payment_method": "sandbox"}
    status, order = await storefront.request("POST", "/orders", json=body, headers={"Idempotency-Key": "order-00001"})
    assert (status, order["status"], order["total"]["amount"]) == (201, "placed", "29.00")
    assert order["address"]["city"] == "Aarhus"
    status, paid = await storefront.request("POST", f"/orders/{order['id']}/pay", json={"outcome": "success"})
    assert (status, paid["status"], paid["payment"]["status"]) == (200, "paid", "succeeded")
    status, listed = await storefront.request("GET", f"/orders?show_id={storefront.show_id}", "maja")
    assert (status, [o["id"] for o in listed["items"]]) == (200, [order["id"]])
    status, shipped = await storefront.request("POST", f"/orders/{order['id']}/ship", "maja")
    assert (status, shipped["status"]) == (200, "shipped")
    status, numbers = await storefront.request("GET", f"/shows/{storefront.show_id}/numbers", "maja")
    assert (status, numbers["units"], numbers["revenue"]["amount"]) == (200, 1, "29.00")
    status, closed = await storefront.request("POST", f"/flash-sales/{sale['id']}/close", "maja")
    assert (status, closed["state"], closed["closed_reason"]) == (200, "closed", "host")
    status, problem = await storefront.request("POST", "/holds", "anna", json=want)
    assert (status, problem["code"]) == (409, "ended")
    await storefront.sound()


async def test_stock_that_is_gone_is_named(storefront) -> None:
    want = {"variant_id": storefront.variant_id, "show_id": storefront.show_id, "quantity": 11}

    status, problem = await storefront.request("POST", "/holds", json=want)

    assert (status, problem["code"], problem["available"]) == (409, "sold_out", 10)


@pytest.mark.parametrize("quantity", [0, -1, 1.5, "1", 10**9, True, None, [1]])
async def test_check_27_a_quantity_that_is_none_is_invalid(storefront, quantity) -> None:
    want = {"variant_id": storefront.variant_id, "show_id": storefront.show_id, "quantity": quantity}

    status, problem = await storefront.request("POST", "/holds", json=want)

    assert (status, problem["code"]) == (422, "invalid")
    assert (await storefront.level()).available == 10


@pytest.mark.parametrize(
    "extra",
    [{"price": {"amount": "0.01", "currency": "EUR"}}, {"unit_price": 1}, {"hold_s": 99999}, {"buyer": "me"}],
)
async def test_check_27_prices_and_unknown_fields_are_refused(storefront, extra) -> None:
    want = {"variant_id": storefront.variant_id, "show_id": storefront.show_id, "quantity": 1, **extra}

    status, problem = await storefront.request("POST", "/holds", json=want)

    assert (status, problem["code"]) == (422, "invalid")
    assert (await storefront.level()).available == 10


async def test_check_23_foreign_things_are_like_unknown_ones(storefront) -> None:
    held = await storefront.hold()
    order = await storefront.place(held)

    for kind, known in (("holds", held.hold_id), ("orders", order.id)):
        foreign = await storefront.request("GET", f"/{kind}/{known}", "anna")
        unknown = await storefront.request("GET", f"/{kind}/{new_id()}", "anna")
        for problem in (foreign[1], unknown[1]):
            problem.pop("request_id", None)
        assert foreign == unknown
        assert foreign[0] == 404
    for path in (f"/orders/{order.id}/pay", f"/orders/{order.id}/cancel", f"/orders/{order.id}/refund"):
        assert (await storefront.request("POST", path, "anna", json={}))[0] == 404
    assert (await storefront.request("DELETE", f"/holds/{held.hold_id}", "anna"))[0] == 404


async def test_viewers_open_no_sales_and_nobody_unknown_buys(storefront) -> None:
    body = {
        "variant_id": storefront.variant_id,
        "price": {"amount": "1.00", "currency": "EUR"},
        "quantity": 1,
        "duration_s": 60,
    }
    want = {"variant_id": storefront.variant_id, "show_id": storefront.show_id, "quantity": 1}

    assert (await storefront.request("POST", f"/shows/{storefront.show_id}/flash-sales", json=body))[0] == 403
    assert (await storefront.request("POST", f"/shows/{storefront.show_id}/flash-sales", "svea", json=body))[0] == 403
    assert (await storefront.request("POST", "/holds", None, json=want))[0] == 401
    assert (await storefront.request("GET", f"/shows/{storefront.show_id}/numbers"))[0] == 403
    assert (await storefront.request("GET", "/orders"))[0] == 422


async def test_who_was_removed_from_the_show_buys_nothing_in_it(storefront) -> None:
    maja, anna = await storefront.house.actor("maja"), await storefront.house.actor("anna")
    await storefront.moderation.sanction(
        maja, storefront.show_id, anna.id, kind=SanctionKind.BAN, seconds=None, reason="spam"
    )
    want = {"variant_id": storefront.variant_id, "show_id": storefront.show_id, "quantity": 1}

    status, problem = await storefront.request("POST", "/holds", "anna", json=want)

    assert (status, problem["code"]) == (403, "banned")
    assert (await storefront.request("POST", "/holds", json=want))[0] == 201


async def test_stock_changes_reach_every_show_that_has_the_product_in_its_lineup(storefront) -> None:
    other = await storefront.house.show()
    maja = await storefront.house.actor("maja")
    product, _ = await storefront.house.catalog.variant(storefront.variant_id)
    await storefront.house.shows.set_lineup(maja, other.id, [product.id])

    await storefront.hold()

    async with asyncio.timeout(5):
        while not {key for key in storefront.bus._counters if key[0] == other.id}:
            await asyncio.sleep(0.01)
    assert {show for show, _ in storefront.bus._counters} == {storefront.show_id, other.id}


async def test_a_hold_is_given_back_through_the_door(storefront) -> None:
    held = await storefront.hold()

    assert await storefront.request("DELETE", f"/holds/{held.hold_id}") == (204, None)

    status, hold = await storefront.request("GET", f"/holds/{held.hold_id}")
    assert (status, hold["status"]) == (200, "released")
    assert (await storefront.level()).available == 10
