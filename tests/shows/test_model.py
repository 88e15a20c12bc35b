from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from livecommerce.foundation.core.actors import SYSTEM, Actor, ActorKind, Role
from livecommerce.foundation.core.errors import Invalid
from livecommerce.foundation.core.ids import PersonId, ProductId, ShowId, new_id
from livecommerce.shows.model import (
    MAX_LINEUP,
    MAX_PINS,
    NotInLineup,
    NotNow,
    PauseReason,
    Show,
    ShowKind,
    ShowNotLive,
    ShowStatus,
    Visibility,
    check_start,
)

NOW = datetime(2026, 11, 20, 19, 0, tzinfo=UTC)
PRODUCTS = [ProductId(new_id()) for _ in range(5)]


def a_show(**changes: Any) -> Show:
    show = Show(ShowId(new_id()), "Kyst collection", PersonId(new_id()), NOW, lineup=tuple(PRODUCTS))
    return replace(show, **changes)


def live() -> Show:
    return a_show().start(NOW)


STEPS = {
    "start": lambda show: show.start(NOW),
    "pause": lambda show: show.pause(NOW, PauseReason.HOST),
    "lose": lambda show: show.pause(NOW, PauseReason.STREAM_LOST),
    "resume": Show.resume,
    "end": lambda show: show.end(NOW),
}
LEGAL = {
    ShowStatus.SCHEDULED: {"start": ShowStatus.LIVE},
    ShowStatus.LIVE: {
        "pause": ShowStatus.PAUSED,
        "lose": ShowStatus.PAUSED,
        "end": ShowStatus.ENDED,
    },
    ShowStatus.PAUSED: {"resume": ShowStatus.LIVE, "end": ShowStatus.ENDED},
    ShowStatus.ENDED: {},
}
SHOWS = {
    ShowStatus.SCHEDULED: a_show(),
    ShowStatus.LIVE: live(),
    ShowStatus.PAUSED: live().pause(NOW, PauseReason.HOST),
    ShowStatus.ENDED: live().end(NOW),
}


@pytest.mark.parametrize("status", ShowStatus)
@pytest.mark.parametrize("step", STEPS)
def test_only_legal_transitions_are_made(status: ShowStatus, step: str) -> None:
    show = SHOWS[status]
    expected = LEGAL[status].get(step)

    if expected is None:
        with pytest.raises(NotNow):
            STEPS[step](show)
    else:
        after = STEPS[step](show)
        assert (after.status, after.version) == (expected, show.version + 1)


def test_a_host_takes_over_the_pause_of_a_lost_stream() -> None:
    lost = live().pause(NOW, PauseReason.STREAM_LOST)

    assert lost.pause(NOW, PauseReason.HOST).pause_reason is PauseReason.HOST
    with pytest.raises(NotNow):
        lost.pause(NOW, PauseReason.STREAM_LOST)


def test_the_newest_pin_is_first_and_the_oldest_gives_way() -> None:
    show = live()

    for product in PRODUCTS[:4]:
        show = show.pin(product, NOW, 5)

    assert [pin.product_id for pin in show.pins] == [PRODUCTS[3], PRODUCTS[2], PRODUCTS[1]]
    assert [pin.product_id for pin in show.pin(PRODUCTS[1], NOW, 6).pins] == [PRODUCTS[1], PRODUCTS[3], PRODUCTS[2]]


def test_only_products_of_the_lineup_are_pinned_and_only_on_air() -> None:
    with pytest.raises(ShowNotLive):
        a_show().pin(PRODUCTS[0], NOW, None)
    with pytest.raises(NotInLineup):
        live().pin(ProductId(new_id()), NOW, None)


def test_what_leaves_the_lineup_is_unpinned() -> None:
    show = live().pin(PRODUCTS[0], NOW, None).pin(PRODUCTS[1], NOW, None)

    assert [pin.product_id for pin in show.with_lineup(PRODUCTS[1:]).pins] == [PRODUCTS[1]]


def test_a_lineup_is_bounded_and_names_a_product_once() -> None:
    many = [ProductId(new_id()) for _ in range(MAX_LINEUP + 1)]

    a_show().with_lineup(many[:-1])
    for refused in (many, [many[0], many[0]]):
        with pytest.raises(Invalid):
            a_show().with_lineup(refused)


def test_a_private_show_is_seen_by_the_invited_the_owner_and_the_house_only() -> None:
    show = a_show(visibility=Visibility.PRIVATE)

    def actor(role: Role, *grants: ShowId) -> Actor:
        return Actor(PersonId(new_id()), "x", role, ActorKind.STAFF, grants={each: frozenset() for each in grants})

    assert show.may_be_watched_by(actor(Role.VIEWER, show.id))
    assert show.may_be_watched_by(actor(Role.OWNER))
    assert show.may_be_watched_by(SYSTEM)
    for stranger in (None, actor(Role.VIEWER), actor(Role.HOST), actor(Role.VIEWER, ShowId(new_id()))):
        assert not show.may_be_watched_by(stranger)
        assert a_show(visibility=Visibility.UNLISTED).may_be_watched_by(stranger)


def test_a_rehearsal_is_never_public() -> None:
    with pytest.raises(Invalid):
        a_show(kind=ShowKind.REHEARSAL, visibility=Visibility.PUBLIC)


@given(st.timedeltas(min_value=timedelta(days=-3000), max_value=timedelta(days=3000)))
def test_a_start_is_near_enough_to_be_meant(ahead: timedelta) -> None:
    is_near = timedelta(days=-1) <= ahead <= timedelta(days=366)

    if is_near:
        assert check_start(NOW + ahead, NOW) == NOW + ahead
    else:
        with pytest.raises(Invalid):
            check_start(NOW + ahead, NOW)


class AnyEvening(RuleBasedStateMachine):
    """Whatever a host clicks, in whatever order, the show stays one that can be stored and told."""

    def __init__(self) -> None:
        super().__init__()
        self.show = a_show()
        self.ended = False

    @rule(step=st.sampled_from(sorted(STEPS)))
    def click(self, step: str) -> None:
        try:
            self.show = STEPS[step](self.show)
        except NotNow:
            assert step not in LEGAL[self.show.status] or self.show.pause_reason is PauseReason.STREAM_LOST

    @rule(product=st.sampled_from(PRODUCTS), ms=st.none() | st.integers(0, 10**9))
    def pin(self, product: ProductId, ms: int | None) -> None:
        try:
            self.show = self.show.pin(product, NOW, ms)
        except (ShowNotLive, NotInLineup):
            assert not self.show.is_on_air or product not in self.show.lineup

    @rule(product=st.sampled_from(PRODUCTS))
    def unpin(self, product: ProductId) -> None:
        self.show = self.show.unpin(product)

    @rule(lineup=st.lists(st.sampled_from(PRODUCTS), unique=True))
    def set_lineup(self, lineup: list[ProductId]) -> None:
        try:
            self.show = self.show.with_lineup(lineup)
        except NotNow:
            assert self.show.status is ShowStatus.ENDED

    @invariant()
    def it_can_be_stored(self) -> None:
        show = self.show
        assert (show.status is ShowStatus.SCHEDULED) == (show.started_at is None)
        assert (show.status is ShowStatus.PAUSED) == (show.pause_reason is not None) == (show.paused_at is not None)
        assert (show.status is ShowStatus.ENDED) == (show.ended_at is not None)

    @invariant()
    def pins_are_few_and_of_the_lineup(self) -> None:
        pinned = [pin.product_id for pin in self.show.pins]
        assert len(pinned) == len(set(pinned)) <= MAX_PINS
        assert set(pinned) <= set(self.show.lineup)
        assert not pinned or self.show.is_on_air

    @invariant()
    def an_end_is_an_end(self) -> None:
        assert not (self.ended and self.show.status is not ShowStatus.ENDED)
        self.ended = self.show.status is ShowStatus.ENDED


AnyEvening.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
test_any_evening_keeps_the_rules = AnyEvening.TestCase
