"""`sale.buy` on a real socket: acks, refusals, and the same click through both doors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import socketio
from aiohttp import web
from redis.asyncio import Redis

from livecommerce.foundation.core.ids import new_id
from livecommerce.foundation.core.settings import RealtimeSettings
from livecommerce.foundation.http.auth import Authentication
from livecommerce.foundation.http.limits import RateLimiter
from livecommerce.foundation.http.server import ServerContext, application
from livecommerce.foundation.realtime.gateway import Gateway
from livecommerce.foundation.realtime.hub import Hub
from livecommerce.foundation.realtime.listening import Ear
from livecommerce.sales import socket as sales_socket
from tests.house import house
from tests.storefront import Storefront, storefront

__all__ = ["house", "storefront"]


@pytest.fixture
async def buyer(storefront: Storefront, redis: Redis, redis_url: str) -> AsyncIterator[socketio.AsyncClient]:
    """Freja's socket, in a process that sells."""
    listening = Redis.from_url(redis_url, socket_timeout=None)
    identity, ear = storefront.house.room.identity, Ear(listening)
    context = ServerContext(Authentication(identity, allowed_origins=frozenset()))
    gateway = Gateway(
        identity,
        context,
        hub=Hub(storefront.house.log, ear),
        ear=ear,
        limiter=RateLimiter(redis),
        settings=RealtimeSettings(),
        clock=storefront.house.clock,
    )
    sales_socket.register(gateway, storefront.buying)
    app = application(context, [])
    gateway.attach(app)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    running, client = asyncio.create_task(gateway.run()), socketio.AsyncClient()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    await client.connect(url, transports=["websocket"], auth={"token": storefront.house.tokens["freja"]})
    yield client
    await client.disconnect()
    await gateway.drain()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await runner.cleanup()
    await listening.aclose()


def click(storefront: Storefront, quantity: Any = 1, **more: Any) -> dict[str, Any]:
    what = {"variant_id": storefront.variant_id, "show_id": storefront.show_id, "idempotency_key": new_id()}
    return {**what, "quantity": quantity, **more}


async def test_a_click_is_acked_held_when_it_is_durable(storefront, buyer) -> None:
    ack = await buyer.call("sale.buy", click(storefront, 2))

    assert (ack["ok"], ack["status"]) == (True, "held")
    assert ack["price"] == {"amount": "39.00", "currency": "EUR"}
    assert ack["hold"]["id"] == ack["hold_id"]
    assert 0 < ack["expires_in_ms"] <= 600_000
    state = await storefront.database.fetchval("SELECT state FROM stock_hold WHERE id = $1", ack["hold_id"])
    assert state == "held"


async def test_the_same_click_through_both_doors_is_one_hold(storefront, buyer) -> None:
    wanted = click(storefront)
    ack = await buyer.call("sale.buy", wanted)

    key = {"Idempotency-Key": wanted.pop("idempotency_key")}
    status, held = await storefront.request("POST", "/holds", json=wanted, headers=key)

    assert (status, held["hold_id"]) == (201, ack["hold_id"])
    assert (await storefront.level()).held == 1


async def test_what_is_gone_is_acked_sold_out_with_what_is_left(storefront, buyer) -> None:
    ack = await buyer.call("sale.buy", click(storefront, 11))

    assert (ack["ok"], ack["code"], ack["available"]) == (False, "sold_out", 10)


@pytest.mark.parametrize("quantity", [0, -1, 1.5, "1", 10**9, True, None, [1]])
async def test_check_27_a_quantity_that_is_none_is_acked_invalid(storefront, buyer, quantity) -> None:
    ack = await buyer.call("sale.buy", click(storefront, quantity))

    assert (ack["ok"], ack["code"]) == (False, "invalid")
    assert (await storefront.level()).available == 10


@pytest.mark.parametrize("extra", [{"price": 1}, {"variant_id": "'; DROP TABLE orders"}, {"idempotency_key": "{x}:*"}])
async def test_check_29_what_could_hurt_is_acked_invalid_and_leaves_no_key(storefront, buyer, redis, extra) -> None:
    before = set(await redis.keys("*")) | {b"rate:{connect}:127.0.0.1"}

    ack = await buyer.call("sale.buy", click(storefront, **extra))

    assert (ack["ok"], ack["code"]) == (False, "invalid")
    assert set(await redis.keys("*")) <= before
