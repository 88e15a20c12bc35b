from __future__ import annotations

import io
from typing import Any

import pytest

HOST, VIEWER = {"Authorization": "Bearer host"}, {"Authorization": "Bearer viewer"}


async def _json(response: Any) -> Any:
    return await response.json(content_type=None)


async def _create(client: Any, mug: dict[str, Any]) -> Any:
    answer = await client.post("/api/v1/products", json=mug, headers=HOST)
    assert answer.status == 201, await answer.text()
    return await _json(answer)


async def test_a_product_reads_as_it_was_written(client: Any, mug: dict[str, Any]) -> None:
    made = await _create(client, mug)

    read = await _json(await client.get(f"/api/v1/products/{made['id']}"))

    assert read == made
    assert made["handle"] == "kyst-mug"
    assert made["options"] == mug["options"]
    assert [
        (v["sku"], v["title"], v["price"], v["available"], v["tax_inclusive"], v["tax_rate"]) for v in made["variants"]
    ] == [
        ("MUG-SEA-250", "Sea / 250 ml", {"amount": "24.00", "currency": "EUR"}, 5, True, "0.19"),
        ("MUG-SEA-350", "Sea / 350 ml", {"amount": "28.00", "currency": "EUR"}, 3, True, "0.19"),
        ("MUG-SAND-350", "Sand / 350 ml", {"amount": "28.00", "currency": "EUR"}, 0, True, "0.19"),
    ]
    assert (made["per_buyer_limit"], made["hold_s"], made["is_archived"], made["version"]) == (4, 600, False, 1)


async def test_a_search_finds_words_and_refuses_what_no_title_can_hold(client: Any, mug: dict[str, Any]) -> None:
    made = await _create(client, mug)

    found = await _json(await client.get("/api/v1/products", params={"search": "kyst"}, headers=HOST))
    none = await _json(await client.get("/api/v1/products", params={"search": "100%"}, headers=HOST))
    refused = await client.get("/api/v1/products", params={"search": "\0"}, headers=HOST)

    assert [product["id"] for product in found["items"]] == [made["id"]]
    assert none["items"] == []
    assert (refused.status, (await _json(refused))["code"]) == (422, "invalid")


async def test_pictures_are_served_for_ever_and_only_as_pictures(
    client: Any, mug: dict[str, Any], picture: bytes
) -> None:
    made = await _create(client, mug)

    answer = await client.post(
        f"/api/v1/products/{made['id']}/images", data=picture, headers={**HOST, "Content-Type": "image/png"}
    )
    product = await _json(answer)
    image = await client.get(product["image_url"])

    assert answer.status == 201
    assert product["image_urls"] == [product["image_url"]]
    assert (image.status, image.content_type) == (200, "image/webp")
    assert image.headers["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in image.headers["Cache-Control"]
    assert (await image.read())[8:12] == b"WEBP"


async def test_only_pictures_are_taken_as_pictures(client: Any, mug: dict[str, Any]) -> None:
    made = await _create(client, mug)
    path = f"/api/v1/products/{made['id']}/images"

    texts = await client.post(path, data=b"<svg/>", headers={**HOST, "Content-Type": "text/html"})
    drawing = await client.post(path, data=b"<svg/>", headers={**HOST, "Content-Type": "image/svg+xml"})
    too_much = io.BytesIO(b"x" * (8 * 1024 * 1024 + 1))
    large = await client.post(path, data=too_much, headers={**HOST, "Content-Type": "image/png"})

    assert (texts.status, drawing.status, large.status) == (415, 422, 413)


async def test_a_patch_changes_what_it_names(client: Any, mug: dict[str, Any]) -> None:
    made = await _create(client, mug)
    path = f"/api/v1/products/{made['id']}"

    answer = await client.patch(path, json={"title": "Strand mug", "per_buyer_limit": None, "version": 1}, headers=HOST)
    stale = await client.patch(path, json={"title": "Late", "version": 1}, headers=HOST)

    changed = await _json(answer)
    assert changed == {
        **made,
        "title": "Strand mug",
        "per_buyer_limit": None,
        "version": 2,
        "variants": changed["variants"],
    }
    assert [{**v, "stock_version": 0} for v in changed["variants"]] == [
        {**v, "stock_version": 0} for v in made["variants"]
    ]
    assert (stale.status, (await _json(stale))["code"]) == (409, "version_conflict")


async def test_stock_is_counted_through_the_door(client: Any, mug: dict[str, Any]) -> None:
    variant = (await _create(client, mug))["variants"][0]
    path = f"/api/v1/variants/{variant['id']}/stock"

    more = await client.post(path, json={"delta": 4, "reason": "new firing"}, headers=HOST)
    fewer = await client.post(path, json={"delta": -10, "reason": "lost"}, headers=HOST)

    body = await _json(more)
    assert body == {"variant_id": variant["id"], "available": 9, "version": body["version"]}
    assert body["version"] > variant["stock_version"]
    refusal = await _json(fewer)
    assert (fewer.status, refusal["code"], refusal["available"]) == (409, "not_enough_stock", 9)


async def test_a_file_is_imported_through_the_door(client: Any) -> None:
    file, headers = b"Title,Price\nMug,10\nBowl,x\n", {**HOST, "Content-Type": "text/csv"}

    dry = await client.post("/api/v1/products/import?dry_run=1", data=file, headers=headers)
    real = await client.post("/api/v1/products/import", data=file, headers=headers)

    assert await _json(dry) == await _json(real)
    body = await _json(real)
    assert (body["created"], body["updated"]) == (1, 0)
    assert [(error["row"], error["field"]) for error in body["errors"]] == [(3, "price")]


MONEY = {"amount": "1.00", "currency": "EUR"}


@pytest.mark.parametrize(
    "change",
    [
        {"surprise": 1},
        {"title": ""},
        {"title": 5},
        {"title": "a\x00b"},
        {"variants": []},
        {"variants": [{"sku": "A"}]},
        {"variants": [{"sku": "A", "price": 100}]},
        {"variants": [{"sku": "A", "price": {"amount": 1.0, "currency": "EUR"}}]},
        {"variants": [{"sku": "A", "price": {"amount": "1.00", "currency": "euro"}}]},
        {"variants": [{"sku": "A", "price": {"amount": "-1.00", "currency": "EUR"}}]},
        {"variants": [{"sku": "A", "price": {"amount": "1.001", "currency": "EUR"}}]},
        {"variants": [{"sku": "A", "price": {**MONEY, "extra": 1}}]},
        *(
            {"variants": [{"sku": "A", "price": MONEY, "stock": stock}]}
            for stock in (-1, 1.5, "1", True, None, [1], 10**9)
        ),
        {"per_buyer_limit": 0},
        {"per_buyer_limit": 1.5},
        {"hold_s": 5},
        {"handle": "Not A Handle"},
        {"handle": "a/../b"},
        {"options": {"Glaze": ["Sea"]}},
        {"description_html": "x" * 20_001},
    ],
    ids=str,
)
async def test_check_27_bad_products_are_refused_and_nothing_is_written(
    client: Any, database: Any, mug: dict[str, Any], change: dict[str, Any]
) -> None:
    answer = await client.post("/api/v1/products", json={**mug, **change}, headers=HOST)

    assert (answer.status, answer.content_type) == (422, "application/problem+json")
    assert await database.fetchval("SELECT count(*) FROM products") == 0


async def test_check_23_a_viewer_is_refused_at_every_door_of_the_catalogue(client: Any, mug: dict[str, Any]) -> None:
    made = await _create(client, mug)
    doors = [
        ("GET", "/api/v1/products", None),
        ("POST", "/api/v1/products", mug),
        ("PATCH", f"/api/v1/products/{made['id']}", {"title": "Mine"}),
        ("POST", f"/api/v1/variants/{made['variants'][0]['id']}/stock", {"delta": 1, "reason": "x"}),
    ]

    for method, path, body in doors:
        assert (await client.request(method, path, json=body, headers=VIEWER)).status == 403
        assert (await client.request(method, path, json=body)).status == 401


@pytest.mark.parametrize(
    "product_id", ["1", "' OR 1=1", "%00", "0199a000-0000-7000-8000-000000000001", "{}", "a" * 300]
)
async def test_check_29_ids_that_cannot_be_are_not_found(client: Any, product_id: str) -> None:
    for path in (f"/api/v1/products/{product_id}", f"/api/v1/images/{product_id}"):
        assert (await client.get(path, headers=HOST)).status == 404
