"""A provider without money, for demos and tests: what it answers is scripted by the buyer's client."""

from __future__ import annotations

from livecommerce.foundation.core.errors import Invalid
from livecommerce.orders.model import Attempt, PaymentStatus, Refund
from livecommerce.orders.payment.provider import Outcome
from livecommerce.orders.store import SandboxStore

SCRIPT = {"success": PaymentStatus.SUCCEEDED, "decline": PaymentStatus.DECLINED}


class SandboxProvider:
    """Succeeds unless told to decline, and remembers."""

    method = "sandbox"

    def __init__(self, store: SandboxStore) -> None:
        self._store = store

    async def charge(self, attempt: Attempt, wish: str | None) -> Outcome:
        """Decide as scripted, `success` when nothing is said."""
        if (status := SCRIPT.get(wish or "success")) is None:
            raise Invalid("The sandbox knows success and decline.", field="outcome")
        return Outcome(await self._store.charge(attempt.id, status))

    async def look_up(self, attempt: Attempt) -> Outcome:
        """What was decided; an attempt that never arrived is declined from now on."""
        known = await self._store.status(attempt.id)
        return Outcome(known or await self._store.charge(attempt.id, PaymentStatus.DECLINED))

    async def refund(self, refund: Refund) -> None:
        """Remember that the money went back."""
        await self._store.refund(refund.attempt_id, refund.id)
