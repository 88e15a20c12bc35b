"""A live show of the house with everything that sells in it: stock, sales, orders and their HTTP doors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from redis.asyncio import Redis

from livecommerce.catalog import http as catalog_http
from livecommerce.catalog.service import ProductDraft, VariantDraft
from livecommerce.foundation.core.actors import Role
from livecommerce.foundation.core.ids import PersonId, ProductId, ShowId, VariantId, new_id
from livecommerce.foundation.core.money import Money
from livecommerce.foundation.core.settings import ChatSettings, SalesSettings
from livecommerce.foundation.http.auth import Authentication
from livecommerce.foundation.http.limits import RateLimiter
from livecommerce.foundation.http.server import ServerContext, application
from livecommerce.foundation.realtime.bus import Bus
from livecommerce.foundation.storage.outbox import Outbox
from livecommerce.identity import http as identity_http
from livecommerce.moderation.service import ModerationService
from livecommerce.moderation.store import SanctionStore
from livecommerce.orders import http as orders_http
from livecommerce.orders.payment import SandboxProvider
from livecommerce.orders.payment import hosted as sandbox_page
from livecommerce.orders.service import (
    Activity,
    FulfilmentService,
    NumbersService,
    OrderService,
    PaymentService,
    Placement,
    Pricing,
    QuoteService,
)
from livecommerce.orders.store import OrderStore, SandboxStore, TermsStore
from livecommerce.orders.views import OrderView
from livecommerce.sales import http as sales_http
from livecommerce.sales.jobs import SalesClock
from livecommerce.sales.service import Bans, BuyService, FlashSaleService, HoldService, Shelf, WaitlistService, Want
from livecommerce.sales.store import SaleStore, WaitlistStore
from livecommerce.sales.views import HeldView
from livecommerce.shows import http as shows_http
from livecommerce.stock.service import StockService, Upkeep
from livecommerce.stock.store.gate import Gate
from livecommerce.stock.store.ledger import Ledger
from tests.house import House

ADDRESS = {
    "name": "Freja Lind",
    "line1": "Kystvej 4",
    "line2": None,
    "postal_code": "8000",
    "city": "Aarhus",
    "country": "DK",
    "email": "freja@example.com",
}


class Crowd:
    """Somebody who counts viewers."""

    async def activity(self, show_id: ShowId) -> Activity:
        return Activity(viewers=12, peak_viewers=34, messages=56, reactions=78)


class RecordingBus(Bus):
    """Remembers what people were told."""

    notices: list[tuple[PersonId, str, Any]]

    async def notify(self, person_id, type, data) -> None:
        self.notices.append((person_id, type, data))
        await super().notify(person_id, type, data)


@dataclass
class Storefront:
    """What a test needs to buy something for real."""

    house: House
    bus: RecordingBus
    stock: StockService
    upkeep: Upkeep
    ledger: Ledger
    sales: FlashSaleService
    sales_clock: SalesClock
    buying: BuyService
    moderation: ModerationService
    orders: OrderService
    payments: PaymentService
    numbers: NumbersService
    parcels: FulfilmentService
    store: OrderStore
    sandbox: SandboxProvider
    show_id: ShowId
    variant_id: VariantId
    client: TestClient[Any, Any]

    @property
    def database(self) -> Any:
        return self.house.database

    async def hold(self, name: str = "freja", quantity: int = 1, variant_id: VariantId | None = None) -> HeldView:
        want = Want(quantity, new_id(), variant_id=variant_id or self.variant_id, show_id=self.show_id)
        return await self.buying.buy(await self.house.actor(name), want)

    async def place(self, *holds: HeldView, name: str = "freja", key: str | None = None, **more: Any) -> OrderView:
        placement = Placement([hold.hold_id for hold in holds], "sandbox", key or new_id(), **more)
        return await self.orders.place(await self.house.actor(name), placement)

    async def pay(self, order: OrderView, wish: str | None = None, name: str = "freja") -> OrderView:
        return await self.payments.pay(await self.house.actor(name), order.id, wish)

    async def request(self, method: str, path: str, name: str | None = "freja", **options: Any) -> tuple[int, Any]:
        """Status and JSON of one request to the API."""
        headers = {**(self.house.headers(name) if name else {}), **options.pop("headers", {})}
        answer = await self.client.request(method, f"/api/v1{path}", headers=headers, **options)
        return answer.status, await answer.json() if answer.status != 204 else None

    async def level(self) -> Any:
        return (await self.stock.levels([self.variant_id]))[self.variant_id]

    async def sound(self) -> None:
        """Nothing in the books is wrong, and lines of paid orders are sold holds (I3)."""
        assert await self.ledger.audit(list(await self.ledger.versions())) == {}
        wrong = await self.database.fetchval(
            "SELECT count(*) FROM (SELECT hold_id FROM order_line l JOIN orders o ON o.id = l.order_id"
            " WHERE o.status IN ('paid', 'shipped', 'delivered', 'refunded')) l"
            " FULL JOIN (SELECT id FROM stock_hold WHERE state = 'sold') h ON h.id = l.hold_id"
            " WHERE l.hold_id IS NULL OR h.id IS NULL"
        )
        assert wrong == 0


@pytest.fixture
async def storefront(house: House, redis: Redis, clock: Any) -> AsyncIterator[Storefront]:
    database, audit = house.database, house.room.audit
    bus, ledger = RecordingBus(redis, clock), Ledger(database)
    bus.notices = []
    async with StockService(database, ledger, Gate(redis), bus) as stock:
        stock.show_in(house.shows.showing)
        upkeep, store = Upkeep(database, ledger, stock), SaleStore(database)
        shelf = Shelf(store, house.catalog, house.shows)
        sales = FlashSaleService(
            database, store, log=house.log, stock=stock, catalog=house.catalog, shows=house.shows, audit=audit
        )
        limiter, settings = RateLimiter(redis), SalesSettings(buyer="guest", buys_per_s=1000)
        moderation = ModerationService(
            house.log,
            SanctionStore(database),
            shows=house.shows,
            people=house.room.people,
            grants=house.room.grants,
            audit=audit,
            bus=bus,
            limiter=limiter,
            clock=clock,
            settings=ChatSettings(),
        )
        buying = BuyService(shelf, stock, Bans(moderation), limiter=limiter, settings=settings)
        holds = HoldService(database, shelf, stock, upkeep, bus)
        waitlist = WaitlistService(
            database,
            WaitlistStore(database),
            shelf=shelf,
            shows=house.shows,
            stock=stock,
            bans=Bans(moderation),
            bus=bus,
            limiter=limiter,
            settings=settings,
        )
        order_store, sandbox = OrderStore(database), SandboxProvider(SandboxStore(database), key=b"k" * 32, clock=clock)
        pricing = Pricing(database, TermsStore(database), audit=audit, country="DK")
        quotes = QuoteService(pricing, stock=stock, shelf=shelf, methods=[sandbox.method])
        orders = OrderService(
            database,
            order_store,
            stock=stock,
            shelf=shelf,
            pricing=pricing,
            bus=bus,
            audit=audit,
            methods=[sandbox.method],
        )
        payments = PaymentService(
            database,
            order_store,
            orders=orders,
            log=house.log,
            stock=stock,
            bus=bus,
            audit=audit,
            providers=[sandbox],
        )
        parcels = FulfilmentService(database, order_store, orders=orders, bus=bus, audit=audit)
        numbers = NumbersService(order_store, stock, Crowd(), currency="EUR")
        rooms = [
            identity_http.routes(house.room),
            catalog_http.routes(house.catalog, house.imports),
            shows_http.routes(house.shows),
            sales_http.routes(sales, buying, holds),
            sales_http.waitlist_routes(waitlist),
            orders_http.routes(orders, payments, numbers, parcels),
            orders_http.export_routes(orders),
            orders_http.checkout_routes(quotes, pricing),
            sandbox_page.routes(sandbox, payments),
        ]
        context = ServerContext(Authentication(house.room.identity, allowed_origins=frozenset()))
        show_id, variant_id = await _live_show(house)
        async with TestClient(TestServer(application(context, rooms))) as client:
            yield Storefront(
                house,
                bus,
                stock,
                upkeep,
                ledger,
                sales,
                SalesClock(sales, holds, Outbox(database)),
                buying,
                moderation,
                orders,
                payments,
                numbers,
                parcels,
                order_store,
                sandbox,
                show_id,
                variant_id,
                client,
            )


async def _live_show(house: House) -> tuple[ShowId, VariantId]:
    show = await house.show()
    maja = await house.actor("maja")
    variant = VariantDraft("KYST-SEA", {"Glaze": "Sea"}, price=Money(3900, "EUR"), stock=10, tax_rate="0.25")
    product = await house.catalog.create(maja, ProductDraft(title="Kyst mug", variants=[variant]))
    await house.shows.set_lineup(maja, ShowId(show.id), [ProductId(product.id)])
    await house.shows.start(maja, ShowId(show.id))
    await house.staff("noor", Role.MODERATOR)
    await house.guest("anna")
    return ShowId(show.id), VariantId(product.variants[0].id)
