"""Check 28: what people ask the server to fetch never leads inside, and never takes long or much."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from livecommerce.foundation.http.outgoing import InvalidUrl, Outgoing, is_public

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Site:
    """A server on the loopback address that counts what reaches it."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.port = 0
        self.hits: list[str] = []
        self.routes: dict[str, Handler] = {}

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.hits.append(request.path)
        handler = self.routes.get(request.path)
        return await handler(request) if handler else web.Response(body=b"inside", content_type="image/png")


@asynccontextmanager
async def site() -> AsyncIterator[Site]:
    app = web.Application()
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    made = Site("")
    app.router.add_route("*", "/{path:.*}", made.answer)
    await runner.setup()
    listener = web.TCPSite(runner, "127.0.0.1", 0)
    await listener.start()
    made.port = runner.addresses[0][1]
    made.origin = f"http://127.0.0.1:{made.port}"
    try:
        yield made
    finally:
        await runner.cleanup()


class Names(AbstractResolver):
    """Resolves every name to the next address of a list."""

    def __init__(self, *addresses: str) -> None:
        self._addresses = list(addresses)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        address = self._addresses.pop(0) if len(self._addresses) > 1 else self._addresses[0]
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
        ]

    async def close(self) -> None:
        pass


def redirect(*targets: str) -> Handler:
    waiting = list(targets)

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": waiting.pop(0) if len(waiting) > 1 else waiting[0]})

    return answer


INSIDE = [
    "http://127.0.0.1:8080/",
    "http://[::1]:8080/",
    "http://169.254.169.254/latest/meta-data",
    "http://0x7f000001:8080/",
    "http://2130706433:8080/",
    "http://127.1:8080/",
    "http://0.0.0.0:8080/",
    "http://[::ffff:127.0.0.1]:8080/",
    "http://[::ffff:7f00:1]:8080/",
    "http://localhost:8080/",
    "http://10.0.0.1/",
    "http://192.168.1.1/",
    "http://100.64.0.1/",
    "http://[fe80::1]/",
    "http://[fc00::1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
]
REFUSED = [
    "file:///etc/passwd",
    "gopher://127.0.0.1/",
    "ftp://example.org/",
    "//example.org/",
    "example.org",
    "",
    "http://",
    "http://user:password@example.org/",
    "http://example.org:22/",
    "http://example.org:5432/",
    "http://exam\nple.org/",
    "http://example.org/" + "a" * 3000,
    "http://[::1",
    "http://example.org:99999/",
]


@pytest.mark.parametrize("url", INSIDE + REFUSED)
async def test_check_28_addresses_inside_and_other_schemes_are_refused_alike(url: str) -> None:
    async with Outgoing() as outgoing:
        with pytest.raises(InvalidUrl) as refused:
            await outgoing.fetch(url)

    assert refused.value.message == "This address cannot be used."


async def test_check_28_nothing_reaches_a_server_inside() -> None:
    async with site() as inside, Outgoing(ports=[80, inside.port]) as outgoing:
        for url in INSIDE:
            with pytest.raises(InvalidUrl):
                await outgoing.fetch(url.replace(":8080/", f":{inside.port}/"))

    assert inside.hits == []


async def test_check_28_control_an_allowed_origin_is_reached_wherever_it_is() -> None:
    async with site() as inside, Outgoing(allowed_origins=[inside.origin]) as outgoing:
        fetched = await outgoing.fetch(f"{inside.origin}/mug.png")

    assert (fetched.data, fetched.content_type, inside.hits) == (b"inside", "image/png", ["/mug.png"])


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.1.2.3"])
async def test_check_28_a_name_of_an_inside_address_is_refused(address: str) -> None:
    async with site() as inside, Outgoing(ports=[inside.port], resolver=Names(address)) as outgoing:
        with pytest.raises(InvalidUrl):
            await outgoing.fetch(f"http://pictures.example:{inside.port}/")

    assert inside.hits == []


async def test_check_28_a_name_that_changes_its_mind_is_judged_by_the_address_that_is_used() -> None:
    # 192.0.2.1 is refused as well (documentation), so the first look never connects; the second one lies.
    async with site() as inside, Outgoing(ports=[inside.port], resolver=Names("192.0.2.1", "127.0.0.1")) as outgoing:
        for _ in range(3):
            with pytest.raises(InvalidUrl):
                await outgoing.fetch(f"http://pictures.example:{inside.port}/")

    assert inside.hits == []


async def test_check_28_a_redirect_inside_is_refused() -> None:
    async with site() as outside, site() as inside, Outgoing(allowed_origins=[outside.origin]) as outgoing:
        for target in (inside.origin, "http://127.0.0.1:8080/", "file:///etc/passwd", "http://localhost:8080/", ""):
            outside.routes["/moved"] = redirect(target)
            with pytest.raises(InvalidUrl):
                await outgoing.fetch(f"{outside.origin}/moved")

    assert inside.hits == []


async def test_check_28_three_redirects_are_followed_and_a_fourth_is_not() -> None:
    async with site() as outside, Outgoing(allowed_origins=[outside.origin]) as outgoing:
        outside.routes["/a"] = redirect("/b")
        outside.routes["/b"] = redirect("/c")
        outside.routes["/c"] = redirect("/picture")
        assert (await outgoing.fetch(f"{outside.origin}/a")).data == b"inside"

        outside.routes["/start"] = redirect("/a")
        with pytest.raises(InvalidUrl):
            await outgoing.fetch(f"{outside.origin}/start")


async def test_check_28_large_bodies_are_cut_whether_announced_or_not() -> None:
    async def announced(_: web.Request) -> web.StreamResponse:
        return web.Response(body=b"x" * 2000)

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x" * 65536)

    async def compressed(_: web.Request) -> web.StreamResponse:
        return web.Response(body=b"\x1f\x8b", headers={"Content-Encoding": "gzip"})

    async with site() as outside, Outgoing(allowed_origins=[outside.origin], max_bytes=1000) as outgoing:
        for handler in (announced, endless, compressed):
            outside.routes["/large"] = handler
            with pytest.raises(InvalidUrl):
                await outgoing.fetch(f"{outside.origin}/large")


async def test_check_28_slow_bodies_end_at_the_time_limit() -> None:
    async def trickle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x")
            await asyncio.sleep(0.05)

    async with site() as outside, Outgoing(allowed_origins=[outside.origin], timeout_s=0.3) as outgoing:
        outside.routes["/slow"] = trickle
        started = time.monotonic()
        with pytest.raises(InvalidUrl):
            await outgoing.fetch(f"{outside.origin}/slow")

    assert time.monotonic() - started < 3


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", ["224.0.0.1", "255.255.255.255", "198.18.0.1", "ff0e::1", "fec0::1", "::", "name"])
def test_special_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)
