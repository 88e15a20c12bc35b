"""Orders on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from livecommerce.foundation.core.money import MoneyView
from livecommerce.orders.model import Address, Order, OrderLine, PaymentStatus, Priced
from livecommerce.orders.model.pricing import Quoted


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


class TaxLineView(msgspec.Struct, frozen=True):
    """The tax of one rate, in or on `base`, which is goods after the coupon, and shipping."""

    rate: str
    base: MoneyView
    tax: MoneyView


class QuoteLineView(msgspec.Struct, frozen=True):
    """Units of one hold as they would be ordered."""

    hold_id: str
    product_id: str
    variant_id: str
    title: str
    variant_title: str
    image_url: str | None
    quantity: int
    unit_price: MoneyView
    total: MoneyView
    discount: MoneyView
    tax: MoneyView
    tax_rate: str


class ShippingOptionView(msgspec.Struct, frozen=True):
    """A way to send it: cost, and how many working days it takes."""

    id: str
    name: str
    cost: MoneyView
    days_min: int
    days_max: int
    is_chosen: bool


class QuoteProblem(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in the way, of one hold or of the whole order.

    Codes: out_of_stock, sale_ended, limit_reached, price_changed, hold_expired, already_ordered; not_shipped_there;
    coupon_unknown, coupon_expired, coupon_used_up, coupon_below_minimum.
    """

    code: str
    hold_id: str | None = None
    available: int | None = None


class QuoteView(msgspec.Struct, frozen=True, kw_only=True):
    """What holds would cost as an order. Without holds that can be ordered there are problems and no sums."""

    lines: list[QuoteLineView]
    shipping_options: list[ShippingOptionView]
    tax_lines: list[TaxLineView]
    coupon: str | None
    subtotal: MoneyView | None
    discount: MoneyView | None
    shipping: MoneyView | None
    tax: MoneyView | None
    total: MoneyView | None
    tax_inclusive: bool
    problems: list[QuoteProblem]
    payment_methods: list[str]

    @classmethod
    def empty(cls, problems: list[QuoteProblem], *, methods: Sequence[str]) -> QuoteView:
        return cls(
            lines=[],
            shipping_options=[],
            tax_lines=[],
            coupon=None,
            subtotal=None,
            discount=None,
            shipping=None,
            tax=None,
            total=None,
            tax_inclusive=True,
            problems=problems,
            payment_methods=list(methods),
        )

    @classmethod
    def of(cls, priced: Priced, problems: list[QuoteProblem], *, methods: Sequence[str]) -> QuoteView:
        totals = priced.bill.totals
        return cls(
            lines=[_quote_line(line) for line in priced.lines],
            shipping_options=[_shipping_option(way, priced.chosen) for way in priced.ways],
            tax_lines=[
                TaxLineView(line.rate, MoneyView.of(line.base), MoneyView.of(line.tax))
                for line in priced.bill.tax_lines
            ],
            coupon=priced.coupon.code if priced.coupon else None,
            subtotal=MoneyView.of(totals.subtotal),
            discount=MoneyView.of(totals.discount),
            shipping=MoneyView.of(totals.shipping),
            tax=MoneyView.of(totals.tax),
            total=MoneyView.of(totals.total),
            tax_inclusive=priced.is_inclusive,
            problems=problems,
            payment_methods=list(methods),
        )


def _quote_line(line: OrderLine) -> QuoteLineView:
    return QuoteLineView(
        hold_id=line.hold_id,
        product_id=line.product_id,
        variant_id=line.variant_id,
        title=line.title,
        variant_title=line.variant_title,
        image_url=line.image_url,
        quantity=line.quantity,
        unit_price=MoneyView.of(line.unit_price),
        total=MoneyView.of(line.total),
        discount=MoneyView.of(line.discount),
        tax=MoneyView.of(line.tax),
        tax_rate=line.tax_rate or "0",
    )


def _shipping_option(way: Quoted, chosen: Quoted | None) -> ShippingOptionView:
    option = way.option
    return ShippingOptionView(
        option.id, option.name, MoneyView.of(way.cost), option.days_min, option.days_max, way is chosen
    )


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
    discount: MoneyView
    shipping_option: str | None
    coupon: str | None
    shipped_at: datetime | None
    delivered_at: datetime | None
    refunded: MoneyView
    parcel_id: str | None

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
            discount=MoneyView.of(totals.discount),
            shipping_option=order.shipping_option,
            coupon=order.coupon,
            shipped_at=order.shipped_at,
            refunded=MoneyView.of(order.refunded),
            parcel_id=order.parcel_id,
            delivered_at=order.delivered_at,
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
