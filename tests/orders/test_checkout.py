"""The quote, and orders that cost what it said."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from livecommerce.foundation.core.ids import new_id
from tests.storefront import ADDRESS

EUR = "EUR"


def euro(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": EUR}


TERMS = {
    "shipping": [
        {
            "id": "post",
            "name": "Post",
            "countries": ["DK", "DE"],
            "days_min": 2,
            "days_max": 4,
            "tiers": [{"cost": euro("4.90")}, {"cost": euro("0.00"), "from_amount": euro("100.00")}],
        },
        {
            "id": "express",
            "name": "Express",
            "countries": ["DK"],
            "days_min": 1,
            "days_max": 1,
            "by": "weight",
            "tiers": [{"cost": euro("9.90")}, {"cost": euro("19.90"), "from_g": 1000}],
        },
    ],
    "tax_rates": {"DE": "0.19"},
}


async def put(storefront, path: str, body: dict[str, Any], name: str = "olga") -> dict[str, Any]:
    status, answer = await storefront.request("PUT", path, name, json=body)
    assert status == 200, answer
    return answer


@pytest.fixture
async def owner(storefront) -> str:
    from livecommerce.foundation.core.actors import Role

    await storefront.house.staff("olga", Role.OWNER)
    return "olga"


async def quote(storefront, *holds: Any, name: str = "freja", **more: Any) -> dict[str, Any]:
    body = {"hold_ids": [hold.hold_id for hold in holds], "address": ADDRESS, **more}
    status, answer = await storefront.request("POST", "/checkout/quote", name, json=body)
    assert status == 200, answer
    return answer


async def order(storefront, *holds: Any, name: str = "freja", **more: Any) -> tuple[int, dict[str, Any]]:
    body = {"hold_ids": [hold.hold_id for hold in holds], "address": ADDRESS, **more}
    return await storefront.request("POST", "/orders", name, json=body, headers={"Idempotency-Key": new_id()})


def codes(answer: dict[str, Any]) -> list[str]:
    return [problem["code"] for problem in answer["problems"]]


async def test_an_order_costs_what_the_quote_said(storefront, owner) -> None:
    await put(storefront, "/checkout/terms", TERMS)
    await put(storefront, "/coupons/SPRING-10", {"percent": 10})
    held = await storefront.hold(quantity=2)

    quoted = await quote(storefront, held, shipping_option="express", coupon="spring-10")

    assert codes(quoted) == []
    assert [(w["id"], w["cost"]["amount"], w["is_chosen"]) for w in quoted["shipping_options"]] == [
        ("post", "4.90", False),
        ("express", "19.90", True),
    ]
    sums = {name: quoted[name]["amount"] for name in ("subtotal", "discount", "shipping", "tax", "total")}
    assert sums == {"subtotal": "78.00", "discount": "7.80", "shipping": "19.90", "tax": "18.02", "total": "90.10"}
    assert [(line["rate"], line["base"]["amount"]) for line in quoted["tax_lines"]] == [("0.25", "90.10")]
    wish = {"shipping_option": "express", "coupon": "SPRING-10"}
    status, problem = await order(storefront, held, **wish, expected_total=euro("90.09"))
    assert (status, problem["code"]) == (409, "price_changed")
    status, placed = await order(storefront, held, **wish, expected_total=quoted["total"])
    assert (status, placed["total"], placed["discount"], placed["shipping_option"], placed["coupon"]) == (
        *(201, quoted["total"], euro("7.80")),
        *("express", "SPRING-10"),
    )


async def test_tax_is_the_rate_of_the_country_that_it_goes_to(storefront, owner) -> None:
    await put(storefront, "/checkout/terms", TERMS)

    quoted = await quote(storefront, await storefront.hold(), address={**ADDRESS, "country": "DE"})

    assert [(line["rate"], line["tax"]["amount"]) for line in quoted["tax_lines"]] == [("0.19", "7.01")]
    assert quoted["total"]["amount"] == "43.90"


async def test_without_tables_shipping_is_free_and_nothing_is_chosen(storefront) -> None:
    held = await storefront.hold()

    quoted = await quote(storefront, held)

    assert (quoted["shipping_options"], quoted["shipping"], quoted["total"]) == ([], euro("0.00"), euro("39.00"))
    assert quoted["payment_methods"] == ["sandbox"]
    assert (await storefront.level()).held == 1


async def test_what_cannot_be_sent_there_is_a_problem_and_no_order(storefront, owner) -> None:
    await put(storefront, "/checkout/terms", TERMS)
    held, japan = await storefront.hold(), {**ADDRESS, "country": "JP"}

    assert codes(await quote(storefront, held, address=japan)) == ["not_shipped_there"]
    assert codes(await quote(storefront, held, shipping_option="pigeon")) == ["not_shipped_there"]
    status, problem = await order(storefront, held, address=japan)
    assert (status, problem["code"]) == (409, "not_shipped_there")
    assert await storefront.database.fetchval("SELECT state FROM stock_hold") == "held"


async def _expire(storefront) -> None:
    await storefront.database.execute("UPDATE stock_hold SET expires_at = clock_timestamp() WHERE state = 'held'")
    await storefront.upkeep.sweep()


async def test_problems_name_the_hold_and_what_is_left(storefront) -> None:
    expired = await storefront.hold(quantity=2)
    await _expire(storefront)

    quoted = await quote(storefront, expired)
    assert quoted["problems"] == [{"code": "hold_expired", "hold_id": expired.hold_id, "available": 10}]
    assert (quoted["lines"], quoted["total"]) == ([], None)
    await storefront.hold("anna", 9)
    kept = await storefront.hold()
    quoted = await quote(storefront, expired, kept)

    assert quoted["problems"] == [{"code": "out_of_stock", "hold_id": expired.hold_id, "available": 0}]
    assert quoted["total"]["amount"] == "39.00"


async def test_a_changed_price_and_an_ended_sale_are_problems_of_lost_holds(storefront) -> None:
    lost = await storefront.hold()
    sale = {"variant_id": storefront.variant_id, "price": euro("29.00"), "quantity": 2, "duration_s": 60}
    _, sale = await storefront.request("POST", f"/shows/{storefront.show_id}/flash-sales", "maja", json=sale)
    _, flash = await storefront.request("POST", "/holds", json={"flash_sale_id": sale["id"], "quantity": 1})
    await _expire(storefront)
    await storefront.request("POST", f"/flash-sales/{sale['id']}/close", "maja")
    await storefront.database.execute("UPDATE stock_hold SET price_minor = 3500 WHERE id = $1", lost.hold_id)
    body = {"hold_ids": [lost.hold_id, flash["hold_id"]]}

    status, quoted = await storefront.request("POST", "/checkout/quote", json=body)

    assert status == 200
    found = {problem["hold_id"]: (problem["code"], problem["available"]) for problem in quoted["problems"]}
    assert found == {lost.hold_id: ("price_changed", 10), flash["hold_id"]: ("sale_ended", 10)}


async def test_holds_of_an_order_and_of_others_are_not_quoted(storefront) -> None:
    held = await storefront.hold()
    await storefront.place(held)

    assert codes(await quote(storefront, held)) == ["already_ordered"]
    for foreign in (held.hold_id, new_id()):
        body = {"hold_ids": [foreign]}
        assert (await storefront.request("POST", "/checkout/quote", "anna", json=body))[0] == 404
    body = {"hold_ids": [held.hold_id]}
    assert (await storefront.request("POST", "/checkout/quote", None, json=body))[0] == 401


@pytest.mark.parametrize(
    ("coupon", "problem"),
    [
        ({"percent": 10, "minimum": euro("100.00")}, "coupon_below_minimum"),
        ({"percent": 10, "valid_until": "2020-01-01T00:00:00Z"}, "coupon_expired"),
        ({"percent": 10, "valid_from": "2040-01-01T00:00:00Z"}, "coupon_expired"),
        ({"amount": {"amount": "5", "currency": "JPY"}}, "coupon_unknown"),
        (None, "coupon_unknown"),
    ],
)
async def test_a_code_that_does_not_apply_is_a_problem_and_no_order(storefront, owner, coupon, problem) -> None:
    if coupon:
        await put(storefront, "/coupons/CODE", coupon)
    held = await storefront.hold()

    quoted = await quote(storefront, held, coupon="CODE")

    assert (codes(quoted), quoted["total"]["amount"], quoted["coupon"]) == ([problem], "39.00", None)
    status, refused = await order(storefront, held, coupon="CODE")
    assert (status, refused["code"]) == (409, problem)


async def test_the_last_use_of_a_coupon_goes_to_one_of_two_orders(storefront, owner) -> None:
    await put(storefront, "/coupons/ONCE", {"amount": euro("5.00"), "uses_max": 1})
    mine, hers = await storefront.hold(), await storefront.hold("anna")

    answers = await asyncio.gather(
        order(storefront, mine, coupon="ONCE"), order(storefront, hers, name="anna", coupon="ONCE")
    )

    assert sorted(status for status, _ in answers) == [201, 409]
    [refused] = [answer for status, answer in answers if status == 409]
    assert refused["code"] == "coupon_used_up"
    _, listed = await storefront.request("GET", "/coupons", owner)
    assert [(c["code"], c["uses"]) for c in listed["items"]] == [("ONCE", 1)]


async def test_a_cancelled_order_gives_its_coupon_back(storefront, owner) -> None:
    await put(storefront, "/coupons/MINE", {"percent": 50, "per_buyer_max": 1})
    first, second = await storefront.hold(), await storefront.hold()
    _, placed = await order(storefront, first, coupon="MINE")
    assert codes(await quote(storefront, second, coupon="MINE")) == ["coupon_used_up"]

    await storefront.request("POST", f"/orders/{placed['id']}/cancel")

    assert codes(await quote(storefront, second, coupon="MINE")) == []


async def test_an_order_that_a_coupon_pays_asks_no_provider(storefront, owner) -> None:
    await put(storefront, "/coupons/GIFT", {"percent": 100})
    _, placed = await order(storefront, await storefront.hold(), coupon="GIFT")

    status, paid = await storefront.request("POST", f"/orders/{placed['id']}/pay", json={"outcome": "decline"})

    assert (status, paid["status"], paid["total"]["amount"]) == (200, "paid", "0.00")
    assert await storefront.database.fetchval("SELECT count(*) FROM sandbox_payment") == 0
    await storefront.sound()


async def test_tables_and_coupons_are_the_operators(storefront, owner) -> None:
    for name in ("freja", "noor"):
        assert (await storefront.request("PUT", "/checkout/terms", name, json=TERMS))[0] == 403
        assert (await storefront.request("GET", "/checkout/terms", name))[0] == 403
        assert (await storefront.request("PUT", "/coupons/FREE", name, json={"percent": 100}))[0] == 403
        assert (await storefront.request("GET", "/coupons", name))[0] == 403
    await put(storefront, "/checkout/terms", TERMS)
    status, terms = await storefront.request("GET", "/checkout/terms", owner)
    assert (status, terms["tax_rates"], len(terms["shipping"])) == (200, {"DE": "0.19"}, 2)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/coupons/lower", {"percent": 10}),
        ("/coupons/BOTH", {"percent": 10, "amount": euro("1.00")}),
        ("/coupons/NONE", {}),
        ("/coupons/ZERO", {"amount": euro("0.00")}),
        ("/coupons/MUCH", {"percent": 101}),
        ("/checkout/terms", {"tax_rates": {"DE": "1.9"}}),
        ("/checkout/terms", {"shipping": [TERMS["shipping"][0], TERMS["shipping"][0]]}),
        ("/checkout/terms", {"shipping": [{**TERMS["shipping"][0], "days_max": 1}]}),
        ("/checkout/terms", {"shipping": [{**TERMS["shipping"][0], "tiers": [{"cost": euro("-1.00")}]}]}),
    ],
)
async def test_tables_that_make_no_sense_are_refused(storefront, owner, path, body) -> None:
    status, problem = await storefront.request("PUT", path, owner, json=body)

    assert (status, problem["code"]) == (422, "invalid")
