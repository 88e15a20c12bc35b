"""What the janitor does: end holds in time, mend gates, and check the books. Everything may run twice or never."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from livecommerce.foundation.core.errors import StorageUnavailable
from livecommerce.foundation.core.ids import HoldId, PersonId, PoolId
from livecommerce.foundation.storage import outbox
from livecommerce.foundation.storage.postgres import Database
from livecommerce.stock.model import Pool
from livecommerce.stock.service.pools import StockService
from livecommerce.stock.store.gate import GateBroken, Settled
from livecommerce.stock.store.ledger import Ledger

log = structlog.get_logger(__name__)

OUTAGE_S = 3.0
"""A heartbeat older than this means that nobody could pay: holds are extended by the gap."""
EXPIRE_MAX = 300
OVERDUE_MAX = 200
AUDIT_MAX = 500
WARN_MAX = 500

HOLDS_EXTENDED = "holds.extended"
"""Outbox topic: {gap_s}. Nobody could pay for so long."""
HOLD_EXPIRED = "hold.expired"
"""Outbox topic: {hold_id, buyer, show_id, pool_id, variant_id}."""


class Upkeep:
    """Repairs what crashes, outages and lies leave behind."""

    def __init__(self, database: Database, ledger: Ledger, stock: StockService) -> None:
        self._database, self._ledger, self._stock = database, ledger, stock
        self._audited: dict[PoolId, int] = {}

    async def sweep(self) -> int:
        """Beat, extend holds by an outage, then end those that are due; how many ended. One process at a time."""
        async with self._database.transaction() as tx:
            gap_s = await self._ledger.heartbeat_gap_s(tx)
            if gap_s is None:
                return 0
            if gap_s > OUTAGE_S:
                extended = await self._ledger.extend(tx, gap_s)
                await outbox.put(tx, HOLDS_EXTENDED, {"gap_s": gap_s})
                log.info("holds were extended by an outage", gap_s=round(gap_s, 1), holds=extended)
            await self._ledger.beat(tx)
            due = await self._ledger.due(tx, EXPIRE_MAX)
            for hold in due:
                payload = {"hold_id": hold.id, "buyer": hold.buyer, "show_id": hold.show_id, "pool_id": hold.pool_id}
                await outbox.put(tx, HOLD_EXPIRED, {**payload, "variant_id": hold.variant_id})
            await self._stock.expire(tx, due)  # last: it locks pools
        return len(due)

    async def warn(self, within_s: float) -> Sequence[tuple[HoldId, PersonId, int]]:
        """Holds that end soon: (hold, buyer, milliseconds left). Each is answered once, to one process."""
        return await self._ledger.warn(within_s, WARN_MAX)

    async def mend_gates(self) -> None:
        """Bring the gates that this process uses in line with the ledger."""
        pools = await self._ledger.levels(self._stock.teller.lately())
        try:
            await self._stock.end_outages()
            for pool in pools:
                await self._mend_or_replace(pool)
        except StorageUnavailable:
            return

    async def _mend_or_replace(self, pool: Pool) -> None:
        try:
            await self._mend(pool)
        except GateBroken:
            log.warning("a gate is beyond repair and is built anew", pool_id=pool.id)
            await self._stock.gate.drop(pool.id)
            await self._stock.clicks.rebuild(pool.id)

    async def _mend(self, pool: Pool) -> None:
        overdue = await self._stock.gate.overdue(pool.id, OVERDUE_MAX)
        decided = await self._ledger.decided(overdue) if overdue else set()
        settled = await self._stock.gate.settle(
            pool.id,
            available=pool.available,
            version=pool.version,
            level=pool,
            outcomes=[(hold_id, hold_id in decided) for hold_id in overdue],
            recount=True,
        )
        if settled is None:
            await self._stock.clicks.rebuild(pool.id)
        elif settled.version > pool.version:
            await self._check_ahead(pool.id, settled)

    async def _check_ahead(self, pool_id: PoolId, settled: Settled) -> None:
        """A gate may only know what is committed: one that is ahead of a fresh reading knows a lost future."""
        fresh = await self._ledger.levels([pool_id])
        if fresh and settled.version > fresh[0].version:
            log.warning("a gate is ahead of the ledger and is rebuilt", pool_id=pool_id)
            await self._stock.clicks.rebuild(pool_id, seen_epoch=settled.epoch)

    async def audit(self) -> dict[PoolId, list[str]]:
        """Check I1–I5 and I10 of every pool that changed since the last audit; a wrong one is paused and named."""
        versions = await self._ledger.versions()
        changed = [pool_id for pool_id, version in versions.items() if self._audited.get(pool_id) != version]
        broken: dict[PoolId, list[str]] = {}
        for start in range(0, len(changed), AUDIT_MAX):
            broken |= await self._ledger.audit(changed[start : start + AUDIT_MAX])
        for pool_id, violations in broken.items():
            log.error("the books of a pool are wrong, it is paused", pool_id=pool_id, violations=violations)
            await self._pause(pool_id)
        self._audited = {pool_id: version for pool_id, version in versions.items() if pool_id not in broken}
        return broken

    async def _pause(self, pool_id: PoolId) -> None:
        async with self._database.transaction() as tx:
            await self._ledger.lock_pools(tx, [pool_id])
            await self._ledger.set_paused(tx, pool_id, "audit")
            pools = await self._ledger.levels_in(tx, [pool_id])
            tx.after_commit(lambda: self._stock.teller.changed(pools))
