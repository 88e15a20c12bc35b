"""Every room up to shows on real parts, with their HTTP doors and people who have real sessions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import argon2
import pytest
from aiohttp.test_utils import TestClient, TestServer
from redis.asyncio import Redis

from livecommerce.catalog import http as catalog_http
from livecommerce.catalog.pictures import Pictures
from livecommerce.catalog.service import CatalogService, CsvImport, ProductDraft, VariantDraft
from livecommerce.catalog.store import CatalogStore
from livecommerce.foundation.core.actors import Actor, Role
from livecommerce.foundation.core.events import Scope
from livecommerce.foundation.core.ids import ProductId, ShowId
from livecommerce.foundation.core.money import Money
from livecommerce.foundation.core.settings import IdentitySettings, Settings
from livecommerce.foundation.http.auth import Authentication
from livecommerce.foundation.http.limits import RateLimiter
from livecommerce.foundation.http.server import ServerContext, application
from livecommerce.foundation.realtime.bus import Bus
from livecommerce.foundation.realtime.eventlog import EventLog
from livecommerce.foundation.storage.blobs import DirectoryBlobs
from livecommerce.foundation.storage.postgres import Database
from livecommerce.identity import http as identity_http
from livecommerce.identity.passwords import Passwords
from livecommerce.identity.service import IdentityRoom, open_room
from livecommerce.shows import http as shows_http
from livecommerce.shows.service import ShowService
from livecommerce.shows.store import ShowStore
from livecommerce.shows.views import ShowView
from livecommerce.stock.service import StockService
from livecommerce.stock.store.gate import Gate
from livecommerce.stock.store.ledger import Ledger

SETTINGS = Settings(identity=IdentitySettings(guests_per_minute_per_address=1000))


class Stream:
    """A stream clock that a test sets."""

    def __init__(self) -> None:
        self.ms: int | None = None

    async def media_ts(self, show_id: ShowId) -> int | None:
        return self.ms


class Letters:
    """A mailer that keeps what it was given."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []

    async def send(self, *, to: str, subject: str, text: str) -> None:
        self.sent.append((to, subject))


@dataclass
class House:
    """Every room up to shows, and those who live in it."""

    database: Database
    clock: Any
    room: IdentityRoom
    catalog: CatalogService
    imports: CsvImport
    shows: ShowService
    log: EventLog
    stream: Stream
    letters: Letters
    tokens: dict[str, str] = field(default_factory=dict)

    async def actor(self, name: str) -> Actor:
        """Somebody as they are now; grants given meanwhile included."""
        return await self.room.identity.authenticate(self.tokens[name])

    async def staff(self, name: str, role: Role) -> Actor:
        person, _ = await self.room.staff.add(role, f"{name}@example.com", name.title(), None)
        code = await self.room.once.mint(person.id)
        self.tokens[name] = (await self.room.once.trade(code, address="198.51.100.1")).token
        return await self.actor(name)

    async def guest(self, name: str) -> Actor:
        self.tokens[name] = (await self.room.guests.mint(name.title(), address=None)).token
        return await self.actor(name)

    def headers(self, name: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[name]}"}

    async def show(self, host: str = "maja", **options: Any) -> ShowView:
        starts_at = self.clock.now() + timedelta(hours=1)
        options = {"title": "Kyst collection", "starts_at": starts_at, **options}
        return await self.shows.create(await self.actor(host), **options)

    async def products(self, count: int) -> list[ProductId]:
        maja = await self.actor("maja")
        made = []
        for n in range(count):
            variants = [VariantDraft(f"SKU-{n}", price=Money(2400, "EUR"), stock=5)]
            made.append(
                ProductId((await self.catalog.create(maja, ProductDraft(title=f"Mug {n}", variants=variants))).id)
            )
        return made

    async def told(self, show_id: str) -> list[tuple[str, dict[str, Any]]]:
        """Type and data of everything the show has told everybody, in order."""
        head = await self.log.head(ShowId(show_id), Scope.PUBLIC)
        envelopes = await self.log.since(ShowId(show_id), Scope.PUBLIC, head.epoch, 0) if head.seq else []
        assert envelopes is not None
        return [(envelope.type, envelope.data) for envelope in envelopes]


@pytest.fixture
async def house(database: Database, redis: Redis, clock: Any, data_dir: Path, tmp_path: Path) -> AsyncIterator[House]:
    stream, letters, bus = Stream(), Letters(), Bus(redis, clock)
    passwords = Passwords(argon2.PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1))
    room = open_room(
        database,
        SETTINGS,
        data_dir=data_dir,
        limiter=RateLimiter(redis),
        mailer=letters,
        disconnects=bus,
        clock=clock,
        passwords=passwords,
    )
    pictures, store = Pictures(DirectoryBlobs(tmp_path / "blobs")), CatalogStore(database)
    log = EventLog(database, redis, clock, stream)
    async with StockService(database, Ledger(database), Gate(redis), bus) as stock:
        catalog = CatalogService(
            database,
            store,
            stock=stock,
            pictures=pictures,
            audit=room.audit,
            clock=clock,
            shop=SETTINGS.shop,
            sales=SETTINGS.sales,
        )
        shows = ShowService(
            database,
            ShowStore(database),
            log=log,
            bus=bus,
            people=room.people,
            grants=room.grants,
            audit=room.audit,
            catalog=catalog,
            pictures=pictures,
            clock=clock,
            stream_clock=stream,
            shop_name="Kyst Pottery",
        )
        house = House(database, clock, room, catalog, CsvImport(database, store, catalog), shows, log, stream, letters)
        await house.staff("idris", Role.OWNER)
        await house.staff("maja", Role.HOST)
        await house.staff("svea", Role.HOST)
        await house.guest("freja")
        yield house


@pytest.fixture
async def client(house: House) -> AsyncIterator[TestClient[Any, Any]]:
    context = ServerContext(Authentication(house.room.identity, allowed_origins=frozenset()))
    rooms = [
        identity_http.routes(house.room),
        catalog_http.routes(house.catalog, house.imports),
        shows_http.routes(house.shows),
    ]
    async with TestClient(TestServer(application(context, rooms))) as opened:
        yield opened
