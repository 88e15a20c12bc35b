"""Every room of the web process, put together: lower rooms first, each given to the ones above it."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass

from livecommerce.broadcast.service import BroadcastService, PathKeys
from livecommerce.broadcast.service.viewers import HlsViewers
from livecommerce.broadcast.store import HlsCounts, StreamStore
from livecommerce.catalog.service import CatalogService, CsvImport
from livecommerce.chat.service import ChatService, Reactions
from livecommerce.chat.store import MessageStore, ReactionStore
from livecommerce.foundation.media.edge import Edge
from livecommerce.foundation.media.remote import RemoteMedia
from livecommerce.foundation.media.signing import Signer
from livecommerce.identity.service import IdentityRoom
from livecommerce.moderation.service import ModerationService
from livecommerce.moderation.store import SanctionStore
from livecommerce.processes.resources import Resources
from livecommerce.processes.rooms import INTERNAL_KEY, LowerRooms, open_lower_rooms
from livecommerce.sales.service import BuyService, FlashSaleService, HoldService, Shelf
from livecommerce.sales.store import SaleStore
from livecommerce.shows.service import ShowService
from livecommerce.stock.service import StockService, Upkeep


@dataclass(frozen=True, slots=True)
class House:
    """Services by room, lowest first."""

    identity: IdentityRoom
    stock: StockService
    upkeep: Upkeep
    catalog: CatalogService
    csv_import: CsvImport
    shows: ShowService
    moderation: ModerationService
    chat: ChatService
    reactions: Reactions
    broadcast: BroadcastService
    sales: FlashSaleService
    buying: BuyService
    holds: HoldService


async def open_house(resources: Resources, stack: AsyncExitStack) -> House:
    """Build all services; what they hold open is closed with the stack."""
    lower = await open_lower_rooms(resources, stack)
    moderation = ModerationService(
        resources.log,
        SanctionStore(resources.database),
        shows=lower.shows,
        people=lower.identity.people,
        grants=lower.identity.grants,
        audit=lower.identity.audit,
        bus=resources.bus,
        limiter=resources.limiter,
        clock=resources.clock,
        settings=resources.settings.chat,
    )
    chat = ChatService(
        resources.log,
        MessageStore(resources.database),
        moderation=moderation,
        shows=lower.shows,
        audit=lower.identity.audit,
        clock=resources.clock,
        settings=resources.settings.chat,
    )
    broadcast = await _broadcast(resources, lower, moderation, stack)
    sale_store = SaleStore(resources.database)
    shelf = Shelf(sale_store, lower.catalog, lower.shows)
    sales = FlashSaleService(
        resources.database,
        sale_store,
        log=resources.log,
        stock=lower.stock,
        catalog=lower.catalog,
        shows=lower.shows,
        audit=lower.identity.audit,
    )
    return House(
        identity=lower.identity,
        stock=lower.stock,
        upkeep=lower.upkeep,
        catalog=lower.catalog,
        csv_import=lower.csv_import,
        shows=lower.shows,
        moderation=moderation,
        chat=chat,
        reactions=Reactions(ReactionStore(resources.redis), resources.bus),
        broadcast=broadcast,
        sales=sales,
        buying=BuyService(shelf, lower.stock, resources.limiter, resources.settings.sales),
        holds=HoldService(resources.database, shelf, lower.stock, lower.upkeep, resources.bus),
    )


async def _broadcast(
    resources: Resources, lower: LowerRooms, moderation: ModerationService, stack: AsyncExitStack
) -> BroadcastService:
    keys, clock = lower.identity.keys, resources.clock
    media = await stack.enter_async_context(
        RemoteMedia(resources.nodes, Signer(keys.derive(INTERNAL_KEY)), clock),
    )
    edge = await stack.enter_async_context(Edge(media.file))
    return BroadcastService(
        lower.shows,
        media,
        edge,
        StreamStore(resources.database),
        resources.limiter,
        admission=moderation,
        path_keys=PathKeys(keys.derive("hls paths")),
        viewers=HlsViewers(HlsCounts(resources.redis), clock),
        clock=clock,
    )
