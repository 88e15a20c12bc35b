"""Product files as Shopify writes them, in both generations of headers: from text to drafts, row by row.

Rows of one handle are one product; the first of them carries its title. A column that is missing leaves things as they
are, an empty cell empties them.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from livecommerce.catalog.model import MAX_AXES, MAX_IMAGES, handle_for
from livecommerce.catalog.service.drafts import ProductDraft, VariantDraft
from livecommerce.foundation.core.errors import Invalid, LiveCommerceError
from livecommerce.foundation.core.money import Money

MAX_ROWS = 10_000
MAX_CELL = 100_000
UNSET = msgspec.UNSET

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "handle": ("handle", "url handle"),
    "title": ("title",),
    "description": ("body (html)", "description"),
    "status": ("status",),
    "sku": ("variant sku", "sku"),
    "price": ("variant price", "price"),
    "compare_at": ("variant compare at price", "compare-at price", "compare at price"),
    "stock": ("variant inventory qty", "inventory quantity"),
    "image": ("image src", "product image url"),
    **{f"name{n}": (f"option{n} name",) for n in range(1, MAX_AXES + 1)},
    **{f"value{n}": (f"option{n} value",) for n in range(1, MAX_AXES + 1)},
}
"""Our name of a column, and what files call it, in lower case."""

_AMOUNT = re.compile(r"[0-9]{1,3}(,[0-9]{3})*(\.[0-9]+)?|[0-9]+(\.[0-9]+)?")
_DEFAULT_TITLE = ("Title", "Default Title")
"""What Shopify writes for a product without options."""


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong, and where: the row as a spreadsheet numbers it, headers being row 1."""

    row: int
    field: str
    message: str


@dataclass(slots=True)
class FileProduct:
    """One product of the file."""

    row: int
    handle: str
    draft: ProductDraft
    image_urls: list[str] = field(default_factory=list)
    """As they stand in the file, in its order."""
    errors: list[RowError] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Row:
    number: int
    cells: Mapping[str, str]

    def get(self, column: str) -> str | None:
        """The cell, or None when the file has no such column."""
        return self.cells.get(column)


def read(text: str, currency: str) -> list[FileProduct]:
    """The products of a file. `Invalid` when it is not a product file at all; faults of rows are in the products."""
    groups: dict[str, list[_Row]] = {}
    for row in _rows(text):
        handle = (row.get("handle") or "").strip().lower() or handle_for(row.get("title") or "")
        groups.setdefault(handle, []).append(row)
    return [_product(handle, rows, currency) for handle, rows in groups.items()]


def _rows(text: str) -> Iterator[_Row]:
    csv.field_size_limit(MAX_CELL)
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        names = _columns(next(reader, []))
        for number, cells in enumerate(reader, start=2):
            if number > MAX_ROWS + 1:
                raise Invalid(f"A file has at most {MAX_ROWS} rows.", field="file")
            if any(cell.strip() for cell in cells):
                yield _Row(number, {name: cells[at] if at < len(cells) else "" for name, at in names.items()})
    except csv.Error as exc:
        raise Invalid(f"Line {reader.line_num} is not CSV: {exc}.", field="file") from exc


def _columns(header: Sequence[str]) -> dict[str, int]:
    """Our column names, and where they stand in the file."""
    at = {name.strip().lower(): index for index, name in reversed(list(enumerate(header)))}
    found = {ours: at[name] for ours, theirs in COLUMNS.items() for name in theirs if name in at}
    if "title" not in found:
        raise Invalid("The first row names the columns, and one of them is Title.", field="file")
    return found


def _product(handle: str, rows: Sequence[_Row], currency: str) -> FileProduct:
    errors: list[RowError] = []
    first = rows[0]
    names = _axis_names(first)
    variants = []
    for row in rows:
        try:
            variant = _variant(handle, row, names, currency, is_only=len(rows) == 1)
        except LiveCommerceError as exc:
            errors.append(RowError(row.number, str(exc.details.get("field", "")), exc.message))
            continue
        if variant is not None:
            variants.append(variant)
    title = (first.get("title") or "").strip()
    if not title:
        errors.append(RowError(first.number, "title", "The first row of a product has its title."))
    description, status = first.get("description"), first.get("status")
    draft = ProductDraft(
        title=title or UNSET,
        handle=handle,
        description_html=UNSET if description is None else description,
        axes=[(name, ()) for name in names] if variants else UNSET,
        variants=variants,
        is_archived=UNSET if not status else status.strip().lower() == "archived",
    )
    urls = [(row.get("image") or "").strip() for row in rows]
    return FileProduct(first.number, handle, draft, [url for url in dict.fromkeys(urls) if url][:MAX_IMAGES], errors)


def _axis_names(row: _Row) -> list[str]:
    names = [(row.get(f"name{n}") or "").strip() for n in range(1, MAX_AXES + 1)]
    if names[0] == _DEFAULT_TITLE[0] and (row.get("value1") or "").strip() == _DEFAULT_TITLE[1]:
        return []
    return [name for name in names if name]


def _variant(handle: str, row: _Row, names: Sequence[str], currency: str, *, is_only: bool) -> VariantDraft | None:
    """The variant of a row; None for a row that only brings a picture, and in a file that has no prices."""
    values = [(row.get(f"value{n}") or "").strip() for n in range(1, len(names) + 1)]
    sku, price = (row.get("sku") or "").strip(), (row.get("price") or "").strip()
    says_nothing = not sku and not price and not any(values)
    if says_nothing and (not is_only or row.get("price") is None):
        return None
    if not all(values):
        raise Invalid("Each option of the product has a value.", field="options")
    return VariantDraft(
        # Without a SKU the same row must find the same variant again: its handle and options name it.
        sku=sku or handle_for(" ".join([handle, *values]))[:64].strip("-"),
        options=dict(zip(names, values, strict=True)),
        price=_money(price, currency, "price") if price else UNSET,
        compare_at=_compare_at(row.get("compare_at"), currency),
        stock=_units(row.get("stock")),
    )


def _compare_at(cell: str | None, currency: str) -> Money | msgspec.UnsetType | None:
    if cell is None:
        return UNSET
    return _money(cell.strip(), currency, "compare_at_price") if cell.strip() else None


def _money(text: str, currency: str, column: str) -> Money:
    if _AMOUNT.fullmatch(text) is None:
        raise Invalid("A price is written like 12.34, without a currency.", field=column)
    return Money.parse(text.replace(",", ""), currency)


def _units(text: str | None) -> int:
    cleaned = (text or "").strip() or "0"
    if not cleaned.isascii() or not cleaned.lstrip("-").isdigit() or len(cleaned) > 9:
        raise Invalid("A quantity is a whole number.", field="stock")
    return max(0, int(cleaned))
