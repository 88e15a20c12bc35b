"""Doors to stock."""

from __future__ import annotations

from typing import Annotated

import msgspec

from livecommerce.foundation.http.routes import Call, Routes
from livecommerce.stock.service import StockDesk


class AdjustBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    delta: Annotated[int, msgspec.Meta(ge=-1_000_000, le=1_000_000)]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class StockView(msgspec.Struct, frozen=True):
    """What a variant has left, and which version of that number it is."""

    variant_id: str
    available: int
    version: int


def routes(desk: StockDesk) -> Routes:
    table = Routes("stock")

    @table.post("/variants/{variant_id}/stock", body=AdjustBody, answer=StockView)
    async def adjust(call: Call[AdjustBody]) -> StockView:
        """Add or remove units by hand, with the reason"""
        pool = await desk.adjust(call.actor, call.id("variant_id"), call.body.delta, call.body.reason)
        return StockView(pool.variant_id, pool.available, pool.version)

    return table
