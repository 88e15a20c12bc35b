"""Rows of products and their variants. A product is read and written as a whole."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import asyncpg
import msgspec

from livecommerce.catalog.model import Axis, HandleTaken, Price, Product, SkuTaken, Variant
from livecommerce.foundation.core.errors import NotFound
from livecommerce.foundation.core.ids import ProductId, VariantId, is_uuid
from livecommerce.foundation.core.money import Money
from livecommerce.foundation.storage.postgres import Database, Row, Transaction
from livecommerce.foundation.storage.sql import queries

Q = queries(__package__)

_OPTIONS = msgspec.json.Decoder(dict[str, str])
_AXES = msgspec.json.Decoder(list[tuple[str, tuple[str, ...]]])


class CatalogStore:
    """Products in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, tx: Transaction, product: Product, at: datetime) -> None:
        """Insert a product with its variants; `HandleTaken` or `SkuTaken` when another has them."""
        await self._write(tx, Q.add_product, product, at)

    async def save(self, tx: Transaction, product: Product, at: datetime) -> None:
        """Write back a product that this transaction has locked."""
        await self._write(tx, Q.save_product, product, at)

    async def _write(self, tx: Transaction, sql: str, product: Product, at: datetime) -> None:
        try:
            await tx.execute(sql, *_product_values(product), at)
            await tx.execute(Q.put_variants, *_variant_columns(product))
        except asyncpg.UniqueViolationError as exc:
            taken = HandleTaken if exc.constraint_name == "products_handle_key" else SkuTaken
            raise taken(field="handle" if taken is HandleTaken else "sku") from exc

    async def many(self, products: Collection[ProductId], tx: Transaction | None = None) -> dict[ProductId, Product]:
        """Those of the products that exist, with all their variants."""
        wanted = [product_id for product_id in products if is_uuid(product_id)]
        return await self._assemble(tx or self._database, await (tx or self._database).fetch(Q.products, wanted))

    async def get(self, product_id: ProductId, tx: Transaction | None = None) -> Product:
        found = await self.many([product_id], tx)
        if product_id not in found:
            raise NotFound()
        return found[product_id]

    async def lock(self, product_id: ProductId, tx: Transaction) -> Product:
        """The product, and nobody else changes it until the transaction ends."""
        if not is_uuid(product_id):
            raise NotFound()
        found = await self._assemble(tx, await tx.fetch(Q.lock_products, [product_id]))
        if product_id not in found:
            raise NotFound()
        return found[product_id]

    async def product_of(self, variant_id: VariantId, tx: Transaction | None = None) -> ProductId:
        found = None
        if is_uuid(variant_id):
            found = await (tx or self._database).fetchval(Q.product_of_variant, variant_id)
        if found is None:
            raise NotFound()
        return ProductId(found)

    async def of_variant(self, variant_id: VariantId, tx: Transaction | None = None) -> Product:
        """The product that a variant belongs to, as a whole."""
        return await self.get(await self.product_of(variant_id, tx), tx)

    async def page(self, before: str | None, *, search: str, with_archived: bool, limit: int) -> list[ProductId]:
        """Ids of products, newest first."""
        pattern = f"%{_literal(search)}%" if search else ""
        rows = await self._database.fetch(Q.product_page, before, with_archived, pattern, limit)
        return [ProductId(row["id"]) for row in rows]

    async def by_handle(self, handle: str, tx: Transaction | None = None) -> ProductId | None:
        found = await (tx or self._database).fetchval(Q.product_by_handle, handle)
        return ProductId(found) if found else None

    async def owners_of(self, skus: Sequence[str], tx: Transaction | None = None) -> dict[str, ProductId]:
        """Which product has each of the SKUs."""
        rows = await (tx or self._database).fetch(Q.products_of_skus, list(skus))
        return {row["sku"]: ProductId(row["product_id"]) for row in rows}

    async def on_sale(self, products: Collection[ProductId], tx: Transaction | None = None) -> set[ProductId]:
        """Those of the products that exist and are not archived."""
        wanted = [product_id for product_id in products if is_uuid(product_id)]
        rows = await (tx or self._database).fetch(Q.on_sale, wanted)
        return {ProductId(row["id"]) for row in rows}

    async def _assemble(self, source: Database | Transaction, rows: Sequence[Row]) -> dict[ProductId, Product]:
        if not rows:
            return {}
        variants: dict[str, list[Variant]] = {}
        for row in await source.fetch(Q.variants, [row["id"] for row in rows]):
            variants.setdefault(row["product_id"], []).append(_variant(row))
        return {ProductId(row["id"]): _product(row, variants.get(row["id"], [])) for row in rows}


def _literal(text: str) -> str:
    """The text as LIKE matches it literally."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _product_values(product: Product) -> tuple[object, ...]:
    axes = msgspec.json.encode([(axis.name, axis.values) for axis in product.axes]).decode()
    return (
        product.id,
        product.handle,
        product.title,
        product.description_html,
        axes,
        list(product.image_keys),
        product.per_buyer_limit,
        product.hold_s,
        product.is_archived,
        product.version,
    )


def _variant_columns(product: Product) -> list[list[object]]:
    rows = [
        (
            variant.id,
            product.id,
            position,
            variant.sku,
            msgspec.json.encode(variant.options).decode(),
            variant.price.money.minor,
            variant.price.compare_at.minor if variant.price.compare_at else None,
            variant.price.money.currency,
            variant.price.tax_inclusive,
            variant.price.tax_rate,
            variant.image_key,
            variant.is_archived,
        )
        for position, variant in enumerate(product.variants)
    ]
    return [list(column) for column in zip(*rows, strict=True)]


def _variant(row: Row) -> Variant:
    currency = str(row["currency"])
    compare_at = Money(row["compare_at_minor"], currency) if row["compare_at_minor"] is not None else None
    return Variant(
        id=VariantId(row["id"]),
        product_id=ProductId(row["product_id"]),
        sku=row["sku"],
        options=_OPTIONS.decode(row["options"]),
        price=Price(Money(row["price_minor"], currency), compare_at, row["tax_inclusive"], row["tax_rate"]),
        image_key=row["image_key"],
        is_archived=row["is_archived"],
    )


def _product(row: Row, variants: Sequence[Variant]) -> Product:
    return Product(
        id=ProductId(row["id"]),
        handle=row["handle"],
        title=row["title"],
        axes=tuple(Axis(name, values) for name, values in _AXES.decode(row["axes"])),
        variants=tuple(variants),
        description_html=row["description_html"],
        image_keys=tuple(row["image_keys"]),
        per_buyer_limit=row["per_buyer_limit"],
        hold_s=row["hold_s"],
        is_archived=row["is_archived"],
        version=row["version"],
    )
