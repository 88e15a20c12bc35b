"""Filters and verdicts, without storage."""

from __future__ import annotations

import pytest

from livecommerce.moderation.model import Filters, needs_a_look

FILTERS = Filters(("rip off", "betrug", "Café"), hold_links=True)


@pytest.mark.parametrize(
    "text",
    [
        "see https://evil.example/x",
        "HTTP://EVIL.EXAMPLE",
        "go to www.evil.example",
        "cheap-mugs.shop",
        "what a RIP OFF!",
        "rip, off",
        "Das ist BETRUG.",
        "ｂｅｔｒｕｇ",
        "cafe",
    ],
)
def test_links_and_blocked_words_are_held_in_every_dress(text: str) -> None:
    assert needs_a_look(text, FILTERS)


@pytest.mark.parametrize(
    "text", ["lovely glaze", "ripoff", "betrugen", "well.thanks for that", "3.50 is fine", "off, rip", "e.g. the blue"]
)
def test_ordinary_talk_is_not_held(text: str) -> None:
    assert not needs_a_look(text, FILTERS)


def test_links_pass_when_the_operator_says_so() -> None:
    assert not needs_a_look("https://example.org", Filters(hold_links=False))
