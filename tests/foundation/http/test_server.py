from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import msgspec
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from livecommerce.foundation.core.actors import Actor, ActorKind, Role
from livecommerce.foundation.core.errors import Conflict, Unauthenticated
from livecommerce.foundation.core.ids import PersonId, new_id
from livecommerce.foundation.http import server as server_module
from livecommerce.foundation.http.auth import Authentication, cookie_name, csrf_token
from livecommerce.foundation.http.server import Call, Routes, ServerContext, application

Client = TestClient[web.Request, web.Application]
TOKEN = "a-valid-token"


class Greeting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=20)]
    times: Annotated[int, msgspec.Meta(ge=1, le=3)] = 1


class Greeted(msgspec.Struct, frozen=True):
    text: str


class OneToken:
    async def authenticate(self, token: str) -> Actor:
        if token != TOKEN:
            raise Unauthenticated()
        return Actor(PersonId(new_id()), "Maja", Role.HOST, ActorKind.STAFF)


def greetings() -> Routes:
    routes = Routes("greetings")

    @routes.post("/greetings", body=Greeting, answer=Greeted, status=201)
    async def greet(call: Call[Greeting]) -> Greeted:
        return Greeted(f"{call.actor.display_name}: {call.body.name}" * call.body.times)

    @routes.get("/greetings/{id}", answer=Greeted, auth="none")
    async def read(call: Call[None]) -> Greeted:
        return Greeted(call.id("id"))

    @routes.post("/conflict", auth="none")
    async def conflict(_: Call[None]) -> None:
        raise Conflict(available=3, secret="not for the public")

    @routes.post("/crash", auth="none")
    async def crash(_: Call[None]) -> None:
        raise RuntimeError("SELECT password FROM people")

    @routes.get("/address", answer=Greeted, auth="none")
    async def address(call: Call[None]) -> Greeted:
        return Greeted(call.address)

    return routes


async def client_of(**context: object) -> Client:
    authentication = Authentication(OneToken(), allowed_origins=frozenset({"https://shop.example"}))
    app = application(ServerContext(authentication, **context), [greetings()])  # type: ignore[arg-type]
    client = TestClient(TestServer(app))
    await client.start_server()
    return client


@pytest_asyncio.fixture
async def client() -> AsyncIterator[Client]:
    running = await client_of()
    yield running
    await running.close()


BEARER = {"Authorization": f"Bearer {TOKEN}"}


async def test_a_body_is_decoded_and_the_answer_encoded(client: Client) -> None:
    response = await client.post("/api/v1/greetings", json={"name": "hi"}, headers=BEARER)

    assert response.status == 201
    assert await response.json() == {"text": "Maja: hi"}


async def test_bad_bodies_are_refused_with_a_problem_that_names_the_field(client: Client) -> None:
    for body, status, field in [
        ({"name": "hi", "price": 1}, 422, "price"),
        ({"name": "hi", "times": 4}, 422, "times"),
        ({"name": "hi", "times": "1"}, 422, "times"),
        ({"name": "hi", "times": True}, 422, "times"),
        ({}, 422, "name"),
    ]:
        response = await client.post("/api/v1/greetings", json=body, headers=BEARER)
        problem = await response.json()
        assert response.status == status, body
        assert response.content_type == "application/problem+json"
        assert (problem["code"], problem["field"]) == ("invalid", field)


async def test_what_is_no_json_is_malformed_or_unsupported(client: Client) -> None:
    json_headers = {**BEARER, "Content-Type": "application/json"}

    assert (await client.post("/api/v1/greetings", data=b"{", headers=json_headers)).status == 400
    assert (await client.post("/api/v1/greetings", data=b"\xff\xfe", headers=json_headers)).status in (400, 422)
    assert (await client.post("/api/v1/greetings", data=b"[" * 60000, headers=json_headers)).status in (400, 422)
    assert (await client.post("/api/v1/greetings", data=b"name=x", headers=BEARER)).status == 415
    assert (await client.post("/api/v1/greetings", data=b" " * 70_000, headers=json_headers)).status == 413


async def test_nobody_gets_in_without_a_valid_token(client: Client) -> None:
    assert (await client.post("/api/v1/greetings", json={"name": "hi"})).status == 401
    wrong = await client.post("/api/v1/greetings", json={"name": "hi"}, headers={"Authorization": "Bearer nonsense"})
    assert wrong.status == 401
    assert (await wrong.json())["code"] == "unauthenticated"


async def test_an_unforeseen_error_says_nothing_about_the_inside(client: Client) -> None:
    response = await client.post("/api/v1/crash")
    text = await response.text()

    assert response.status == 500
    assert "SELECT" not in text
    assert "Traceback" not in text
    assert response.headers["X-Request-Id"] in text
    assert "aiohttp" not in response.headers["Server"], "no versions either"


async def test_only_public_details_of_an_error_go_out(client: Client) -> None:
    problem = await (await client.post("/api/v1/conflict")).json()

    assert problem["available"] == 3
    assert "secret" not in problem


async def test_unknown_addresses_and_methods_are_problems_too(client: Client) -> None:
    assert (await (await client.get("/api/v1/nothing")).json())["code"] == "not_found"
    assert (await (await client.get("/api/v1/greetings/not-an-id")).json())["code"] == "not_found"
    assert (await client.delete("/api/v1/crash")).status == 405


async def test_a_cookie_counts_only_for_our_own_pages_with_the_csrf_token(client: Client) -> None:
    own = f"http://{client.host}:{client.port}"
    cookie = {"Cookie": f"{cookie_name('studio')}={TOKEN}"}
    good = {**cookie, "X-Desk": "studio", "Origin": own, "X-CSRF-Token": csrf_token(TOKEN)}

    async def status(headers: dict[str, str]) -> int:
        return (await client.post("/api/v1/greetings", json={"name": "hi"}, headers=headers)).status

    assert await status(good) == 201
    assert await status({**good, "Origin": "https://shop.example"}) == 201
    assert await status({k: v for k, v in good.items() if k != "X-CSRF-Token"}) == 403
    assert await status({**good, "X-CSRF-Token": "0" * 32}) == 403
    assert await status({**good, "Origin": "https://evil.example"}) == 403
    assert await status({**good, "Origin": "null"}) == 403
    assert await status({**good, "Origin": own + ".evil.example"}) == 403
    assert await status({k: v for k, v in good.items() if k != "X-Desk"}) == 401
    assert await status({**good, "X-Desk": "control"}) == 401


async def test_a_forwarded_address_counts_only_from_a_trusted_proxy(client: Client) -> None:
    spoofed = {"X-Forwarded-For": "1.2.3.4"}
    behind_proxy = await client_of(trusted_proxies=["127.0.0.0/8"])

    assert (await (await client.get("/api/v1/address", headers=spoofed)).json())["text"] == "127.0.0.1"
    assert (await (await behind_proxy.get("/api/v1/address", headers=spoofed)).json())["text"] == "1.2.3.4"
    two_hops = {"X-Forwarded-For": "6.6.6.6, 1.2.3.4"}
    assert (await (await behind_proxy.get("/api/v1/address", headers=two_hops)).json())["text"] == "1.2.3.4"
    await behind_proxy.close()


async def test_a_trickling_body_is_cut_off(client: Client) -> None:
    server_module.BODY_TIMEOUT_S, before = 0.2, server_module.BODY_TIMEOUT_S
    try:
        reader, writer = await asyncio.open_connection(client.host, client.port)
        head = "POST /api/v1/greetings HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        writer.write(f"{head}Authorization: Bearer {TOKEN}\r\nContent-Length: 100\r\n\r\n{{".encode())
        status = await asyncio.wait_for(reader.readline(), 5)
        writer.close()
    finally:
        server_module.BODY_TIMEOUT_S = before

    assert b" 408 " in status
