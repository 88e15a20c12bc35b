"""The rooms up to `shows`, which both roles build: media needs them to draw a show's curtain, web for everything."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass

from livecommerce.catalog.pictures import Pictures
from livecommerce.catalog.service import CatalogService, CsvImport
from livecommerce.catalog.store import CatalogStore
from livecommerce.foundation.media.registry import RedisStreamClock
from livecommerce.identity.service import IdentityRoom, open_room
from livecommerce.processes.resources import Resources
from livecommerce.shows.service import ShowService
from livecommerce.shows.store import ShowStore
from livecommerce.stock.service import StockService, Upkeep
from livecommerce.stock.store.gate import Gate
from livecommerce.stock.store.ledger import Ledger

INTERNAL_KEY = "internal door"
"""The purpose under which web and media derive the key that signs requests between them."""


@dataclass(frozen=True, slots=True)
class LowerRooms:
    """Services, lowest first."""

    identity: IdentityRoom
    stock: StockService
    upkeep: Upkeep
    catalog: CatalogService
    csv_import: CsvImport
    shows: ShowService


async def open_lower_rooms(resources: Resources, stack: AsyncExitStack) -> LowerRooms:
    """Build them; group commit of stock ends with the stack."""
    settings, database, clock = resources.settings, resources.database, resources.clock
    identity = open_room(
        database,
        settings,
        data_dir=settings.data_dir,
        limiter=resources.limiter,
        mailer=resources.mailer,
        disconnects=resources.bus,
        clock=clock,
    )
    ledger = Ledger(database, open_holds_max=settings.sales.open_holds_max)
    stock = await stack.enter_async_context(StockService(database, ledger, Gate(resources.redis), resources.bus))
    pictures, store = Pictures(resources.blobs), CatalogStore(database)
    catalog = CatalogService(
        database,
        store,
        stock=stock,
        pictures=pictures,
        audit=identity.audit,
        clock=clock,
        shop=settings.shop,
        sales=settings.sales,
    )
    shows = ShowService(
        database,
        ShowStore(database),
        log=resources.log,
        bus=resources.bus,
        people=identity.people,
        grants=identity.grants,
        audit=identity.audit,
        catalog=catalog,
        pictures=pictures,
        clock=clock,
        stream_clock=RedisStreamClock(resources.nodes, clock),
        shop_name=settings.shop.name,
    )
    stock.show_in(shows.showing)
    return LowerRooms(
        identity=identity,
        stock=stock,
        upkeep=Upkeep(database, ledger, stock),
        catalog=catalog,
        csv_import=CsvImport(database, store, catalog),
        shows=shows,
    )
