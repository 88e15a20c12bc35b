"""A provider without money, for demos and tests. What it does is scripted by the buyer's client.

`success` and `decline` are decided at once. Every other script sends the buyer to the sandbox's test page and differs
in how the shop hears of it:

    challenge               the page answers first, the webhook follows
    webhook_before_return   the webhook comes before the buyer does
    duplicate_webhook       the webhook comes twice
    late_webhook            the payment stays undecided until the webhook comes, `LATE_S` later
    captured_after_expiry   the shop gives the payment up and hears so; then the money comes after all
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Awaitable, Callable, Mapping

import msgspec

from livecommerce.foundation.core.clock import Clock
from livecommerce.foundation.core.errors import Invalid
from livecommerce.orders.model import Attempt, PaymentStatus, Refund
from livecommerce.orders.payment.provider import BadSignature, Outcome, ProviderEvent
from livecommerce.orders.store import SandboxPayment, SandboxStore

AT_ONCE = {"success": PaymentStatus.SUCCEEDED, "decline": PaymentStatus.DECLINED}
ON_PAGE = frozenset(
    {"challenge", "webhook_before_return", "duplicate_webhook", "late_webhook", "captured_after_expiry"}
)
PAGE = "/api/v1/payments/sandbox/pages"
LATE_S = 20.0
TOLERANCE_S = 300.0
"""A webhook that was signed longer ago is refused, so that an old one cannot be played again."""
PER_ROUND = 50

Receive = Callable[[str, Mapping[str, str], bytes], Awaitable[None]]


class SandboxMessage(msgspec.Struct, frozen=True):
    """The body of a webhook."""

    id: str
    attempt_id: str
    status: PaymentStatus


class SandboxProvider:
    """Succeeds unless told otherwise, and remembers. `key` signs its webhooks."""

    method = "sandbox"

    def __init__(self, store: SandboxStore, *, key: bytes, clock: Clock) -> None:
        self._store, self._key, self._clock = store, key, clock

    async def charge(self, attempt: Attempt, wish: str | None) -> Outcome:
        """Do as scripted, `success` when nothing is said."""
        script = wish or "success"
        if script not in AT_ONCE and script not in ON_PAGE:
            raise Invalid("The sandbox does not know this outcome.", field="outcome")
        status = AT_ONCE.get(script, PaymentStatus.OPEN)
        return _outcome(attempt.id, await self._store.charge(attempt, status, script))

    async def look_up(self, attempt: Attempt) -> Outcome:
        """What was decided; an attempt that never arrived is declined from now on."""
        return _outcome(attempt.id, await self._store.charge(attempt, PaymentStatus.DECLINED, "decline"))

    async def cancel(self, attempt: Attempt) -> Outcome:
        """Close the test page of an attempt."""
        script = await self._store.decide(attempt.id, PaymentStatus.DECLINED)
        if script == "captured_after_expiry":
            await self._store.tell(attempt.id, PaymentStatus.SUCCEEDED)
        return await self.look_up(attempt)

    async def refund(self, refund: Refund) -> None:
        """Remember that the money went back."""
        await self._store.refund(refund.attempt_id, refund.id)

    async def page(self, attempt_id: str) -> SandboxPayment:
        """What the test page shows."""
        return await self._store.get(attempt_id)

    async def press(self, attempt_id: str, *, is_approved: bool) -> bool:
        """The buyer decides on the test page; whether the webhook is to overtake them on their way back."""
        script = (await self._store.get(attempt_id)).script
        if is_approved and script == "captured_after_expiry":
            return False
        if is_approved and script == "late_webhook":
            await self._store.tell(attempt_id, PaymentStatus.SUCCEEDED, in_s=LATE_S)
            return False
        status = PaymentStatus.SUCCEEDED if is_approved else PaymentStatus.DECLINED
        if await self._store.decide(attempt_id, status) is not None:
            await self._store.tell(attempt_id, status, times=2 if script == "duplicate_webhook" else 1)
        return script == "webhook_before_return"

    async def deliver(self, receive: Receive) -> None:
        """Tell the shop what it should have heard by now. What it does not take is told again."""
        for event in await self._store.to_tell(PER_ROUND):
            await self._store.captured(event.attempt_id, event.status)
            body = msgspec.json.encode(SandboxMessage(event.id, event.attempt_id, event.status))
            for _ in range(event.times):
                await receive(self.method, self.signed(event.id, body), body)
            await self._store.told(event.id)

    def signed(self, event_id: str, body: bytes) -> dict[str, str]:
        """The headers of a webhook, as Standard Webhooks writes them."""
        at = str(self._clock.now_ms() // 1000)
        signature = self._signature(event_id, at, body)
        return {"webhook-id": event_id, "webhook-timestamp": at, "webhook-signature": f"v1,{signature}"}

    def read_event(self, headers: Mapping[str, str], body: bytes) -> ProviderEvent | None:
        """Check and read a webhook."""
        event_id, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        version, _, given = headers.get("webhook-signature", "").partition(",")
        if version != "v1" or not hmac.compare_digest(self._signature(event_id, at, body).encode(), given.encode()):
            raise BadSignature()
        if abs(self._clock.now_ms() / 1000 - int(at)) > TOLERANCE_S:
            raise BadSignature("This was signed too long ago.")
        try:
            message = msgspec.json.decode(body, type=SandboxMessage)
        except msgspec.DecodeError as exc:
            raise Invalid("This is not an event of the sandbox.") from exc
        return ProviderEvent(message.id, message.attempt_id, Outcome(message.status))

    def _signature(self, event_id: str, at: str, body: bytes) -> str:
        signed = b".".join((event_id.encode(), at.encode(), body))
        return base64.b64encode(hmac.digest(self._key, signed, hashlib.sha256)).decode()


def _outcome(attempt_id: str, status: PaymentStatus) -> Outcome:
    return Outcome(status, f"{PAGE}/{attempt_id}" if status is PaymentStatus.OPEN else None)
