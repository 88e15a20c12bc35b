"""What somebody says about a product: from loose words to a checked product. No storage in here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import msgspec
import nh3

from livecommerce.catalog.model import (
    MAX_STOCK,
    MAX_TITLE,
    Axis,
    Price,
    Product,
    Variant,
    clean_handle,
    clean_options,
    clean_sku,
    handle_for,
    make_axes,
)
from livecommerce.foundation.core.errors import Invalid
from livecommerce.foundation.core.ids import ProductId, VariantId, new_id
from livecommerce.foundation.core.money import Money
from livecommerce.foundation.core.settings import ShopSettings
from livecommerce.foundation.core.text import clean_line

MAX_DESCRIPTION = 20_000
ALLOWED_TAGS = {"p", "br", "b", "strong", "i", "em", "u", "s", "ul", "ol", "li", "h3", "h4", "blockquote", "a"}

T = TypeVar("T")
Unset = msgspec.UnsetType
UNSET = msgspec.UNSET


@dataclass(frozen=True, slots=True)
class VariantDraft:
    """One variant as somebody describes it; what is unset stays as it is."""

    sku: str
    options: Mapping[str, str] | Unset = UNSET
    price: Money | Unset = UNSET
    compare_at: Money | Unset | None = UNSET
    stock: int = 0
    """Units to begin with; only for a new variant."""
    tax_inclusive: bool | Unset = UNSET
    tax_rate: str | Unset = UNSET
    is_archived: bool | Unset = UNSET


@dataclass(frozen=True, slots=True)
class ProductDraft:
    """A product as somebody describes it; what is unset stays as it is. Variants not named stay too."""

    title: str | Unset = UNSET
    handle: str | Unset = UNSET
    description_html: str | Unset = UNSET
    axes: Sequence[tuple[str, Sequence[str]]] | Unset = UNSET
    variants: Sequence[VariantDraft] = ()
    per_buyer_limit: int | Unset | None = UNSET
    hold_s: int | Unset | None = UNSET
    is_archived: bool | Unset = UNSET


@dataclass(frozen=True, slots=True)
class Change:
    """A product that is about to be written, and the stock that its new variants begin with."""

    product: Product
    new_stock: Mapping[VariantId, int]


def create(draft: ProductDraft, shop: ShopSettings) -> Change:
    """A new product; `Invalid` names the field that is wrong or missing."""
    title = clean_line(_given(draft.title, "title"), field="title", limit=MAX_TITLE)
    handle = clean_handle(draft.handle) if draft.handle is not UNSET else handle_for(title)
    product_id = ProductId(new_id())
    variants, stock = _variants(product_id, (), draft.variants, shop)
    product = Product(
        id=product_id,
        handle=handle,
        title=title,
        axes=_axes(draft.axes, variants),
        variants=variants,
        description_html=clean_html(_or(draft.description_html, "")),
        per_buyer_limit=_or(draft.per_buyer_limit, None),
        hold_s=_or(draft.hold_s, None),
        is_archived=_or(draft.is_archived, False),
    )
    return Change(product, stock)


def change(product: Product, draft: ProductDraft, shop: ShopSettings) -> Change:
    """The product with what the draft says, one version later."""
    variants, stock = _variants(product.id, product.variants, draft.variants, shop)
    named = draft.axes if draft.axes is not UNSET else [(axis.name, axis.values) for axis in product.axes]
    changed = replace(
        product,
        title=product.title if draft.title is UNSET else clean_line(draft.title, field="title", limit=MAX_TITLE),
        handle=product.handle if draft.handle is UNSET else clean_handle(draft.handle),
        description_html=(
            product.description_html if draft.description_html is UNSET else clean_html(draft.description_html)
        ),
        axes=_axes(named, variants),
        variants=variants,
        per_buyer_limit=_or(draft.per_buyer_limit, product.per_buyer_limit),
        hold_s=_or(draft.hold_s, product.hold_s),
        is_archived=_or(draft.is_archived, product.is_archived),
        version=product.version + 1,
    )
    return Change(changed, stock)


def clean_html(html: str) -> str:
    """The text with a few plain tags; everything else, scripts and styles first of all, is gone."""
    if len(html) > MAX_DESCRIPTION:
        raise Invalid(f"At most {MAX_DESCRIPTION} characters are allowed.", field="description_html")
    cleaned: str = nh3.clean(
        html.replace("\x00", ""),
        tags=ALLOWED_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    return cleaned


def _axes(named: Sequence[tuple[str, Sequence[str]]] | Unset, variants: Sequence[Variant]) -> tuple[Axis, ...]:
    used = [variant.options for variant in variants if not variant.is_archived]
    return make_axes([] if named is UNSET else named, used)


def _variants(
    product_id: ProductId, known: Sequence[Variant], drafts: Sequence[VariantDraft], shop: ShopSettings
) -> tuple[tuple[Variant, ...], dict[VariantId, int]]:
    by_sku = {variant.sku: variant for variant in known}
    stock: dict[VariantId, int] = {}
    seen: set[str] = set()
    for draft in drafts:
        sku = clean_sku(draft.sku)
        if sku in seen:
            raise Invalid("Each variant has a SKU of its own.", field="sku")
        seen.add(sku)
        if sku in by_sku:
            by_sku[sku] = _changed_variant(by_sku[sku], draft)
            continue
        if not 0 <= draft.stock <= MAX_STOCK:
            raise Invalid(f"Stock is 0 to {MAX_STOCK} units.", field="stock")
        by_sku[sku] = variant = _new_variant(product_id, sku, draft, shop)
        stock[variant.id] = draft.stock
    return tuple(by_sku.values()), stock


def _new_variant(product_id: ProductId, sku: str, draft: VariantDraft, shop: ShopSettings) -> Variant:
    price = Price(
        _given(draft.price, "price"),
        _or(draft.compare_at, None),
        _or(draft.tax_inclusive, shop.prices_include_tax),
        _or(draft.tax_rate, shop.tax_rate),
    )
    options = clean_options(_or(draft.options, {}))
    return Variant(VariantId(new_id()), product_id, sku, options, price, is_archived=_or(draft.is_archived, False))


def _changed_variant(variant: Variant, draft: VariantDraft) -> Variant:
    old = variant.price
    price = Price(
        _or(draft.price, old.money),
        _or(draft.compare_at, old.compare_at),
        _or(draft.tax_inclusive, old.tax_inclusive),
        _or(draft.tax_rate, old.tax_rate),
    )
    options = variant.options if draft.options is UNSET else clean_options(draft.options)
    return replace(variant, options=options, price=price, is_archived=_or(draft.is_archived, variant.is_archived))


def _or(value: T | Unset, otherwise: T) -> T:
    return otherwise if isinstance(value, msgspec.UnsetType) else value


def _given(value: T | Unset, field: str) -> T:
    if isinstance(value, msgspec.UnsetType):
        raise Invalid("This is missing.", field=field)
    return value
