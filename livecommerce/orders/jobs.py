"""What time does to orders: left-over payments are looked up, overdue orders called off, refunds sent.

One task in each web process, every `EVERY_S`. Several may do the same at once, since each change locks its order.
"""

from __future__ import annotations

import asyncio

import structlog

from livecommerce.foundation.core.errors import StorageUnavailable
from livecommerce.orders.service import PaymentService

log = structlog.get_logger(__name__)

EVERY_S = 5.0


class OrdersClock:
    """Runs the jobs of orders until cancelled."""

    def __init__(self, payments: PaymentService, *, every_s: float = EVERY_S) -> None:
        self._payments, self._every_s = payments, every_s

    async def run(self) -> None:
        """Reconcile, cancel, refund."""
        while True:
            try:
                await self._payments.reconcile()
                await self._payments.cancel_overdue()
                await self._payments.send_refunds()
            except StorageUnavailable:
                log.debug("orders wait for storage")
            except Exception:
                log.exception("a job of orders failed and goes on")
            await asyncio.sleep(self._every_s)
