"""After each commit: the gate gets the new level, and the shows see it."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Collection, Sequence

import structlog

from livecommerce.foundation.core.errors import StorageUnavailable
from livecommerce.foundation.core.ids import PoolId, ShowId, VariantId
from livecommerce.foundation.realtime.bus import Bus
from livecommerce.stock.events import StockChanged
from livecommerce.stock.model import Ask, Decision, Hold, HoldState, Pool, PoolKind
from livecommerce.stock.store.gate import Gate

log = structlog.get_logger(__name__)

REMEMBERED_POOLS = 10_000
LATELY_S = 300.0

ShowsOf = Callable[[VariantId], Awaitable[Collection[ShowId]]]
"""Where a variant is on show now; a higher room knows."""


async def nowhere(_: VariantId) -> Collection[ShowId]:
    """A `ShowsOf` for processes without shows."""
    return ()


class Teller:
    """Tells gates and shows what the ledger has decided. Never raises for Redis' sake: the janitor repeats it."""

    def __init__(self, gate: Gate, bus: Bus) -> None:
        self._gate, self._bus = gate, bus
        self.shows_of: ShowsOf = nowhere
        self.touched: dict[PoolId, float] = {}
        """Pools whose gate this process has used, and when (monotonic): what its janitor looks after."""
        self._known: dict[PoolId, Pool] = {}

    def touch(self, pool_id: PoolId) -> None:
        """Remember a pool for the janitor."""
        while pool_id not in self.touched and len(self.touched) >= REMEMBERED_POOLS:
            forgotten = next(iter(self.touched))
            del self.touched[forgotten]
            self._known.pop(forgotten, None)
        self.touched[pool_id] = time.monotonic()

    def lately(self) -> list[PoolId]:
        """The pools that were used in the last minutes."""
        since = time.monotonic() - LATELY_S
        return [pool_id for pool_id, at in self.touched.items() if at >= since]

    def learn(self, pool: Pool) -> None:
        """Remember what kind a pool is."""
        self._known[pool.id] = pool
        self.touch(pool.id)

    def knows(self, pool_id: PoolId) -> bool:
        return pool_id in self._known

    async def decided(self, pool_id: PoolId, asks: Sequence[Ask], decisions: Sequence[Decision]) -> None:
        """Settle a batch: what was granted and is not held (or held under an earlier id) is given back."""
        available, version = decisions[-1].available, decisions[-1].version
        outcomes = [
            (ask.hold_id, decision.state is not HoldState.REJECTED and decision.hold_id == ask.hold_id)
            for ask, decision in zip(asks, decisions, strict=True)
        ]
        try:
            await self._gate.settle(pool_id, available=available, version=version, outcomes=outcomes)
        except StorageUnavailable:
            log.debug("a gate was not told: Redis does not answer", pool_id=pool_id)
        if (pool := self._known.get(pool_id)) is not None and any(held for _, held in outcomes):
            await self._count(pool, available, version, {ask.show_id for ask in asks})

    async def changed(self, pools: Collection[Pool], closed: Collection[Hold] = ()) -> None:
        """Tell new levels; `closed` are holds whose units their buyers no longer have."""
        for pool in pools:
            self.learn(pool)
            holds = [hold for hold in closed if hold.pool_id == pool.id]
            await self.level(pool, [(f"{hold.show_id}:{hold.buyer}", hold.quantity) for hold in holds])
            await self._count(pool, pool.available, pool.version, {hold.show_id for hold in holds})

    async def level(self, pool: Pool, given_back: Sequence[tuple[str, int]] = ()) -> None:
        """Give a gate the whole level, window and limit included."""
        try:
            await self._gate.settle(
                pool.id, available=pool.available, version=pool.version, level=pool, given_back=given_back
            )
        except StorageUnavailable:
            log.debug("a gate was not told: Redis does not answer", pool_id=pool.id)

    async def _count(self, pool: Pool, available: int, version: int, shows: set[ShowId]) -> None:
        if pool.kind is PoolKind.VARIANT:
            shows |= set(await self.shows_of(pool.variant_id))
        elif pool.show_id is not None:
            shows = {pool.show_id}
        counter = StockChanged(pool=pool.kind.value, id=pool.id, available=available, version=version)
        for show_id in shows:
            await self._bus.count(show_id, counter)
