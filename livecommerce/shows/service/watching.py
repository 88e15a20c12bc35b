"""What other rooms ask: where a product is on show now, and which shows are over."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Any

from livecommerce.foundation.core.errors import NotFound
from livecommerce.foundation.core.ids import ShowId, VariantId
from livecommerce.shows.service.desk import ShowDesk

SHOWING_S = 2.0
"""How long an answer to "where is it on show" is good: asked after every change of stock."""
SHOWING_VARIANTS = 10_000


class Watching(ShowDesk):
    """Answers for other rooms."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._remembered: dict[VariantId, tuple[float, tuple[ShowId, ...]]] = {}

    async def showing(self, variant_id: VariantId) -> Collection[ShowId]:
        """Shows, not yet over, that have the variant's product in their lineup; up to `SHOWING_S` old."""
        known = self._remembered.get(variant_id)
        now = time.monotonic()
        if known and now - known[0] < SHOWING_S:
            return known[1]
        try:
            product_id = await self._catalog.product_of(variant_id)
        except NotFound:
            return ()
        shows = tuple(await self._store.showing(product_id))
        while len(self._remembered) >= SHOWING_VARIANTS:
            del self._remembered[next(iter(self._remembered))]
        self._remembered[variant_id] = now, shows
        return shows

    async def ended_among(self, shows: Collection[ShowId]) -> set[ShowId]:
        """Those of the shows that are over."""
        return await self._store.ended_among(shows)
