"""Text typed by people: cleaned once on its way in, and afterwards only ever shown as text."""

from __future__ import annotations

import unicodedata

from livecommerce.foundation.core.errors import Invalid

MAX_STACKED_MARKS = 3
"""Combining marks on one letter: enough for every living script, too few to smear over the lines above."""

_JOINERS = "\u200c\u200d"
"""Zero-width (non-)joiners carry meaning inside emoji, Persian and Indic words, and only there."""


def clean_line(text: str, *, field: str, limit: int) -> str:
    """Return one line of 1 to `limit` characters: NFC, single spaces, no invisible or direction-changing characters.

    Control characters, including line breaks, are refused with `Invalid`.
    """
    cleaned = " ".join(_visible(text, field=field, keep="").split())
    if not cleaned:
        raise Invalid("This must not be empty.", field=field)
    return _within(cleaned, field, limit)


def clean_text(text: str, *, field: str, limit: int) -> str:
    """Return up to `limit` characters of several lines (possibly none), cleaned as `clean_line` does."""
    return _within(_visible(text.replace("\r\n", "\n"), field=field, keep="\n\t").strip(), field, limit)


def _within(text: str, field: str, limit: int) -> str:
    if len(text) > limit:
        raise Invalid(f"At most {limit} characters are allowed.", field=field)
    return text


def _visible(text: str, *, field: str, keep: str) -> str:
    kept: list[str] = []
    marks = 0
    source = unicodedata.normalize("NFC", text)
    for index, char in enumerate(source):
        category = unicodedata.category(char)
        if category in ("Cc", "Cs") and char not in keep:
            raise Invalid("Control characters are not allowed.", field=field)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks > MAX_STACKED_MARKS or (category == "Cf" and not _joins(source, index)):
            continue
        kept.append(char)
    return "".join(kept)


def _joins(text: str, index: int) -> bool:
    """Whether the invisible character at `index` is a joiner between two characters that it can join."""
    if text[index] not in _JOINERS or not 0 < index < len(text) - 1:
        return False
    before, after = text[index - 1], text[index + 1]
    return all(not c.isascii() and not c.isspace() and c not in _JOINERS for c in (before, after))
