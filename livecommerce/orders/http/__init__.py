"""Doors to orders: what they cost, placing and paying them, what staff does with them."""

from livecommerce.orders.http.checkout import routes as checkout_routes
from livecommerce.orders.http.orders import routes

__all__ = ["checkout_routes", "routes"]
