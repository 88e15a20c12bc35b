"""Old snapshot + events = new snapshot: the pages' reducer against what a real server told and a real socket heard."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import socketio

from tests.shop import Shop

WEB = Path(__file__).resolve().parents[2] / "web"
QUIET_S = 1.5
"""Longer than a tick and the pulse of the counters: nothing is on its way any more."""


class Listener:
    """A viewer that writes down everything it hears."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.snapshot: dict[str, Any] = {}
        self.heard_at = time.monotonic()
        self._socket = socketio.AsyncClient(serializer="msgpack", reconnection=False)
        self._socket.on("show.events", self._heard)

    async def join(self, base_url: str, token: str, show_id: str) -> None:
        await self._socket.connect(base_url, auth={"token": token}, transports=["websocket"])
        ack = await self._socket.call("show.join", {"show_id": show_id})
        assert ack["ok"], ack
        self.snapshot, self._seq = ack["snapshot"], ack["seq"]

    async def ask(self, message: str, data: dict[str, Any]) -> dict[str, Any]:
        ack: dict[str, Any] = await self._socket.call(message, data)
        assert ack["ok"], ack
        return ack

    async def leave(self) -> None:
        await self._socket.disconnect()

    def _heard(self, events: list[dict[str, Any]]) -> None:
        self.heard_at = time.monotonic()
        self.events += [event for event in events if (event.get("seq") or self._seq + 1) > self._seq]

    async def until_quiet(self, seq: int) -> None:
        async with asyncio.timeout(30):
            while self._last < seq or time.monotonic() - self.heard_at < QUIET_S:
                await asyncio.sleep(0.05)

    @property
    def _last(self) -> int:
        return max((event["seq"] for event in self.events if event.get("seq")), default=0)


async def evening(shop: Shop, host: Any, moderator: Any, viewer: Listener, viewer_id: str, products: list[Any]) -> None:
    """Something of everything that a show tells."""
    show, (mug, bowl, vase) = f"/shows/{shop.show_id}", products
    first = await viewer.ask("chat.post", {"show_id": shop.show_id, "text": "hello", "nonce": "nonce-0001"})
    await viewer.ask("chat.post", {"show_id": shop.show_id, "text": "is it blue?", "nonce": "nonce-0002"})
    await shop.call("DELETE", f"/messages/{first['id']}", moderator.token)
    for product in (mug, bowl):
        await shop.call("PUT", f"{show}/pins/{product['id']}", host.token)
    await shop.call("DELETE", f"{show}/pins/{mug['id']}", host.token)
    await shop.call("PUT", f"{show}/lineup", host.token, [bowl["id"], vase["id"], mug["id"]])
    price = {"amount": "17.00", "currency": "EUR"}
    sale = {"variant_id": mug["variants"][0]["id"], "price": price, "quantity": 3, "per_buyer_limit": 2}
    opened = await shop.call("POST", f"{show}/flash-sales", host.token, {**sale, "starts_in_s": 0, "duration_s": 60})
    later = {**sale, "variant_id": vase["variants"][0]["id"], "starts_in_s": 120, "duration_s": 60}
    await shop.call("POST", f"{show}/flash-sales", host.token, later)
    want = {"flash_sale_id": opened["id"], "quantity": 2, "idempotency_key": "click-0001"}
    held = await viewer.ask("sale.buy", want)
    bowl_wanted = {"variant_id": bowl["variants"][0]["id"], "show_id": shop.show_id, "quantity": 1}
    await viewer.ask("sale.buy", {**bowl_wanted, "idempotency_key": "click-0002"})
    assert held["status"] == "held"
    await shop.call("POST", f"/flash-sales/{opened['id']}/close", host.token)
    mute = {"viewer_id": viewer_id, "kind": "mute", "seconds": 600, "reason": "test"}
    await shop.call("POST", f"{show}/sanctions", moderator.token, mute)
    for step in ("pause", "resume"):
        await shop.call("POST", f"{show}/{step}", host.token)
    await shop.call("PATCH", show, host.token, {"title": "Kiln opening, second half"})
    # Last, since show.* events carry the whole show and would heal what was missed of these.
    await shop.call("PUT", f"{show}/pins/{vase['id']}", host.token)
    await shop.call("PATCH", f"{show}/chat-mode", moderator.token, {"slow_s": 2})


@pytest.mark.timeout(180)
async def test_the_pages_reducer_arrives_at_the_servers_own_snapshot(
    start_server: Callable[..., Awaitable[Any]], tmp_path: Path
) -> None:
    server = await start_server()
    async with aiohttp.ClientSession() as session:
        shop = Shop(server, session)
        host = await shop.hire("host", "maja@nordlys.example", "Maja")
        moderator = await shop.hire("moderator", "freja@nordlys.example", "Freja")
        products = [await shop.product(host, title, f"SKU-{title}") for title in ("Mug", "Bowl", "Vase")]
        await shop.show(host, [product["id"] for product in products[:2]])
        await shop.seat(host, moderator)
        guest = await shop.call("POST", "/guests", "", {"display_name": "Anna"})
        await shop.call("POST", f"/shows/{shop.show_id}/start", host.token)
        viewer = Listener()
        await viewer.join(shop.base_url, guest["token"], shop.show_id)

        await evening(shop, host, moderator, viewer, guest["viewer"]["id"], products)

        await asyncio.sleep(QUIET_S)
        after = await shop.call("GET", f"/shows/{shop.show_id}/snapshot", guest["token"])
        await viewer.until_quiet(after["seq"])
        await viewer.leave()
    recording = tmp_path / "recording.json"
    recording.write_text(json.dumps({"before": viewer.snapshot, "events": viewer.events, "after": after}))
    assert await reduces(recording) == 0


async def reduces(recording: Path) -> int:
    """Run the reducer where it lives; its output is shown when it fails."""
    vitest = WEB / "node_modules" / ".bin" / "vitest"
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"  # where `make build` puts Node when there is none
    env = {**os.environ, "PATH": path, "LIVECOMMERCE_RECORDING": str(recording)}
    process = await asyncio.create_subprocess_exec(
        str(vitest), "run", "src/state/recorded.test.ts", cwd=WEB, env=env, stdin=asyncio.subprocess.DEVNULL
    )
    return await asyncio.wait_for(process.wait(), 90)
