"""What goes back of an order: money for units and beyond them, and which units are still to be refunded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from livecommerce.foundation.core.errors import Conflict, Invalid
from livecommerce.foundation.core.ids import HoldId
from livecommerce.foundation.core.money import Money
from livecommerce.orders.model.order import Order, OrderLine
from livecommerce.orders.model.pricing import split


@dataclass(frozen=True, slots=True)
class RefundWish:
    """Units by line (1 is the first), and an amount where it is not what those units cost."""

    units: Mapping[int, int] = field(default_factory=dict)
    amount: Money | None = None
    restock: bool = True
    key: str | None = None


def units_of(order: Order, wish: RefundWish | None) -> dict[HoldId, int]:
    """Units that are refunded, by hold; None refunds whatever is left."""
    if wish is None:
        return {line.hold_id: line.quantity - line.refunded for line in order.lines if line.quantity > line.refunded}
    found = {}
    for position, quantity in wish.units.items():
        if not 1 <= position <= len(order.lines):
            raise Invalid("The order has no such line.", field="lines")
        line = order.lines[position - 1]
        if quantity > line.quantity - line.refunded:
            raise RefundTooMuch(available=line.quantity - line.refunded)
        found[line.hold_id] = quantity
    return found


def amount_of(order: Order, wish: RefundWish | None, units: Mapping[HoldId, int]) -> Money:
    """What goes back: everything that is left, the given amount, or what the units cost after the coupon."""
    left = order.totals.total - order.refunded
    if wish is None:
        return left
    amount = wish.amount or sum((_cost(order, line, units.get(line.hold_id, 0)) for line in order.lines), left - left)
    if amount.currency != left.currency:
        raise Invalid("An order is refunded in its own currency.", field="amount")
    if left < amount:
        raise RefundTooMuch()
    return amount


def _cost(order: Order, line: OrderLine, units: int) -> Money:
    """The next units of a line to the last minor unit: refunding them one by one adds up to the line."""
    totals, paid = order.totals, line.total - line.discount
    if totals.total != totals.subtotal - totals.discount + totals.shipping:
        paid = paid + line.tax
    shares = split(paid, [1] * line.quantity)[line.refunded : line.refunded + units]
    return sum(shares, Money(0, paid.currency))


class RefundTooMuch(Conflict):
    """There is not so much left to refund."""

    code = "refund_too_much"
