"""Products: made and changed by staff, read by everybody who may see them.

A change is one transaction: the product's rows, the pools of new variants, the terms of known ones, and the audit row.
It leaves `product.changed` in the outbox, so that shows tell their viewers.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from livecommerce.catalog.model import Product, Variant
from livecommerce.catalog.pictures import Pictures
from livecommerce.catalog.service import drafts
from livecommerce.catalog.service.drafts import Change, ProductDraft
from livecommerce.catalog.store import CatalogStore
from livecommerce.catalog.views import ProductView
from livecommerce.foundation.core.actors import SYSTEM, Actor, Permission, require
from livecommerce.foundation.core.clock import Clock
from livecommerce.foundation.core.errors import Invalid, NotFound, VersionConflict
from livecommerce.foundation.core.ids import ProductId, VariantId, is_uuid
from livecommerce.foundation.core.settings import SalesSettings, ShopSettings
from livecommerce.foundation.core.text import clean_line
from livecommerce.foundation.storage import outbox
from livecommerce.foundation.storage.postgres import Database, Transaction
from livecommerce.identity.service import AuditTrail
from livecommerce.stock.model import Pool
from livecommerce.stock.service import StockService

CHANGED = "product.changed"
"""Outbox topic: `{product_id}`."""
MAX_PAGE = 200
MAX_STOCK_CHANGE = 100_000
MAX_REASON = 200


class CatalogService:
    """What can be done with products."""

    def __init__(
        self,
        database: Database,
        store: CatalogStore,
        *,
        stock: StockService,
        pictures: Pictures,
        audit: AuditTrail,
        clock: Clock,
        shop: ShopSettings,
        sales: SalesSettings,
    ) -> None:
        self._database, self._store, self._stock, self._pictures = database, store, stock, pictures
        self._audit, self._clock, self.shop, self._default_hold_s = audit, clock, shop, sales.hold_s

    async def create(self, actor: Actor, draft: ProductDraft) -> ProductView:
        """Put a new product into the catalogue."""
        require(actor, Permission.CATALOG_EDIT)
        change = drafts.create(draft, self.shop)
        async with self._database.transaction() as tx:
            await self.add(tx, actor, change)
        return await self.view(change.product.id)

    async def add(self, tx: Transaction, actor: Actor, change: Change) -> None:
        """Write a new product; for the CSV import, which checks the permission itself."""
        await self._store.add(tx, change.product, self._clock.now())
        await self._create_pools(tx, change)
        await self._record(tx, actor, "product.create", change.product)

    async def edit(
        self, actor: Actor, product_id: ProductId, draft: ProductDraft, *, version: int | None = None
    ) -> ProductView:
        """Change what the draft says; `VersionConflict` when it was made from another version."""
        require(actor, Permission.CATALOG_EDIT)
        async with self._database.transaction() as tx:
            product = await self._store.lock(product_id, tx)
            if version is not None and version != product.version:
                raise VersionConflict()
            await self.save(tx, actor, product, drafts.change(product, draft, self.shop))
        return await self.view(product_id)

    async def save(self, tx: Transaction, actor: Actor, old: Product, change: Change) -> None:
        """Write a changed product that `tx` has locked; for the CSV import, which checks the permission itself."""
        new = change.product
        await self._store.save(tx, new, self._clock.now())
        await self._create_pools(tx, change)
        if (old.per_buyer_limit, old.hold_s) != (new.per_buyer_limit, new.hold_s):
            for variant in sorted(old.variants, key=lambda each: each.id):
                await self._stock.set_terms(
                    tx, variant.id, limit_per_buyer=new.per_buyer_limit, hold_s=self.hold_s(new)
                )
        await outbox.put(tx, CHANGED, {"product_id": new.id})
        await self._record(tx, actor, "product.edit", new, before=old)

    async def _create_pools(self, tx: Transaction, change: Change) -> None:
        product = change.product
        for variant_id, units in change.new_stock.items():
            await self._stock.create_pool(
                tx, variant_id, units=units, limit_per_buyer=product.per_buyer_limit, hold_s=self.hold_s(product)
            )

    async def add_image(self, actor: Actor, product_id: ProductId, data: bytes) -> ProductView:
        """Append a picture; the first one stands for the product."""
        require(actor, Permission.CATALOG_EDIT)
        await self._store.get(product_id)
        key = await self._pictures.put(data)
        async with self._database.transaction() as tx:
            old = await self._store.lock(product_id, tx)
            new = old.with_images([*old.image_keys, key])
            await self.save(tx, actor, old, drafts.change(new, ProductDraft(), self.shop))
        return await self.view(product_id)

    async def attach_image(self, tx: Transaction, product_id: ProductId, data: bytes) -> None:
        """Append a picture that an imported file named; one that the product has already changes nothing."""
        key = await self._pictures.put(data)
        old = await self._store.lock(product_id, tx)
        if key not in old.image_keys:
            new = old.with_images([*old.image_keys, key])
            await self.save(tx, SYSTEM, old, drafts.change(new, ProductDraft(), self.shop))

    async def image(self, key: str) -> bytes:
        """A picture, for everybody: its key is the hash of what it shows."""
        return await self._pictures.get(key)

    async def adjust_stock(self, actor: Actor, variant_id: VariantId, delta: int, reason: str) -> Pool:
        """Count units in or out by hand."""
        require(actor, Permission.CATALOG_EDIT)
        reason = clean_line(reason, field="reason", limit=MAX_REASON)
        if delta == 0 or abs(delta) > MAX_STOCK_CHANGE:
            raise Invalid(f"A change of stock is up to {MAX_STOCK_CHANGE} units, and not zero.", field="delta")
        if not is_uuid(variant_id):
            raise NotFound()
        async with self._database.transaction() as tx:
            product = await self._store.of_variant(variant_id, tx)
            pool = await self._stock.adjust(tx, variant_id, delta, reason=reason, actor=actor.id)
            said = {"text": product.title, "delta": delta, "reason": reason, "available": pool.available}
            await self._audit.record(
                tx, actor, "stock.adjust", subject_kind="variant", subject_id=variant_id, detail=said
            )
        return pool

    async def list(
        self, actor: Actor, *, search: str = "", with_archived: bool = False, limit: int = 50, cursor: str | None = None
    ) -> tuple[Sequence[ProductView], str | None]:
        """A page of the catalogue for staff, newest first, and the cursor of the next page."""
        require(actor, Permission.CATALOG_EDIT)
        if cursor is not None and not is_uuid(cursor):
            raise Invalid("This cursor is not one of ours.", field="cursor")
        limit = max(1, min(limit, MAX_PAGE))
        ids = await self._store.page(cursor, search=search, with_archived=with_archived, limit=limit)
        return await self.views(ids), ids[-1] if len(ids) == limit else None

    async def visible(self, actor: Actor | None, product_id: ProductId) -> ProductView:
        """One product; an archived one only for staff."""
        view = await self.view(product_id)
        if view.is_archived and not (actor and actor.may(Permission.CATALOG_EDIT)):
            raise NotFound()
        return view

    async def view(self, product_id: ProductId, tx: Transaction | None = None) -> ProductView:
        """One product as everybody sees it; `NotFound` when there is none."""
        views = await self.views([product_id], tx)
        if not views:
            raise NotFound()
        return views[0]

    async def views(self, products: Collection[ProductId], tx: Transaction | None = None) -> Sequence[ProductView]:
        """Products as everybody sees them, in the order asked for; unknown ones are left out."""
        found = await self._store.many(products, tx)
        variants = [variant.id for product in found.values() for variant in product.variants]
        levels = await self._stock.levels(variants) if variants else {}
        return [
            ProductView.of(found[product_id], levels, default_hold_s=self._default_hold_s)
            for product_id in products
            if product_id in found
        ]

    async def variant(
        self, variant_id: VariantId, tx: Transaction | None = None, *, even_archived: bool = False
    ) -> tuple[Product, Variant]:
        """A variant that can be sold, with its product; `NotFound` for an unknown one, and for an archived one."""
        product = await self._store.of_variant(variant_id, tx)
        variant = next(each for each in product.variants if each.id == variant_id)
        if (product.is_archived or variant.is_archived) and not even_archived:
            raise NotFound()
        return product, variant

    async def product_of(self, variant_id: VariantId) -> ProductId:
        """The product that a variant belongs to; `NotFound` for an unknown one."""
        return await self._store.product_of(variant_id)

    async def on_sale(self, products: Collection[ProductId], tx: Transaction | None = None) -> set[ProductId]:
        """Those of the products that exist and are not archived."""
        return await self._store.on_sale(products, tx)

    def hold_s(self, product: Product) -> int:
        """Seconds that a unit of the product stays reserved for a buyer."""
        return product.hold_s or self._default_hold_s

    async def _record(
        self, tx: Transaction, actor: Actor, action: str, product: Product, *, before: Product | None = None
    ) -> None:
        detail = {"text": product.title, "version": product.version, **_difference(before, product)}
        await self._audit.record(tx, actor, action, subject_kind="product", subject_id=product.id, detail=detail)


def _difference(old: Product | None, new: Product) -> dict[str, Any]:
    """What the audit keeps of a change: fields by name, prices before and after."""
    if old is None:
        return {"skus": [variant.sku for variant in new.variants]}
    fields = ("title", "handle", "description_html", "image_keys", "per_buyer_limit", "hold_s", "is_archived", "axes")
    prices = {variant.sku: variant.price.money.amount for variant in old.variants}
    changed = {
        variant.sku: [prices.get(variant.sku), variant.price.money.amount]
        for variant in new.variants
        if prices.get(variant.sku) != variant.price.money.amount
    }
    return {"fields": [name for name in fields if getattr(old, name) != getattr(new, name)], "prices": changed}
