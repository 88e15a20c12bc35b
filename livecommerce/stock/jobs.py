"""The janitor of stock: one task per job in each web process, all of them safe beside those of other processes.

`sweep` and `mend` run every `EVERY_S`, `audit` once a minute. Each waits out trouble of PostgreSQL or Redis.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from livecommerce.foundation.core.errors import StorageUnavailable
from livecommerce.stock.service import Upkeep

log = structlog.get_logger(__name__)

EVERY_S = 0.5
AUDIT_EVERY_S = 60.0


class Janitor:
    """Runs the upkeep of stock until cancelled."""

    def __init__(self, upkeep: Upkeep, *, every_s: float = EVERY_S, audit_every_s: float = AUDIT_EVERY_S) -> None:
        self._upkeep, self._every_s, self._audit_every_s = upkeep, every_s, audit_every_s

    async def run(self) -> None:
        """Sweep, mend and audit, each at its own pace."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._repeat(self._upkeep.sweep, self._every_s), name="stock sweep")
            tasks.create_task(self._repeat(self._upkeep.mend_gates, self._every_s), name="stock gates")
            tasks.create_task(self._repeat(self._upkeep.audit, self._audit_every_s), name="stock audit")

    async def _repeat(self, work: Callable[[], Awaitable[object]], every_s: float) -> None:
        while True:
            try:
                await work()
            except StorageUnavailable:
                log.debug("stock upkeep waits for storage")
            except Exception:
                log.exception("stock upkeep failed and goes on")
            await asyncio.sleep(every_s)
