from __future__ import annotations

from typing import Any

from livecommerce.foundation.core.actors import Role
from livecommerce.identity.service import IdentityRoom

OWN_PAGE = {"X-Desk": "studio", "Sec-Fetch-Site": "same-origin"}


async def _json(response: Any) -> Any:
    return await response.json(content_type=None)


async def test_a_guest_gets_a_token_that_says_who_they_are(client: Any) -> None:
    answer = await client.post("/api/v1/guests", json={"display_name": "Freja"})
    body = await _json(answer)

    assert answer.status == 201
    assert body["viewer"] == {"id": body["viewer"]["id"], "display_name": "Freja", "role": "viewer", "kind": "guest"}
    assert body["csrf_token"] is None
    assert "Set-Cookie" not in answer.headers
    me = await client.get("/api/v1/me", headers={"Authorization": f"Bearer {body['token']}"})
    you = (await _json(me))["viewer"]
    assert you == {**body["viewer"], "permissions": [], "muted_until": None, "contact": None}


async def test_our_own_pages_get_the_cookie_of_their_desk(client: Any, room: IdentityRoom) -> None:
    await room.staff.add(Role.HOST, "maja@example.com", "Maja", "correct horse battery")

    answer = await client.post(
        "/api/v1/sign-in", json={"email": "maja@example.com", "password": "correct horse battery"}, headers=OWN_PAGE
    )

    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-lc-studio=")
    assert all(part in cookie for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"))
    assert "Domain" not in cookie
    assert (await _json(answer))["csrf_token"]


async def test_renaming_oneself_is_seen_by_the_next_request(client: Any) -> None:
    token = (await _json(await client.post("/api/v1/guests", json={"display_name": "Freja"})))["token"]
    headers = {"Authorization": f"Bearer {token}"}

    renamed = await client.patch("/api/v1/me", json={"display_name": "Freja H"}, headers=headers)

    assert (await _json(renamed))["viewer"]["display_name"] == "Freja H"
    assert (await _json(await client.get("/api/v1/me", headers=headers)))["viewer"]["display_name"] == "Freja H"


async def test_signing_out_ends_the_session(client: Any) -> None:
    token = (await _json(await client.post("/api/v1/guests", json={"display_name": "Freja"})))["token"]
    headers = {"Authorization": f"Bearer {token}"}

    assert (await client.delete("/api/v1/session", headers=headers)).status == 204

    assert (await client.get("/api/v1/me", headers=headers)).status == 401


async def test_a_stale_cookie_does_not_keep_anybody_from_signing_in(client: Any, room: IdentityRoom) -> None:
    owner, _ = await room.staff.add(Role.OWNER, "owner@example.com", "Idris", None)
    code = await room.once.mint(owner.id)

    answer = await client.post(
        "/api/v1/sign-in/once", json={"code": code}, headers={**OWN_PAGE, "Cookie": "__Host-lc-studio=stale"}
    )

    assert answer.status == 200
    assert (await _json(answer))["viewer"]["role"] == "owner"


async def test_asking_for_a_code_says_nothing_about_the_address(client: Any, room: IdentityRoom, outbox: Any) -> None:
    await room.staff.add(Role.HOST, "maja@example.com", "Maja", "correct horse battery")

    answers = [
        await client.post("/api/v1/accounts", json={"email": email, "display_name": "M"})
        for email in ("maja@example.com", "nobody@example.com")
    ]

    assert [(answer.status, await answer.text()) for answer in answers] == [(202, "{}")] * 2
    assert len(outbox.mails) == 2


async def test_a_mailed_code_is_traded_for_a_session(client: Any, outbox: Any) -> None:
    guest = await _json(await client.post("/api/v1/guests", json={"display_name": "Freja"}))
    headers = {"Authorization": f"Bearer {guest['token']}"}
    email = "freja@example.com"
    await client.post("/api/v1/accounts", json={"email": email, "display_name": "Freja"}, headers=headers)

    answer = await client.post(
        "/api/v1/sign-in/once", json={"code": outbox.code_for(email), "email": email}, headers=headers
    )

    viewer = (await _json(answer))["viewer"]
    assert (viewer["id"], viewer["kind"]) == (guest["viewer"]["id"], "account")


async def test_unknown_fields_and_wrong_types_are_refused(client: Any) -> None:
    bodies: list[Any] = [
        {"display_name": "Freja", "role": "owner"},
        {"display_name": 7},
        {"display_name": ""},
        {"display_name": "x" * 41},
        {"display_name": "a\u0000b"},
        {},
        [],
    ]

    answers = [await client.post("/api/v1/guests", json=body) for body in bodies]

    assert [answer.status for answer in answers] == [422] * len(bodies)
    assert {answer.content_type for answer in answers} == {"application/problem+json"}
