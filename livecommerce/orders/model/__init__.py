"""The rules of orders: what may become of them (`order`), and what they cost (`pricing`)."""

from livecommerce.orders.model.order import (
    MAX_HOLDS,
    PAY_WITHIN,
    Address,
    Attempt,
    MixedHolds,
    NotNow,
    Order,
    OrderLine,
    OrderStatus,
    PaymentInProgress,
    PaymentStatus,
    Priced,
    Refund,
    bundle,
)
from livecommerce.orders.model.pricing import Totals, tax_of

__all__ = [
    "MAX_HOLDS",
    "PAY_WITHIN",
    "Address",
    "Attempt",
    "MixedHolds",
    "NotNow",
    "Order",
    "OrderLine",
    "OrderStatus",
    "PaymentInProgress",
    "PaymentStatus",
    "Priced",
    "Refund",
    "Totals",
    "bundle",
    "tax_of",
]
