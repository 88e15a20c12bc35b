"""The catalogue on real parts, with its stock and pictures, and people to use it."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from PIL import Image
from redis.asyncio import Redis

from livecommerce.catalog.http import routes
from livecommerce.catalog.pictures import Pictures
from livecommerce.catalog.service import CatalogService, CsvImport
from livecommerce.catalog.store import CatalogStore
from livecommerce.foundation.core.actors import Actor, ActorKind, Role
from livecommerce.foundation.core.errors import Unauthenticated
from livecommerce.foundation.core.ids import PersonId, new_id
from livecommerce.foundation.core.settings import Settings
from livecommerce.foundation.http.auth import Authentication
from livecommerce.foundation.http.server import ServerContext, application
from livecommerce.foundation.realtime.bus import Bus
from livecommerce.foundation.storage.blobs import DirectoryBlobs
from livecommerce.foundation.storage.postgres import Database
from livecommerce.identity.service import AuditTrail
from livecommerce.identity.store import AuditStore
from livecommerce.stock.service import StockService
from livecommerce.stock.store.gate import Gate
from livecommerce.stock.store.ledger import Ledger


@dataclass
class Shop:
    """The room and those who use it."""

    catalog: CatalogService
    imports: CsvImport
    stock: StockService
    audit: AuditTrail
    host: Actor
    viewer: Actor

    async def authenticate(self, token: str) -> Actor:
        """Tokens of these tests are the names of people."""
        people = {"host": self.host, "viewer": self.viewer}
        if token not in people:
            raise Unauthenticated()
        return people[token]


@pytest.fixture
async def shop(database: Database, redis: Redis, clock: Any, tmp_path: Path) -> AsyncIterator[Shop]:
    settings, store = Settings(), CatalogStore(database)
    audit = AuditTrail(AuditStore(database), clock)
    async with StockService(database, Ledger(database), Gate(redis), Bus(redis, clock)) as stock:
        catalog = CatalogService(
            database,
            store,
            stock=stock,
            pictures=Pictures(DirectoryBlobs(tmp_path / "blobs")),
            audit=audit,
            clock=clock,
            shop=settings.shop,
            sales=settings.sales,
        )
        host = Actor(PersonId(new_id()), "Maja", Role.HOST, ActorKind.STAFF)
        viewer = Actor(PersonId(new_id()), "Freja", Role.VIEWER, ActorKind.GUEST)
        yield Shop(catalog, CsvImport(database, store, catalog), stock, audit, host, viewer)


@pytest.fixture
async def client(shop: Shop) -> AsyncIterator[TestClient[Any, Any]]:
    context = ServerContext(Authentication(shop, allowed_origins=frozenset()))
    app = application(context, [routes(shop.catalog, shop.imports)])
    async with TestClient(TestServer(app)) as opened:
        yield opened


@pytest.fixture
def mug() -> dict[str, Any]:
    """A product with two axes, as JSON."""

    def variant(glaze: str, size: str, amount: str, stock: int) -> dict[str, Any]:
        return {
            "sku": f"MUG-{glaze}-{size}".upper(),
            "options": {"Glaze": glaze, "Size": f"{size} ml"},
            "price": {"amount": amount, "currency": "EUR"},
            "stock": stock,
        }

    return {
        "title": "Kyst mug",
        "description_html": "<p>Thrown by hand.</p>",
        "options": [{"name": "Glaze", "values": ["Sea", "Sand"]}, {"name": "Size", "values": ["250 ml", "350 ml"]}],
        "variants": [
            variant("Sea", "250", "24.00", 5),
            variant("Sea", "350", "28.00", 3),
            variant("Sand", "350", "28.00", 0),
        ],
        "per_buyer_limit": 4,
    }


@pytest.fixture
def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(out, "PNG")
    return out.getvalue()
