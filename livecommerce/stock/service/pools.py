"""Pools and holds for the rooms above: variants get a pool, flash sales fence units off, orders close holds.

Methods that take `tx` take part in the caller's transaction; gates and shows are told after its COMMIT.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime

from livecommerce.foundation.core.errors import Invalid, NotFound, StorageUnavailable
from livecommerce.foundation.core.ids import FlashSaleId, HoldId, PersonId, PoolId, ShowId, VariantId, new_id
from livecommerce.foundation.realtime.bus import Bus
from livecommerce.foundation.storage import outbox
from livecommerce.foundation.storage.postgres import Database, Transaction
from livecommerce.stock.model import (
    MAX_UNITS,
    Ask,
    Closing,
    Decision,
    Hold,
    HoldExpired,
    HoldState,
    NotEnoughStock,
    Pool,
    PoolKind,
)
from livecommerce.stock.service.batches import GroupCommit
from livecommerce.stock.service.clicks import Clicks
from livecommerce.stock.service.telling import ShowsOf, Teller
from livecommerce.stock.store.gate import Gate
from livecommerce.stock.store.ledger import Ledger

UNITS_FREED = "units.freed"
"""Outbox topic: {pool_id}. People wait at the pool, and units may have come back to it or never will."""


class StockService:
    """Counts units, promises them and never twice. Enter it (`async with`) to start group commit."""

    def __init__(self, database: Database, ledger: Ledger, gate: Gate, bus: Bus) -> None:
        self._database, self._ledger, self.gate = database, ledger, gate
        self.teller = Teller(gate, bus)
        batches = GroupCommit(ledger, committed=self.teller.decided, lost=self._lost)
        self.clicks = Clicks(database, ledger, gate, batches, self.teller)
        self._batches, self._stack = batches, AsyncExitStack()
        self._outages: set[PoolId] = set()

    async def __aenter__(self) -> StockService:
        await self._stack.enter_async_context(self._batches)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def show_in(self, shows_of: ShowsOf) -> None:
        """Say where variants are on show, so that those shows see their stock change."""
        self.teller.shows_of = shows_of

    async def _lost(self, pool_id: PoolId) -> None:
        self._outages.add(pool_id)
        try:
            await self.gate.tell_outage(pool_id)
        except StorageUnavailable:
            return

    async def end_outages(self) -> None:
        """PostgreSQL has answered: clicks may try again at once."""
        for pool_id in tuple(self._outages):
            await self.gate.end_outage(pool_id)
            self._outages.discard(pool_id)

    async def hold(self, pool_id: PoolId, ask: Ask) -> Decision:
        """Hold units for a buyer, durably, or raise a `Refused`; `Busy` when nothing definite can be said now."""
        return await self.clicks.hold(pool_id, ask)

    async def levels(self, pool_ids: Collection[str], tx: Transaction | None = None) -> dict[str, Pool]:
        """What pools (named by their variant's or flash sale's id) have now. Unknown ones are left out."""
        wanted = [PoolId(pool_id) for pool_id in pool_ids]
        pools = await (self._ledger.levels(wanted) if tx is None else self._ledger.levels_in(tx, wanted))
        return {pool.id: pool for pool in pools}

    async def create_pool(
        self, tx: Transaction, variant_id: VariantId, *, units: int, limit_per_buyer: int | None, hold_s: int
    ) -> None:
        """Begin to count a variant."""
        pool_id = PoolId(variant_id)
        await self._ledger.insert_pool(
            tx,
            pool_id,
            PoolKind.VARIANT,
            variant_id,
            show_id=None,
            total=_units(units),
            limit_per_buyer=limit_per_buyer,
            starts_at=None,
            ends_at=None,
            hold_s=hold_s,
        )
        await self._ledger.journal(tx, pool_id, "open", units)

    async def set_terms(
        self, tx: Transaction, variant_id: VariantId, *, limit_per_buyer: int | None, hold_s: int
    ) -> None:
        """Change how many one buyer may have of a variant, and for how long it is held."""
        pool_id = PoolId(variant_id)
        await self._lock(tx, pool_id)
        await self._ledger.set_terms(tx, pool_id, limit_per_buyer, hold_s)
        await self._tell_after(tx, [pool_id])

    async def adjust(self, tx: Transaction, variant_id: VariantId, delta: int, *, reason: str, actor: PersonId) -> Pool:
        """Change a variant's stock by hand; `NotEnoughStock` when fewer are free than are taken away."""
        pool_id = PoolId(variant_id)
        available = await self._lock(tx, pool_id)
        if available + delta < 0:
            raise NotEnoughStock(available=available)
        _units(available + delta)
        await self._ledger.add_total(tx, pool_id, delta)
        await self._ledger.journal(tx, pool_id, "adjust", delta, reason=reason, actor=actor)
        return (await self._free_after(tx, [pool_id]))[0]

    async def pause(self, tx: Transaction, pool_id: PoolId, *, is_paused: bool) -> Pool:
        """Stop or resume selling from a pool, by a host's hand. Lifts a pause of the audit too."""
        await self._lock(tx, pool_id)
        await self._ledger.set_paused(tx, pool_id, "host" if is_paused else None)
        return (await self._free_after(tx, [pool_id]))[0]

    async def fence(
        self,
        tx: Transaction,
        flash_sale_id: FlashSaleId,
        variant_id: VariantId,
        *,
        show_id: ShowId,
        units: int,
        limit_per_buyer: int | None,
        starts_at: datetime,
        ends_at: datetime,
        hold_s: int,
    ) -> None:
        """Set units of a variant aside for a flash sale; `NotEnoughStock` when fewer are free."""
        source, pool_id = PoolId(variant_id), PoolId(flash_sale_id)
        available = await self._lock(tx, source)
        if units > available:
            raise NotEnoughStock(available=available, field="quantity")
        await self._ledger.add_total(tx, source, -units)
        await self._ledger.insert_pool(
            tx,
            pool_id,
            PoolKind.FLASH_SALE,
            variant_id,
            show_id=show_id,
            total=units,
            limit_per_buyer=limit_per_buyer,
            starts_at=starts_at,
            ends_at=ends_at,
            hold_s=hold_s,
        )
        await self._ledger.journal(tx, source, "fence", -units, ref=pool_id)
        await self._ledger.journal(tx, pool_id, "fence", units, ref=source)
        await self._tell_after(tx, [source, pool_id])

    async def give_back(self, tx: Transaction, flash_sale_id: FlashSaleId) -> Pool:
        """End a flash sale's pool: what is free flows to the variant's pool, what expires later too."""
        pool_id = PoolId(flash_sale_id)
        pools = await self._ledger.levels_in(tx, [pool_id])
        if not pools:
            raise NotFound()
        pair = [pool_id, PoolId(pools[0].variant_id)]
        await self._ledger.lock_pools(tx, pair)
        await self._ledger.give_back(tx, pool_id)
        return next(pool for pool in await self._free_after(tx, pair) if pool.id == pool_id)

    async def lock_line(self, tx: Transaction, pool_id: PoolId) -> Pool:
        """Lock a pool, so that its line stands still, and say what it has."""
        await self._lock(tx, pool_id)
        return (await self._ledger.levels_in(tx, [pool_id]))[0]

    async def set_waiting(self, tx: Transaction, pool_id: PoolId, units: int) -> None:
        """Keep units of a locked pool, now and as they come back, for the people in its line."""
        await self._ledger.set_waiting(tx, pool_id, units)
        await self._tell_after(tx, [pool_id])

    async def offer(self, tx: Transaction, pool_id: PoolId, ask: Ask, *, hold_s: int) -> int:
        """Hold units of a locked pool for whose turn it is: as many as are free and allowed; how many."""
        return await self._ledger.offer(tx, pool_id, ask, hold_s)

    async def holds(self, hold_ids: Collection[HoldId]) -> list[Hold]:
        """Holds by id; unknown ones are left out."""
        return await self._ledger.holds(hold_ids)

    async def open_holds(self, buyer: PersonId, *, limit: int = 100) -> list[Hold]:
        """What a buyer holds and has not paid, newest first."""
        return await self._ledger.open_holds(buyer, limit)

    async def open_in_show(self, show_id: ShowId) -> int:
        """How many holds of a show are not yet paid."""
        return await self._ledger.open_in_show(show_id)

    async def pay(self, tx: Transaction, hold_ids: Collection[HoldId], buyer: PersonId) -> list[Hold]:
        """Turn a buyer's holds to `paying`: the clock no longer ends them. Foreign ones are `NotFound`."""
        holds = await self._locked(tx, hold_ids)
        if any(hold.buyer != buyer for hold in holds):
            raise NotFound()
        for hold in holds:
            hold.require_payable()
        await self._ledger.pay(tx, [hold.id for hold in holds])
        return holds

    async def extend(self, tx: Transaction, hold_id: HoldId, buyer: PersonId) -> Hold:
        """Give a buyer's hold its pool's time once more. A foreign one is `NotFound`, an ended one `HoldExpired`."""
        [hold] = await self._locked(tx, [hold_id])
        if hold.buyer != buyer:
            raise NotFound()
        hold.require_extendable()
        extended = await self._ledger.extend_once(tx, hold)
        if extended is None:
            raise HoldExpired()
        return extended

    async def sell(self, tx: Transaction, hold_ids: Collection[HoldId]) -> None:
        """Turn holds to `sold`."""
        await self._close(tx, hold_ids, Closing.SELL)

    async def sell_again(self, tx: Transaction, hold_ids: Collection[HoldId]) -> dict[HoldId, HoldId]:
        """Hold and sell the units of closed holds anew: old id to new. `NotEnoughStock` when they are gone.

        A flash sale that is over sells from its variant's pool. Who catches the error must roll `tx` back.
        """
        holds = await self._locked(tx, hold_ids)
        await self._ledger.lock_pools(tx, {pool for hold in holds for pool in _sources(hold)})
        again: dict[HoldId, HoldId] = {}
        for hold in holds:
            for pool_id in _sources(hold):
                ask = Ask(HoldId(new_id()), hold.show_id, hold.buyer, hold.id, hold.quantity, hold.price)
                decision = await self._ledger.hold_in(tx, pool_id, ask)
                if decision.state is not HoldState.REJECTED:
                    again[hold.id] = decision.hold_id
                    break
            else:
                raise NotEnoughStock()
        await self.sell(tx, list(again.values()))
        return again

    async def release(
        self, tx: Transaction, hold_ids: Collection[HoldId], *, actor: PersonId, only_held: bool = False
    ) -> None:
        """Give units back that were not paid. `only_held` refuses holds of an order."""
        holds = await self._locked(tx, hold_ids)
        for hold in holds if only_held else ():
            hold.require_payable()
        await self._close_locked(tx, holds, Closing.RELEASE, actor=actor)

    async def take_back(self, tx: Transaction, hold_ids: Collection[HoldId], *, refund: str, actor: PersonId) -> None:
        """Return sold units to stock, once per refund."""
        await self._close(tx, hold_ids, Closing.RETURN, actor=actor, ref=refund)

    async def return_units(self, tx: Transaction, units: Mapping[HoldId, int], *, refund: str, actor: PersonId) -> None:
        """Return some units of sold holds to stock, once per refund."""
        holds = await self._locked(tx, units)
        for hold in holds:
            hold.require_closable(Closing.RETURN)
        pools = await self._ledger.return_units(tx, units, actor=actor, ref=refund)
        given_back = [replace(hold, quantity=units[hold.id]) for hold in holds]
        await _tell_line(tx, pools)
        tx.after_commit(lambda: self.teller.changed(pools, given_back))

    async def expire(self, tx: Transaction, holds: Sequence[Hold]) -> None:
        """End locked holds whose time is over."""
        await self._close_locked(tx, holds, Closing.EXPIRE)

    async def _close(
        self,
        tx: Transaction,
        hold_ids: Collection[HoldId],
        closing: Closing,
        *,
        actor: PersonId | None = None,
        ref: str | None = None,
    ) -> None:
        await self._close_locked(tx, await self._locked(tx, hold_ids), closing, actor=actor, ref=ref)

    async def _close_locked(
        self,
        tx: Transaction,
        holds: Sequence[Hold],
        closing: Closing,
        *,
        actor: PersonId | None = None,
        ref: str | None = None,
    ) -> None:
        if not holds:
            return
        for hold in holds:
            hold.require_closable(closing)
        pools = await self._ledger.close(tx, [hold.id for hold in holds], closing, actor=actor, ref=ref)
        given_back = () if closing is Closing.SELL else tuple(holds)
        if given_back:
            await _tell_line(tx, pools)
        tx.after_commit(lambda: self.teller.changed(pools, given_back))

    async def _locked(self, tx: Transaction, hold_ids: Collection[HoldId]) -> list[Hold]:
        holds = await self._ledger.lock_holds(tx, set(hold_ids))
        if len(holds) != len(set(hold_ids)):
            raise NotFound()
        return holds

    async def _lock(self, tx: Transaction, pool_id: PoolId) -> int:
        try:
            return (await self._ledger.lock_pools(tx, [pool_id]))[pool_id]
        except KeyError:
            raise NotFound() from None

    async def _tell_after(self, tx: Transaction, pool_ids: Sequence[PoolId]) -> list[Pool]:
        pools = await self._ledger.levels_in(tx, pool_ids)
        tx.after_commit(lambda: self.teller.changed(pools))
        return pools

    async def _free_after(self, tx: Transaction, pool_ids: Sequence[PoolId]) -> list[Pool]:
        pools = await self._tell_after(tx, pool_ids)
        await _tell_line(tx, pools)
        return pools


def _sources(hold: Hold) -> list[PoolId]:
    return list(dict.fromkeys([hold.pool_id, PoolId(hold.variant_id)]))


async def _tell_line(tx: Transaction, pools: Sequence[Pool]) -> None:
    """Units may have come back to pools at which people wait, or will never."""
    for pool in pools:
        if pool.waiting > 0:
            await outbox.put(tx, UNITS_FREED, {"pool_id": pool.id})


def _units(units: int) -> int:
    if not 0 <= units <= MAX_UNITS:
        raise Invalid(f"Stock is a number from 0 to {MAX_UNITS}.", field="stock")
    return units
