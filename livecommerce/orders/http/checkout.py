"""Doors to the quote, and to the operator's tables and coupons."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any

import msgspec

from livecommerce.foundation.core.errors import Invalid
from livecommerce.foundation.core.money import Money, MoneyView
from livecommerce.foundation.http.server import Call, Routes
from livecommerce.orders.http.orders import AddressBody, CouponCode, Id
from livecommerce.orders.model import MAX_HOLDS, Address
from livecommerce.orders.model.pricing import Coupon
from livecommerce.orders.model.terms import Slug, Terms
from livecommerce.orders.service import Pricing, QuoteService, Wish
from livecommerce.orders.views import QuoteView

TERMS_LIMIT = 512 * 1024
"""Bytes: weights of 5000 variants are 250 KB."""
_CODE = re.compile(r"[A-Z0-9-]{3,32}")
Uses = Annotated[int, msgspec.Meta(ge=1, le=10_000_000)]


class QuoteBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    hold_ids: Annotated[list[Id], msgspec.Meta(min_length=1, max_length=MAX_HOLDS)]
    address: AddressBody | None = None
    shipping_option: Slug | None = None
    coupon: CouponCode | None = None
    expected_total: MoneyView | None = None


class CouponBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Either `percent` or `amount` off the goods."""

    percent: Annotated[int, msgspec.Meta(ge=1, le=100)] | None = None
    amount: MoneyView | None = None
    minimum: MoneyView | None = None
    uses_max: Uses | None = None
    per_buyer_max: Uses | None = None
    valid_from: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    valid_until: Annotated[datetime, msgspec.Meta(tz=True)] | None = None

    def coupon(self, code: str) -> Coupon:
        """The coupon, or `Invalid`."""
        if _CODE.fullmatch(code) is None:
            raise Invalid("A code has 3 to 32 capital letters, digits or -.", field="code")
        if (self.percent is None) == (self.amount is None):
            raise Invalid("A coupon takes off a percentage or an amount.", field="percent")
        amount, minimum = _positive(self.amount, "amount"), _positive(self.minimum, "minimum")
        if amount is not None and minimum is not None and amount.currency != minimum.currency:
            raise Invalid("Amount and minimum are in one currency.", field="minimum")
        times = (self.valid_from, self.valid_until)
        return Coupon(code, self.percent, amount, minimum, self.uses_max, self.per_buyer_max, *times)


class CouponView(msgspec.Struct, frozen=True):
    """A coupon, and how many orders use it."""

    code: str
    percent: int | None
    amount: MoneyView | None
    minimum: MoneyView | None
    uses_max: int | None
    per_buyer_max: int | None
    valid_from: datetime | None
    valid_until: datetime | None
    uses: int

    @classmethod
    def of(cls, coupon: Coupon, uses: int) -> CouponView:
        return cls(
            code=coupon.code,
            percent=coupon.percent,
            amount=MoneyView.of(coupon.amount) if coupon.amount else None,
            minimum=MoneyView.of(coupon.minimum) if coupon.minimum else None,
            uses_max=coupon.uses_max,
            per_buyer_max=coupon.per_buyer_max,
            valid_from=coupon.valid_from,
            valid_until=coupon.valid_until,
            uses=uses,
        )


class CouponList(msgspec.Struct, frozen=True):
    items: list[CouponView]
    next: str | None = None


def routes(quotes: QuoteService, pricing: Pricing) -> Routes:
    table = Routes("checkout")

    @table.post("/checkout/quote", body=QuoteBody, answer=QuoteView)
    async def quote(call: Call[QuoteBody]) -> QuoteView:
        """What holds would cost as an order, ways to send it, and what stands in the way. Changes nothing"""
        body = call.body
        address = Address.checked(msgspec.structs.asdict(body.address)) if body.address else None
        wish = Wish(address.country if address else None, body.shipping_option, body.coupon)
        expected = body.expected_total.money() if body.expected_total else None
        return await quotes.quote(call.actor, body.hold_ids, wish, expected_total=expected)

    @table.get("/checkout/terms", answer=Terms)
    async def read_terms(call: Call[Any]) -> Terms:
        """The shop's shipping and tax tables"""
        return await pricing.read_terms(call.actor)

    @table.put("/checkout/terms", body=Terms, answer=Terms, body_limit=TERMS_LIMIT)
    async def replace_terms(call: Call[Terms]) -> Terms:
        """Replace the shop's shipping and tax tables"""
        return await pricing.replace_terms(call.actor, call.body)

    @table.get("/coupons", answer=CouponList)
    async def list_coupons(call: Call[Any]) -> CouponList:
        """Every coupon with its uses"""
        return CouponList([CouponView.of(*known) for known in await pricing.coupons(call.actor)])

    @table.put("/coupons/{code}", body=CouponBody, answer=CouponView)
    async def save_coupon(call: Call[CouponBody]) -> CouponView:
        """Write a coupon, or replace it. One that ends is kept: orders name it"""
        return CouponView.of(*await pricing.save_coupon(call.actor, call.body.coupon(call.text("code"))))

    return table


def _positive(given: MoneyView | None, field: str) -> Money | None:
    money = given.money() if given else None
    if money is not None and money.minor <= 0:
        raise Invalid("This is more than nothing.", field=field)
    return money
