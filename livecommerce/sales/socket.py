"""The socket's door to buying."""

from __future__ import annotations

from typing import Annotated

import msgspec

from livecommerce.foundation.realtime.gateway import Connection, Gateway
from livecommerce.sales.service import BuyService, Want
from livecommerce.sales.views import HeldView
from livecommerce.stock.model import MAX_QUANTITY

Id = Annotated[str, msgspec.Meta(pattern="^[0-9a-z-]{1,36}$")]


class SaleBuy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A click. `idempotency_key` is made once per click and sent again with every repetition of it."""

    quantity: Annotated[int, msgspec.Meta(ge=1, le=MAX_QUANTITY)]
    idempotency_key: Annotated[str, msgspec.Meta(pattern="^[0-9A-Za-z_-]{1,64}$")]
    flash_sale_id: Id | None = None
    variant_id: Id | None = None
    show_id: Id | None = None


def register(gateway: Gateway, buying: BuyService) -> None:
    """Answer `sale.buy`."""

    async def buy(connection: Connection, body: SaleBuy) -> HeldView:
        want = Want(
            body.quantity,
            body.idempotency_key,
            flash_sale_id=body.flash_sale_id,
            variant_id=body.variant_id,
            show_id=body.show_id,
        )
        return await buying.buy(connection.actor, want)

    gateway.on("sale.buy", body=SaleBuy, handler=buy)
