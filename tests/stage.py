"""A stage for tests of the rooms that people meet in: real parts, a show, somebody of every rank, and a bus that
remembers. Test folders take the fixtures they need from here."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import pytest
from redis.asyncio import Redis

from livecommerce.catalog.pictures import Pictures
from livecommerce.catalog.service import CatalogService
from livecommerce.catalog.store import CatalogStore
from livecommerce.chat.service import ChatService, Reactions
from livecommerce.chat.store import MessageStore, ReactionStore
from livecommerce.foundation.core.actors import HOST_SHOW_PERMISSIONS, MODERATOR_PERMISSIONS, Actor, ActorKind, Role
from livecommerce.foundation.core.clock import NoStream
from livecommerce.foundation.core.events import Scope
from livecommerce.foundation.core.ids import PersonId, ShowId, new_id
from livecommerce.foundation.core.settings import ChatSettings, Settings
from livecommerce.foundation.http.limits import RateLimiter
from livecommerce.foundation.realtime.bus import Bus
from livecommerce.foundation.realtime.eventlog import EventLog
from livecommerce.foundation.storage.blobs import DirectoryBlobs
from livecommerce.foundation.storage.postgres import Database
from livecommerce.identity.service import IdentityRoom, open_room
from livecommerce.moderation.service import ModerationService
from livecommerce.moderation.store import SanctionStore
from livecommerce.shows.service import ShowService
from livecommerce.shows.store import ShowStore
from livecommerce.stock.service import StockService
from livecommerce.stock.store.gate import Gate
from livecommerce.stock.store.ledger import Ledger

SETTINGS = Settings(chat=ChatSettings(blocked_words=("rip off", "Betrug")))


class RememberingBus(Bus):
    """A bus that also keeps what it was asked to send."""

    def __init__(self, redis: Redis, clock: Any) -> None:
        super().__init__(redis, clock)
        self.notices: list[tuple[str, str]] = []
        self.disconnected: list[tuple[str, str, str | None]] = []
        self.counted: list[Any] = []

    async def count(self, show_id: ShowId, counter: Any) -> None:
        self.counted.append(counter)
        await super().count(show_id, counter)

    async def notify(self, person_id: PersonId, type: str, data: Any) -> None:
        self.notices.append((person_id, type))
        await super().notify(person_id, type, data)

    async def disconnect(self, person_id: PersonId, code: str, show_id: Any = None, **more: Any) -> None:
        self.disconnected.append((person_id, code, show_id))
        await super().disconnect(person_id, code, show_id, **more)

    async def send(self, **_: Any) -> None:
        """Mails go nowhere."""


@pytest.fixture
def bus(redis: Redis, clock: Any) -> RememberingBus:
    return RememberingBus(redis, clock)


@pytest.fixture
def identity(database: Database, redis: Redis, clock: Any, bus: RememberingBus, data_dir: Path) -> IdentityRoom:
    limiter = RateLimiter(redis)
    return open_room(database, SETTINGS, data_dir=data_dir, limiter=limiter, mailer=bus, disconnects=bus, clock=clock)


@pytest.fixture
async def event_log(database: Database, redis: Redis, clock: Any) -> EventLog:
    return EventLog(database, redis, clock, NoStream())


@pytest.fixture
async def stock(database: Database, redis: Redis, bus: RememberingBus) -> AsyncIterator[StockService]:
    async with StockService(database, Ledger(database), Gate(redis), bus) as opened:
        yield opened


@pytest.fixture
def pictures(data_dir: Path) -> Pictures:
    return Pictures(DirectoryBlobs(data_dir / "blobs"))


@pytest.fixture
def catalog(
    database: Database, stock: StockService, pictures: Pictures, identity: IdentityRoom, clock: Any
) -> CatalogService:
    return CatalogService(
        database,
        CatalogStore(database),
        stock=stock,
        pictures=pictures,
        audit=identity.audit,
        clock=clock,
        shop=SETTINGS.shop,
        sales=SETTINGS.sales,
    )


@pytest.fixture
def shows(
    database: Database, event_log: EventLog, bus: Any, identity: Any, catalog: Any, pictures: Any, clock: Any
) -> ShowService:
    return ShowService(
        database,
        ShowStore(database),
        log=event_log,
        bus=bus,
        people=identity.people,
        grants=identity.grants,
        audit=identity.audit,
        catalog=catalog,
        pictures=pictures,
        clock=clock,
        stream_clock=NoStream(),
        shop_name="Ler",
    )


@dataclass
class Cast:
    """Everybody in the show."""

    owner: Actor
    host: Actor
    moderator: Actor
    helper: Actor
    """A second moderator."""
    viewer: Actor
    other: Actor
    show_id: ShowId = field(default=ShowId(""))


@pytest.fixture
async def cast(database: Database, identity: IdentityRoom, shows: ShowService, clock: Any) -> Cast:
    async def person(name: str, role: Role) -> Actor:
        person_id = PersonId(new_id())
        kind = ActorKind.GUEST if role is Role.VIEWER else ActorKind.STAFF
        contact = None if role is Role.VIEWER else f"{name}@x.example"
        await database.execute(
            "INSERT INTO people (id, kind, role, display_name, contact, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
            person_id, kind, role, name, contact, clock.now(),
        )  # fmt: skip
        return Actor(person_id, name, role, kind)

    host = await person("host", Role.HOST)
    show = await shows.create(host, title="Autumn glazes", starts_at=clock.now() + timedelta(minutes=1))
    show_id = ShowId(show.id)

    async def crew(actor: Actor, rights: frozenset[Any]) -> Actor:
        async with database.transaction() as tx:
            await identity.grants.host(tx, show_id, actor.id, rights)
        return Actor(actor.id, actor.display_name, actor.role, actor.kind, grants={show_id: rights})

    return Cast(
        owner=await person("owner", Role.OWNER),
        host=await crew(host, HOST_SHOW_PERMISSIONS),
        moderator=await crew(await person("mo", Role.MODERATOR), MODERATOR_PERMISSIONS),
        helper=await crew(await person("helper", Role.MODERATOR), MODERATOR_PERMISSIONS),
        viewer=await person("viewer", Role.VIEWER),
        other=await person("other", Role.VIEWER),
        show_id=show_id,
    )


@pytest.fixture
def show_id(cast: Cast) -> ShowId:
    return cast.show_id


@pytest.fixture
def moderation(
    database: Database, redis: Redis, clock: Any, bus: Any, identity: IdentityRoom, event_log: EventLog, shows: Any
) -> ModerationService:
    return ModerationService(
        event_log,
        SanctionStore(database),
        shows=shows,
        people=identity.people,
        grants=identity.grants,
        audit=identity.audit,
        bus=bus,
        limiter=RateLimiter(redis),
        clock=clock,
        settings=SETTINGS.chat,
    )


@pytest.fixture
def chat(database: Database, event_log: EventLog, moderation: ModerationService, identity: Any, clock: Any) -> Any:
    return ChatService(
        event_log,
        MessageStore(database),
        moderation=moderation,
        shows=moderation.shows,
        audit=identity.audit,
        clock=clock,
        settings=SETTINGS.chat,
    )


@pytest.fixture
def reactions(redis: Redis, bus: RememberingBus) -> Reactions:
    return Reactions(ReactionStore(redis), bus)


@pytest.fixture
def told(event_log: EventLog, show_id: ShowId) -> Any:
    """What a scope of the show was told, as (type, data)."""

    async def read(scope: Scope = Scope.PUBLIC) -> list[tuple[str, dict[str, Any]]]:
        head = await event_log.head(show_id, scope)
        events = await event_log.since(show_id, scope, head.epoch, 0)
        return [(e.type, e.data) for e in events or []]

    return read


class Line:
    """A line to PostgreSQL that can be cut: a socket of our own in front of the server's."""

    def __init__(self, url: str, folder: Path) -> None:
        parts = urlsplit(url)
        self._port = str(parts.port or dict(parse_qsl(parts.query)).get("port", 5432))
        self._target = f"{dict(parse_qsl(parts.query))['host']}/.s.PGSQL.{self._port}"
        self._own = str(folder / f".s.PGSQL.{self._port}")
        query = dict(parse_qsl(parts.query)) | {"host": str(folder)}
        self.url = urlunsplit(parts._replace(query=urlencode(query)))
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def mend(self) -> None:
        self._server = await asyncio.start_unix_server(self._carry, self._own)

    async def cut(self) -> None:
        """Close the socket and everything that went through it."""
        if self._server is not None:
            self._server.close()
        Path(self._own).unlink(missing_ok=True)
        for writer in tuple(self._writers):
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_unix_connection(self._target)
        self._writers |= {writer, far_writer}
        await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer), return_exceptions=True)
        self._writers -= {writer, far_writer}


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
    writer.transport.abort()


@pytest.fixture
async def postgres_line() -> AsyncIterator[Any]:
    opened: list[Line] = []
    with tempfile.TemporaryDirectory() as folder:

        async def start(url: str) -> Line:
            line = Line(url, Path(folder))
            opened.append(line)
            await line.mend()
            return line

        yield start
        for line in opened:
            await line.cut()
