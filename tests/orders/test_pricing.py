"""What orders cost: sums that always add up, whatever the numbers."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecommerce.foundation.core.money import Money
from livecommerce.orders.model.pricing import (
    Coupon,
    Item,
    ShippingOption,
    ShippingTier,
    bill,
    shipping_to,
    split,
    tax_of,
)

RATES = st.sampled_from(["0", "0.07", "0.19", "0.25", "0.0825"])
ITEMS = st.lists(
    st.builds(lambda minor, rate: Item(Money(minor, "EUR"), rate), st.integers(0, 10**9), RATES),
    min_size=1,
    max_size=20,
)


@given(ITEMS, st.integers(0, 10**6), st.integers(0, 10**10), st.booleans())
def test_sums_of_lines_are_the_totals(items, shipping, wanted, is_inclusive) -> None:
    goods = sum(item.total.minor for item in items)
    discount = Money(min(wanted, goods), "EUR")

    made = bill(items, shipping=Money(shipping, "EUR"), discount=discount, is_inclusive=is_inclusive)

    totals = made.totals
    assert totals.subtotal.minor == goods
    assert sum(off.minor for off in made.discounts) == discount.minor
    assert sum(tax.minor for tax in made.taxes) + totals.shipping_tax.minor == totals.tax.minor
    assert sum(line.tax.minor for line in made.tax_lines) == totals.tax.minor
    assert sum(line.base.minor for line in made.tax_lines) == goods - discount.minor + shipping
    on_top = 0 if is_inclusive else totals.tax.minor
    assert totals.total.minor == goods - discount.minor + shipping + on_top
    assert all(0 <= off.minor <= item.total.minor for off, item in zip(made.discounts, items, strict=True))


@given(st.integers(0, 10**12), RATES, st.booleans())
def test_tax_is_within_half_a_minor_unit_of_the_exact_one(minor, rate, inclusive) -> None:
    fraction = Fraction(rate)
    exact = minor * fraction / (1 + fraction if inclusive else 1)

    assert abs(tax_of(Money(minor, "EUR"), rate, inclusive=inclusive).minor - exact) <= Fraction(1, 2)


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**9), min_size=1, max_size=20))
def test_a_split_loses_nothing_and_strays_less_than_one_minor_unit(amount, weights) -> None:
    parts = split(Money(amount, "EUR"), weights)

    if sum(weights):
        assert sum(part.minor for part in parts) == amount
        assert all(abs(p.minor - Fraction(amount * w, sum(weights))) < 1 for p, w in zip(parts, weights, strict=True))


@pytest.mark.parametrize(
    ("coupon", "goods", "off"),
    [
        (Coupon("TEN", percent=10), 995, 100),
        (Coupon("TEN", percent=10), 994, 99),
        (Coupon("ALL", percent=100), 995, 995),
        (Coupon("FIVE", amount=Money(500, "EUR")), 300, 300),
    ],
)
def test_a_coupon_is_rounded_half_up_and_takes_at_most_everything(coupon, goods, off) -> None:
    assert coupon.discount_on(Money(goods, "EUR")) == Money(off, "EUR")


def _way(name: str, *tiers: tuple[int, int], countries: str = "", by_weight: bool = False) -> ShippingOption:
    costs = tuple(ShippingTier(start, Money(cost, "EUR")) for start, cost in tiers)
    return ShippingOption(name, name, frozenset(countries.split()), 1, 3, by_weight, costs)


def test_shipping_is_by_zone_and_by_weight_or_amount() -> None:
    ways = [
        _way("home", (0, 490), (5000, 0), countries="DE AT"),
        _way("express", (0, 990), (2000, 1990), countries="DE", by_weight=True),
        _way("world", (0, 2500)),
    ]

    def costs(country: str, goods: int, grams: int) -> list[tuple[str, int]]:
        return [(w.option.id, w.cost.minor) for w in shipping_to(country, ways, Money(goods, "EUR"), grams)]

    assert costs("DE", 4999, 1999) == [("home", 490), ("express", 990)]
    assert costs("DE", 5000, 2000) == [("home", 0), ("express", 1990)]
    assert costs("AT", 100, 1) == [("home", 490)]
    assert costs("JP", 100, 1) == [("world", 2500)]
