"""The line for what is sold out: first come, first served, and nobody overtakes.

A pool's `waiting` units are kept for its line, so a click hears `sold_out` until the line has been served. Joining,
leaving and serving lock the pool's row first: what one process sees of a line, no other can change meanwhile. An offer
is a hold like any other; when it ends unpaid, its units come back and the next in line is served.
"""

from __future__ import annotations

from typing import Any

from livecommerce.foundation.core.actors import SYSTEM, Actor
from livecommerce.foundation.core.errors import NotFound
from livecommerce.foundation.core.ids import EntryId, FlashSaleId, HoldId, PersonId, PoolId, ShowId, VariantId, new_id
from livecommerce.foundation.core.settings import SalesSettings
from livecommerce.foundation.http.limits import Rate, RateLimiter
from livecommerce.foundation.realtime.bus import Bus
from livecommerce.foundation.storage import outbox
from livecommerce.foundation.storage.postgres import Database, Transaction
from livecommerce.moderation.model import Banned
from livecommerce.sales.events import WaitlistOffered
from livecommerce.sales.model import (
    Offer,
    WaitlistEntry,
    WaitlistFull,
    WaitState,
    require_buyer,
    require_line,
)
from livecommerce.sales.service.bans import Bans
from livecommerce.sales.service.buying import Want
from livecommerce.sales.service.goods import Choice, Shelf, Shows
from livecommerce.sales.store import WaitlistStore
from livecommerce.sales.views import WaitView
from livecommerce.shows.model import NotInLineup
from livecommerce.stock.model import OPEN, Ask, Ended, Hold, LimitReached, NotStarted, Paused, Pool, PoolKind
from livecommerce.stock.service import StockService

SERVED_AT_ONCE = 50
"""People per transaction, while which nobody else can buy from the pool."""
LISTED_MAX = 100
OFFERED = "waitlist.offered"
"""Outbox topic: {hold_id, buyer}."""


class WaitlistService:
    """Who waits for what, and whose turn it is."""

    def __init__(
        self,
        database: Database,
        store: WaitlistStore,
        *,
        shelf: Shelf,
        shows: Shows,
        stock: StockService,
        bans: Bans,
        bus: Bus,
        limiter: RateLimiter,
        settings: SalesSettings,
    ) -> None:
        self._database, self._store, self._shelf, self._shows = database, store, shelf, shows
        self._stock, self._bans, self._bus, self._limiter = stock, bans, bus, limiter
        self._settings, self._rate = settings, Rate(settings.buys_per_s, 1)

    async def join(self, actor: Actor, want: Want) -> WaitView:
        """Take a place at the end of the line; who stands in it already keeps their place."""
        require_buyer(actor, self._settings.buyer)
        await self._limiter.hit("waitlist", actor.id, self._rate)
        offer = await self._shelf.offer(actor, want.choice())
        offer.require_on_air()
        await self._bans.require_welcome(actor, offer.show_id)
        await self._require_few(actor)
        async with self._database.transaction() as tx:
            pool = await self._stock.lock_line(tx, offer.pool_id)
            entry = await self._store.waiting_of(tx, offer.pool_id, offer.show_id, actor.id)
            if entry is None:
                require_line(pool, want.quantity, await self._store.now(tx))
                entry = await self._add(tx, offer, actor, want.quantity)
        places = {known.id: place for known, place in await self._store.of_buyer(actor.id, LISTED_MAX)}
        return await self._view(entry, pool, position=places.get(entry.id, 0))

    async def mine(self, actor: Actor) -> list[WaitView]:
        """What the caller waits for, and what is offered to them now; newest first."""
        entries = await self._store.of_buyer(actor.id, LISTED_MAX)
        offered = [entry.hold_id for entry, _ in entries if entry.hold_id is not None]
        holds = {hold.id: hold for hold in await self._stock.holds(offered) if hold.state in OPEN}
        pools = await self._stock.levels({entry.pool_id for entry, _ in entries})
        return [
            await self._view(entry, pools[entry.pool_id], position=place, hold=holds.get(entry.hold_id or HoldId("")))
            for entry, place in entries
            if entry.state is WaitState.WAITING or entry.hold_id in holds
        ]

    async def leave(self, actor: Actor, entry_id: EntryId) -> None:
        """Give up a place, or an offer that is not being paid. A foreign entry is `NotFound`."""
        entry = await self._store.get(entry_id)
        if entry.buyer != actor.id:
            raise NotFound()
        async with self._database.transaction() as tx:
            if entry.hold_id is not None:
                await self._stock.release(tx, [entry.hold_id], actor=actor.id, only_held=True)
                return
            await self._stock.lock_line(tx, entry.pool_id)
            if await self._store.close(tx, entry.id, WaitState.LEFT):
                await self._keep_units(tx, entry.pool_id)
                return
        if (await self._store.get(entry_id)).state is WaitState.OFFERED:  # their turn came in this moment
            await self.leave(actor, entry_id)

    async def freed(self, tx: Transaction, payload: dict[str, Any]) -> None:
        """Units came back to a pool: serve its line."""
        await self._serve(tx, PoolId(payload["pool_id"]))

    async def tend(self) -> None:
        """Serve what nobody was told of: resumed shows, lost messages; send the lines of ended shows home."""
        lines = await self._store.lines()
        ended = await self._shows.ended_among({show_id for _, show_id in lines}) if lines else set()
        for pool_id, show_id in lines:
            if show_id in ended:
                async with self._database.transaction() as tx:
                    await self._stock.lock_line(tx, pool_id)
                    await self._store.end(tx, pool_id, show_id)
                    await self._keep_units(tx, pool_id)
        levels = await self._stock.levels({pool_id for pool_id, _ in lines}) if lines else {}
        for pool in levels.values():
            if pool.free > 0 or pool.ends_at is not None:
                async with self._database.transaction() as tx:
                    await self._serve(tx, pool.id)

    async def tell(self, _tx: Transaction, payload: dict[str, Any]) -> None:
        """Tell somebody that it is their turn, as long as it is."""
        for hold in await self._stock.holds([HoldId(payload["hold_id"])]):
            if hold.state in OPEN:
                notice = WaitlistOffered(hold_id=hold.id, expires_in_ms=hold.expires_in_ms)
                await self._bus.notify(PersonId(payload["buyer"]), notice.type, notice)

    async def _require_few(self, actor: Actor) -> None:
        waiting = await self._store.of_buyer(actor.id, LISTED_MAX)
        if sum(entry.state is WaitState.WAITING for entry, _ in waiting) >= self._settings.open_holds_max:
            raise LimitReached("You are waiting for so many things already.")

    async def _add(self, tx: Transaction, offer: Offer, actor: Actor, quantity: int) -> WaitlistEntry:
        if (await self._store.line(tx, offer.pool_id)).people >= self._settings.waitlist_max:
            raise WaitlistFull()
        now = await self._store.now(tx)
        entry = WaitlistEntry(
            id=EntryId(new_id()),
            pool_id=offer.pool_id,
            show_id=offer.show_id,
            buyer=actor.id,
            quantity=quantity,
            state=WaitState.WAITING,
            hold_id=None,
            joined_at=now,
        )
        await self._store.add(tx, entry)
        await self._keep_units(tx, offer.pool_id)
        return entry

    async def _serve(self, tx: Transaction, pool_id: PoolId) -> None:
        """Offer what is free to the first in line, then to the next, until nothing is left or nobody waits."""
        pool = await self._stock.lock_line(tx, pool_id)
        if pool.has_ended(await self._store.now(tx)):
            await self._store.end(tx, pool_id)
        free = 0 if pool.is_paused else pool.free
        for _ in range(SERVED_AT_ONCE):
            entry = await self._store.first(tx, pool_id) if free > 0 else None
            if entry is None:
                break
            try:
                free -= await self._offer(tx, pool, entry, free)
            except (Paused, NotStarted):
                break
        await self._keep_units(tx, pool_id)

    async def _offer(self, tx: Transaction, pool: Pool, entry: WaitlistEntry, free: int) -> int:
        """Hold units for whose turn it is; how many. Who may have none is passed over, and may line up again."""
        try:
            offer = await self._shelf.offer(SYSTEM, _choice(pool, entry.show_id))
            offer.require_on_air()
            await self._bans.require_person_welcome(entry.buyer, entry.show_id)
        except (Banned, Ended, NotFound, NotInLineup) as refused:
            state = WaitState.PASSED if isinstance(refused, Banned) else WaitState.ENDED
            await self._store.close(tx, entry.id, state)
            return 0
        quantity = min(entry.quantity, free)
        ask = Ask(HoldId(new_id()), entry.show_id, entry.buyer, "waitlist", quantity, offer.price)
        held = await self._stock.offer(tx, pool.id, ask, hold_s=self._settings.offer_s)
        if held == 0:
            await self._store.close(tx, entry.id, WaitState.PASSED)
            return 0
        await self._store.offered(tx, entry.id, ask.hold_id)
        await outbox.put(tx, OFFERED, {"hold_id": ask.hold_id, "buyer": entry.buyer})
        return held

    async def _keep_units(self, tx: Transaction, pool_id: PoolId) -> None:
        """Written as a sum, never counted up and down, so it cannot drift from the line."""
        await self._stock.set_waiting(tx, pool_id, (await self._store.line(tx, pool_id)).units)

    async def _view(self, entry: WaitlistEntry, pool: Pool, *, position: int, hold: Hold | None = None) -> WaitView:
        return WaitView.of(entry, await self._shelf.goods(pool.variant_id), pool, position=position, hold=hold)


def _choice(pool: Pool, show_id: ShowId) -> Choice:
    if pool.kind is PoolKind.FLASH_SALE:
        return Choice(FlashSaleId(pool.id))
    return Choice(None, show_id, VariantId(pool.variant_id))
