"""Providers of payment. A new one implements `PaymentProvider` in a module of its own."""

from livecommerce.orders.payment.provider import (
    BadSignature,
    Outcome,
    PaymentProvider,
    PaymentUnavailable,
    ProviderEvent,
)
from livecommerce.orders.payment.sandbox import SandboxProvider

__all__ = ["BadSignature", "Outcome", "PaymentProvider", "PaymentUnavailable", "ProviderEvent", "SandboxProvider"]
