"""Money: integer minor units and an ISO 4217 currency. Never a float."""

from __future__ import annotations

import re
from dataclasses import dataclass

import msgspec

from livecommerce.foundation.core.errors import Invalid

# ISO 4217 exponents that are not 2 (list one, 2024-06). CLDR's display digits differ for some (IQD, MGA, LBP).
_EXPONENTS = {
    **dict.fromkeys(["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"], 0),
    **dict.fromkeys(["RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"], 0),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
    **dict.fromkeys(["CLF", "UYW"], 4),
}
_CURRENCY = re.compile(r"[A-Z]{3}")
_AMOUNT = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,4})?")


def exponent(currency: str) -> int:
    """Digits after the decimal point of a currency (ISO 4217): 2 for EUR, 0 for JPY, 3 for KWD."""
    if _CURRENCY.fullmatch(currency) is None:
        raise Invalid("The currency is not an ISO 4217 code.", field="currency")
    return _EXPONENTS.get(currency, 2)


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount of one currency in its minor unit (cents)."""

    minor: int
    currency: str

    @classmethod
    def parse(cls, amount: str, currency: str) -> Money:
        """Read `"12.34"` exactly; more digits than the currency has are refused."""
        digits = exponent(currency)
        if _AMOUNT.fullmatch(amount) is None:
            raise Invalid('An amount is written like "12.34".', field="amount")
        whole, _, fraction = amount.lstrip("-").partition(".")
        if len(fraction) > digits:
            raise Invalid(f"{currency} has {digits} digits after the point.", field="amount")
        minor = int(whole + fraction.ljust(digits, "0"))
        return cls(-minor if amount.startswith("-") else minor, currency)

    @property
    def amount(self) -> str:
        """The amount as people and JSON write it: `"12.34"`."""
        digits = exponent(self.currency)
        sign, text = ("-" if self.minor < 0 else ""), str(abs(self.minor)).rjust(digits + 1, "0")
        return f"{sign}{text[:-digits]}.{text[-digits:]}" if digits else sign + text

    def _same(self, other: Money) -> None:
        if other.currency != self.currency:
            raise ValueError(f"cannot mix {self.currency} with {other.currency}")

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def __mul__(self, quantity: int) -> Money:
        return Money(self.minor * quantity, self.currency)

    def __lt__(self, other: Money) -> bool:
        self._same(other)
        return self.minor < other.minor

    def __le__(self, other: Money) -> bool:
        self._same(other)
        return self.minor <= other.minor


class MoneyView(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Money on the wire: `{"amount": "12.34", "currency": "EUR"}`."""

    amount: str
    currency: str

    @classmethod
    def of(cls, money: Money) -> MoneyView:
        return cls(money.amount, money.currency)

    def money(self) -> Money:
        """Read the amount; `Invalid` when it is not money."""
        return Money.parse(self.amount, self.currency)
