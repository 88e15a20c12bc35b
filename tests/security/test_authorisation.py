"""Checks 23 and 27 at the doors of identity, catalogue and shows: nobody does what is not theirs."""

from __future__ import annotations

from typing import Any

import pytest

from livecommerce.foundation.core.ids import ShowId, new_id
from livecommerce.shows.model import Visibility

TABLES = (
    "people",
    "show_grants",
    "products",
    "variants",
    "stock_pool",
    "shows",
    "show_lineup",
    "show_pins",
    "show_events",
)


async def _everything(house: Any) -> list[Any]:
    return [await house.database.fetch(f"SELECT * FROM {table} ORDER BY 1, 2") for table in TABLES]


def _doors(show: str, product: str, person: str) -> list[tuple[str, str, Any]]:
    """Every door of the three rooms that changes something."""
    base = f"/api/v1/shows/{show}"
    return [
        ("POST", "/api/v1/shows", {"title": "Mine", "starts_at": "2026-11-20T20:00:00Z"}),
        ("PATCH", base, {"title": "Mine"}),
        ("POST", f"{base}/start", None),
        ("POST", f"{base}/pause", None),
        ("POST", f"{base}/resume", None),
        ("POST", f"{base}/end", None),
        ("PUT", f"{base}/lineup", [product]),
        ("PUT", f"{base}/pins/{product}", None),
        ("DELETE", f"{base}/pins/{product}", None),
        ("POST", f"{base}/moderators", {"person_id": person, "permissions": ["show.run"]}),
        ("GET", f"{base}/moderators", None),
        ("DELETE", f"{base}/moderators/{person}", None),
        ("POST", f"{base}/invitations", {"person_id": person}),
        ("POST", "/api/v1/products", {"title": "Mine", "variants": []}),
        ("PATCH", f"/api/v1/products/{product}", {"title": "Mine"}),
        ("GET", "/api/v1/products", None),
    ]


@pytest.fixture
async def scene(house: Any) -> dict[str, str]:
    """A show of Maja's with a product and a person who has a grant in it."""
    show, (mug,) = await house.show(), await house.products(1)
    maja, freja = await house.actor("maja"), await house.actor("freja")
    await house.shows.set_lineup(maja, ShowId(show.id), [mug])
    await house.guest("bo")
    return {"show": show.id, "product": mug, "person": freja.id}


async def test_check_23_nobody_without_the_right_gets_through_any_door(
    client: Any, house: Any, scene: dict[str, str]
) -> None:
    before = await _everything(house)

    for method, path, body in _doors(**scene):
        for name in ("freja", "svea"):
            if name == "svea" and "/shows/" not in path:
                continue  # another host may use the catalogue and plan shows of their own
            refused = await client.request(method, path, json=body, headers=house.headers(name))
            assert refused.status == (422 if body and body == {"title": "Mine", "variants": []} else 403), path
        assert (await client.request(method, path, json=body)).status == 401

    assert await _everything(house) == before


async def test_check_23_the_doors_are_not_simply_closed(client: Any, house: Any, scene: dict[str, str]) -> None:
    """The negative control: the same requests succeed for the host."""
    statuses = {}
    for method, path, body in _doors(**scene):
        if "pause" not in path and "resume" not in path and "/end" not in path:
            answer = await client.request(method, path, json=body, headers=house.headers("maja"))
            statuses[f"{method} {path}"] = answer.status

    assert {status for where, status in statuses.items() if not where.endswith("POST /api/v1/products")} <= {
        200,
        201,
        204,
        422,
    }
    assert list(statuses.values()).count(422) == 1


async def test_check_23_a_private_show_answers_like_one_that_does_not_exist(client: Any, house: Any) -> None:
    private, (mug,) = await house.show(visibility=Visibility.PRIVATE), await house.products(1)
    freja = await house.actor("freja")

    for name in ("freja", "svea", None):
        headers = house.headers(name) if name else {}
        for method, path, body in _doors(private.id, mug, freja.id)[1:13]:
            hidden = await client.request(method, path, json=body, headers=headers)
            unknown_path = path.replace(private.id, new_id())
            unknown = await client.request(method, unknown_path, json=body, headers=headers)
            assert hidden.status == unknown.status == (404 if name else 401), path
            first, second = await hidden.json(content_type=None), await unknown.json(content_type=None)
            assert {**first, "request_id": ""} == {**second, "request_id": ""}
        assert (await client.get(f"/api/v1/shows/{private.id}", headers=headers)).status == 404
        assert private.id not in await (await client.get("/api/v1/shows", headers=headers)).text()


async def test_check_23_nobody_becomes_host_by_asking(client: Any, house: Any) -> None:
    headers = house.headers("freja")

    for body in ({"display_name": "Freja", "role": "owner"}, {"display_name": "Freja", "kind": "staff"}):
        assert (await client.patch("/api/v1/me", json=body, headers=headers)).status == 422

    assert (await house.actor("freja")).role == "viewer"


ODD = [0, -1, 1.5, "1", 10**9, True, None, [1], {}, "", "\x00", "x" * 3000]


@pytest.mark.parametrize("value", ODD, ids=lambda value: repr(value)[:20])
async def test_check_27_odd_values_change_nothing_and_never_break_the_server(
    client: Any, house: Any, scene: dict[str, str], value: Any
) -> None:
    base, headers = f"/api/v1/shows/{scene['show']}", house.headers("maja")
    before = await _everything(house)

    answers = [
        await client.post("/api/v1/shows", json={"title": value, "starts_at": "2026-11-20T20:00:00Z"}, headers=headers)
        if value != "1"
        else None,
        await client.post("/api/v1/shows", json={"title": "Mine", "starts_at": value}, headers=headers),
        await client.patch(base, json={"visibility": value}, headers=headers) if value is not None else None,
        await client.patch(base, json={"status": value}, headers=headers),
        await client.put(f"{base}/lineup", json=value, headers=headers) if value is not None else None,
        await client.put(f"{base}/lineup", json=[value], headers=headers),
        await client.post(f"{base}/moderators", json={"person_id": value, "permissions": []}, headers=headers),
        await client.post(f"{base}/moderators", json={"email": value}, headers=headers),
        await client.patch(f"/api/v1/products/{scene['product']}", json={"hold_s": value}, headers=headers)
        if value is not None
        else None,
        await client.post("/api/v1/accounts", json={"email": value, "display_name": "Freja"}),
        await client.post("/api/v1/sign-in", json={"email": value, "password": "x"}),
        await client.post("/api/v1/sign-in/once", json={"code": value}),
    ]

    assert {answer.status for answer in answers if answer} <= {401, 409, 422}
    assert await _everything(house) == before


@pytest.mark.parametrize(
    "starts_at",
    [
        "2026-11-20",
        "2026-11-20T20:00:00",
        "tomorrow",
        "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00Z",
        "2026-13-01T00:00:00Z",
    ],
)
async def test_check_27_a_time_needs_a_zone_and_sense(client: Any, house: Any, starts_at: str) -> None:
    answer = await client.post(
        "/api/v1/shows", json={"title": "Mine", "starts_at": starts_at}, headers=house.headers("maja")
    )

    assert answer.status == 422


@pytest.mark.parametrize(
    "query",
    [
        "status=nonsense",
        "limit=0",
        "limit=1000",
        "limit=x",
        "cursor=x",
        "cursor=OTk6MTox",
        "page=2",
        "status=live;drop",
    ],
)
async def test_check_27_odd_queries_are_refused(client: Any, query: str) -> None:
    assert (await client.get(f"/api/v1/shows?{query}")).status == 422


async def test_check_27_bodies_that_are_no_json_are_refused(client: Any, house: Any) -> None:
    headers = {**house.headers("maja"), "Content-Type": "application/json"}
    bodies = [b"", b"{", b"[" * 100_000, b"\xff\xfe", b'{"title": NaN}', b"{" + b" " * 70_000 + b"}"]

    statuses = [(await client.post("/api/v1/shows", data=body, headers=headers)).status for body in bodies]

    assert set(statuses) <= {400, 413, 422}
    form = await client.post("/api/v1/shows", data={"title": "Mine"}, headers=house.headers("maja"))
    assert form.status == 415
