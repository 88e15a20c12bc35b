"""Doors to orders, to payment and to what providers tell."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from aiohttp import web

from livecommerce.foundation.core.errors import Invalid, NotFound
from livecommerce.foundation.core.ids import ShowId, is_uuid, new_id
from livecommerce.foundation.core.money import MoneyView
from livecommerce.foundation.http.server import Call, Routes, read_body
from livecommerce.orders.model import MAX_HOLDS
from livecommerce.orders.model.refunding import RefundWish
from livecommerce.orders.model.terms import Slug
from livecommerce.orders.service import FulfilmentService, NumbersService, OrderService, PaymentService, Placement
from livecommerce.orders.views import NumbersView, OrderView

Id = Annotated[str, msgspec.Meta(pattern="^[0-9a-z-]{1,36}$")]
CouponCode = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
EVENT_LIMIT = 256 * 1024
"""Bytes of a provider's webhook: Stripe's largest objects are far below."""
Line = Annotated[str, msgspec.Meta(max_length=300)]


class AddressBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: Line
    line1: Line
    line2: Line | None = None
    postal_code: Line
    city: Line
    country: Annotated[str, msgspec.Meta(pattern="^[A-Z]{2}$")]
    email: Annotated[str, msgspec.Meta(max_length=254)] | None = None


class OrderBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    hold_ids: Annotated[list[Id], msgspec.Meta(min_length=1, max_length=MAX_HOLDS)]
    address: AddressBody | None = None
    payment_method: Annotated[str, msgspec.Meta(max_length=32)] = "sandbox"
    shipping_option: Slug | None = None
    coupon: CouponCode | None = None
    expected_total: MoneyView | None = None


class RefundLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Units of one line; `line` 1 is the first."""

    line: Annotated[int, msgspec.Meta(ge=1, le=MAX_HOLDS)]
    quantity: Annotated[int, msgspec.Meta(ge=1, le=1000)]


class RefundBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Units, an amount where it is not what they cost, or both; `restock` puts the units back on the shelf."""

    lines: Annotated[list[RefundLine], msgspec.Meta(max_length=MAX_HOLDS)] = []
    amount: MoneyView | None = None
    restock: bool = False

    def wish(self, key: str) -> RefundWish:
        """What goes back; `Invalid` when it is nothing, or a line stands twice."""
        units = {part.line: part.quantity for part in self.lines}
        if len(units) < len(self.lines) or (not units and self.amount is None):
            raise Invalid("Name each line once, or an amount.", field="lines")
        amount = self.amount.money() if self.amount else None
        if amount is not None and amount.minor <= 0:
            raise Invalid("More than nothing goes back.", field="amount")
        return RefundWish(units, amount, self.restock, key)


class ParcelBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    order_ids: Annotated[list[Id], msgspec.Meta(min_length=2, max_length=20)]


class PayBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`outcome` scripts the sandbox. All but the first two send the buyer to its test page."""

    outcome: (
        Literal[
            "success",
            "decline",
            "challenge",
            "webhook_before_return",
            "duplicate_webhook",
            "late_webhook",
            "captured_after_expiry",
        ]
        | None
    ) = None


class OrdersQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    mine: Annotated[int, msgspec.Meta(ge=0, le=1)] = 0
    show_id: Id | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 50
    cursor: Annotated[str, msgspec.Meta(max_length=40)] | None = None


class OrderList(msgspec.Struct, frozen=True):
    items: list[OrderView]
    next: str | None


def routes(
    orders: OrderService, payments: PaymentService, numbers: NumbersService, parcels: FulfilmentService
) -> Routes:
    table = Routes("orders")
    _buyer_routes(table, orders, payments)
    _provider_routes(table, payments)
    _reading_routes(table, orders)
    _staff_routes(table, payments, numbers)
    _parcel_routes(table, parcels)
    return table


def _buyer_routes(table: Routes, orders: OrderService, payments: PaymentService) -> None:
    @table.post("/orders", body=OrderBody, answer=OrderView, status=201)
    async def place(call: Call[OrderBody]) -> OrderView:
        """Make an order of one's holds. Send one Idempotency-Key per intent"""
        body = call.body
        address = msgspec.structs.asdict(body.address) if body.address else None
        key = call.idempotency_key or new_id()
        placement = Placement(
            body.hold_ids,
            body.payment_method,
            key,
            address,
            shipping_option=body.shipping_option,
            coupon=body.coupon,
            expected_total=body.expected_total.money() if body.expected_total else None,
        )
        return await orders.place(call.actor, placement)

    @table.post("/orders/{order_id}/pay", body=PayBody, answer=OrderView)
    async def pay(call: Call[PayBody]) -> OrderView:
        """Pay an order. The same Idempotency-Key is the same attempt; another card is another key"""
        key = call.idempotency_key
        return await payments.pay(call.actor, call.id("order_id"), call.body.outcome, key=key)

    @table.post("/orders/{order_id}/cancel", answer=OrderView)
    async def cancel(call: Call[Any]) -> OrderView:
        """Call an unpaid order off"""
        return await orders.cancel(call.actor, call.id("order_id"))


def _provider_routes(table: Routes, payments: PaymentService) -> None:
    @table.post("/payments/{provider}/events", auth="none", status=204)
    async def take_event(call: Call[Any]) -> None:
        """Where a payment provider tells what became of a payment, signed by it"""
        body = await read_body(call.request, EVENT_LIMIT)
        headers = {name.lower(): text for name, text in call.request.headers.items()}
        await payments.receive(call.text("provider"), headers, body)

    @table.get("/payments/return/{attempt_id}", auth="none", status=303)
    async def come_back(call: Call[Any]) -> web.Response:
        """Where a provider sends the buyer afterwards; on to the show"""
        show_id = await payments.returned(call.id("attempt_id"))
        return web.Response(status=303, headers={"Location": f"/shows/{show_id}", "Cache-Control": "no-store"})


def _reading_routes(table: Routes, orders: OrderService) -> None:
    @table.get("/orders", query=OrdersQuery, answer=OrderList)
    async def list_orders(call: Call[Any]) -> OrderList:
        """One's own orders, or those of a show for its staff"""
        query: OrdersQuery = call.query
        if query.mine:
            return OrderList(*await orders.mine(call.actor, cursor=query.cursor, limit=query.limit))
        if query.show_id is None:
            raise Invalid("Ask for mine=1, or for a show.", field="show_id")
        if not is_uuid(query.show_id):
            raise NotFound()
        page = await orders.of_show(call.actor, ShowId(query.show_id), cursor=query.cursor, limit=query.limit)
        return OrderList(*page)

    @table.get("/orders/{order_id}", answer=OrderView)
    async def get_order(call: Call[Any]) -> OrderView:
        """One order"""
        return await orders.get(call.actor, call.id("order_id"))


def _staff_routes(table: Routes, payments: PaymentService, numbers: NumbersService) -> None:
    @table.post("/orders/{order_id}/refund", answer=OrderView)
    async def refund(call: Call[Any]) -> OrderView:
        """Send the money of an order back"""
        return await payments.refund(call.actor, call.id("order_id"))

    @table.post("/orders/{order_id}/refunds", body=RefundBody, answer=OrderView)
    async def refund_part(call: Call[RefundBody]) -> OrderView:
        """Send part of the money of an order back. Send one Idempotency-Key per intent"""
        wish = call.body.wish(call.idempotency_key or new_id())
        return await payments.refund(call.actor, call.id("order_id"), wish)

    @table.get("/shows/{show_id}/numbers", answer=NumbersView)
    async def show_numbers(call: Call[Any]) -> NumbersView:
        """How a show goes, for its staff"""
        return await numbers.of_show(call.actor, call.id("show_id"))


def _parcel_routes(table: Routes, parcels: FulfilmentService) -> None:
    @table.post("/parcels", body=ParcelBody, answer=OrderList, status=201)
    async def bundle(call: Call[ParcelBody]) -> OrderList:
        """Put paid orders of one buyer and show into one parcel: from then on they travel together"""
        return OrderList(await parcels.bundle(call.actor, call.body.order_ids), None)

    @table.post("/orders/{order_id}/ship", answer=OrderView)
    async def ship(call: Call[Any]) -> OrderView:
        """Say that an order is on its way"""
        return await parcels.ship(call.actor, call.id("order_id"))

    @table.post("/orders/{order_id}/deliver", answer=OrderView)
    async def deliver(call: Call[Any]) -> OrderView:
        """Say that an order has arrived"""
        return await parcels.deliver(call.actor, call.id("order_id"))
