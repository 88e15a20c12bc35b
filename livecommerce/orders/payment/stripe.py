"""Stripe, by Checkout Sessions: the buyer pays on Stripe's page, and no card number ever reaches this server.

The attempt's id is the idempotency key and the session's `client_reference_id`, so a crash between Stripe's answer and
our COMMIT loses nothing: the same request is answered with the same session, and webhooks name the attempt.
Needs the extra `livecommerce[stripe]`; imported only when the operator offers this method.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

import stripe
import structlog
from stripe.params.checkout import SessionCreateParams, SessionCreateParamsLineItemPriceData

from livecommerce.foundation.core.money import Money
from livecommerce.orders.model import Attempt, PaymentStatus, Refund
from livecommerce.orders.payment.provider import BadSignature, Outcome, PaymentUnavailable, ProviderEvent

log = structlog.get_logger(__name__)

TIMEOUT_S = 10.0
FAILED = "checkout.session.async_payment_failed"
EVENTS = frozenset(
    {"checkout.session.completed", "checkout.session.expired", "checkout.session.async_payment_succeeded", FAILED}
)
UNPAYABLE = frozenset({"requires_payment_method", "canceled"})
"""States of a payment that a completed session can be left in when the money did not come after all."""
HUNDREDFOLD = frozenset({"ISK", "UGX"})
"""Currencies without minor units that Stripe still counts in hundredths (docs.stripe.com/currencies)."""

T = TypeVar("T")


class StripeProvider:
    """Takes cards through Stripe. Use as an async context manager.

    Args:
        public_url: where buyers reach this shop; Stripe sends them back there.
        base_url: another address of the API, for tests.
    """

    method = "stripe"

    def __init__(
        self, *, secret_key: str, webhook_secret: str, public_url: str, shop: str, base_url: str | None = None
    ) -> None:
        self._http = stripe.AIOHTTPClient(timeout=TIMEOUT_S)
        self._client = stripe.StripeClient(
            secret_key,
            http_client=self._http,
            max_network_retries=1,
            base_addresses={"api": base_url} if base_url else {},
        )
        self._webhook_secret, self._public_url, self._shop = webhook_secret, public_url, shop

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.close_async()  # type: ignore[no-untyped-call]

    async def charge(self, attempt: Attempt, wish: str | None) -> Outcome:
        """Make a session to send the buyer to; what Stripe refuses to make is declined."""
        try:
            return _outcome((await _answer(self._create(attempt))).to_dict())
        except stripe.InvalidRequestError as exc:
            log.warning("stripe refuses a payment", attempt_id=attempt.id, code=exc.code, parameter=exc.param)
            return Outcome(PaymentStatus.DECLINED)

    async def _create(self, attempt: Attempt) -> stripe.checkout.Session:
        back = f"{self._public_url}/api/v1/payments/return/{attempt.id}"
        price: SessionCreateParamsLineItemPriceData = {
            "currency": attempt.amount.currency.lower(),
            "unit_amount": unit_amount(attempt.amount),
            "product_data": {"name": self._shop},
        }
        request: SessionCreateParams = {
            "mode": "payment",
            "client_reference_id": attempt.id,
            "success_url": back,
            "cancel_url": back,
            "payment_intent_data": {"metadata": {"attempt_id": attempt.id, "order_id": attempt.order_id}},
            "line_items": [{"quantity": 1, "price_data": price}],
        }
        return await self._client.v1.checkout.sessions.create_async(request, {"idempotency_key": attempt.id})

    async def look_up(self, attempt: Attempt) -> Outcome:
        """Ask about the session; where a crash lost its name, the same request is answered with the same session."""
        if attempt.reference is None:
            begun = await self.charge(attempt, None)
            if begun.reference is None:
                return begun
            return await self._retrieve(begun.reference)
        return await self._retrieve(attempt.reference)

    async def _retrieve(self, session_id: str) -> Outcome:
        request = self._client.v1.checkout.sessions.retrieve_async(session_id, {"expand": ["payment_intent"]})
        return _outcome((await _answer(request)).to_dict())

    async def cancel(self, attempt: Attempt) -> Outcome:
        """Expire the session, unless it was paid in the last moment."""
        found = await self.look_up(attempt)
        if found.status is not PaymentStatus.OPEN or found.reference is None:
            return found
        try:
            session = await _answer(self._client.v1.checkout.sessions.expire_async(found.reference))
        except stripe.InvalidRequestError:  # it is not open any more
            return await self._retrieve(found.reference)
        return _outcome(session.to_dict())

    async def refund(self, refund: Refund) -> None:
        """Send money of a session back, once per refund."""
        if refund.reference is None:
            raise PaymentUnavailable()
        session = await _answer(self._client.v1.checkout.sessions.retrieve_async(refund.reference))
        try:
            await _answer(
                self._client.v1.refunds.create_async(
                    {"payment_intent": str(session.payment_intent), "amount": unit_amount(refund.amount)},
                    {"idempotency_key": refund.id},
                )
            )
        except stripe.InvalidRequestError as exc:
            if exc.code != "charge_already_refunded":
                raise PaymentUnavailable() from exc

    def read_event(self, headers: Mapping[str, str], body: bytes) -> ProviderEvent | None:
        """Check and read a webhook; other events than the end of a session of ours are None."""
        try:
            event = self._client.construct_event(body, headers.get("stripe-signature", ""), self._webhook_secret)
        except (ValueError, stripe.SignatureVerificationError) as exc:
            raise BadSignature() from exc
        session: dict[str, Any] = event.data.to_dict()["object"]
        if event.type not in EVENTS or not session.get("client_reference_id"):
            return None
        failed = Outcome(PaymentStatus.DECLINED, reference=session["id"])
        outcome = failed if event.type == FAILED else _outcome(session)
        return ProviderEvent(event.id, session["client_reference_id"], outcome)


def unit_amount(money: Money) -> int:
    """An amount as Stripe counts it."""
    return money.minor * 100 if money.currency in HUNDREDFOLD else money.minor


async def _answer(request: Awaitable[T]) -> T:
    """What Stripe answers. No answer, or one about our account rather than this payment, leaves everything as it is."""
    try:
        return await request
    except stripe.InvalidRequestError:
        raise
    except stripe.StripeError as exc:
        log.warning("stripe does not answer", kind=type(exc).__name__)
        raise PaymentUnavailable() from exc


def _outcome(session: dict[str, Any]) -> Outcome:
    if session["payment_status"] in ("paid", "no_payment_required"):
        return Outcome(PaymentStatus.SUCCEEDED, reference=session["id"])
    intent = session.get("payment_intent")
    is_unpayable = isinstance(intent, dict) and intent.get("status") in UNPAYABLE
    if session["status"] == "expired" or (session["status"] == "complete" and is_unpayable):
        return Outcome(PaymentStatus.DECLINED, reference=session["id"])
    return Outcome(PaymentStatus.OPEN, session.get("url"), session["id"])
