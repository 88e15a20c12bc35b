"""Orders as CSV (RFC 4180), for spreadsheets: one row per line, streamed in pages, and no cell is a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterable
from typing import Any

import msgspec
from aiohttp import web

from livecommerce.foundation.core.errors import NotFound
from livecommerce.foundation.core.ids import ShowId, is_uuid
from livecommerce.foundation.http.server import Call, Routes
from livecommerce.orders.http.orders import Id
from livecommerce.orders.service import OrderService
from livecommerce.orders.views import OrderView

PAGE = 100
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection)."""
HEADER = (
    *("order", "status", "placed_at", "paid_at", "buyer", "email", "name", "line1", "line2", "postal_code", "city"),
    *("country", "title", "variant", "quantity", "unit_price", "line_total", "currency", "order_discount"),
    *("order_shipping", "order_tax", "order_total", "shipping_option", "coupon"),
)


class ExportQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    show_id: Id


def routes(orders: OrderService) -> Routes:
    table = Routes("exports")

    @table.get("/orders.csv", query=ExportQuery)
    async def export_orders(call: Call[Any]) -> web.StreamResponse:
        """A show's orders as CSV, for its staff"""
        if not is_uuid(call.query.show_id):
            raise NotFound()
        pages = _pages(orders, call, ShowId(call.query.show_id))
        first = await anext(pages)  # refused before anything is sent
        response = web.StreamResponse(
            headers={
                "Content-Type": "text/csv; charset=utf-8",
                "Content-Disposition": 'attachment; filename="orders.csv"',
                "Cache-Control": "no-store",
            }
        )
        await response.prepare(call.request)
        await response.write(_csv([HEADER]) + _rows(first))
        async for page in pages:
            await response.write(_rows(page))
        await response.write_eof()
        return response

    return table


async def _pages(orders: OrderService, call: Call[Any], show_id: ShowId) -> AsyncIterator[list[OrderView]]:
    cursor = None
    while True:
        page, cursor = await orders.of_show(call.actor, show_id, cursor=cursor, limit=PAGE)
        yield page
        if cursor is None:
            return


def _rows(page: Iterable[OrderView]) -> bytes:
    return _csv([row for order in page for row in _lines(order)])


def _lines(order: OrderView) -> Iterable[tuple[object, ...]]:
    to = order.address
    where = (to.email, to.name, to.line1, to.line2, to.postal_code, to.city, to.country) if to else ("",) * 7
    head = (order.number, order.status, _time(order.placed_at), _time(order.paid_at), order.buyer.display_name, *where)
    sums = (order.discount.amount, order.shipping.amount, order.tax.amount, order.total.amount)
    for line in order.lines:
        goods = (line.title, line.variant_title, line.quantity, line.unit_price.amount, line.total.amount)
        yield (*head, *goods, order.total.currency, *sums, order.shipping_option, order.coupon)


def _time(at: Any) -> str:
    return at.isoformat(timespec="seconds") if at is not None else ""


def _csv(rows: Iterable[Iterable[object]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows([safe(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def safe(cell: object) -> str:
    """A cell as text; what would be a formula gets an apostrophe in front."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(FORMULA) else text
