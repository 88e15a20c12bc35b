"""What time does in sales: flash sales open and close, holds are warned of, expired ones are told.

One task each, in every web process: rows are taken with SKIP LOCKED, so several processes share the work and no sale is
opened or closed twice. PostgreSQL's clock decides. Trouble of storage is waited out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from livecommerce.foundation.core.errors import StorageUnavailable
from livecommerce.foundation.core.ids import HoldId, PersonId
from livecommerce.foundation.storage.outbox import Outbox
from livecommerce.foundation.storage.postgres import Transaction
from livecommerce.sales.service import FlashSaleService, HoldService, WaitlistService
from livecommerce.sales.service.waitlist import OFFERED
from livecommerce.stock.service.pools import UNITS_FREED
from livecommerce.stock.service.upkeep import HOLD_EXPIRED

log = structlog.get_logger(__name__)

DUE_EVERY_S = 0.2
FINISHED_EVERY_S = 1.0
WARN_EVERY_S = 1.0


TEND_EVERY_S = 1.0


class WaitlistClerk:
    """Serves the lines for what is sold out, until cancelled."""

    def __init__(self, waitlist: WaitlistService, outbox: Outbox) -> None:
        self._waitlist, self._outbox = waitlist, outbox

    async def run(self) -> None:
        """Serve, tell, and look after what was missed."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._outbox.consume(UNITS_FREED, self._waitlist.freed), name="lines served")
            tasks.create_task(self._outbox.consume(OFFERED, self._waitlist.tell), name="offers told")
            tasks.create_task(repeat(self._waitlist.tend, TEND_EVERY_S), name="lines tended")


class SalesClock:
    """Runs the jobs of sales until cancelled."""

    def __init__(self, sales: FlashSaleService, holds: HoldService, outbox: Outbox) -> None:
        self._sales, self._holds, self._outbox = sales, holds, outbox

    async def run(self) -> None:
        """Open, close, warn and tell."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(repeat(self.open_and_end, DUE_EVERY_S), name="flash sales due")
            tasks.create_task(repeat(self._sales.end_finished, FINISHED_EVERY_S), name="flash sales finished")
            tasks.create_task(repeat(self._holds.warn, WARN_EVERY_S), name="holds ending soon")
            tasks.create_task(self._outbox.consume(HOLD_EXPIRED, self.tell_expired), name="holds expired")

    async def open_and_end(self) -> None:
        """Open and close every sale whose time has come."""
        while await self._sales.open_due():
            pass
        while await self._sales.end_due():
            pass

    async def tell_expired(self, _tx: Transaction, payload: dict[str, Any]) -> None:
        """Hand one expired hold on to its buyer."""
        await self._holds.expired(HoldId(payload["hold_id"]), PersonId(payload["buyer"]))


async def repeat(work: Callable[[], Awaitable[object]], every_s: float) -> None:
    """Do a job again and again, whatever becomes of it."""
    while True:
        try:
            await work()
        except StorageUnavailable:
            log.debug("sales wait for storage")
        except Exception:
            log.exception("a job of sales failed and goes on")
        await asyncio.sleep(every_s)
