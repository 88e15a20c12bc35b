"""Orders in PostgreSQL."""

from livecommerce.orders.store.orders import AlreadyOrdered, OrderStore
from livecommerce.orders.store.sandbox import SandboxEvent, SandboxPayment, SandboxStore
from livecommerce.orders.store.terms import TermsStore

__all__ = ["AlreadyOrdered", "OrderStore", "SandboxEvent", "SandboxPayment", "SandboxStore", "TermsStore"]
