"""Buying: one way for both doors. A click becomes a hold, or a refusal that says why."""

from __future__ import annotations

from dataclasses import dataclass

from livecommerce.foundation.core.actors import Actor
from livecommerce.foundation.core.errors import Invalid
from livecommerce.foundation.core.ids import FlashSaleId, HoldId, ShowId, VariantId, is_uuid, new_id
from livecommerce.foundation.core.settings import SalesSettings
from livecommerce.foundation.http.limits import Rate, RateLimiter
from livecommerce.sales.model import require_buyer
from livecommerce.sales.service.bans import Bans
from livecommerce.sales.service.goods import Choice, Shelf
from livecommerce.sales.views import HeldView, HoldView
from livecommerce.stock.model import Ask, check_key, check_quantity
from livecommerce.stock.service import StockService


@dataclass(frozen=True, slots=True)
class Want:
    """A click: a flash sale, or a variant in a show; how many; and the key of the intent."""

    quantity: int
    key: str
    flash_sale_id: str | None = None
    variant_id: str | None = None
    show_id: str | None = None

    def choice(self) -> Choice:
        """What is pointed at; one of the two, and nothing else."""
        if self.flash_sale_id is not None:
            if self.variant_id is not None:
                raise Invalid("Name a flash sale or a variant, not both.", field="variant_id")
            return Choice(FlashSaleId(_id(self.flash_sale_id, "flash_sale_id")))
        if self.variant_id is None or self.show_id is None:
            raise Invalid("Name a flash sale, or a variant and its show.", field="flash_sale_id")
        return Choice(None, ShowId(_id(self.show_id, "show_id")), VariantId(_id(self.variant_id, "variant_id")))


class BuyService:
    """Turns clicks into holds."""

    def __init__(
        self, shelf: Shelf, stock: StockService, bans: Bans, *, limiter: RateLimiter, settings: SalesSettings
    ) -> None:
        self._shelf, self._stock, self._bans, self._limiter = shelf, stock, bans, limiter
        self._rule, self._rate = settings.buyer, Rate(settings.buys_per_s, 1)

    async def buy(self, actor: Actor, want: Want) -> HeldView:
        """Hold what the click asks for at the price of the database, durably; a refusal says why not."""
        check_quantity(want.quantity)
        check_key(want.key)
        choice = want.choice()
        require_buyer(actor, self._rule)
        await self._limiter.hit("buy", actor.id, self._rate)
        offer = await self._shelf.offer(actor, choice)
        offer.require_on_air()
        await self._bans.require_welcome(actor, offer.show_id)
        ask = Ask(
            hold_id=HoldId(new_id()),
            show_id=offer.show_id,
            buyer=actor.id,
            key=want.key,
            quantity=want.quantity,
            price=offer.price,
        )
        decision = await self._stock.hold(offer.pool_id, ask)
        return HeldView.of(HoldView.decided(decision, offer, want.quantity))


def _id(text: str, field: str) -> str:
    if not is_uuid(text):
        raise Invalid("This is not an id of ours.", field=field)
    return text
