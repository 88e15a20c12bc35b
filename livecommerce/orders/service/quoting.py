"""The quote: everything that the checkout shows before anybody is obliged to anything. It changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from livecommerce.foundation.core.actors import Actor
from livecommerce.foundation.core.errors import LiveCommerceError, NotFound
from livecommerce.foundation.core.ids import HoldId, VariantId, is_uuid
from livecommerce.foundation.core.money import Money
from livecommerce.orders.model import Priced
from livecommerce.orders.model.pricing import CouponRefused, NotShippedThere
from livecommerce.orders.model.terms import Terms
from livecommerce.orders.service.pricing import Pricing, Wish
from livecommerce.orders.views import QuoteProblem, QuoteView
from livecommerce.sales.service import Shelf
from livecommerce.sales.views import Goods
from livecommerce.stock.model import Hold, HoldState, Pool, PoolKind
from livecommerce.stock.service import StockService


class QuoteService:
    """Says what a buyer's holds would cost, and what stands in the way."""

    def __init__(self, pricing: Pricing, *, stock: StockService, shelf: Shelf, methods: Sequence[str]) -> None:
        self._pricing, self._stock, self._shelf, self._methods = pricing, stock, shelf, methods

    async def quote(
        self, actor: Actor, hold_ids: Sequence[str], wish: Wish, *, expected_total: Money | None = None
    ) -> QuoteView:
        """Price the holds that can still be ordered; problems name the others, and codes that do not apply."""
        wanted = [HoldId(text) for text in dict.fromkeys(hold_ids)]
        if not all(map(is_uuid, wanted)):
            raise NotFound()
        holds = await self._stock.holds(wanted)
        if len(holds) != len(wanted) or any(hold.buyer != actor.id for hold in holds):
            raise NotFound()
        goods = {hold.variant_id: await self._shelf.goods(hold.variant_id) for hold in holds}
        problems = await self._problems(holds, goods)
        usable = [hold for hold in sorted(holds, key=lambda hold: hold.id) if hold.state is HoldState.HELD]
        if not usable:
            return QuoteView.empty(problems, methods=self._methods)
        priced = await self._price(actor, usable, goods, wish=wish, problems=problems)
        if expected_total is not None and expected_total != priced.bill.totals.total:
            problems.append(QuoteProblem(code="price_changed"))
        return QuoteView.of(priced, problems, methods=self._methods)

    async def _price(
        self,
        actor: Actor,
        holds: Sequence[Hold],
        goods: Mapping[VariantId, Goods],
        *,
        wish: Wish,
        problems: list[QuoteProblem],
    ) -> Priced:
        terms = await self._pricing.terms()
        while True:
            try:
                return await self._pricing.price(actor, holds, goods, wish=wish, terms=terms)
            except (CouponRefused, NotShippedThere) as exc:
                problems.append(QuoteProblem(code=exc.code))
                wish, terms = _without(exc, wish, terms)

    async def _problems(self, holds: Sequence[Hold], goods: Mapping[VariantId, Goods]) -> list[QuoteProblem]:
        gone = [hold for hold in holds if hold.state is not HoldState.HELD]
        levels = await self._stock.levels({hold.pool_id for hold in gone} | {hold.variant_id for hold in gone})
        now = await self._pricing.now()
        return [_problem(hold, levels, goods[hold.variant_id], now) for hold in gone]


def _problem(hold: Hold, levels: Mapping[str, Pool], goods: Goods, now: datetime) -> QuoteProblem:
    """Why a hold cannot be ordered, in the words that decide what the buyer may do next."""
    if hold.state in (HoldState.PAYING, HoldState.SOLD):
        return QuoteProblem(code="already_ordered", hold_id=hold.id)
    own, variant = levels[hold.pool_id], levels[hold.variant_id]
    if hold.kind is PoolKind.FLASH_SALE and own.ends_at is not None and own.ends_at <= now:
        return QuoteProblem(code="sale_ended", hold_id=hold.id, available=variant.available)
    if own.available < hold.quantity:
        return QuoteProblem(code="out_of_stock", hold_id=hold.id, available=own.available)
    if own.limit_per_buyer is not None and own.limit_per_buyer < hold.quantity:
        return QuoteProblem(code="limit_reached", hold_id=hold.id, available=own.available)
    if hold.kind is PoolKind.VARIANT and goods.price != hold.price:
        return QuoteProblem(code="price_changed", hold_id=hold.id, available=own.available)
    return QuoteProblem(code="hold_expired", hold_id=hold.id, available=own.available)


def _without(refused: LiveCommerceError, wish: Wish, terms: Terms) -> tuple[Wish, Terms]:
    """The same wish without what was refused, so that the rest can be priced."""
    if isinstance(refused, CouponRefused):
        return replace(wish, coupon=None), terms
    if wish.shipping_option is not None:
        return replace(wish, shipping_option=None), terms
    return wish, Terms(tax_rates=terms.tax_rates)
