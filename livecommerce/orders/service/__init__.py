"""What can be done with orders: `QuoteService` prices, `OrderService` places, reads and fulfils, `PaymentService` moves
the money."""

from livecommerce.orders.service.fulfilling import FulfilmentService
from livecommerce.orders.service.numbers import Activity, NumbersService, ShowActivity
from livecommerce.orders.service.paying import PaymentService
from livecommerce.orders.service.placing import OrderService, Placement
from livecommerce.orders.service.pricing import Pricing, Wish
from livecommerce.orders.service.quoting import QuoteService

__all__ = [
    "Activity",
    "FulfilmentService",
    "NumbersService",
    "OrderService",
    "PaymentService",
    "Placement",
    "Pricing",
    "QuoteService",
    "ShowActivity",
    "Wish",
]
