"""Check 27: whatever comes in at the doors of identity, catalogue and shows, no answer is a 5xx."""

from __future__ import annotations

import copy
import random
from typing import Any

import aiohttp

from livecommerce.foundation.core.ids import ShowId, new_id

ROUNDS = 20
ODD: list[Any] = [
    None,
    True,
    0,
    -1,
    1.5,
    10**30,
    1e308,
    "",
    " ",
    "\x00",
    "\ud7ff",
    "a" * 5000,
    "\u202e",
    "💥" * 50,
    [],
    [[]],
    {},
    {"": ""},
    "0199a000-0000-7000-8000-000000000001",
    "2026-11-20T20:00:00Z",
    "9999-12-31T23:59:59.999999Z",
    "0",
    "-0",
    "1e5",
    "NaN",
    "EUR",
    "XXX",
    "12.34",
    "-12.34",
    "999999999999.9999",
    "' OR 1=1--",
    "{}",
    "../..",
]


def _bodies(product: str, person: str) -> list[tuple[str, str, Any]]:
    variant = {
        "sku": "A",
        "options": {"Size": "S"},
        "price": {"amount": "12.00", "currency": "EUR"},
        "compare_at_price": {"amount": "15.00", "currency": "EUR"},
        "stock": 1,
        "tax_rate": "0.19",
        "tax_inclusive": True,
    }
    whole = {
        "title": "Mug",
        "handle": "mug",
        "description_html": "<p>x</p>",
        "options": [{"name": "Size", "values": ["S"]}],
        "variants": [variant],
        "per_buyer_limit": 2,
        "hold_s": 60,
    }
    return [
        ("POST", "/guests", {"display_name": "Freja"}),
        ("POST", "/accounts", {"email": "freja@example.com", "display_name": "Freja"}),
        ("POST", "/sign-in", {"email": "freja@example.com", "password": "correct horse"}),
        ("POST", "/sign-in/once", {"code": "123456", "email": "freja@example.com"}),
        ("PATCH", "/me", {"display_name": "Maja"}),
        (
            "POST",
            "/shows",
            {
                "title": "x",
                "starts_at": "2026-11-20T20:00:00Z",
                "description": "x",
                "visibility": "unlisted",
                "kind": "show",
            },
        ),
        ("PATCH", "/shows/{show}", {"title": "x", "starts_at": "2026-11-20T20:00:00Z", "visibility": "public"}),
        ("PUT", "/shows/{show}/lineup", [product]),
        ("POST", "/shows/{show}/moderators", {"person_id": person, "permissions": ["chat.hide"]}),
        ("POST", "/shows/{show}/invitations", {"email": "bo@example.com"}),
        ("POST", "/products", whole),
        ("PATCH", f"/products/{product}", {**whole, "is_archived": False, "version": 1}),
    ]


def _mutated(body: Any, dice: random.Random) -> Any:
    """The body with one to three odd values, missing fields or foreign ones, anywhere in it."""
    body = copy.deepcopy(body)
    for _ in range(dice.randint(1, 3)):
        places = list(_places(body))
        if not places:
            return dice.choice(ODD)
        holder, key = dice.choice(places)
        match dice.randrange(4), holder:
            case 0, _:
                del holder[key]
            case 1, dict():
                holder[dice.choice(["extra", "", "__proto__", str(key) + "\u0000"])] = dice.choice(ODD)
            case _:
                holder[key] = dice.choice(ODD)
    return body


def _places(body: Any) -> Any:
    items = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for key, value in items:
        yield body, key
        yield from _places(value)


async def _sent(client: Any, method: str, where: str, body: Any, headers: dict[str, str]) -> Any:
    try:
        return await client.request(method, where, json=body, headers=headers)
    except aiohttp.ClientOSError:  # a kept connection that the server was just closing: any client tries once more
        return await client.request(method, where, json=body, headers=headers)


async def test_check_27_no_input_makes_the_server_fail(client: Any, house: Any) -> None:
    seed = random.randrange(10**9)
    dice = random.Random(seed)
    show, (mug,) = await house.show(), await house.products(1)
    person = (await house.actor("freja")).id
    await house.shows.set_lineup(await house.actor("maja"), ShowId(show.id), [mug])
    seen: dict[int, int] = {}

    for method, path, body in _bodies(mug, person):
        for _ in range(ROUNDS):
            where = "/api/v1" + path.replace("{show}", dice.choice([show.id, show.id, new_id()]))
            sent = _mutated(body, dice)
            answer = await _sent(client, method, where, sent, house.headers("maja"))
            assert answer.status < 500, f"{method} {path} {sent!r} (seed {seed}): {await answer.text()}"
            seen[answer.status] = seen.get(answer.status, 0) + 1

    assert {200, 404, 422} <= set(seen), seen
