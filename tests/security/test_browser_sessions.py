"""Check 24: a cookie works for our own pages only, and only a request that repeats its CSRF token changes anything."""

from __future__ import annotations

from http.cookies import SimpleCookie
from typing import Any

import pytest

DESK = {"X-Desk": "studio", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture
async def page(client: Any, house: Any) -> dict[str, str]:
    """What Maja's studio sends: desk, cookie, CSRF token."""
    maja = await house.actor("maja")
    answer = await client.post("/api/v1/sign-in/once", json={"code": await house.room.once.mint(maja.id)}, headers=DESK)
    cookie = SimpleCookie(answer.headers["Set-Cookie"])["__Host-lc-studio"]
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, True, "Lax", "/")
    assert not cookie["domain"]
    token = (await answer.json())["csrf_token"]
    return {**DESK, "Cookie": f"__Host-lc-studio={cookie.value}", "X-CSRF-Token": token}


def _without(headers: dict[str, str], *names: str, **others: str) -> dict[str, str]:
    kept = {name: value for name, value in headers.items() if name not in names}
    return kept | {name.replace("_", "-"): value for name, value in others.items()}


async def test_our_own_page_acts_with_its_cookie(client: Any, page: dict[str, str]) -> None:
    assert (await client.patch("/api/v1/me", json={"display_name": "Maja K"}, headers=page)).status == 200


async def test_check_24_requests_that_did_not_come_from_our_page_change_nothing(
    client: Any, house: Any, page: dict[str, str]
) -> None:
    own = str(client.make_url("/")).rstrip("/")
    forged = {
        "no token": _without(page, "X-CSRF-Token"),
        "wrong token": _without(page, X_CSRF_Token="0" * 32),
        "another session's token": _without(page, X_CSRF_Token="f" * 32),
        "another site": _without(page, Origin="https://evil.com"),
        "look-alike": _without(page, Origin=own.replace("127.0.0.1", "127.0.0.1.evil.com")),
        "null": _without(page, Origin="null"),
        "cross-site without origin": _without(page, Sec_Fetch_Site="cross-site"),
        "no desk": _without(page, "X-Desk"),
        "another desk": _without(page, X_Desk="owner"),
    }

    statuses = {
        name: (await client.patch("/api/v1/me", json={"display_name": "Mallory"}, headers=headers)).status
        for name, headers in forged.items()
    }

    assert set(statuses.values()) <= {401, 403}, statuses
    assert (await house.actor("maja")).display_name == "Maja"


async def test_check_24_a_form_of_another_site_changes_nothing(client: Any, house: Any, page: dict[str, str]) -> None:
    cookie = {"Cookie": page["Cookie"], "Origin": "https://evil.com", "Sec-Fetch-Site": "cross-site"}
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        headers = {**cookie, "Content-Type": kind}
        answer = await client.post(
            "/api/v1/shows", data=b'{"title":"x","starts_at":"2026-11-20T20:00:00Z"}', headers=headers
        )
        assert answer.status in (401, 403, 415)

    assert await house.database.fetchval("SELECT count(*) FROM shows") == 0


async def test_check_24_another_site_cannot_plant_a_session(client: Any, house: Any) -> None:
    maja = await house.actor("maja")
    for headers in (
        {"Origin": "https://evil.com", "X-Desk": "studio"},
        {"Origin": "https://evil.com"},
        {"Sec-Fetch-Site": "cross-site", "X-Desk": "studio"},
    ):
        body = {"code": await house.room.once.mint(maja.id)}
        answer = await client.post("/api/v1/sign-in/once", json=body, headers=headers)
        assert "Set-Cookie" not in answer.headers


async def test_check_24_reading_never_changes_state(client: Any, house: Any, page: dict[str, str]) -> None:
    show = await house.show()
    before = await house.database.fetch("SELECT * FROM shows")

    for path in ("start", "pause", "end", "lineup", f"pins/{show.id}"):
        assert (await client.get(f"/api/v1/shows/{show.id}/{path}", headers=page)).status in (404, 405)
    await client.get("/api/v1/me", headers=page)

    assert await house.database.fetch("SELECT * FROM shows") == before


async def test_a_csrf_token_is_of_its_session(client: Any, house: Any, page: dict[str, str]) -> None:
    me = await client.get("/api/v1/me", headers=_without(page, "X-CSRF-Token"))
    svea = await house.actor("svea")
    body = {"code": await house.room.once.mint(svea.id)}
    other = (await (await client.post("/api/v1/sign-in/once", json=body, headers=DESK)).json())["csrf_token"]

    crossed = await client.patch("/api/v1/me", json={"display_name": "X"}, headers=_without(page, X_CSRF_Token=other))

    assert (await me.json())["csrf_token"] == page["X-CSRF-Token"] != other
    assert crossed.status == 403


async def test_signing_out_of_a_desk_takes_its_cookie_away(client: Any, page: dict[str, str]) -> None:
    answer = await client.delete("/api/v1/session", headers=page)

    assert answer.status == 204
    assert 'lc-studio=""' in answer.headers["Set-Cookie"]
    assert "Max-Age=0" in answer.headers["Set-Cookie"]
    assert (await client.get("/api/v1/me", headers=page)).status == 401
