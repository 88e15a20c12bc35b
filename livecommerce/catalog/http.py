"""Doors to the catalogue."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from aiohttp import web

from livecommerce.catalog.pictures import CONTENT_TYPE, MAX_BYTES
from livecommerce.catalog.service import CatalogService, CsvImport, ProductDraft, VariantDraft, imports
from livecommerce.catalog.views import ProductView
from livecommerce.foundation.core.errors import Invalid, UnsupportedMediaType
from livecommerce.foundation.core.money import Money, MoneyView
from livecommerce.foundation.http.server import Call, Routes, read_body

UNSET = msgspec.UNSET
Unset = msgspec.UnsetType

Title = Annotated[str, msgspec.Meta(min_length=1, max_length=400)]
Sku = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
OptionText = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
Html = Annotated[str, msgspec.Meta(max_length=20_000)]
Units = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
Limit = Annotated[int, msgspec.Meta(ge=1, le=1000)]
HoldSeconds = Annotated[int, msgspec.Meta(ge=60, le=3600)]
TaxRate = Annotated[str, msgspec.Meta(pattern=r"^0(\.[0-9]{1,4})?$")]
Options = Annotated[dict[OptionText, OptionText], msgspec.Meta(max_length=8)]


class AxisBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: OptionText
    values: Annotated[list[OptionText], msgspec.Meta(max_length=100)]


class VariantBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One SKU. In a PATCH a known SKU is changed where something is said, and an unknown one is added."""

    sku: Sku
    options: Options | Unset = UNSET
    price: MoneyView | Unset = UNSET
    compare_at_price: MoneyView | Unset | None = UNSET
    stock: Units = 0
    tax_inclusive: bool | Unset = UNSET
    tax_rate: TaxRate | Unset = UNSET
    is_archived: bool | Unset = UNSET

    def draft(self) -> VariantDraft:
        return VariantDraft(
            self.sku,
            options=self.options,
            price=_price(self.price),
            compare_at=None if self.compare_at_price is None else _price(self.compare_at_price),
            stock=self.stock,
            tax_inclusive=self.tax_inclusive,
            tax_rate=self.tax_rate,
            is_archived=self.is_archived,
        )


Variants = Annotated[list[VariantBody], msgspec.Meta(min_length=1, max_length=100)]
Axes = Annotated[list[AxisBody], msgspec.Meta(max_length=8)]


class NewProductBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    title: Title
    variants: Variants
    handle: OptionText | Unset = UNSET
    description_html: Html | Unset = UNSET
    options: Axes | Unset = UNSET
    per_buyer_limit: Limit | Unset | None = UNSET
    hold_s: HoldSeconds | Unset | None = UNSET


class ProductBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What changes. `version` is the one the change was made from; another one is a conflict."""

    title: Title | Unset = UNSET
    variants: Variants | Unset = UNSET
    handle: OptionText | Unset = UNSET
    description_html: Html | Unset = UNSET
    options: Axes | Unset = UNSET
    per_buyer_limit: Limit | Unset | None = UNSET
    hold_s: HoldSeconds | Unset | None = UNSET
    is_archived: bool | Unset = UNSET
    version: Annotated[int, msgspec.Meta(ge=1)] | None = None


class StockBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    delta: Annotated[int, msgspec.Meta(ge=-100_000, le=100_000)]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class PageQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    limit: Annotated[int, msgspec.Meta(ge=1, le=200)] = 50
    cursor: Annotated[str, msgspec.Meta(max_length=40)] | None = None
    search: Annotated[str, msgspec.Meta(max_length=100)] = ""
    archived: Annotated[int, msgspec.Meta(ge=0, le=1)] = 0


class DryRunQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    dry_run: Annotated[int, msgspec.Meta(ge=0, le=1)] = 0


class ProductList(msgspec.Struct, frozen=True):
    items: list[ProductView]
    next: str | None


class StockView(msgspec.Struct, frozen=True):
    variant_id: str
    available: int
    version: int


class RowErrorView(msgspec.Struct, frozen=True):
    row: int
    field: str
    message: str


class ImportView(msgspec.Struct, frozen=True):
    created: int
    updated: int
    unchanged: int
    errors: list[RowErrorView]


def routes(catalog: CatalogService, csv_import: CsvImport) -> Routes:
    table = Routes("catalog")
    _product_routes(table, catalog)
    _image_routes(table, catalog)

    @table.post("/products/import", accepts="text/csv", query=DryRunQuery, answer=ImportView)
    async def import_products(call: Call[None]) -> ImportView:
        """Bring in a product file (text/csv, as Shopify writes it)"""
        if call.request.content_type not in ("text/csv", "application/csv"):
            raise UnsupportedMediaType("Send text/csv.")
        data = await read_body(call.request, imports.MAX_BYTES)
        report = await csv_import.run(call.actor, data, is_dry_run=bool(call.query.dry_run))
        errors = [RowErrorView(error.row, error.field, error.message) for error in report.errors]
        return ImportView(report.created, report.updated, report.unchanged, errors)

    @table.post("/variants/{variant_id}/stock", body=StockBody, answer=StockView)
    async def adjust_stock(call: Call[StockBody]) -> StockView:
        """Count units in or out"""
        pool = await catalog.adjust_stock(call.actor, call.id("variant_id"), call.body.delta, call.body.reason)
        return StockView(pool.variant_id, pool.available, pool.version)

    return table


def _product_routes(table: Routes, catalog: CatalogService) -> None:
    @table.get("/products", query=PageQuery, answer=ProductList)
    async def list_products(call: Call[None]) -> ProductList:
        """The catalogue, for staff"""
        query: PageQuery = call.query
        items, following = await catalog.list(
            call.actor, search=query.search, with_archived=bool(query.archived), limit=query.limit, cursor=query.cursor
        )
        return ProductList(list(items), following)

    @table.post("/products", body=NewProductBody, answer=ProductView, status=201, body_limit=512 * 1024)
    async def create_product(call: Call[NewProductBody]) -> ProductView:
        """Put a product into the catalogue"""
        return await catalog.create(call.actor, _draft(call.body))

    @table.get("/products/{product_id}", answer=ProductView, auth="optional")
    async def get_product(call: Call[None]) -> ProductView:
        """One product"""
        return await catalog.visible(call.maybe_actor, call.id("product_id"))

    @table.patch("/products/{product_id}", body=ProductBody, answer=ProductView, body_limit=512 * 1024)
    async def edit_product(call: Call[ProductBody]) -> ProductView:
        """Change a product"""
        return await catalog.edit(call.actor, call.id("product_id"), _draft(call.body), version=call.body.version)


def _image_routes(table: Routes, catalog: CatalogService) -> None:
    @table.post("/products/{product_id}/images", accepts="image/*", answer=ProductView, status=201)
    async def add_image(call: Call[None]) -> ProductView:
        """Add a picture (JPEG, PNG, WebP, GIF or AVIF)"""
        if not call.request.content_type.startswith("image/"):
            raise UnsupportedMediaType("Send a picture.")
        return await catalog.add_image(call.actor, call.id("product_id"), await read_body(call.request, MAX_BYTES))

    @table.get("/images/{key}", auth="none", produces=CONTENT_TYPE)
    async def get_image(call: Call[None]) -> web.Response:
        """A picture; its address never shows anything else"""
        return web.Response(body=await catalog.image(call.text("key")), content_type=CONTENT_TYPE, headers=FOR_EVER)


FOR_EVER = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def _draft(body: NewProductBody | ProductBody) -> ProductDraft:
    variants: Any = [] if body.variants is UNSET else body.variants
    axes = body.options if isinstance(body.options, Unset) else [(axis.name, axis.values) for axis in body.options]
    return ProductDraft(
        title=body.title,
        handle=body.handle,
        description_html=body.description_html,
        axes=axes,
        variants=[variant.draft() for variant in variants],
        per_buyer_limit=body.per_buyer_limit,
        hold_s=body.hold_s,
        is_archived=UNSET if isinstance(body, NewProductBody) else body.is_archived,
    )


def _price(view: MoneyView | Unset) -> Money | Unset:
    if isinstance(view, Unset):
        return view
    if view.amount.startswith("-"):
        raise Invalid("A price is more than zero.", field="price")
    return view.money()
