"""How a show goes, in numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from livecommerce.foundation.core.actors import Actor, Permission, require
from livecommerce.foundation.core.ids import ShowId
from livecommerce.foundation.core.money import MoneyView
from livecommerce.orders.store import OrderStore
from livecommerce.orders.views import NumbersView
from livecommerce.stock.service import StockService


@dataclass(frozen=True, slots=True)
class Activity:
    """Who watches a show, and what they say."""

    viewers: int = 0
    peak_viewers: int = 0
    messages: int = 0
    reactions: int = 0


class ShowActivity(Protocol):
    """Declared here, known to the rooms that count."""

    async def activity(self, show_id: ShowId) -> Activity:
        """The show's counters as they are now."""
        ...


class NumbersService:
    """Live numbers for staff."""

    def __init__(self, store: OrderStore, stock: StockService, activity: ShowActivity, *, currency: str) -> None:
        self._store, self._stock, self._activity, self._currency = store, stock, activity, currency

    async def of_show(self, actor: Actor, show_id: ShowId) -> NumbersView:
        """The numbers of a show for its staff; revenue only for who may read orders."""
        require(actor, Permission.STAFF_READ, show_id)
        activity = await self._activity.activity(show_id)
        orders, units = await self._store.numbers(show_id)
        revenue = None
        if actor.may(Permission.ORDERS_READ, show_id):
            revenue = MoneyView.of(await self._store.revenue(show_id, self._currency))
        return NumbersView(
            viewers=activity.viewers,
            peak_viewers=activity.peak_viewers,
            messages=activity.messages,
            reactions=activity.reactions,
            holds_open=await self._stock.open_in_show(show_id),
            orders=orders,
            units=units,
            revenue=revenue,
        )
