"""The rules of orders: what they cost, and what may become of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from livecommerce.foundation.core.errors import Conflict, Invalid
from livecommerce.foundation.core.ids import HoldId, OrderId, PersonId, ProductId, ShowId, VariantId
from livecommerce.foundation.core.money import Money
from livecommerce.foundation.core.text import clean_line
from livecommerce.orders.model.pricing import Bill, Coupon, Quoted, Totals

MAX_HOLDS = 20
"""Holds of one order: more than a buyer can have open."""
PAY_WITHIN = timedelta(minutes=15)
"""So long an order keeps its units while it is not paid."""
NUMBER_PREFIX = "N-"
_COUNTRY = re.compile(r"[A-Z]{2}")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,185}\.[^@\s.]{2,63}")


class OrderStatus(StrEnum):
    """`placed → paying → paid → shipped → delivered`; `cancelled` before payment, `refunded` after it."""

    PLACED = "placed"
    PAYING = "paying"
    PAID = "paid"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


class PaymentStatus(StrEnum):
    OPEN = "open"
    SUCCEEDED = "succeeded"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Address:
    """Where an order goes."""

    name: str
    line1: str
    line2: str | None
    postal_code: str
    city: str
    country: str
    email: str | None

    @classmethod
    def checked(cls, given: Mapping[str, str | None]) -> Address:
        """The address with clean lines; `Invalid` names the field that is not one."""
        if _COUNTRY.fullmatch(given.get("country") or "") is None:
            raise Invalid('A country is two letters, such as "DE".', field="country")
        if given.get("email") and _EMAIL.fullmatch(given["email"] or "") is None:
            raise Invalid("This is not an e-mail address.", field="email")
        lines = {
            field: clean_line(given.get(field) or "", field=field, limit=limit)
            for field, limit in (("name", 100), ("line1", 120), ("postal_code", 16), ("city", 80))
        }
        line2 = given.get("line2")
        return cls(
            **lines,
            line2=clean_line(line2, field="line2", limit=120) if line2 else None,
            country=given["country"] or "",
            email=given.get("email") or None,
        )


@dataclass(frozen=True, slots=True)
class OrderLine:
    """Units of one hold. `tax` is contained in the total less discount, or comes on top, as the goods are priced."""

    hold_id: HoldId
    product_id: ProductId
    variant_id: VariantId
    title: str
    variant_title: str
    image_url: str | None
    quantity: int
    unit_price: Money
    tax: Money
    discount: Money
    tax_rate: str | None
    """None for orders from before it was kept."""
    refunded: int = 0
    """Units whose money went back."""

    @property
    def total(self) -> Money:
        return self.unit_price * self.quantity


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to pay an order. Its id is the idempotency key towards the provider."""

    id: str
    order_id: OrderId
    method: str
    amount: Money
    status: PaymentStatus
    redirect_url: str | None = None
    reference: str | None = None
    """What the provider calls it."""


@dataclass(frozen=True, slots=True)
class Refund:
    """Money that goes back. Its id is the idempotency key towards the provider."""

    id: str
    order_id: OrderId
    attempt_id: str
    method: str
    amount: Money
    reference: str | None = None
    """What the provider calls the payment that goes back."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a buyer owes, or has paid, for units of one show."""

    id: OrderId
    number: int
    show_id: ShowId
    buyer_id: PersonId
    buyer_name: str
    status: OrderStatus
    lines: tuple[OrderLine, ...]
    totals: Totals
    address: Address | None
    payment_method: str
    placed_at: datetime
    pay_by: datetime
    shipping_option: str | None = None
    coupon: str | None = None
    payment: Attempt | None = None
    """The attempt that paid it, else the latest one."""
    paid_at: datetime | None = None
    shipped_at: datetime | None = None
    delivered_at: datetime | None = None
    cancelled_at: datetime | None = None
    refunded_at: datetime | None = None
    refunded_minor: int = 0
    parcel_id: str | None = None
    version: int = 1

    @property
    def label(self) -> str:
        """The number as people say it: "N-1042"."""
        return f"{NUMBER_PREFIX}{self.number}"

    @property
    def hold_ids(self) -> list[HoldId]:
        return [line.hold_id for line in self.lines]

    def pay(self) -> Order:
        """Payment begins; until it is decided, nothing else happens to the order."""
        self._require(OrderStatus.PLACED)
        return self._next(status=OrderStatus.PAYING)

    def paid(self, at: datetime) -> Order:
        """The money has come."""
        self._require(OrderStatus.PAYING)
        return self._next(status=OrderStatus.PAID, paid_at=at)

    def paid_late(self, at: datetime) -> Order:
        """Money has come for an attempt that was given up, and the units are sold after all."""
        self._require(OrderStatus.PLACED, OrderStatus.CANCELLED)
        return self._next(status=OrderStatus.PAID, paid_at=at, cancelled_at=None)

    def declined(self) -> Order:
        """The money has not come; another attempt may be made."""
        self._require(OrderStatus.PAYING)
        return self._next(status=OrderStatus.PLACED)

    def cancel(self, at: datetime) -> Order:
        """Call the order off before it is paid."""
        self._require(OrderStatus.PLACED)
        return self._next(status=OrderStatus.CANCELLED, cancelled_at=at)

    def ship(self, at: datetime) -> Order:
        """The parcel is on its way."""
        self._require(OrderStatus.PAID)
        return self._next(status=OrderStatus.SHIPPED, shipped_at=at)

    def deliver(self, at: datetime) -> Order:
        """The parcel has arrived."""
        self._require(OrderStatus.SHIPPED)
        return self._next(status=OrderStatus.DELIVERED, delivered_at=at)

    @property
    def refunded(self) -> Money:
        return Money(self.refunded_minor, self.totals.total.currency)

    def refund(self, at: datetime, amount: Money) -> Order:
        """Money goes back; once all of it has, the order is refunded."""
        self._require(OrderStatus.PAID, OrderStatus.SHIPPED, OrderStatus.DELIVERED)
        refunded = self.refunded + amount
        if refunded < self.totals.total:
            return self._next(refunded_minor=refunded.minor)
        return self._next(status=OrderStatus.REFUNDED, refunded_at=at, refunded_minor=refunded.minor)

    def _require(self, *statuses: OrderStatus) -> None:
        if self.status is OrderStatus.PAYING and OrderStatus.PAYING not in statuses:
            raise PaymentInProgress()
        if self.status not in statuses:
            raise NotNow(f"The order is {self.status.value}.")

    def _next(self, **changes: object) -> Order:
        return replace(self, version=self.version + 1, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Priced:
    """What holds cost as an order, and the ways to send it."""

    lines: tuple[OrderLine, ...]
    bill: Bill
    ways: tuple[Quoted, ...]
    chosen: Quoted | None
    coupon: Coupon | None
    is_inclusive: bool


def bundle(orders: Sequence[Order], parcel_id: str) -> list[Order]:
    """Put paid orders of one buyer, show and address into one parcel."""
    if len({(order.show_id, order.buyer_id, order.address) for order in orders}) != 1:
        raise NotTogether()
    for order in orders:
        if order.status is not OrderStatus.PAID or order.parcel_id is not None:
            raise NotNow(f"Order {order.label} is {order.status.value}, or in a parcel already.")
    return [replace(order, parcel_id=parcel_id, version=order.version + 1) for order in orders]


class NotTogether(Conflict):
    """A parcel has orders of one buyer and one show, to one address."""

    code = "not_together"


class NotNow(Conflict):
    """The order is in a state that does not allow this."""

    code = "illegal_transition"


class PaymentInProgress(Conflict):
    """A payment of this order is being decided."""

    code = "payment_in_progress"


class MixedHolds(Conflict):
    """An order is for one show and in one currency."""

    code = "mixed_holds"
