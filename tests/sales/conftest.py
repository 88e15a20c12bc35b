"""A live show with two mugs in its lineup, and everything of sales around it."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio

from livecommerce.catalog.model import Axis, Price, Product, Variant
from livecommerce.foundation.core.actors import Actor, ActorKind, Permission, Role
from livecommerce.foundation.core.clock import NoStream
from livecommerce.foundation.core.errors import NotFound
from livecommerce.foundation.core.events import Scope
from livecommerce.foundation.core.ids import PersonId, PoolId, ProductId, ShowId, VariantId, new_id
from livecommerce.foundation.core.money import Money
from livecommerce.foundation.core.settings import SalesSettings
from livecommerce.foundation.http.limits import RateLimiter
from livecommerce.foundation.realtime.bus import Bus
from livecommerce.foundation.realtime.eventlog import EventLog
from livecommerce.foundation.storage.postgres import Database
from livecommerce.foundation.storage.redis import connect
from livecommerce.identity.service.audit import AuditTrail
from livecommerce.identity.store import AuditStore
from livecommerce.moderation.model import Sanction
from livecommerce.sales.model import SaleDraft
from livecommerce.sales.service import Bans, BuyService, FlashSaleService, HoldService, Shelf, Want
from livecommerce.sales.store import SaleStore
from livecommerce.shows.model import Show, ShowStatus
from livecommerce.stock.service import StockService, Upkeep
from livecommerce.stock.store.gate import Gate
from livecommerce.stock.store.ledger import Ledger


class Stage:
    """Shows and products, as the rooms below sales would answer for them."""

    def __init__(self) -> None:
        self.shows: dict[ShowId, Show] = {}
        self.products: dict[VariantId, tuple[Product, Variant]] = {}
        self.sanctions: list[Sanction] = []
        self.asked = 0

    async def get(self, show_id: ShowId) -> Show:
        self.asked += 1
        try:
            return self.shows[show_id]
        except KeyError:
            raise NotFound() from None

    async def in_force(self, actor: Actor, show_id: ShowId) -> list[Sanction]:
        return self.sanctions

    async def ended_among(self, shows) -> set[ShowId]:
        return {show_id for show_id in shows if self.shows[show_id].status is ShowStatus.ENDED}

    async def variant(self, variant_id: VariantId, *, even_archived: bool = False) -> tuple[Product, Variant]:
        self.asked += 1
        if variant_id not in self.products or (self.products[variant_id][0].is_archived and not even_archived):
            raise NotFound()
        return self.products[variant_id]


class RecordingBus(Bus):
    """Remembers what it was told."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.counted: list[tuple[ShowId, Any]] = []
        self.notices: list[tuple[PersonId, str, Any]] = []

    async def count(self, show_id, counter) -> None:
        self.counted.append((show_id, counter))
        await super().count(show_id, counter)

    async def notify(self, person_id, type, data) -> None:
        self.notices.append((person_id, type, data))
        await super().notify(person_id, type, data)


class Market:
    """What a test needs to sell something in a show."""

    def __init__(self, database: Database, redis: Any, clock: Any) -> None:
        self.database, self.redis, self.stage = database, redis, Stage()
        self.bus, self.log = RecordingBus(redis, clock), EventLog(database, redis, clock, NoStream())
        ledger = Ledger(database)
        self.stock = StockService(database, ledger, Gate(redis), self.bus)
        self.upkeep = Upkeep(database, ledger, self.stock)
        self.limiter, self.store = RateLimiter(redis), SaleStore(database)
        self.sales = FlashSaleService(
            database,
            self.store,
            log=self.log,
            stock=self.stock,
            catalog=self.stage,
            shows=self.stage,
            audit=AuditTrail(AuditStore(database), clock),
        )
        self.settle_for("guest")
        self.show = Show(
            ShowId(new_id()), "Kyst evening", PersonId(new_id()), datetime.now(UTC), status=ShowStatus.LIVE
        )

    def settle_for(self, buyer: str) -> None:
        """Set who may buy."""
        shelf = Shelf(self.store, self.stage, self.stage)
        self.shelf = shelf
        settings = SalesSettings(buyer=buyer, buys_per_s=1000)
        self.buying = BuyService(shelf, self.stock, Bans(self.stage), limiter=self.limiter, settings=settings)
        self.holds = HoldService(self.database, shelf, self.stock, self.upkeep, self.bus)

    async def put(self, *, units: int = 10, price: int = 3900, limit: int | None = None) -> VariantId:
        """Add a mug to the lineup."""
        product_id, variant_id = ProductId(new_id()), VariantId(new_id())
        money = Price(Money(price, "EUR"), None, True, "0.25")
        variant = Variant(variant_id, product_id, "KYST-SEA", {"Glaze": "Sea"}, money)
        product = Product(product_id, "kyst-mug", "Kyst mug", (Axis("Glaze", ("Sea",)),), (variant,))
        self.stage.products[variant_id] = (product, variant)
        self.set_show(lineup=(*self.show.lineup, product_id))
        async with self.database.transaction() as tx:
            await self.stock.create_pool(tx, variant_id, units=units, limit_per_buyer=limit, hold_s=600)
        return variant_id

    def set_show(self, **changes: Any) -> None:
        self.show = dataclasses.replace(self.show, **changes)
        self.stage.shows[self.show.id] = self.show
        self.settle_for("guest")

    def host(self) -> Actor:
        grants = {self.show.id: frozenset({Permission.SALE_OPEN})}
        return Actor(self.show.host_id, "Maja", Role.HOST, ActorKind.STAFF, grants=grants)

    def draft(self, variant_id: VariantId, **changes: Any) -> SaleDraft:
        wanted = {"quantity": 5, "per_buyer_limit": 2, "starts_in_s": 0, "duration_s": 60, "hold_s": 60}
        price = changes.pop("price", Money(2900, "EUR"))
        return SaleDraft(variant_id, price, **{**wanted, **changes})

    async def flash(self, variant_id: VariantId, **changes: Any) -> Any:
        return await self.sales.schedule(self.host(), self.show.id, self.draft(variant_id, **changes))

    async def buy(self, actor: Actor, *, key: str | None = None, quantity: int = 1, **what: Any) -> Any:
        return await self.buying.buy(actor, Want(quantity, key or new_id(), **what))

    async def told(self) -> list[tuple[str, Any]]:
        """The show's events, by type."""
        events = await self.log.since(
            self.show.id, Scope.PUBLIC, (await self.log.head(self.show.id, Scope.PUBLIC)).epoch, 0
        )
        return [(event.type, event.data) for event in events or []]

    async def available(self, pool_id: str) -> int:
        return (await self.stock.levels([PoolId(pool_id)]))[pool_id].available


def guest(name: str = "Ada", **more: Any) -> Actor:
    return Actor(PersonId(new_id()), name, Role.VIEWER, more.pop("kind", ActorKind.GUEST), **more)


@pytest.fixture(name="guest")
def _guest() -> Any:
    return guest


@pytest_asyncio.fixture
async def market(database: Database, redis_url: str, clock: Any) -> AsyncIterator[Market]:
    redis = connect(redis_url)
    market = Market(database, redis, clock)
    market.set_show()
    async with database.transaction() as tx:
        await market.log.create(market.show.id, tx)
    async with market.stock:
        yield market
    await redis.aclose()
