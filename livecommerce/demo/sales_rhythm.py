"""What the demo's host does besides smiling: shows one product after the other and opens a flash sale every minute.

Concurrency: one task. It speaks to the public interface as the host, so whatever a person in the studio does is simply
respected: a refused step is skipped and the next round begins.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

import structlog

from livecommerce.demo.client import Client, Json, Refused, Unreachable
from livecommerce.demo.shop import CURRENCY, DemoProduct

log = structlog.get_logger(__name__)

FIRST_AFTER_S = 6.0
OPENS_IN_S = 8
RUNS_FOR_S = 40
"""Together with `OPENS_IN_S` and `TALKS_FOR_S` a round of one minute."""
TALKS_FOR_S = 12.0
UNITS = 12
HOLD_S = 120
"""Short, so that what nobody pays for comes back while somebody watches."""
PER_BUYER = 2
RESTOCK = 60
POLL_S = 0.5
CLOSES_WITHIN_S = 30.0
AFTER_TROUBLE_S = 5.0


@dataclass(slots=True)
class SalesRhythm:
    """The run of the demo's show."""

    host: Client
    show_id: str
    products: list[tuple[DemoProduct, Json]]
    """Each with what the catalogue knows of it."""
    on_open: Callable[[Json], Awaitable[None]]
    report: Callable[[str], None]
    caption: str = ""
    """What the host shows now; the picture repeats it."""
    _pinned: str = ""
    _left: int = 0
    """Units of the open sale at the last look; once it is closed they have gone back."""
    _random: random.Random = field(default_factory=random.Random)

    async def run(self) -> None:
        """Go through the products until cancelled."""
        await asyncio.sleep(FIRST_AFTER_S)
        on_sale = cycle([pair for pair in self.products if pair[0].sale_price])
        others = cycle([pair for pair in self.products if not pair[0].sale_price])
        while True:
            try:
                await self._sell(*next(on_sale))
                await self._talk_about(next(others)[1])
            except (Refused, Unreachable) as exc:
                log.info("the host's next step waits", reason=str(exc))
                await asyncio.sleep(AFTER_TROUBLE_S)

    async def _talk_about(self, product: Json) -> None:
        await self._pin(product)
        await asyncio.sleep(TALKS_FOR_S)

    async def _sell(self, plan: DemoProduct, product: Json) -> None:
        await self._pin(product)
        variant = await self._choose_variant(plan, product["id"])
        sale = await self.host.post(
            f"/shows/{self.show_id}/flash-sales",
            {
                "variant_id": variant["id"],
                "price": {"amount": plan.sale_price, "currency": CURRENCY},
                "quantity": UNITS,
                "per_buyer_limit": PER_BUYER,
                "starts_in_s": OPENS_IN_S,
                "duration_s": RUNS_FOR_S,
                "hold_s": HOLD_S,
            },
        )
        name = f"{plan.title}, {variant['title']}" if variant["title"] else plan.title
        sale = await self._until(sale, "open", within_s=OPENS_IN_S + CLOSES_WITHIN_S)
        if sale["state"] == "open":
            self.report(f"Flash sale: {name} for €{plan.sale_price}, {sale['quantity']} units, {RUNS_FOR_S} s")
            await self.on_open(sale)
            self._left = sale["available"]
            sale = await self._until(sale, "closed", within_s=RUNS_FOR_S + CLOSES_WITHIN_S)
            left = 0 if sale["closed_reason"] == "sold_out" else self._left
            self.report(f"Flash sale over: {sale['quantity'] - left} of {sale['quantity']} taken")

    async def _choose_variant(self, plan: DemoProduct, product_id: str) -> Json:
        """A variant at the product's usual price, restocked when there is too little of it."""
        product = await self.host.get(f"/products/{product_id}")
        usual: list[Json] = [variant for variant in product["variants"] if variant["price"]["amount"] == plan.price]
        variant = self._random.choice(usual or product["variants"])
        if variant["available"] < 2 * UNITS:
            await self.host.post(f"/variants/{variant['id']}/stock", {"delta": RESTOCK, "reason": "From the kiln"})
        return dict(variant)

    async def _until(self, sale: Json, state: str, *, within_s: float) -> Json:
        """Wait until a sale has reached a state, is past it, or the time is over."""
        deadline = asyncio.get_running_loop().time() + within_s
        current: Any = sale
        while current["state"] not in (state, "closed") and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(POLL_S)
            current = await self.host.get(f"/flash-sales/{sale['id']}")
            if current["state"] == "open":
                self._left = current["available"]
        return dict(current)

    async def _pin(self, product: Json) -> None:
        before, self._pinned = self._pinned, product["id"]
        await self.host.put(f"/shows/{self.show_id}/pins/{product['id']}")
        self.caption = product["title"]
        if before and before != product["id"]:
            await self._unpin(before)

    async def _unpin(self, product_id: str) -> None:
        try:
            await self.host.delete(f"/shows/{self.show_id}/pins/{product_id}")
        except Refused as refusal:  # a person has unpinned it already
            log.debug("nothing to unpin", code=refusal.why)
