"""An event log on real PostgreSQL and Valkey, with one show in it; and a real gateway that listens on a port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

import msgspec
import pytest
from aiohttp import web
from redis.asyncio import Redis

from livecommerce.foundation.core.actors import Actor, ActorKind, Role
from livecommerce.foundation.core.clock import Clock, NoStream, SystemClock
from livecommerce.foundation.core.errors import Unauthenticated
from livecommerce.foundation.core.events import Counter, Event, Scope
from livecommerce.foundation.core.ids import PersonId, ShowId, new_id
from livecommerce.foundation.core.settings import RealtimeSettings
from livecommerce.foundation.http.auth import Authentication
from livecommerce.foundation.http.limits import RateLimiter
from livecommerce.foundation.http.server import ServerContext, application
from livecommerce.foundation.realtime.bus import Bus
from livecommerce.foundation.realtime.eventlog import EventLog
from livecommerce.foundation.realtime.gateway import Connection, Gateway
from livecommerce.foundation.realtime.hub import Hub
from livecommerce.foundation.realtime.listening import Ear
from livecommerce.foundation.storage.postgres import Database


class Rang(Event, frozen=True):
    """A bell of the tests."""

    type: ClassVar[str] = "bell.rang"
    n: int
    text: str = ""


class Whispered(Event, frozen=True):
    """A bell that only staff hears."""

    type: ClassVar[str] = "bell.whispered"
    scope: ClassVar[Scope] = Scope.STAFF
    n: int


class Chimes(Counter, frozen=True):
    """How often it rang."""

    type: ClassVar[str] = "bell.chimes"
    n: int


@pytest.fixture
def rang() -> type[Rang]:
    return Rang


@pytest.fixture
def whispered() -> type[Whispered]:
    return Whispered


@pytest.fixture
def chimes() -> type[Chimes]:
    return Chimes


@pytest.fixture
async def event_log(database: Database, redis: Redis, clock: Clock) -> EventLog:
    log = EventLog(database, redis, clock, NoStream())
    await log.open()
    return log


@pytest.fixture
async def show_id(event_log: EventLog, database: Database) -> ShowId:
    show_id = ShowId(new_id())
    async with database.transaction() as tx:
        await event_log.create(show_id, tx)
    return show_id


class People:
    """Tokens of the tests: `name`, until it is revoked."""

    def __init__(self) -> None:
        self.ids: dict[str, PersonId] = {}
        self.revoked: set[str] = set()

    async def authenticate(self, token: str) -> Actor:
        if token in self.revoked or not token.isalnum():
            raise Unauthenticated()
        person = self.ids.setdefault(token, PersonId(new_id()))
        return Actor(person, token, Role.VIEWER, ActorKind.GUEST)


class Enter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    show_id: str


class Say(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    text: Annotated[str, msgspec.Meta(max_length=100)]
    delay_s: float = 0.0


class Said(msgspec.Struct, frozen=True):
    text: str


@dataclass
class Node:
    """One web process, as far as sockets are concerned."""

    gateway: Gateway
    bus: Bus
    hub: Hub
    people: People
    url: str
    said: list[str] = field(default_factory=list)


@asynccontextmanager
async def _running(*works: Any) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


NodeFactory = Callable[..., Any]


@pytest.fixture
async def start_node(event_log: EventLog, redis: Redis, redis_url: str) -> AsyncIterator[NodeFactory]:
    async with AsyncExitStack() as stack:

        async def start(**settings: Any) -> Node:
            people = People()
            client = Redis.from_url(redis_url, socket_timeout=None)
            stack.push_async_callback(client.aclose)
            ear = Ear(client)
            hub = Hub(event_log, ear, tick_ms=20)
            context = ServerContext(Authentication(people, allowed_origins=frozenset({"https://shop.example"})))
            gateway = Gateway(
                people,
                context,
                hub=hub,
                ear=ear,
                limiter=RateLimiter(redis),
                settings=RealtimeSettings(**settings),
                clock=SystemClock(),
            )
            bus = Bus(redis, SystemClock())
            node = Node(gateway, bus, hub, people, "")
            _answer_tests(gateway, node)
            app = application(context, [])
            gateway.attach(app)
            runner = web.AppRunner(app, shutdown_timeout=1)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            stack.push_async_callback(gateway.drain)
            await stack.enter_async_context(_running(gateway.run(), bus.run()))
            node.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            return node

        yield start


def _answer_tests(gateway: Gateway, node: Node) -> None:
    async def enter(connection: Connection, body: Enter) -> Any:
        head = await connection.enter(ShowId(body.show_id), Scope.PUBLIC)
        return {"epoch": head.epoch, "seq": head.seq}

    async def say(_connection: Connection, body: Say) -> Said:
        await asyncio.sleep(body.delay_s)
        node.said.append(body.text)
        return Said(body.text)

    gateway.on("test.enter", body=Enter, handler=enter)
    gateway.on("test.say", body=Say, handler=say)


@pytest.fixture
async def node(start_node: NodeFactory) -> Node:
    started: Node = await start_node()
    return started
