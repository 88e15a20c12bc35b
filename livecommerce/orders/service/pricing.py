"""What a buyer's holds would cost as an order, and what stands in the way: the quote, and the price of placing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from livecommerce.foundation.core.actors import Actor, Permission, require
from livecommerce.foundation.core.ids import VariantId
from livecommerce.foundation.core.money import Money
from livecommerce.foundation.storage.postgres import Database, Transaction
from livecommerce.identity.service import AuditTrail
from livecommerce.orders.model import MixedHolds, OrderLine, Priced
from livecommerce.orders.model.pricing import (
    Coupon,
    CouponRefused,
    Item,
    NotShippedThere,
    Quoted,
    bill,
    rate_for,
    shipping_to,
)
from livecommerce.orders.model.terms import Terms
from livecommerce.orders.store import TermsStore
from livecommerce.sales.views import Goods
from livecommerce.stock.model import Hold


@dataclass(frozen=True, slots=True)
class Wish:
    """Where to, how, and with which code."""

    country: str | None = None
    shipping_option: str | None = None
    coupon: str | None = None


class Pricing:
    """Prices orders by the shop's tables."""

    def __init__(self, database: Database, store: TermsStore, *, audit: AuditTrail, country: str) -> None:
        self._database, self._store, self._audit = database, store, audit
        self._country = country

    async def now(self) -> datetime:
        """The time that decides: PostgreSQL's."""
        return await self._store.now()

    async def terms(self) -> Terms:
        """The tables as they are now."""
        return await self._store.terms()

    async def price(
        self,
        actor: Actor,
        holds: Sequence[Hold],
        goods: Mapping[VariantId, Goods],
        *,
        wish: Wish,
        terms: Terms,
        tx: Transaction | None = None,
    ) -> Priced:
        """What the holds cost. With `tx` the coupon is locked, so that its last use goes to one order only."""
        if len({(hold.show_id, hold.price.currency, goods[hold.variant_id].tax_inclusive) for hold in holds}) != 1:
            raise MixedHolds()
        country = wish.country or self._country
        subtotal = sum((hold.price * hold.quantity for hold in holds), Money(0, holds[0].price.currency))
        coupon = await self._coupon(actor, wish.coupon, subtotal, tx) if wish.coupon else None
        discount = coupon.discount_on(subtotal) if coupon else Money(0, subtotal.currency)
        grams = sum(terms.weights_g.get(h.variant_id, terms.weight_default_g) * h.quantity for h in holds)
        options = terms.options()
        ways = shipping_to(country, options, subtotal - discount, grams)
        chosen = _chosen(ways, wish.shipping_option) if options or wish.shipping_option else None
        rates = [rate_for(country, goods[hold.variant_id].tax_rate, terms.tax_rates) for hold in holds]
        is_inclusive = goods[holds[0].variant_id].tax_inclusive
        made = bill(
            [Item(hold.price * hold.quantity, rate) for hold, rate in zip(holds, rates, strict=True)],
            shipping=chosen.cost if chosen else Money(0, subtotal.currency),
            discount=discount,
            is_inclusive=is_inclusive,
        )
        lines = tuple(
            _line(hold, goods[hold.variant_id], tax=tax, discount=off, rate=rate)
            for hold, tax, off, rate in zip(holds, made.taxes, made.discounts, rates, strict=True)
        )
        return Priced(lines, made, tuple(ways), chosen, coupon, is_inclusive)

    async def _coupon(self, actor: Actor, code: str, goods: Money, tx: Transaction | None) -> Coupon:
        coupon = await self._store.coupon(code.strip().upper(), tx)
        if coupon is None:
            raise CouponRefused()
        uses, mine = await self._store.uses(coupon.code, actor.id, tx)
        coupon.require_usable(goods, now=await self._store.now(tx), uses=uses, uses_of_buyer=mine)
        return coupon

    async def replace_terms(self, actor: Actor, terms: Terms) -> Terms:
        """Write the tables anew, for the operator."""
        require(actor, Permission.CATALOG_EDIT)
        terms.options()
        async with self._database.transaction() as tx:
            await self._store.save(terms, tx)
            await self._record(tx, actor, "checkout.terms", "terms")
        return terms

    async def read_terms(self, actor: Actor) -> Terms:
        """The tables, for the operator."""
        require(actor, Permission.CATALOG_EDIT)
        return await self._store.terms()

    async def save_coupon(self, actor: Actor, coupon: Coupon) -> tuple[Coupon, int]:
        """Write a coupon or replace it, for the operator; with its uses."""
        require(actor, Permission.CATALOG_EDIT)
        async with self._database.transaction() as tx:
            await self._store.save_coupon(coupon, tx)
            await self._record(tx, actor, "coupon.save", coupon.code)
        return coupon, (await self._store.uses(coupon.code, actor.id))[0]

    async def coupons(self, actor: Actor) -> list[tuple[Coupon, int]]:
        """Every coupon with its uses, for the operator."""
        require(actor, Permission.CATALOG_EDIT)
        return await self._store.coupons()

    async def _record(self, tx: Transaction, actor: Actor, action: str, what: str) -> None:
        await self._audit.record(tx, actor, action, show_id=None, subject_kind="checkout", subject_id=what, detail={})


def _chosen(ways: Sequence[Quoted], wanted: str | None) -> Quoted:
    fitting = [way for way in ways if wanted is None or way.option.id == wanted]
    if not fitting:
        raise NotShippedThere()
    return fitting[0]


def _line(hold: Hold, goods: Goods, *, tax: Money, discount: Money, rate: str) -> OrderLine:
    return OrderLine(
        hold_id=hold.id,
        product_id=goods.product_id,
        variant_id=hold.variant_id,
        title=goods.title,
        variant_title=goods.variant_title,
        image_url=goods.image_url,
        quantity=hold.quantity,
        unit_price=hold.price,
        tax=tax,
        discount=discount,
        tax_rate=rate,
    )
