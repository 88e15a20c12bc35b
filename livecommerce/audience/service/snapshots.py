"""Snapshots: the state of a show at a place of its log, read once for all who join at about the same time.

The place is read first and the state after it, so the state holds everything up to the place, and events after it,
being absolute, may be applied to it once more. A snapshot is shared while it is younger than `FRESH_S` and its place
is not behind what a joining viewer was already promised. Per show one reads at a time; the others wait for it.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from livecommerce.audience.service.presence import Presence
from livecommerce.audience.views import StockView
from livecommerce.broadcast.model import Playback
from livecommerce.catalog.service import CatalogService
from livecommerce.catalog.views import ProductView
from livecommerce.chat.service import ChatService, Reactions
from livecommerce.chat.views import MessageView
from livecommerce.foundation.core.events import Scope
from livecommerce.foundation.core.ids import ShowId
from livecommerce.foundation.realtime.eventlog import EventLog, Head
from livecommerce.foundation.realtime.wire import Shared, plain
from livecommerce.sales.service import FlashSaleService
from livecommerce.sales.views import FlashSaleView
from livecommerce.shows.service import ShowService

FRESH_S = 1.0
"""Counters may be so old in a snapshot; those that changed since are sent after it."""
SHOWS_MAX = 500


class Playbacks(Protocol):
    """How to play a show (`broadcast`)."""

    async def playback(self, show_id: ShowId) -> Playback: ...


@dataclass(frozen=True, slots=True)
class Cut:
    """The state of a show at `head`, each part encoded at most once per parser."""

    head: Head
    read_at: float
    """Monotonic, when the reading began."""
    parts: dict[str, Shared]

    def covers(self, needed: Head | None) -> bool:
        """Whether nothing is missing between this and what a viewer will be sent."""
        if time.monotonic() - self.read_at > FRESH_S:
            return False
        return needed is None or (self.head.epoch == needed.epoch and self.head.seq >= needed.seq)


@dataclass(slots=True)
class _Place:
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    cut: Cut | None = None


class Snapshots:
    """Reads the rooms below."""

    def __init__(
        self,
        log: EventLog,
        *,
        shows: ShowService,
        catalog: CatalogService,
        sales: FlashSaleService,
        chat: ChatService,
        reactions: Reactions,
        playbacks: Playbacks,
        presence: Presence,
    ) -> None:
        self._log, self._shows, self._catalog, self._sales = log, shows, catalog, sales
        self._chat, self._reactions, self._playbacks, self._presence = chat, reactions, playbacks, presence
        self._places: OrderedDict[ShowId, _Place] = OrderedDict()

    async def get(self, show_id: ShowId, *, at_least: Head | None = None) -> Cut:
        """A snapshot that is fresh and not behind `at_least`."""
        place = self._places.setdefault(show_id, _Place())
        self._places.move_to_end(show_id)
        if place.cut is not None and place.cut.covers(at_least):
            return place.cut
        async with place.turn:
            if place.cut is None or not place.cut.covers(at_least):
                place.cut = await self._read(show_id)
        while len(self._places) > SHOWS_MAX:
            self._places.popitem(last=False)
        return place.cut

    async def _read(self, show_id: ShowId) -> Cut:
        read_at = time.monotonic()
        head = await self._log.head(show_id, Scope.PUBLIC)
        show = await self._shows.get(show_id)
        view = await self._shows.view(show)
        lineup = await self._catalog.views(show.lineup)
        sales = await self._sales.current(show_id)
        messages = [MessageView.of(message) for message in await self._chat.recent(show_id)]
        state: dict[str, object] = {
            "show": view,
            "lineup": list(lineup),
            "pins": view.pins,
            "sales": sales,
            "stock": stock_of(lineup, sales),
            "chat_mode": view.chat_mode,
            "messages": messages,
            "audience": await self._presence.watching(show_id),
            "reactions": await self._reactions.totals(show_id),
            "playback": await self._playbacks.playback(show_id),
        }
        return Cut(head, read_at, {name: Shared(plain(part)) for name, part in state.items()})


def stock_of(lineup: Iterable[ProductView], sales: Iterable[FlashSaleView]) -> list[StockView]:
    """What every pool of a show has left, as its products and sales tell."""
    variants = (variant for product in lineup for variant in product.variants)
    return [
        *(StockView("variant", variant.id, variant.available, variant.stock_version) for variant in variants),
        *(StockView("flash_sale", sale.id, sale.available, sale.stock_version) for sale in sales),
    ]
