"""What orders ask of whoever moves the money. Everything may be asked twice: ids of ours are the idempotency keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from livecommerce.foundation.core.errors import Busy, LiveCommerceError
from livecommerce.orders.model import Attempt, PaymentStatus, Refund


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a provider says about an attempt; while it is open, perhaps where to send the buyer."""

    status: PaymentStatus
    redirect_url: str | None = None
    reference: str | None = None
    """What the provider calls the payment, kept for asking about it."""


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """Something that a provider told us by itself. Its id is the same however often it is told."""

    id: str
    attempt_id: str
    outcome: Outcome


class PaymentProvider(Protocol):
    """One method of payment."""

    @property
    def method(self) -> str:
        """Its name in orders: `sandbox`."""
        ...

    async def charge(self, attempt: Attempt, wish: str | None) -> Outcome:
        """Take the money of an attempt, or begin to. The same attempt has one outcome, however often it is charged.

        `wish` is what the buyer's client says about the means of payment. `PaymentUnavailable` leaves it open.
        """
        ...

    async def look_up(self, attempt: Attempt) -> Outcome:
        """What became of an attempt. One that never arrived is declined, and stays so."""
        ...

    async def cancel(self, attempt: Attempt) -> Outcome:
        """End an attempt whose buyer does not come back: declined, or what it became in the last moment."""
        ...

    async def refund(self, refund: Refund) -> None:
        """Send the money of an attempt back, once."""
        ...

    def read_event(self, headers: Mapping[str, str], body: bytes) -> ProviderEvent | None:
        """What a webhook says; None when it is not about attempts of ours. `BadSignature` when it is not theirs.

        Names of headers are in lower case.
        """
        ...


class PaymentUnavailable(Busy):
    """The payment provider does not answer; try again in a moment."""


class BadSignature(LiveCommerceError):
    """This does not come from the payment provider."""

    code, status = "bad_signature", 400
