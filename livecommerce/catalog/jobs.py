"""Background work: one task per process fetches the pictures that product files name, one at a time.

A picture that cannot be fetched or read is given up and logged: the product is on sale without it.
"""

from __future__ import annotations

from typing import Any

import structlog

from livecommerce.catalog.service import CatalogService
from livecommerce.catalog.service.imports import IMAGE_WANTED
from livecommerce.foundation.core.errors import Conflict, Invalid, NotFound
from livecommerce.foundation.core.ids import ProductId
from livecommerce.foundation.http.outgoing import Outgoing
from livecommerce.foundation.storage.outbox import Outbox
from livecommerce.foundation.storage.postgres import Transaction

log = structlog.get_logger(__name__)


class ImageJob:
    """Fetches wanted pictures. Several processes may: a row is taken by one of them, and twice the same is once."""

    def __init__(self, outbox: Outbox, catalog: CatalogService, outgoing: Outgoing | None = None) -> None:
        self._outbox, self._catalog, self._outgoing = outbox, catalog, outgoing or Outgoing()

    async def run(self) -> None:
        """Loop until cancelled."""
        async with self._outgoing:
            await self._outbox.consume(IMAGE_WANTED, self.fetch)

    async def fetch(self, tx: Transaction, payload: dict[str, Any]) -> None:
        """Fetch one picture and give it to its product, in the transaction that takes the wish away."""
        try:
            fetched = await self._outgoing.fetch(payload["url"])
            await self._catalog.attach_image(tx, ProductId(payload["product_id"]), fetched.data)
        except (Invalid, NotFound, Conflict) as exc:
            log.warning("a picture of an imported product was given up", product=payload["product_id"], code=exc.code)
