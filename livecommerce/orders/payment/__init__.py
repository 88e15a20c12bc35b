"""Providers of payment. A new one implements `PaymentProvider` in a module of its own."""

from livecommerce.orders.payment.provider import Outcome, PaymentProvider, PaymentUnavailable
from livecommerce.orders.payment.sandbox import SandboxProvider

__all__ = ["Outcome", "PaymentProvider", "PaymentUnavailable", "SandboxProvider"]
