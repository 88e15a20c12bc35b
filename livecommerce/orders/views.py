"""Orders on the wire."""

from __future__ import annotations

from datetime import datetime

import msgspec

from livecommerce.foundation.core.money import MoneyView
from livecommerce.orders.model import Address, Order, OrderLine, PaymentStatus


class BuyerView(msgspec.Struct, frozen=True):
    id: str
    display_name: str


class OrderLineView(msgspec.Struct, frozen=True):
    """Units as they were bought."""

    product_id: str
    variant_id: str
    title: str
    variant_title: str
    image_url: str | None
    quantity: int
    unit_price: MoneyView
    total: MoneyView

    @classmethod
    def of(cls, line: OrderLine) -> OrderLineView:
        return cls(
            product_id=line.product_id,
            variant_id=line.variant_id,
            title=line.title,
            variant_title=line.variant_title,
            image_url=line.image_url,
            quantity=line.quantity,
            unit_price=MoneyView.of(line.unit_price),
            total=MoneyView.of(line.total),
        )


class AddressView(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    line1: str
    postal_code: str
    city: str
    country: str
    line2: str | None = None
    email: str | None = None

    @classmethod
    def of(cls, address: Address) -> AddressView:
        return cls(
            name=address.name,
            line1=address.line1,
            postal_code=address.postal_code,
            city=address.city,
            country=address.country,
            line2=address.line2,
            email=address.email,
        )


class PaymentView(msgspec.Struct, frozen=True):
    """The latest attempt to pay; where to send the buyer, if the provider wants to see them."""

    method: str
    status: PaymentStatus
    redirect_url: str | None


class OrderView(msgspec.Struct, frozen=True):
    """An order as its buyer and the staff see it."""

    id: str
    number: str
    status: str
    show_id: str
    buyer: BuyerView
    lines: list[OrderLineView]
    subtotal: MoneyView
    shipping: MoneyView
    tax: MoneyView
    total: MoneyView
    address: AddressView | None
    payment: PaymentView
    placed_at: datetime
    paid_at: datetime | None
    cancelled_at: datetime | None
    version: int

    @classmethod
    def of(cls, order: Order) -> OrderView:
        attempt, totals = order.payment, order.totals
        return cls(
            id=order.id,
            number=order.label,
            status=order.status.value,
            show_id=order.show_id,
            buyer=BuyerView(order.buyer_id, order.buyer_name),
            lines=[OrderLineView.of(line) for line in order.lines],
            subtotal=MoneyView.of(totals.subtotal),
            shipping=MoneyView.of(totals.shipping),
            tax=MoneyView.of(totals.tax),
            total=MoneyView.of(totals.total),
            address=AddressView.of(order.address) if order.address else None,
            payment=PaymentView(
                attempt.method if attempt else order.payment_method,
                attempt.status if attempt else PaymentStatus.OPEN,
                attempt.redirect_url if attempt else None,
            ),
            placed_at=order.placed_at,
            paid_at=order.paid_at,
            cancelled_at=order.cancelled_at,
            version=order.version,
        )


class NumbersView(msgspec.Struct, frozen=True):
    """How a show goes. `revenue` is for those who may read orders."""

    viewers: int
    peak_viewers: int
    messages: int
    reactions: int
    holds_open: int
    orders: int
    units: int
    revenue: MoneyView | None
