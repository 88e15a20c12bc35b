"""What time does to orders: left-over payments are looked up, overdue orders called off, refunds sent.

Two tasks in each web process: one does this every `EVERY_S`, one gives orders the time back that an outage took.
Several may do the same at once, since each change locks its order.
"""

from __future__ import annotations

import asyncio

import structlog

from livecommerce.foundation.core.errors import StorageUnavailable
from livecommerce.foundation.storage.outbox import Outbox
from livecommerce.orders.payment import SandboxProvider
from livecommerce.orders.service import OrderService, PaymentService
from livecommerce.stock.service.upkeep import HOLDS_EXTENDED

log = structlog.get_logger(__name__)

EVERY_S = 5.0


class OrdersClock:
    """Runs the jobs of orders until cancelled."""

    def __init__(
        self,
        orders: OrderService,
        payments: PaymentService,
        outbox: Outbox,
        *,
        sandbox: SandboxProvider | None = None,
        every_s: float = EVERY_S,
    ) -> None:
        self._orders, self._payments, self._outbox, self._every_s = orders, payments, outbox, every_s
        self._sandbox = sandbox

    async def run(self) -> None:
        """Extend, reconcile, cancel, refund."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._outbox.consume(HOLDS_EXTENDED, self._orders.extended), name="orders extended")
            tasks.create_task(self._settle(), name="orders due")

    async def _settle(self) -> None:
        while True:
            try:
                if self._sandbox is not None:
                    await self._sandbox.deliver(self._payments.receive)
                await self._payments.reconcile()
                await self._payments.cancel_overdue()
                await self._payments.send_refunds()
            except StorageUnavailable:
                log.debug("orders wait for storage")
            except Exception:
                log.exception("a job of orders failed and goes on")
            await asyncio.sleep(self._every_s)
