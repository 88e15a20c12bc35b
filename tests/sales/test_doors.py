"""HTTP doors to holds and to the line for what is sold out."""

from __future__ import annotations

from tests.house import house
from tests.storefront import storefront

__all__ = ["house", "storefront"]


async def test_a_hold_is_extended_once_through_its_door(storefront) -> None:
    held = await storefront.hold()

    status, extended = await storefront.request("POST", f"/holds/{held.hold_id}/extend")
    again, problem = await storefront.request("POST", f"/holds/{held.hold_id}/extend")

    assert (status, extended["extended"]) == (200, True)
    assert extended["expires_in_ms"] > held.expires_in_ms
    assert (again, problem["code"]) == (409, "already_extended")


async def test_a_place_in_the_line_is_taken_seen_and_given_up(storefront) -> None:
    what = {"variant_id": storefront.variant_id, "show_id": storefront.show_id}
    early, problem = await storefront.request("POST", "/waitlist", json=what)
    for _ in range(5):
        await storefront.hold(quantity=2)

    status, place = await storefront.request("POST", "/waitlist", json={**what, "quantity": 2})
    _, mine = await storefront.request("GET", "/waitlist?mine=1")
    left, _ = await storefront.request("DELETE", f"/waitlist/{place['id']}")
    _, after = await storefront.request("GET", "/waitlist?mine=1")

    assert (early, problem["code"], problem["available"]) == (409, "not_sold_out", 10)
    assert (status, place["status"], place["position"], place["quantity"]) == (201, "waiting", 1, 2)
    assert [entry["id"] for entry in mine["items"]] == [place["id"]]
    assert (left, after["items"]) == (204, [])


async def test_check_27_a_place_for_what_is_no_quantity_is_invalid(storefront) -> None:
    what = {"variant_id": storefront.variant_id, "show_id": storefront.show_id}
    for quantity in (0, -1, 1.5, "1", 10**9, None):
        status, problem = await storefront.request("POST", "/waitlist", json={**what, "quantity": quantity})
        assert (status, problem["code"]) == (422, "invalid")
