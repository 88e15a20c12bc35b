"""The sandbox's own side, as a real provider would keep it: payments, and what it has yet to tell."""

from __future__ import annotations

from dataclasses import dataclass

from livecommerce.foundation.core.errors import NotFound
from livecommerce.foundation.core.ids import new_id
from livecommerce.foundation.storage.postgres import Database
from livecommerce.foundation.storage.sql import queries
from livecommerce.orders.model import Attempt, PaymentStatus

Q = queries(__package__)


@dataclass(frozen=True, slots=True)
class SandboxPayment:
    """A payment as the sandbox knows it. `amount` is for people."""

    status: PaymentStatus
    script: str
    amount: str


@dataclass(frozen=True, slots=True)
class SandboxEvent:
    """What the sandbox has to tell, `times` over."""

    id: str
    attempt_id: str
    status: PaymentStatus
    times: int


class SandboxStore:
    """What the sandbox provider remembers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def charge(self, attempt: Attempt, status: PaymentStatus, script: str) -> PaymentStatus:
        """Begin a payment, unless it has begun already; what it is now."""
        amount = f"{attempt.amount.amount} {attempt.amount.currency}"
        await self._database.execute(Q.sandbox_charge, attempt.id, status.value, script, amount)
        return (await self.get(attempt.id)).status

    async def get(self, attempt_id: str) -> SandboxPayment:
        """One payment; `NotFound` when it never arrived."""
        row = await self._database.fetchrow(Q.sandbox_get, attempt_id)
        if row is None:
            raise NotFound()
        return SandboxPayment(PaymentStatus(row["status"]), row["script"], row["amount"])

    async def decide(self, attempt_id: str, status: PaymentStatus) -> str | None:
        """Decide an open payment; its script, or None when there is none to decide."""
        script: str | None = await self._database.fetchval(Q.sandbox_decide, attempt_id, status.value)
        return script

    async def captured(self, attempt_id: str, status: PaymentStatus) -> None:
        """What is told now has happened now, whatever was said before."""
        await self._database.execute(Q.sandbox_captured, attempt_id, status.value)

    async def refund(self, attempt_id: str, refund_id: str) -> None:
        """Send the money of an attempt back, once."""
        await self._database.execute(Q.sandbox_refund, attempt_id, refund_id)

    async def tell(self, attempt_id: str, status: PaymentStatus, *, times: int = 1, in_s: float = 0) -> None:
        """Remember to tell the shop."""
        await self._database.execute(Q.sandbox_tell, new_id(), attempt_id, status.value, times, in_s)

    async def to_tell(self, limit: int) -> list[SandboxEvent]:
        """What the shop should have heard by now, oldest first."""
        rows = await self._database.fetch(Q.sandbox_events_due, limit)
        return [SandboxEvent(r["id"], r["attempt_id"], PaymentStatus(r["status"]), r["times"]) for r in rows]

    async def told(self, event_id: str) -> None:
        """The shop has taken it."""
        await self._database.execute(Q.sandbox_told, event_id)
