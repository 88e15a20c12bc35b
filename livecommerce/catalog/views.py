"""Products on the wire, as every room shows them."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from livecommerce.catalog.model import Product, Variant
from livecommerce.foundation.core.money import MoneyView
from livecommerce.stock.model import Pool

IMAGES_PATH = "/api/v1/images/"


class AxisView(msgspec.Struct, frozen=True):
    name: str
    values: list[str]


class VariantView(msgspec.Struct, frozen=True):
    """One SKU with its price and stock."""

    id: str
    product_id: str
    sku: str
    title: str
    options: dict[str, str]
    price: MoneyView
    compare_at_price: MoneyView | None
    tax_inclusive: bool
    tax_rate: str
    available: int
    stock_version: int
    image_url: str | None


class ProductView(msgspec.Struct, frozen=True):
    """A product as viewers and staff see it."""

    id: str
    handle: str
    title: str
    description_html: str
    image_url: str | None
    image_urls: list[str]
    options: list[AxisView]
    variants: list[VariantView]
    per_buyer_limit: int | None
    hold_s: int
    is_archived: bool
    version: int

    @classmethod
    def of(cls, product: Product, levels: Mapping[str, Pool], *, default_hold_s: int) -> ProductView:
        urls = [image_url(key) for key in product.image_keys]
        variants = [
            _variant_view(product, variant, levels.get(variant.id))
            for variant in product.variants
            if not variant.is_archived
        ]
        return cls(
            id=product.id,
            handle=product.handle,
            title=product.title,
            description_html=product.description_html,
            image_url=urls[0] if urls else None,
            image_urls=urls,
            options=[AxisView(axis.name, list(axis.values)) for axis in product.axes],
            variants=variants,
            per_buyer_limit=product.per_buyer_limit,
            hold_s=product.hold_s or default_hold_s,
            is_archived=product.is_archived,
            version=product.version,
        )


def image_url(key: str) -> str:
    """Where a stored picture is served, below our own origin."""
    return IMAGES_PATH + key


def _variant_view(product: Product, variant: Variant, level: Pool | None) -> VariantView:
    price, compare_at = variant.price, variant.price.compare_at
    return VariantView(
        id=variant.id,
        product_id=product.id,
        sku=variant.sku,
        title=product.title_of(variant),
        options=dict(variant.options),
        price=MoneyView.of(price.money),
        compare_at_price=MoneyView.of(compare_at) if compare_at else None,
        tax_inclusive=price.tax_inclusive,
        tax_rate=price.tax_rate,
        available=level.available if level else 0,
        stock_version=level.version if level else 0,
        image_url=image_url(variant.image_key) if variant.image_key else None,
    )
