"""What an order costs: goods, coupon, shipping, tax. Integer minor units throughout.

Rounding, once and everywhere: a coupon is rounded half up over the goods and split over the lines by largest remainder;
tax is rounded half up per line, and once for shipping. Everything else is a sum of those, so lines always add up to
the totals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from livecommerce.foundation.core.errors import Conflict
from livecommerce.foundation.core.money import Money

MAX_GRAMS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Coupon:
    """A code that makes goods cheaper, by `percent` or by `amount`; one per order."""

    code: str
    percent: int | None = None
    amount: Money | None = None
    minimum: Money | None = None
    uses_max: int | None = None
    per_buyer_max: int | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None

    def require_usable(self, goods: Money, *, now: datetime, uses: int, uses_of_buyer: int) -> None:
        """Raise `CouponRefused` unless it is valid now, not used up, and for goods like these."""
        if (self.valid_from and now < self.valid_from) or (self.valid_until and now >= self.valid_until):
            raise CouponExpired()
        for fixed in (self.amount, self.minimum):
            if fixed is not None and fixed.currency != goods.currency:
                raise CouponRefused()
        if self.minimum is not None and goods < self.minimum:
            raise CouponBelowMinimum()
        if (self.uses_max is not None and uses >= self.uses_max) or (
            self.per_buyer_max is not None and uses_of_buyer >= self.per_buyer_max
        ):
            raise CouponUsedUp()

    def discount_on(self, goods: Money) -> Money:
        """What it takes off, at most everything."""
        if self.amount is not None:
            return min(self.amount, goods)
        return Money(_half_up(Decimal(goods.minor) * (self.percent or 0) / 100), goods.currency)


@dataclass(frozen=True, slots=True)
class ShippingTier:
    """From so many grams or minor units on, it costs this."""

    start: int
    cost: Money


@dataclass(frozen=True, slots=True)
class ShippingOption:
    """A way to send a parcel to a zone. No countries: everywhere that no other zone names."""

    id: str
    name: str
    countries: frozenset[str]
    days_min: int
    days_max: int
    is_by_weight: bool
    tiers: tuple[ShippingTier, ...]

    def cost(self, goods: Money, grams: int) -> Money | None:
        """What it costs for these goods; None when it is not for them."""
        size = grams if self.is_by_weight else goods.minor
        reached = [tier for tier in self.tiers if tier.start <= size and tier.cost.currency == goods.currency]
        return max(reached, key=lambda tier: tier.start).cost if reached else None


@dataclass(frozen=True, slots=True)
class Quoted:
    """A way to send it, and what that costs."""

    option: ShippingOption
    cost: Money


def shipping_to(country: str, options: Sequence[ShippingOption], goods: Money, grams: int) -> list[Quoted]:
    """Ways to send goods to a country, cheapest first."""
    named = [option for option in options if country in option.countries]
    is_named = any(country in option.countries for option in options)
    reached = named if is_named else [option for option in options if not option.countries]
    quoted = [Quoted(option, cost) for option in reached if (cost := option.cost(goods, grams)) is not None]
    return sorted(quoted, key=lambda way: (way.cost.minor, way.option.id))


@dataclass(frozen=True, slots=True)
class Item:
    """What one line costs before the coupon, and the rate of its tax."""

    total: Money
    tax_rate: str


@dataclass(frozen=True, slots=True)
class TaxLine:
    """The tax of one rate, and the amount after the coupon that it is in or on."""

    rate: str
    base: Money
    tax: Money


@dataclass(frozen=True, slots=True)
class Totals:
    """What an order costs. `subtotal` is before `discount`; `total` contains `tax` either way."""

    subtotal: Money
    shipping: Money
    tax: Money
    total: Money
    discount: Money
    shipping_tax: Money


@dataclass(frozen=True, slots=True)
class Bill:
    """Discount and tax per line, in the order of the items, and what they add up to."""

    discounts: tuple[Money, ...]
    taxes: tuple[Money, ...]
    tax_lines: tuple[TaxLine, ...]
    totals: Totals


def bill(items: Sequence[Item], *, shipping: Money, discount: Money, is_inclusive: bool) -> Bill:
    """Add an order up; all is in one currency. Shipping is taxed at the highest rate of the goods."""
    nothing = Money(0, shipping.currency)
    subtotal = sum((item.total for item in items), nothing)
    discounts = split(discount, [item.total.minor for item in items])
    bases = [item.total - off for item, off in zip(items, discounts, strict=True)]
    taxes = [tax_of(base, item.tax_rate, inclusive=is_inclusive) for base, item in zip(bases, items, strict=True)]
    shipping_rate = max((item.tax_rate for item in items), key=Decimal, default="0")
    shipping_tax = tax_of(shipping, shipping_rate, inclusive=is_inclusive)
    tax = sum(taxes, nothing) + shipping_tax
    total = subtotal - discount + shipping
    totals = Totals(subtotal, shipping, tax, total if is_inclusive else total + tax, discount, shipping_tax)
    parts = [(item.tax_rate, base, tax) for item, base, tax in zip(items, bases, taxes, strict=True)]
    lines = _tax_lines([*parts, (shipping_rate, shipping, shipping_tax)], nothing)
    return Bill(tuple(discounts), tuple(taxes), lines, totals)


def _tax_lines(parts: Sequence[tuple[str, Money, Money]], nothing: Money) -> tuple[TaxLine, ...]:
    by_rate: dict[Decimal, TaxLine] = {}
    for rate, base, tax in parts:
        before = by_rate.get(Decimal(rate), TaxLine(rate, nothing, nothing))
        by_rate[Decimal(rate)] = TaxLine(before.rate, before.base + base, before.tax + tax)
    return tuple(by_rate[rate] for rate in sorted(by_rate))


def split(amount: Money, weights: Sequence[int]) -> list[Money]:
    """Divide an amount in proportion to weights, to the last minor unit: largest remainders get what is left over."""
    whole = sum(weights)
    if whole == 0:
        return [Money(0, amount.currency) for _ in weights]
    shares = [divmod(amount.minor * weight, whole) for weight in weights]
    left = amount.minor - sum(share for share, _ in shares)
    first = sorted(range(len(shares)), key=lambda index: (-shares[index][1], index))[:left]
    return [Money(share + (index in first), amount.currency) for index, (share, _) in enumerate(shares)]


def tax_of(total: Money, rate: str, *, inclusive: bool) -> Money:
    """The tax in (or on) an amount, rounded half up to the minor unit. `rate` is a fraction such as "0.25"."""
    fraction = Decimal(rate)
    return Money(_half_up(Decimal(total.minor) * fraction / (1 + fraction if inclusive else 1)), total.currency)


def rate_for(country: str | None, usual: str, rates: Mapping[str, str]) -> str:
    """The rate of tax where the parcel goes; the variant's own where the shop names none."""
    return rates.get(country or "", usual)


def _half_up(exact: Decimal) -> int:
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


class CouponRefused(Conflict):
    """This code does not apply here."""

    code = "coupon_unknown"


class CouponExpired(CouponRefused):
    """This code is not valid now."""

    code = "coupon_expired"


class CouponUsedUp(CouponRefused):
    """This code has been used as often as it may be."""

    code = "coupon_used_up"


class CouponBelowMinimum(CouponRefused):
    """The goods do not reach this code's minimum."""

    code = "coupon_below_minimum"


class NotShippedThere(Conflict):
    """We do not ship these goods there, or not this way."""

    code = "not_shipped_there"


class PriceChanged(Conflict):
    """It costs something else by now; look again before you order."""

    code = "price_changed"
