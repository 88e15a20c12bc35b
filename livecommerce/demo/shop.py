"""The demo's shop as data: products from `products.toml`, with a variant for each combination of their options."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from itertools import product as combinations
from typing import Any

import msgspec

SHOP_NAME = "Nordlys Keramik"
CURRENCY = "EUR"
TAX_RATE = "0.19"
LOW_STOCK = 5


class Axis(msgspec.Struct, frozen=True):
    """An option axis, such as the glaze."""

    name: str
    values: list[str]


class DemoProduct(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One product of `products.toml`."""

    handle: str
    title: str
    sku: str
    price: str
    stock: int
    images: list[str]
    description: str
    options: list[Axis] = []
    price_for: dict[str, str] = {}
    low: list[str] = []
    sale_price: str | None = None
    per_buyer_limit: int | None = None

    def body(self) -> dict[str, Any]:
        """What `POST /products` takes."""
        body: dict[str, Any] = {
            "handle": self.handle,
            "title": self.title,
            "description_html": self.description,
            "options": [msgspec.to_builtins(axis) for axis in self.options],
            "variants": [self._variant(values) for values in combinations(*(axis.values for axis in self.options))],
        }
        if self.per_buyer_limit:
            body["per_buyer_limit"] = self.per_buyer_limit
        return body

    def pictures(self) -> list[bytes]:
        """The PNG files, the first of which stands for the product."""
        return [image(f"{name}.png") for name in self.images]

    def _variant(self, values: tuple[str, ...]) -> dict[str, Any]:
        amount = next((self.price_for[value] for value in values if value in self.price_for), self.price)
        return {
            "sku": "-".join([self.sku, *(value.upper().replace(" ", "") for value in values)]),
            "options": {axis.name: value for axis, value in zip(self.options, values, strict=True)},
            "price": {"amount": amount, "currency": CURRENCY},
            "tax_inclusive": True,
            "tax_rate": TAX_RATE,
            "stock": min(self.stock, LOW_STOCK) if set(values) & set(self.low) else self.stock,
        }


def products() -> list[DemoProduct]:
    """Return the products in the order in which the host shows them."""
    text = files(__package__).joinpath("products.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text)["product"], list[DemoProduct])


def image(name: str) -> bytes:
    """Return a file of `images/`."""
    return files(__package__).joinpath("images", name).read_bytes()
