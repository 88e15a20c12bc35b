"""The broadcast room on real storage and a real media node; hosts and viewers come over WebRTC (aiortc)."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from livecommerce.broadcast.http import routes
from livecommerce.broadcast.service import BroadcastService, PathKeys, StreamAnnouncer
from livecommerce.broadcast.service.viewers import HlsViewers
from livecommerce.broadcast.store import HlsCounts, StreamStore
from livecommerce.foundation.core.actors import HOST_SHOW_PERMISSIONS, Actor, ActorKind, Role
from livecommerce.foundation.core.clock import NoStream, SystemClock
from livecommerce.foundation.core.errors import NotFound, Unauthenticated
from livecommerce.foundation.core.ids import PersonId, ShowId, new_id
from livecommerce.foundation.http.auth import Authentication
from livecommerce.foundation.http.limits import RateLimiter
from livecommerce.foundation.http.server import ServerContext, application
from livecommerce.foundation.media.edge import Edge
from livecommerce.foundation.media.node import MediaNode, NodeOptions
from livecommerce.foundation.media.registry import Node, NodeRegistry
from livecommerce.foundation.media.sessions import RtcServer
from livecommerce.foundation.realtime.eventlog import EventLog
from livecommerce.moderation.model import Banned
from livecommerce.shows.model import PauseReason, Show, ShowStatus

sys.path.insert(0, str(Path(__file__).parents[1] / "foundation" / "media"))

HOST, VIEWER, GUEST = PersonId(new_id()), PersonId(new_id()), PersonId(new_id())


class ShowsOnTheAir:
    """The shows room as far as a stream knows it: its real rules, without its tables."""

    def __init__(self) -> None:
        self.shows: dict[ShowId, Show] = {}
        self.clock = SystemClock()

    def add(self, **fields) -> Show:
        fields = {"status": ShowStatus.LIVE, **fields}
        show = Show(id=ShowId(new_id()), title="Pots", host_id=HOST, starts_at=self.clock.now(), **fields)
        self.shows[show.id] = show
        return show

    async def get(self, show_id):
        if show_id not in self.shows:
            raise NotFound()
        return self.shows[show_id]

    async def stream_lost(self, show_id):
        self.shows[show_id] = self.shows[show_id].pause(self.clock.now(), PauseReason.STREAM_LOST)

    async def stream_back(self, show_id):
        self.shows[show_id] = self.shows[show_id].resume()

    async def end(self, actor, show_id):
        self.shows[show_id] = self.shows[show_id].end(self.clock.now())


class Bans:
    """Who has been shown out of which show."""

    def __init__(self) -> None:
        self.of: set[tuple[ShowId, PersonId]] = set()

    async def admit(self, actor, show_id):
        if (show_id, actor.id) in self.of:
            raise Banned()


class Tokens:
    """Who holds which token."""

    def __init__(self) -> None:
        self.actors: dict[str, Actor] = {}

    async def authenticate(self, token):
        if token not in self.actors:
            raise Unauthenticated()
        return self.actors[token]


@dataclass
class Room:
    shows: ShowsOnTheAir
    store: StreamStore
    log: EventLog
    announcer: StreamAnnouncer
    node: MediaNode
    registry: NodeRegistry
    service: BroadcastService
    client: TestClient
    tokens: Tokens
    bans: Bans

    async def show(self, **fields) -> Show:
        """A show with its log; the host holds the token `host`."""
        show = self.shows.add(**fields)
        async with self.log._database.transaction() as tx:
            await self.log.create(show.id, tx)
        host = self.tokens.actors["host"]
        self.tokens.actors["host"] = replace(host, grants={**host.grants, show.id: HOST_SHOW_PERMISSIONS})
        return show

    async def told(self, show_id):
        """Everything in the public log of the show."""
        head = await self.log.head(show_id, "public")
        return await self.log.since(show_id, "public", head.epoch, 0)


@pytest.fixture
async def room(database, redis, monkeypatch) -> AsyncIterator[Room]:
    import studio

    studio.use_loopback(monkeypatch)
    async with _room(database, redis) as running:
        yield running


@asynccontextmanager
async def _room(database, redis):
    clock, shows, tokens, bans = SystemClock(), ShowsOnTheAir(), Tokens(), Bans()
    tokens.actors = {
        "host": Actor(HOST, "Mara", Role.HOST, ActorKind.STAFF),
        "viewer": Actor(VIEWER, "Vic", Role.VIEWER, ActorKind.ACCOUNT),
        "guest": Actor(GUEST, "Gus", Role.VIEWER, ActorKind.GUEST),
    }
    store, log, registry = (
        StreamStore(database),
        EventLog(database, redis, clock, NoStream()),
        NodeRegistry(redis, clock),
    )
    announcer = StreamAnnouncer(store, log, shows, clock)
    rtc = RtcServer("127.0.0.1", 0)
    await rtc.open()
    node = MediaNode(Node("n1", "http://x"), rtc, registry, announcer, clock, options=NodeOptions())
    running = asyncio.ensure_future(node.run())
    context = ServerContext(Authentication(tokens, allowed_origins=frozenset()))
    async with Edge(node.file) as edge:
        service = BroadcastService(
            shows,
            node,
            edge,
            store,
            RateLimiter(redis),
            admission=bans,
            path_keys=PathKeys(b"secret"),
            viewers=HlsViewers(HlsCounts(redis), clock),
            clock=clock,
        )
        async with TestClient(TestServer(application(context, [routes(service)]))) as client:
            yield Room(shows, store, log, announcer, node, registry, service, client, tokens, bans)
    await rtc.close()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
