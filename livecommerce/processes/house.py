"""Every room of the web process, put together: lower rooms first, each given to the ones above it."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass

from livecommerce.audience.service import AudienceService, Presence, Snapshots
from livecommerce.audience.store import PresenceStore
from livecommerce.broadcast.service import BroadcastService, PathKeys
from livecommerce.broadcast.service.viewers import HlsViewers
from livecommerce.broadcast.store import HlsCounts, StreamStore
from livecommerce.chat.service import ChatService, Reactions
from livecommerce.chat.store import MessageStore, ReactionStore
from livecommerce.foundation.core.ids import ShowId
from livecommerce.foundation.media.edge import Edge
from livecommerce.foundation.media.remote import RemoteMedia
from livecommerce.foundation.media.signing import Signer
from livecommerce.moderation.service import ModerationService
from livecommerce.moderation.store import SanctionStore
from livecommerce.orders.payment import SandboxProvider
from livecommerce.orders.service import (
    Activity,
    FulfilmentService,
    NumbersService,
    OrderService,
    PaymentService,
    Pricing,
    QuoteService,
)
from livecommerce.orders.store import OrderStore, TermsStore
from livecommerce.processes.payment import Providers, open_providers
from livecommerce.processes.resources import Resources
from livecommerce.processes.rooms import INTERNAL_KEY, LowerRooms, open_lower_rooms
from livecommerce.sales.service import Bans, BuyService, FlashSaleService, HoldService, Shelf, WaitlistService
from livecommerce.sales.store import SaleStore, WaitlistStore


@dataclass(frozen=True, slots=True)
class Talk:
    """What people say, and who keeps order."""

    moderation: ModerationService
    chat: ChatService
    reactions: Reactions


@dataclass(frozen=True, slots=True)
class Trade:
    """From a click to a parcel."""

    sales: FlashSaleService
    buying: BuyService
    holds: HoldService
    waitlist: WaitlistService
    orders: OrderService
    payments: PaymentService
    numbers: NumbersService
    sandbox: SandboxProvider | None
    pricing: Pricing
    quotes: QuoteService
    parcels: FulfilmentService


@dataclass(frozen=True, slots=True)
class House:
    """Services by floor, lowest first."""

    lower: LowerRooms
    talk: Talk
    broadcast: BroadcastService
    trade: Trade
    presence: Presence
    audience: AudienceService


async def open_house(resources: Resources, stack: AsyncExitStack) -> House:
    """Build all services; what they hold open is closed with the stack."""
    lower = await open_lower_rooms(resources, stack)
    talk = _talk(resources, lower)
    broadcast = await _broadcast(resources, lower, talk, stack)
    presence = Presence(PresenceStore(resources.database, resources.redis), resources.bus, resources.clock)
    providers = await open_providers(resources, lower, stack)
    trade = _trade(resources, lower, talk, ShowCounters(presence, talk), providers)
    return House(
        lower=lower,
        talk=talk,
        broadcast=broadcast,
        trade=trade,
        presence=presence,
        audience=_audience(resources, lower, talk, trade, broadcast=broadcast, presence=presence),
    )


def _talk(resources: Resources, lower: LowerRooms) -> Talk:
    identity = lower.identity
    moderation = ModerationService(
        resources.log,
        SanctionStore(resources.database),
        shows=lower.shows,
        people=identity.people,
        grants=identity.grants,
        audit=identity.audit,
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
        audit=identity.audit,
        clock=resources.clock,
        settings=resources.settings.chat,
    )
    return Talk(moderation, chat, Reactions(ReactionStore(resources.redis), resources.bus))


async def _broadcast(resources: Resources, lower: LowerRooms, talk: Talk, stack: AsyncExitStack) -> BroadcastService:
    keys, clock = lower.identity.keys, resources.clock
    signer = Signer(keys.derive(INTERNAL_KEY))
    media = await stack.enter_async_context(RemoteMedia(resources.nodes, signer, clock))
    edge = await stack.enter_async_context(Edge(media.file))
    return BroadcastService(
        lower.shows,
        media,
        edge,
        StreamStore(resources.database),
        resources.limiter,
        admission=talk.moderation,
        path_keys=PathKeys(keys.derive("hls paths")),
        viewers=HlsViewers(HlsCounts(resources.redis), clock),
        clock=clock,
    )


def _trade(resources: Resources, lower: LowerRooms, talk: Talk, counters: ShowCounters, providers: Providers) -> Trade:
    database, audit, bus = resources.database, lower.identity.audit, resources.bus
    sale_store, order_store = SaleStore(database), OrderStore(database)
    shelf = Shelf(sale_store, lower.catalog, lower.shows)
    methods = [provider.method for provider in providers.offered]
    pricing = Pricing(
        database,
        TermsStore(database),
        audit=audit,
        country=resources.settings.shop.country,
    )
    orders = OrderService(
        database,
        order_store,
        stock=lower.stock,
        shelf=shelf,
        pricing=pricing,
        bus=bus,
        audit=audit,
        methods=methods,
    )
    return Trade(
        sales=FlashSaleService(
            database,
            sale_store,
            log=resources.log,
            stock=lower.stock,
            catalog=lower.catalog,
            shows=lower.shows,
            audit=audit,
        ),
        buying=BuyService(
            shelf,
            lower.stock,
            Bans(talk.moderation),
            limiter=resources.limiter,
            settings=resources.settings.sales,
        ),
        holds=HoldService(database, shelf, lower.stock, lower.upkeep, bus),
        waitlist=WaitlistService(
            database,
            WaitlistStore(database),
            shelf=shelf,
            shows=lower.shows,
            stock=lower.stock,
            bans=Bans(talk.moderation),
            bus=bus,
            limiter=resources.limiter,
            settings=resources.settings.sales,
        ),
        orders=orders,
        payments=PaymentService(
            database,
            order_store,
            orders=orders,
            log=resources.log,
            stock=lower.stock,
            bus=bus,
            audit=audit,
            providers=providers.offered,
        ),
        numbers=NumbersService(order_store, lower.stock, counters, currency=resources.settings.shop.currency),
        sandbox=providers.sandbox,
        parcels=FulfilmentService(database, order_store, orders=orders, bus=bus, audit=audit),
        pricing=pricing,
        quotes=QuoteService(pricing, stock=lower.stock, shelf=shelf, methods=methods),
    )


def _audience(
    resources: Resources,
    lower: LowerRooms,
    talk: Talk,
    trade: Trade,
    *,
    broadcast: BroadcastService,
    presence: Presence,
) -> AudienceService:
    snapshots = Snapshots(
        resources.log,
        shows=lower.shows,
        catalog=lower.catalog,
        sales=trade.sales,
        chat=talk.chat,
        reactions=talk.reactions,
        playbacks=broadcast,
        presence=presence,
    )
    return AudienceService(
        resources.log,
        shows=lower.shows,
        moderation=talk.moderation,
        snapshots=snapshots,
        presence=presence,
        clock=resources.clock,
    )


class ShowCounters:
    """What `orders` asks of the rooms that count people and words, one of which stands above it."""

    def __init__(self, presence: Presence, talk: Talk) -> None:
        self._presence, self._talk = presence, talk

    async def activity(self, show_id: ShowId) -> Activity:
        """The show's counters as they are now."""
        watching = await self._presence.watching(show_id)
        reactions = await self._talk.reactions.totals(show_id)
        return Activity(
            viewers=watching.viewers,
            peak_viewers=await self._presence.peak(show_id),
            messages=await self._talk.chat.how_many(show_id),
            reactions=sum(reactions.counts.values()),
        )
