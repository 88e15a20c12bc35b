from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecommerce.foundation.core.actors import Actor, ActorKind, Permission, Role
from livecommerce.foundation.core.errors import Forbidden, Invalid
from livecommerce.foundation.core.ids import PersonId, ShowId
from livecommerce.identity.model import check_grant, clean_email, clean_name


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("  Freja \u00a0 Holm ", "Freja Holm"),
        ("e\u0301va", "\u00e9va"),
        ("ab\u200bcd\u202eef\ufeff", "abcdef"),
        ("\U0001f469\u200d\U0001f4bb", "\U0001f469\u200d\U0001f4bb"),
        ("a\u200db", "ab"),
        ("z" + "\u0321" * 40, "z" + "\u0321" * 3),
    ],
)
def test_a_name_is_shown_without_what_cannot_be_seen(typed: str, shown: str) -> None:
    assert clean_name(typed) == shown


@pytest.mark.parametrize("typed", ["", "   ", "\u200b\u202e", "a\nb", "nul\x00", "esc\x1b[2J", "x" * 41])
def test_a_name_that_is_empty_too_long_or_has_control_characters_is_refused(typed: str) -> None:
    with pytest.raises(Invalid):
        clean_name(typed)


@given(st.text(max_size=80))
def test_cleaning_a_name_twice_changes_nothing(typed: str) -> None:
    try:
        once = clean_name(typed)
    except Invalid:
        return

    assert clean_name(once) == once
    assert 1 <= len(once) <= 40


@pytest.mark.parametrize("typed", ["Freja.Holm@Example.COM ", "f+shop@mail.example.com"])
def test_addresses_are_compared_in_lower_case(typed: str) -> None:
    assert clean_email(typed) == typed.strip().lower()


@pytest.mark.parametrize(
    "typed",
    [
        "freja",
        "a@b",
        "a@b.c@d.de",
        "a@-x.de",
        "a b@x.de",
        "a@x.de\r\nBcc: all@x.de",
        '"a"@x.de',
        "<a@x.de>",
        "a@x.de,b@x.de",
    ],
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(Invalid):
        clean_email(typed)


def test_nobody_gives_more_than_they_have() -> None:
    show = ShowId("0199a000-0000-7000-8000-000000000001")
    host = Actor(
        PersonId("0199a000-0000-7000-8000-000000000002"),
        "Maja",
        Role.HOST,
        ActorKind.STAFF,
        grants={show: frozenset({Permission.CHAT_HIDE})},
    )

    assert check_grant(host, show, [Permission.CHAT_HIDE]) == {Permission.CHAT_HIDE}
    with pytest.raises(Forbidden):
        check_grant(host, show, [Permission.ORDERS_READ])
    with pytest.raises(Invalid):
        check_grant(host, show, [Permission.PEOPLE_MANAGE])
