"""Rules of products: option axes, variants, prices."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from livecommerce.foundation.core.errors import Conflict, Invalid
from livecommerce.foundation.core.ids import ProductId, VariantId
from livecommerce.foundation.core.money import Money
from livecommerce.foundation.core.text import clean_line

MAX_TITLE = 200
MAX_HANDLE = 100
MAX_SKU = 64
MAX_AXES = 8
MAX_AXIS_TEXT = 60
MAX_VARIANTS = 100
MAX_IMAGES = 20
MAX_PRICE_MINOR = 10**9
MAX_STOCK = 1_000_000

_SKU = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/+-]*(?: [A-Za-z0-9._/+-]+)*")
_NOT_HANDLE = re.compile(r"[^a-z0-9]+")
_TAX_RATE = re.compile(r"0(\.[0-9]{1,4})?")
_TRANSLITERATED = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "ø": "oe", "å": "aa", "œ": "oe"}
)


@dataclass(frozen=True, slots=True)
class Axis:
    """One way in which the variants of a product differ, such as "Glaze"."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Price:
    """What one unit costs, and how tax is part of it."""

    money: Money
    compare_at: Money | None
    tax_inclusive: bool
    tax_rate: str
    """As a fraction, `"0.25"`."""

    def __post_init__(self) -> None:
        if not 0 < self.money.minor <= MAX_PRICE_MINOR:
            raise Invalid("A price is more than zero.", field="price")
        if _TAX_RATE.fullmatch(self.tax_rate) is None:
            raise Invalid('A tax rate is a fraction such as "0.25".', field="tax_rate")
        if self.compare_at is None:
            return
        if self.compare_at.currency != self.money.currency:
            raise Invalid("Both prices are in one currency.", field="compare_at_price")
        if not self.money.minor < self.compare_at.minor <= MAX_PRICE_MINOR:
            raise Invalid("The struck price is higher than the price.", field="compare_at_price")


@dataclass(frozen=True, slots=True)
class Variant:
    """One SKU of a product."""

    id: VariantId
    product_id: ProductId
    sku: str
    options: Mapping[str, str]
    """One value for each axis of the product."""
    price: Price
    image_key: str | None = None
    is_archived: bool = False


@dataclass(frozen=True, slots=True)
class Product:
    """Something on sale, in one or more variants. Every way to change it gives a checked new one."""

    id: ProductId
    handle: str
    title: str
    axes: tuple[Axis, ...]
    variants: tuple[Variant, ...]
    description_html: str = ""
    image_keys: tuple[str, ...] = ()
    per_buyer_limit: int | None = None
    hold_s: int | None = None
    """Seconds a unit stays reserved for a buyer; None is the shop's default."""
    is_archived: bool = False
    version: int = 1

    def __post_init__(self) -> None:
        active = [variant for variant in self.variants if not variant.is_archived]
        if not active and not self.is_archived:
            raise Invalid("A product has at least one variant.", field="variants")
        if len(self.variants) > MAX_VARIANTS:
            raise Invalid(f"A product has at most {MAX_VARIANTS} variants.", field="variants")
        if len({variant.price.money.currency for variant in self.variants}) > 1:
            raise Invalid("All prices of a product are in one currency.", field="price")
        if len({variant.sku for variant in self.variants}) < len(self.variants):
            raise Invalid("Each variant has a SKU of its own.", field="sku")
        self._check_options(active)

    def _check_options(self, active: Sequence[Variant]) -> None:
        names = [axis.name for axis in self.axes]
        for variant in active:
            if set(variant.options) != set(names):
                raise Invalid("Each variant has one value for each option of the product.", field="options")
            for axis in self.axes:
                if variant.options[axis.name] not in axis.values:
                    raise Invalid(f"{axis.name} has no such value.", field="options")
        combinations = {tuple(variant.options[name] for name in names) for variant in active}
        if len(combinations) < len(active):
            raise Invalid("Two variants have the same options.", field="options")

    def title_of(self, variant: Variant) -> str:
        """The variant in words, in the order of the axes: "Sea / 350 ml"; empty when there is only one kind."""
        return " / ".join(variant.options[axis.name] for axis in self.axes if axis.name in variant.options)

    def with_images(self, image_keys: Sequence[str]) -> Product:
        """The product with these pictures, the first of which stands for it."""
        if len(image_keys) > MAX_IMAGES:
            raise Conflict(f"A product has at most {MAX_IMAGES} images.")
        return replace(self, image_keys=tuple(dict.fromkeys(image_keys)))


class HandleTaken(Conflict):
    """Another product has this handle."""

    code = "handle_taken"


class SkuTaken(Conflict):
    """Another product has this SKU."""

    code = "sku_taken"


def clean_sku(sku: str) -> str:
    """A stock keeping unit as printed on labels."""
    cleaned = clean_line(sku, field="sku", limit=MAX_SKU)
    if _SKU.fullmatch(cleaned) is None:
        raise Invalid("A SKU is made of letters, digits and . _ / + -", field="sku")
    return cleaned


def handle_for(title: str) -> str:
    """The title as it may stand in an address: "Kyst mug" → "kyst-mug"."""
    plain = unicodedata.normalize("NFKD", title.lower().translate(_TRANSLITERATED))
    handle = _NOT_HANDLE.sub("-", plain.encode("ascii", "ignore").decode()).strip("-")[:MAX_HANDLE].strip("-")
    return handle or "product"


def clean_handle(handle: str) -> str:
    """A handle that somebody chose; anything but lower-case words joined by hyphens is refused."""
    if handle != handle_for(handle) or not handle:
        raise Invalid("A handle is lower-case letters, digits and single hyphens.", field="handle")
    return handle


def make_axes(named: Sequence[tuple[str, Sequence[str]]], variants: Sequence[Mapping[str, str]]) -> tuple[Axis, ...]:
    """The axes as named, or as the variants use them; values of variants that are not listed are appended."""
    values: dict[str, dict[str, None]] = {_axis_text(name): {_axis_text(v): None for v in vs} for name, vs in named}
    for options in variants:
        for name, value in options.items():
            if named and name not in values:
                raise Invalid("A variant has an option that the product does not have.", field="options")
            values.setdefault(name, {})[value] = None
    if len(values) > MAX_AXES or any(len(each) > MAX_VARIANTS for each in values.values()):
        raise Invalid(f"At most {MAX_AXES} options of {MAX_VARIANTS} values each.", field="options")
    return tuple(Axis(name, tuple(each)) for name, each in values.items())


def clean_options(options: Mapping[str, str]) -> dict[str, str]:
    """What sets one variant apart, cleaned."""
    return {_axis_text(name): _axis_text(value) for name, value in options.items()}


def _axis_text(text: str) -> str:
    return clean_line(text, field="options", limit=MAX_AXIS_TEXT)
