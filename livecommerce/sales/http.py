"""Doors to flash sales and holds."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from livecommerce.foundation.core.errors import Invalid
from livecommerce.foundation.core.ids import EntryId, VariantId, new_id
from livecommerce.foundation.core.money import MoneyView
from livecommerce.foundation.http.server import Call, Routes
from livecommerce.sales.model import DURATION_S, HOLD_S, MAX_STARTS_IN_S, MAX_UNITS, SaleDraft
from livecommerce.sales.service import BuyService, FlashSaleService, HoldService, WaitlistService, Want
from livecommerce.sales.views import FlashSaleView, HeldView, HoldView, WaitView
from livecommerce.stock.model import MAX_QUANTITY

Id = Annotated[str, msgspec.Meta(pattern="^[0-9a-z-]{1,36}$")]
Quantity = Annotated[int, msgspec.Meta(ge=1, le=MAX_QUANTITY)]
DEFAULT_HOLD_S = 300


class FlashSaleBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    variant_id: Id
    price: MoneyView
    quantity: Annotated[int, msgspec.Meta(ge=1, le=MAX_UNITS)]
    per_buyer_limit: Quantity | None = None
    starts_in_s: Annotated[int, msgspec.Meta(ge=0, le=MAX_STARTS_IN_S)] = 0
    duration_s: Annotated[int, msgspec.Meta(ge=DURATION_S.start, le=DURATION_S.stop - 1)]
    hold_s: Annotated[int, msgspec.Meta(ge=HOLD_S.start, le=HOLD_S.stop - 1)] = DEFAULT_HOLD_S

    def draft(self) -> SaleDraft:
        return SaleDraft(
            VariantId(self.variant_id),
            price=self.price.money(),
            quantity=self.quantity,
            per_buyer_limit=self.per_buyer_limit,
            starts_in_s=self.starts_in_s,
            duration_s=self.duration_s,
            hold_s=self.hold_s,
        )


class HoldBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A flash sale, or a variant in a show. Prices are not asked for: the database knows them."""

    quantity: Quantity
    flash_sale_id: Id | None = None
    variant_id: Id | None = None
    show_id: Id | None = None


class WaitBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is sold out: a flash sale, or a variant in a show."""

    quantity: Quantity = 1
    flash_sale_id: Id | None = None
    variant_id: Id | None = None
    show_id: Id | None = None


class MineQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    mine: Annotated[int, msgspec.Meta(ge=0, le=1)] = 1


class FlashSaleList(msgspec.Struct, frozen=True):
    items: list[FlashSaleView]
    next: str | None = None


class HoldList(msgspec.Struct, frozen=True):
    items: list[HoldView]
    next: str | None = None


class WaitList(msgspec.Struct, frozen=True):
    items: list[WaitView]
    next: str | None = None


def waitlist_routes(waitlist: WaitlistService) -> Routes:
    """Doors to the line for what is sold out."""
    table = Routes("sales")

    @table.post("/waitlist", body=WaitBody, answer=WaitView, status=201)
    async def join(call: Call[WaitBody]) -> WaitView:
        """Wait for what is sold out. Whose turn it is gets units held, and `notice` waitlist.offered"""
        body = call.body
        choice = {"flash_sale_id": body.flash_sale_id, "variant_id": body.variant_id, "show_id": body.show_id}
        return await waitlist.join(call.actor, Want(body.quantity, new_id(), **choice))

    @table.get("/waitlist", query=MineQuery, answer=WaitList)
    async def mine(call: Call[Any]) -> WaitList:
        """What the caller waits for, and what is offered to them now"""
        if not call.query.mine:
            raise Invalid("Only one's own places can be listed.", field="mine")
        return WaitList(await waitlist.mine(call.actor))

    @table.delete("/waitlist/{entry_id}")
    async def leave(call: Call[Any]) -> None:
        """Give up a place in the line, or what was offered"""
        await waitlist.leave(call.actor, EntryId(call.id("entry_id")))

    return table


def routes(sales: FlashSaleService, buying: BuyService, holds: HoldService) -> Routes:
    table = Routes("sales")
    _flash_sale_routes(table, sales)
    _hold_routes(table, buying, holds)
    return table


def _flash_sale_routes(table: Routes, sales: FlashSaleService) -> None:
    @table.post("/shows/{show_id}/flash-sales", body=FlashSaleBody, answer=FlashSaleView, status=201)
    async def schedule(call: Call[FlashSaleBody]) -> FlashSaleView:
        """Schedule a flash sale, or open it at once"""
        return await sales.schedule(call.actor, call.id("show_id"), call.body.draft())

    @table.get("/shows/{show_id}/flash-sales", answer=FlashSaleList, auth="optional")
    async def of_show(call: Call[Any]) -> FlashSaleList:
        """The flash sales of a show, newest first"""
        return FlashSaleList(await sales.of_show(call.maybe_actor, call.id("show_id")))

    @table.get("/flash-sales/{sale_id}", answer=FlashSaleView, auth="optional")
    async def get(call: Call[Any]) -> FlashSaleView:
        """One flash sale"""
        return await sales.get(call.maybe_actor, call.id("sale_id"))

    @table.post("/flash-sales/{sale_id}/close", answer=FlashSaleView)
    async def close(call: Call[Any]) -> FlashSaleView:
        """End a flash sale before its time"""
        return await sales.close(call.actor, call.id("sale_id"))


def _hold_routes(table: Routes, buying: BuyService, holds: HoldService) -> None:
    @table.post("/holds", body=HoldBody, answer=HeldView, status=201)
    async def buy(call: Call[HoldBody]) -> HeldView:
        """Buy: hold units until they are paid. Send one Idempotency-Key per click"""
        body = call.body
        want = Want(
            body.quantity,
            call.idempotency_key or new_id(),
            flash_sale_id=body.flash_sale_id,
            variant_id=body.variant_id,
            show_id=body.show_id,
        )
        return await buying.buy(call.actor, want)

    @table.get("/holds", query=MineQuery, answer=HoldList)
    async def mine(call: Call[Any]) -> HoldList:
        """The caller's holds that can still be paid"""
        if not call.query.mine:
            raise Invalid("Only one's own holds can be listed.", field="mine")
        return HoldList(await holds.mine(call.actor))

    @table.get("/holds/{hold_id}", answer=HoldView)
    async def get_hold(call: Call[Any]) -> HoldView:
        """One of the caller's holds"""
        return await holds.get(call.actor, call.id("hold_id"))

    @table.post("/holds/{hold_id}/extend", answer=HoldView)
    async def extend(call: Call[Any]) -> HoldView:
        """Hold for as long again: once, before the time is up"""
        return await holds.extend(call.actor, call.id("hold_id"))

    @table.delete("/holds/{hold_id}")
    async def release(call: Call[Any]) -> None:
        """Give a hold back"""
        await holds.release(call.actor, call.id("hold_id"))
