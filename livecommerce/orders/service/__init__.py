"""What can be done with orders: `OrderService` places, reads and fulfils, `PaymentService` moves the money."""

from livecommerce.orders.service.numbers import Activity, NumbersService, ShowActivity
from livecommerce.orders.service.paying import PaymentService
from livecommerce.orders.service.placing import OrderService, Placement

__all__ = ["Activity", "NumbersService", "OrderService", "PaymentService", "Placement", "ShowActivity"]
