"""Importing a product file: each product in a transaction of its own, so that one bad row costs one product.

The same file twice changes nothing the second time. Quantities count for new variants only: by the second time units
have been sold, and a file cannot know that.
"""

from __future__ import annotations

from dataclasses import dataclass

from livecommerce.catalog import csv_file
from livecommerce.catalog.csv_file import FileProduct, RowError
from livecommerce.catalog.model import Product, SkuTaken, clean_sku
from livecommerce.catalog.service import drafts
from livecommerce.catalog.service.products import CatalogService
from livecommerce.catalog.store import CatalogStore
from livecommerce.foundation.core.actors import Actor, Permission, require
from livecommerce.foundation.core.errors import Invalid, LiveCommerceError, StorageUnavailable
from livecommerce.foundation.storage import outbox
from livecommerce.foundation.storage.postgres import Database, Transaction

MAX_BYTES = 5 * 1024 * 1024
MAX_ERRORS = 200
IMAGE_WANTED = "product.image_wanted"
"""Outbox topic: `{product_id, url}`."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or would do."""

    created: int
    updated: int
    unchanged: int
    errors: list[RowError]


class CsvImport:
    """Brings product files into the catalogue."""

    def __init__(self, database: Database, store: CatalogStore, catalog: CatalogService) -> None:
        self._database, self._store, self._catalog = database, store, catalog

    async def run(self, actor: Actor, data: bytes, *, is_dry_run: bool = False) -> ImportReport:
        """Create and update by handle and SKU. A dry run finds the same faults and writes nothing."""
        require(actor, Permission.CATALOG_EDIT)
        if len(data) > MAX_BYTES:
            raise Invalid("A file has at most 5 MB.", field="file")
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as exc:
            raise Invalid("The file is not UTF-8: export it as CSV UTF-8.", field="file") from exc
        counts = {"created": 0, "updated": 0, "unchanged": 0}
        errors: list[RowError] = []
        for product in csv_file.read(text, self._catalog.shop.currency):
            errors += product.errors
            if product.errors:
                continue
            try:
                counts[await self._one(actor, product, is_dry_run=is_dry_run)] += 1
            except StorageUnavailable:
                raise
            except LiveCommerceError as exc:
                errors.append(RowError(product.row, str(exc.details.get("field", "")), exc.message))
        return ImportReport(counts["created"], counts["updated"], counts["unchanged"], errors[:MAX_ERRORS])

    async def _one(self, actor: Actor, product: FileProduct, *, is_dry_run: bool) -> str:
        async with self._database.transaction() as tx:
            known = await self._known(tx, product)
            if known is None:
                created = drafts.create(product.draft, self._catalog.shop)
                if not is_dry_run:
                    await self._catalog.add(tx, actor, created)
                    await self._want_images(tx, created.product, product)
                return "created"
            changed = drafts.change(known, product.draft, self._catalog.shop)
            if _same(known, changed.product):
                return "unchanged"
            if not is_dry_run:
                await self._catalog.save(tx, actor, known, changed)
                await self._want_images(tx, known, product)
            return "updated"

    async def _want_images(self, tx: Transaction, product: Product, row: FileProduct) -> None:
        """Leave the pictures to a job: fetching them takes longer than anybody waits for an answer."""
        for url in row.image_urls:
            await outbox.put(tx, IMAGE_WANTED, {"product_id": product.id, "url": url})

    async def _known(self, tx: Transaction, product: FileProduct) -> Product | None:
        """The product of this handle; `SkuTaken` when one of its SKUs belongs to another."""
        product_id = await self._store.by_handle(product.handle, tx)
        owners = await self._store.owners_of([clean_sku(variant.sku) for variant in product.draft.variants], tx)
        if any(owner != product_id for owner in owners.values()):
            raise SkuTaken(field="sku")
        return await self._store.lock(product_id, tx) if product_id else None


def _same(old: Product, new: Product) -> bool:
    """Whether nothing but the version differs."""
    fields = ("title", "description_html", "axes", "variants", "is_archived")
    return all(getattr(old, name) == getattr(new, name) for name in fields)
