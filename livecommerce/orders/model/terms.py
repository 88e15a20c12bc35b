"""The shop's own tables: shipping by zone, tax by country, weights. The operator replaces them as a whole."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from livecommerce.foundation.core.errors import Invalid
from livecommerce.foundation.core.money import MoneyView
from livecommerce.orders.model.pricing import MAX_GRAMS, ShippingOption, ShippingTier

Country = Annotated[str, msgspec.Meta(pattern="^[A-Z]{2}$")]
Rate = Annotated[str, msgspec.Meta(pattern=r"^0(\.[0-9]{1,4})?$")]
Days = Annotated[int, msgspec.Meta(ge=0, le=365)]
Grams = Annotated[int, msgspec.Meta(ge=0, le=MAX_GRAMS)]
Slug = Annotated[str, msgspec.Meta(pattern="^[a-z0-9-]{1,32}$")]


class Tier(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """From so many grams, or from goods of this amount on, shipping costs `cost`."""

    cost: MoneyView
    from_g: Grams = 0
    from_amount: MoneyView | None = None


class Shipping(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A way to send a parcel to a zone. No countries: everywhere that no other way names."""

    id: Slug
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    countries: Annotated[list[Country], msgspec.Meta(max_length=250)] = []
    days_min: Days
    days_max: Days
    by: Literal["weight", "amount"] = "amount"
    tiers: Annotated[list[Tier], msgspec.Meta(min_length=1, max_length=20)]

    def option(self) -> ShippingOption:
        """The same as rules; `Invalid` when it is none."""
        if self.days_min > self.days_max:
            raise Invalid("A parcel does not take less than it takes.", field="days_max")
        is_by_weight = self.by == "weight"
        return ShippingOption(
            id=self.id,
            name=self.name,
            countries=frozenset(self.countries),
            days_min=self.days_min,
            days_max=self.days_max,
            is_by_weight=is_by_weight,
            tiers=tuple(_tier(tier, is_by_weight=is_by_weight) for tier in self.tiers),
        )


class Terms(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What orders cost besides their goods. Without shipping tables shipping is free; variants have tax of their own,
    which `tax_rates` replaces for parcels to those countries."""

    shipping: Annotated[list[Shipping], msgspec.Meta(max_length=100)] = []
    tax_rates: Annotated[dict[Country, Rate], msgspec.Meta(max_length=250)] = {}
    weights_g: Annotated[dict[str, Grams], msgspec.Meta(max_length=5000)] = {}
    weight_default_g: Grams = 500

    def options(self) -> list[ShippingOption]:
        """Every way to send something; `Invalid` when two have one id."""
        if len({way.id for way in self.shipping}) < len(self.shipping):
            raise Invalid("Two ways of shipping have the same id.", field="shipping")
        return [way.option() for way in self.shipping]


def _tier(tier: Tier, *, is_by_weight: bool) -> ShippingTier:
    cost = tier.cost.money()
    start = tier.from_amount.money() if tier.from_amount else None
    if cost.minor < 0 or (start is not None and (start.minor < 0 or start.currency != cost.currency)):
        raise Invalid("Shipping costs something, in the currency of its tiers.", field="tiers")
    if is_by_weight:
        return ShippingTier(tier.from_g, cost)
    return ShippingTier(start.minor if start else 0, cost)
