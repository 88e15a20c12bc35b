"""The methods of payment that the operator offers."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass

from livecommerce.foundation.core.errors import ConfigurationError
from livecommerce.foundation.core.settings import Settings
from livecommerce.orders.payment import PaymentProvider, SandboxProvider
from livecommerce.orders.store import SandboxStore
from livecommerce.processes.resources import Resources
from livecommerce.processes.rooms import LowerRooms


@dataclass(frozen=True, slots=True)
class Providers:
    """What is offered, in the order of the settings; the sandbox apart, since it has a page of its own."""

    offered: list[PaymentProvider]
    sandbox: SandboxProvider | None


async def open_providers(resources: Resources, lower: LowerRooms, stack: AsyncExitStack) -> Providers:
    """Build the offered providers; their connections close with the stack."""
    offered: list[PaymentProvider] = []
    sandbox = None
    for method in dict.fromkeys(resources.settings.payment.methods):
        if method == "stripe":
            offered.append(await _stripe(resources.settings, stack))
        else:
            key = lower.identity.keys.derive("sandbox payments")
            sandbox = SandboxProvider(SandboxStore(resources.database), key=key, clock=resources.clock)
            offered.append(sandbox)
    return Providers(offered, sandbox)


async def _stripe(settings: Settings, stack: AsyncExitStack) -> PaymentProvider:
    payment = settings.payment
    if not payment.stripe_secret_key or not payment.stripe_webhook_secret:
        raise ConfigurationError("payment.methods has stripe: set payment.stripe_secret_key and _webhook_secret.")
    try:
        from livecommerce.orders.payment.stripe import StripeProvider  # noqa: PLC0415
    except ImportError as exc:
        raise ConfigurationError("payment.methods has stripe: pip install 'livecommerce[stripe]'.") from exc
    provider = StripeProvider(
        secret_key=payment.stripe_secret_key,
        webhook_secret=payment.stripe_webhook_secret,
        public_url=settings.public_url,
        shop=settings.shop.name,
    )
    return await stack.enter_async_context(provider)
