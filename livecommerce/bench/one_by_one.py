"""The rival: one transaction per click, with the same checks, journal and durability, and no gate in front.

It is given what it is best at: one statement per transaction (the ledger's own function for a batch of one), few
connections that take clicks in order, and no time-outs while it catches up.
"""

from __future__ import annotations

import asyncio

from livecommerce.foundation.core.ids import PoolId
from livecommerce.foundation.realtime.bus import Bus
from livecommerce.foundation.storage.postgres import Database
from livecommerce.stock.model import Ask, Decision, HoldState, SoldOut, refusal
from livecommerce.stock.service import StockService
from livecommerce.stock.store.gate import Gate
from livecommerce.stock.store.ledger import Ledger

CONNECTIONS = 4
"""All wait for one row. More of them only quarrel."""


class OneByOne(StockService):
    """Stock as everybody writes it first."""

    def __init__(self, database: Database, ledger: Ledger, gate: Gate, bus: Bus) -> None:
        super().__init__(database, ledger, gate, bus)
        self._alone, self._turns = ledger, asyncio.Semaphore(CONNECTIONS)

    async def hold(self, pool_id: PoolId, ask: Ask) -> Decision:
        """Decide one click in a transaction of its own."""
        async with self._turns:
            [decision] = await self._alone.hold_batch(pool_id, [ask])
        if decision.state is HoldState.REJECTED:
            raise refusal(decision.reason or SoldOut.code, available=decision.available)
        return decision
