"""The rules of selling in a show: flash sales, who may buy, and when."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from livecommerce.foundation.core.actors import Actor, ActorKind
from livecommerce.foundation.core.errors import Conflict, Forbidden, Invalid
from livecommerce.foundation.core.ids import (
    EntryId,
    FlashSaleId,
    HoldId,
    PersonId,
    PoolId,
    ProductId,
    ShowId,
    VariantId,
)
from livecommerce.foundation.core.money import Money
from livecommerce.shows.model import ShowStatus
from livecommerce.stock.model import MAX_QUANTITY, Ended, LimitReached, NotStarted, Paused, Pool

MAX_UNITS = 100_000
"""Units of one flash sale."""
MAX_STARTS_IN_S = 24 * 3600
DURATION_S = range(10, 1201)
HOLD_S = range(60, 3601)

BuyerRule = Literal["guest", "contact", "account"]


class SaleState(StrEnum):
    SCHEDULED = "scheduled"
    OPEN = "open"
    CLOSED = "closed"


class WaitState(StrEnum):
    """`waiting → offered`, or `passed` (may have none), `left` (by choice), `ended` (nothing more is sold)."""

    WAITING = "waiting"
    OFFERED = "offered"
    PASSED = "passed"
    LEFT = "left"
    ENDED = "ended"


class ClosedReason(StrEnum):
    ENDED = "ended"
    SOLD_OUT = "sold_out"
    HOST = "host"


@dataclass(frozen=True, slots=True)
class SaleDraft:
    """What a host decides about a flash sale."""

    variant_id: VariantId
    price: Money
    quantity: int
    per_buyer_limit: int | None
    starts_in_s: int
    duration_s: int
    hold_s: int

    def __post_init__(self) -> None:
        _within("quantity", self.quantity, 1, MAX_UNITS)
        _within("per_buyer_limit", self.per_buyer_limit or 1, 1, MAX_QUANTITY)
        _within("starts_in_s", self.starts_in_s, 0, MAX_STARTS_IN_S)
        _within("duration_s", self.duration_s, DURATION_S.start, DURATION_S.stop - 1)
        _within("hold_s", self.hold_s, HOLD_S.start, HOLD_S.stop - 1)


@dataclass(frozen=True, slots=True)
class FlashSale:
    """Units of one variant at a lower price for a short time. They lie in a pool of the sale's own id."""

    id: FlashSaleId
    show_id: ShowId
    product_id: ProductId
    variant_id: VariantId
    price: Money
    struck_price: Money
    quantity: int
    per_buyer_limit: int | None
    hold_s: int
    state: SaleState
    opens_at: datetime
    closes_at: datetime
    closed_at: datetime | None = None
    closed_reason: ClosedReason | None = None
    version: int = 1

    @classmethod
    def schedule(
        cls,
        sale_id: FlashSaleId,
        show_id: ShowId,
        draft: SaleDraft,
        *,
        product_id: ProductId,
        regular_price: Money,
        now: datetime,
    ) -> FlashSale:
        """A sale that opens in `starts_in_s`, at once when that is 0; `NotCheaper` than usual is refused."""
        if draft.price.currency != regular_price.currency:
            raise Invalid(f"This product is sold in {regular_price.currency}.", field="price")
        if not 0 < draft.price.minor < regular_price.minor:
            raise NotCheaper()
        opens_at = now + timedelta(seconds=draft.starts_in_s)
        return cls(
            id=sale_id,
            show_id=show_id,
            product_id=product_id,
            variant_id=draft.variant_id,
            price=draft.price,
            struck_price=regular_price,
            quantity=draft.quantity,
            per_buyer_limit=draft.per_buyer_limit,
            hold_s=draft.hold_s,
            state=SaleState.OPEN if draft.starts_in_s == 0 else SaleState.SCHEDULED,
            opens_at=opens_at,
            closes_at=opens_at + timedelta(seconds=draft.duration_s),
        )

    def open(self) -> FlashSale:
        """The sale whose time has come."""
        if self.state is not SaleState.SCHEDULED:
            raise SaleNotScheduled()
        return replace(self, state=SaleState.OPEN, version=self.version + 1)

    def close(self, reason: ClosedReason, now: datetime) -> FlashSale:
        """The sale that is over, whether it has opened or not."""
        if self.state is SaleState.CLOSED:
            raise SaleIsClosed()
        return replace(self, state=SaleState.CLOSED, closed_reason=reason, closed_at=now, version=self.version + 1)


@dataclass(frozen=True, slots=True)
class Offer:
    """What a buyer can have in a show right now: a flash sale, or a variant of the lineup."""

    pool_id: PoolId
    show_id: ShowId
    show_status: ShowStatus
    flash_sale_id: FlashSaleId | None
    product_id: ProductId
    variant_id: VariantId
    price: Money
    title: str
    variant_title: str
    image_url: str | None

    def require_on_air(self) -> None:
        """A flash sale sells only while the show is live; the lineup also while it is paused."""
        if self.show_status is ShowStatus.SCHEDULED:
            raise NotStarted("The show has not started yet.")
        if self.show_status is ShowStatus.ENDED:
            raise Ended("The show has ended.")
        if self.show_status is ShowStatus.PAUSED and self.flash_sale_id is not None:
            raise Paused("The show is paused.")


@dataclass(frozen=True, slots=True)
class WaitlistEntry:
    """Somebody's place in the line of a pool that is sold out; `hold_id` is what they were offered."""

    id: EntryId
    pool_id: PoolId
    show_id: ShowId
    buyer: PersonId
    quantity: int
    state: WaitState
    hold_id: HoldId | None
    joined_at: datetime


def require_line(pool: Pool, quantity: int, now: datetime) -> None:
    """Raise unless waiting makes sense: the pool still sells, has nothing left, and would give one buyer so many."""
    if pool.has_ended(now):
        raise Ended()
    if pool.available > 0:
        raise NotSoldOut(available=pool.available)
    if pool.limit_per_buyer is not None and quantity > pool.limit_per_buyer:
        raise LimitReached()


def require_buyer(actor: Actor, rule: BuyerRule) -> None:
    """Who may buy is the operator's choice: anybody, people with a confirmed address, or people with an account."""
    if rule == "guest" or actor.kind is ActorKind.STAFF:
        return
    if rule == "account" and actor.kind is not ActorKind.ACCOUNT:
        raise AccountRequired()
    if actor.contact is None:
        raise ContactRequired()


def _within(field: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise Invalid(f"This is a number from {least} to {most}.", field=field)


class NotCheaper(Invalid):
    """A flash sale is cheaper than the product usually is."""

    code = "not_cheaper"

    def __init__(self) -> None:
        super().__init__(field="price")


class SaleNotScheduled(Conflict):
    """The sale has already opened."""

    code = "sale_not_scheduled"


class SaleIsClosed(Conflict):
    """The sale is closed."""

    code = "sale_closed"


class NotSoldOut(Conflict):
    """There is something left: buy it instead of waiting."""

    code = "not_sold_out"


class WaitlistFull(Conflict):
    """So many are waiting already that no more would get any."""

    code = "waitlist_full"


class ContactRequired(Forbidden):
    """Confirm your e-mail address to buy."""

    code = "contact_required"


class AccountRequired(Forbidden):
    """Sign in to an account to buy."""

    code = "account_required"
