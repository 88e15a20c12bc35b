from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecommerce.foundation.core.errors import Invalid
from livecommerce.foundation.core.money import Money


@given(st.integers(-(10**11), 10**11), st.sampled_from(["EUR", "JPY", "KWD", "USD", "CLF"]))
def test_what_is_written_reads_back_as_the_same_amount(minor: int, currency: str) -> None:
    money = Money(minor, currency)

    assert Money.parse(money.amount, currency) == money


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [(1234, "EUR", "12.34"), (5, "EUR", "0.05"), (-5, "EUR", "-0.05"), (500, "JPY", "500"), (1, "KWD", "0.001")],
)
def test_an_amount_has_the_digits_of_its_currency(minor: int, currency: str, text: str) -> None:
    assert Money(minor, currency).amount == text


@pytest.mark.parametrize("text", ["12,34", "1e3", "", "12.345", "NaN", " 1", "1.", "٣", "1" * 20])
def test_what_is_not_an_amount_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        Money.parse(text, "EUR")


def test_currencies_do_not_mix() -> None:
    with pytest.raises(ValueError, match="cannot mix"):
        Money(1, "EUR") + Money(1, "USD")
