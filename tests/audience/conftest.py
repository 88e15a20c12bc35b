"""Web processes with everything up to the audience, and pages that join over a bare socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from redis.asyncio import Redis

from livecommerce.audience import http as audience_http
from livecommerce.audience import socket as audience_socket
from livecommerce.audience.jobs import AudiencePulse
from livecommerce.audience.service import AudienceService, Presence, Snapshots
from livecommerce.audience.store import PresenceStore
from livecommerce.broadcast.model import Playback
from livecommerce.chat import http as chat_http
from livecommerce.chat import socket as chat_socket
from livecommerce.chat.jobs import ReactionPulse
from livecommerce.foundation.core.actors import Actor
from livecommerce.foundation.core.ids import ShowId
from livecommerce.foundation.core.settings import RealtimeSettings
from livecommerce.foundation.http.auth import Authentication
from livecommerce.foundation.http.limits import RateLimiter
from livecommerce.foundation.http.server import ServerContext, application
from livecommerce.foundation.realtime.gateway import Gateway
from livecommerce.foundation.realtime.hub import Hub
from livecommerce.foundation.realtime.listening import Ear
from livecommerce.foundation.storage.postgres import Database
from livecommerce.moderation import http as moderation_http
from livecommerce.sales.service import FlashSaleService
from livecommerce.sales.store import SaleStore
from tests.stage import (
    Cast,
    bus,
    cast,
    catalog,
    chat,
    event_log,
    identity,
    moderation,
    pictures,
    reactions,
    show_id,
    shows,
    stock,
    told,
)

__all__ = [
    "bus",
    "cast",
    "catalog",
    "chat",
    "event_log",
    "identity",
    "moderation",
    "pictures",
    "reactions",
    "show_id",
    "shows",
    "stock",
    "told",
]


class NoPicture:
    """Nothing is streamed in these tests."""

    async def playback(self, show_id: ShowId) -> Playback:
        return Playback()


@dataclass
class Node:
    """One web process."""

    url: str
    gateway: Gateway
    hub: Hub
    audience: AudienceService
    presence: Presence
    pulse: AudiencePulse
    snapshots: Snapshots


@pytest.fixture
def sales(database: Database, event_log: Any, stock: Any, catalog: Any, shows: Any, identity: Any) -> FlashSaleService:
    return FlashSaleService(
        database,
        SaleStore(database),
        log=event_log,
        stock=stock,
        catalog=catalog,
        shows=shows,
        audit=identity.audit,
    )


@pytest.fixture
async def start_node(
    database: Database, redis: Redis, redis_url: str, clock: Any, event_log: Any, identity: Any, shows: Any,
    catalog: Any, sales: Any, chat: Any, reactions: Any, moderation: Any, bus: Any,
) -> AsyncIterator[Any]:  # fmt: skip
    async with AsyncExitStack() as stack:

        async def start(*, pulses: bool = True) -> Node:
            client = Redis.from_url(redis_url, socket_timeout=None)
            stack.push_async_callback(client.aclose)
            ear = Ear(client)
            hub = Hub(event_log, ear, tick_ms=10)
            context = ServerContext(Authentication(identity.identity, allowed_origins=frozenset()))
            gateway = Gateway(
                identity.identity,
                context,
                hub=hub,
                ear=ear,
                limiter=RateLimiter(redis),
                settings=RealtimeSettings(),
                clock=clock,
            )
            presence = Presence(PresenceStore(database, redis), bus, clock)
            snapshots = Snapshots(
                event_log,
                shows=shows,
                catalog=catalog,
                sales=sales,
                chat=chat,
                reactions=reactions,
                playbacks=NoPicture(),
                presence=presence,
            )
            audience = AudienceService(
                event_log, shows=shows, moderation=moderation, snapshots=snapshots, presence=presence, clock=clock
            )
            audience_socket.register(gateway, audience)
            chat_socket.register(gateway, chat, reactions)
            rooms = [audience_http.routes(audience), chat_http.routes(chat), moderation_http.routes(moderation)]
            app = application(context, rooms)
            gateway.attach(app)
            runner = web.AppRunner(app, shutdown_timeout=1)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            stack.push_async_callback(gateway.drain)
            pulse = AudiencePulse(hub, presence)
            works = [gateway.run(), bus.run(), ReactionPulse(reactions).run()]
            tasks = [asyncio.create_task(work) for work in [*works, *([pulse.run()] if pulses else [])]]
            stack.push_async_callback(_ended, tasks)
            url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            return Node(url, gateway, hub, audience, presence, pulse, snapshots)

        yield start


async def _ended(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    _, pending = await asyncio.wait(tasks, timeout=10)
    assert not pending, "a job outlived its cancellation"


@pytest.fixture
async def node(start_node: Any) -> Node:
    started: Node = await start_node()
    return started


@pytest.fixture
def token(database: Database, identity: Any) -> Any:
    """A token of somebody of the cast."""

    async def sign(actor: Actor) -> str:
        person = await identity.people.get(actor.id)
        async with database.transaction() as tx:
            signed = await identity.identity.start(tx, person)
        return str(signed.token)

    return sign


@dataclass
class Page:
    """What a page does: joins, buffers events until the ack, takes each event once, joins again at a gap."""

    session: aiohttp.ClientSession
    url: str
    token: str
    show_id: str
    scope: str = "public"
    epoch: int | None = None
    seq: int = 0
    seen: list[int] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    acks: list[dict[str, Any]] = field(default_factory=list)
    notices: list[dict[str, Any]] = field(default_factory=list)
    ws: Any = None
    _reading: Any = None
    _waiting: dict[int, asyncio.Future[Any]] = field(default_factory=dict)
    _held: list[dict[str, Any]] | None = None
    _next_id: int = 1

    async def come(self) -> dict[str, Any]:
        """Connect, and join with what is known."""
        self.ws = await self.session.ws_connect(f"{self.url}/socket.io/?EIO=4&transport=websocket")
        await self.ws.receive_str()
        await self.ws.send_str("40" + json.dumps({"token": self.token}))
        assert (await self.ws.receive_str()).startswith("40")
        self._reading = asyncio.create_task(self._read(self.ws))
        return await self.join()

    async def join(self) -> dict[str, Any]:
        self._held = []
        since = {"since": {"epoch": self.epoch, "seq": self.seq}} if self.epoch is not None else {}
        wanted = {"show_id": self.show_id, "scope": self.scope, **since}
        ack = await self.ask("show.join", wanted)
        while ack.get("code") == "rate_limited":  # a page that was cut too often waits, as it is told
            await asyncio.sleep(ack["retry_after_ms"] / 1000)
            ack = await self.ask("show.join", wanted)
        self.acks.append(ack)
        if not ack["ok"]:
            return ack
        self.epoch = ack["epoch"]
        if "snapshot" in ack:
            self.seq = ack["seq"]
        held, self._held = self._held, None
        await self._take([*ack.get("events", []), *held])
        return ack

    async def ask(self, name: str, data: Any) -> dict[str, Any]:
        ack_id, self._next_id = self._next_id, self._next_id + 1
        self._waiting[ack_id] = asyncio.get_running_loop().create_future()
        await self.ws.send_str(f"42{ack_id}" + json.dumps([name, data]))
        answer: dict[str, Any] = await asyncio.wait_for(self._waiting[ack_id], 10)
        return answer

    async def cut(self) -> None:
        """Lose the connection without a word."""
        self.ws._response.connection.transport.abort()
        await asyncio.gather(self._reading, return_exceptions=True)

    async def close(self) -> None:
        if self.ws is not None:
            await self.ws.close()
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    async def until(self, condition: Callable[[], bool], timeout: float = 5.0) -> None:
        async with asyncio.timeout(timeout):
            while not condition():
                await asyncio.sleep(0.005)

    async def _read(self, ws: Any) -> None:
        async for message in ws:
            text = message.data
            if text.startswith("43"):
                at = text.index("[")
                self._waiting.pop(int(text[2:at])).set_result(json.loads(text[at:])[0])
            elif text.startswith("42"):
                name, data = json.loads(text[2:])
                await self._hear(name, data)
            elif text == "2":
                await ws.send_str("3")

    async def _hear(self, name: str, data: Any) -> None:
        if name == "notice":
            self.notices.append(data)
            return
        mine = [event for event in data if event["scope"] == self.scope]
        if self._held is not None:
            self._held += mine
        else:
            await self._take(mine)

    async def _take(self, events: list[dict[str, Any]]) -> None:
        for event in events:
            seq = event.get("seq")
            if seq is not None:
                if event["epoch"] == self.epoch and seq <= self.seq:
                    continue
                if event["epoch"] != self.epoch or seq != self.seq + 1:
                    raise AssertionError(f"a gap: {self.seq} → {seq}")
                self.seq = seq
                self.seen.append(seq)
            self.events.append(event)


@pytest.fixture
async def page(node: Node, token: Any, show_id: ShowId, cast: Cast) -> AsyncIterator[Any]:
    """Makes pages of people."""
    pages: list[Page] = []
    async with aiohttp.ClientSession() as session:

        async def make(actor: Actor | None = None, *, on: Node | None = None, scope: str = "public") -> Page:
            made = Page(session, (on or node).url, await token(actor or cast.viewer), show_id, scope)
            pages.append(made)
            return made

        yield make
        for made in pages:
            await made.close()


@pytest.fixture
def soon(clock: Any) -> Any:
    return clock.now() + timedelta(minutes=1)
