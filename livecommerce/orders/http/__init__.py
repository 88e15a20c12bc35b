"""Doors to orders: what they cost, placing and paying them, what staff does with them."""

from livecommerce.orders.http.checkout import routes as checkout_routes
from livecommerce.orders.http.export import routes as export_routes
from livecommerce.orders.http.orders import routes

__all__ = ["checkout_routes", "export_routes", "routes"]
