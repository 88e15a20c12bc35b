"""A buyer's holds: seen, given back, and told of when they end."""

from __future__ import annotations

from livecommerce.foundation.core.actors import Actor
from livecommerce.foundation.core.errors import NotFound
from livecommerce.foundation.core.ids import HoldId, PersonId
from livecommerce.foundation.realtime.bus import Bus
from livecommerce.foundation.storage.postgres import Database
from livecommerce.sales.events import HoldExpired, HoldExpiring
from livecommerce.sales.service.goods import Shelf
from livecommerce.sales.views import HoldView
from livecommerce.stock.model import Hold
from livecommerce.stock.service import StockService, Upkeep

WARN_S = 30.0
"""Seconds before the end at which a buyer is told once."""


class HoldService:
    """What a buyer does with holds. A foreign hold cannot be told from an unknown one."""

    def __init__(self, database: Database, shelf: Shelf, stock: StockService, upkeep: Upkeep, bus: Bus) -> None:
        self._database, self._shelf, self._stock, self._upkeep, self._bus = database, shelf, stock, upkeep, bus

    async def mine(self, actor: Actor) -> list[HoldView]:
        """The holds that the caller can still pay, newest first."""
        return [await self._view(hold) for hold in await self._stock.open_holds(actor.id)]

    async def get(self, actor: Actor, hold_id: HoldId) -> HoldView:
        """One of the caller's holds."""
        return await self._view(await self._own(actor, hold_id))

    async def release(self, actor: Actor, hold_id: HoldId) -> None:
        """Give a hold back; one that is part of an order is cancelled with the order."""
        await self._own(actor, hold_id)
        async with self._database.transaction() as tx:
            await self._stock.release(tx, [hold_id], actor=actor.id, only_held=True)

    async def extend(self, actor: Actor, hold_id: HoldId) -> HoldView:
        """Hold the caller's units for as long again, once, while they are still held."""
        async with self._database.transaction() as tx:
            hold = await self._stock.extend(tx, hold_id, actor.id)
        return await self._view(hold)

    async def warn(self) -> int:
        """Tell buyers whose holds end soon; how many were told."""
        ending = await self._upkeep.warn(WARN_S)
        for hold_id, buyer, left_ms in ending:
            notice = HoldExpiring(hold_id=hold_id, expires_in_ms=max(0, left_ms))
            await self._bus.notify(buyer, notice.type, notice)
        return len(ending)

    async def expired(self, hold_id: HoldId, buyer: PersonId) -> None:
        """Tell a buyer whose hold has ended."""
        await self._bus.notify(buyer, HoldExpired.type, HoldExpired(hold_id=hold_id))

    async def _own(self, actor: Actor, hold_id: HoldId) -> Hold:
        holds = await self._stock.holds([hold_id])
        if not holds or holds[0].buyer != actor.id:
            raise NotFound()
        return holds[0]

    async def _view(self, hold: Hold) -> HoldView:
        return HoldView.of(hold, await self._shelf.goods(hold.variant_id))
