"""Mutes and bans: who may, what follows, when it ends."""

from __future__ import annotations

from typing import Any

import pytest

from livecommerce.foundation.core.errors import Forbidden, Invalid, LiveCommerceError, NotFound
from livecommerce.foundation.core.ids import ShowId, new_id
from livecommerce.foundation.realtime.eventlog import ShowNotFound
from livecommerce.moderation.model import (
    Banned,
    ChatClosed,
    Muted,
    Outranked,
    SanctionKind,
    SanctionNotFound,
    SlowMode,
    Verdict,
)
from livecommerce.moderation.service import Draft
from livecommerce.moderation.views import ChatModeBody

MUTE, BAN = SanctionKind.MUTE, SanctionKind.BAN


async def verdict(moderation: Any, event_log: Any, show_id: ShowId, actor: Any, text: str = "hello") -> Any:
    async with event_log.transaction(show_id) as tx:
        return (await moderation.verdicts(tx, show_id, [Draft(actor, text)]))[0]


async def test_a_mute_is_told_audited_and_keeps_its_person_from_writing(
    moderation: Any, event_log: Any, show_id: Any, cast: Any, told: Any, bus: Any, clock: Any
) -> None:
    sanction = await moderation.sanction(cast.moderator, show_id, cast.viewer.id, kind=MUTE, seconds=60, reason="loud")

    refusal = await verdict(moderation, event_log, show_id, cast.viewer)
    rows, _ = await moderation.audit(cast.host, show_id, limit=1, cursor=None)

    assert isinstance(refusal, Muted)
    assert sanction.until is not None
    assert (sanction.until - clock.now()).total_seconds() == 60
    assert await told() == [
        ("viewer.muted", {"viewer_id": cast.viewer.id, "until": "2026-11-20T19:01:00Z", "kind": "mute"})
    ]
    assert bus.notices == [(cast.viewer.id, "you.muted")]
    assert bus.disconnected == []
    assert [(row.action, row.subject.id, row.subject.text) for row in rows] == [
        ("viewer.mute", cast.viewer.id, "viewer")
    ]
    assert await verdict(moderation, event_log, show_id, cast.other) is Verdict.SHOWN
    assert await moderation.admit(cast.viewer, show_id) == sanction


async def test_a_mute_ends_by_itself(moderation: Any, event_log: Any, show_id: Any, cast: Any, clock: Any) -> None:
    await moderation.sanction(cast.moderator, show_id, cast.viewer.id, kind=MUTE, seconds=60, reason="")

    clock.advance(60)

    assert await verdict(moderation, event_log, show_id, cast.viewer) is Verdict.SHOWN
    assert await moderation.in_force(cast.moderator, show_id) == []


async def test_a_banned_person_is_disconnected_and_not_admitted(
    moderation: Any, event_log: Any, show_id: Any, cast: Any, told: Any, bus: Any
) -> None:
    await moderation.sanction(cast.host, show_id, cast.viewer.id, kind=BAN, seconds=None, reason="spam")

    assert bus.disconnected == [(cast.viewer.id, "banned", show_id)]
    assert await told() == [("viewer.banned", {"viewer_id": cast.viewer.id, "until": None})]
    assert isinstance(await verdict(moderation, event_log, show_id, cast.viewer), Banned)
    with pytest.raises(Banned):
        await moderation.admit(cast.viewer, show_id)


async def test_lifting_lets_the_person_back_and_is_told_with_an_end_in_the_past(
    moderation: Any, event_log: Any, show_id: Any, cast: Any, told: Any, clock: Any
) -> None:
    ban = await moderation.sanction(cast.host, show_id, cast.viewer.id, kind=BAN, seconds=None, reason="")
    clock.advance(5)

    await moderation.lift(cast.moderator, ban.id)

    await moderation.admit(cast.viewer, show_id)
    assert (await told())[-1] == ("viewer.banned", {"viewer_id": cast.viewer.id, "until": "2026-11-20T19:00:05Z"})
    with pytest.raises(SanctionNotFound):
        await moderation.lift(cast.moderator, ban.id)


async def test_a_new_sanction_replaces_the_old_one_of_its_kind(moderation: Any, show_id: Any, cast: Any) -> None:
    for seconds in (60, 600):
        await moderation.sanction(cast.host, show_id, cast.viewer.id, kind=MUTE, seconds=seconds, reason="")
    await moderation.sanction(cast.host, show_id, cast.viewer.id, kind=BAN, seconds=5, reason="")

    in_force = await moderation.in_force(cast.host, show_id)

    assert [(s.kind, (s.until - s.at).total_seconds()) for s in in_force] == [(BAN, 5), (MUTE, 600)]


@pytest.mark.parametrize(
    ("who", "whom"),
    [("moderator", "helper"), ("moderator", "host"), ("moderator", "owner"), ("host", "owner"), ("host", "host")],
)
async def test_nobody_sanctions_an_equal_or_higher_role(
    moderation: Any, show_id: Any, cast: Any, told: Any, who: str, whom: str
) -> None:
    with pytest.raises(Outranked):
        await moderation.sanction(
            getattr(cast, who), show_id, getattr(cast, whom).id, kind=BAN, seconds=None, reason=""
        )

    assert await told() == []
    assert await moderation.in_force(cast.owner, show_id) == []


async def test_check_23_a_viewer_can_do_none_of_it(moderation: Any, show_id: Any, cast: Any, told: Any) -> None:
    mute = await moderation.sanction(cast.host, show_id, cast.other.id, kind=MUTE, seconds=60, reason="")
    attempts = [
        moderation.sanction(cast.viewer, show_id, cast.other.id, kind=BAN, seconds=1, reason=""),
        moderation.lift(cast.viewer, mute.id),
        moderation.change_chat_mode(cast.viewer, show_id, ChatModeBody(closed=True)),
        moderation.in_force(cast.viewer, show_id),
        moderation.audit(cast.viewer, show_id, limit=1, cursor=None),
    ]

    for attempt in attempts:
        with pytest.raises((Forbidden, NotFound)):
            await attempt
    assert len(await told()) == 1


async def test_a_moderator_of_this_show_is_nobody_in_another(moderation: Any, cast: Any) -> None:
    with pytest.raises(Forbidden):
        await moderation.change_chat_mode(cast.moderator, ShowId(new_id()), ChatModeBody(closed=True))
    with pytest.raises(ShowNotFound):
        await moderation.change_chat_mode(cast.owner, ShowId(new_id()), ChatModeBody(closed=True))
    with pytest.raises(ShowNotFound):
        await moderation.sanction(cast.owner, ShowId(new_id()), cast.viewer.id, kind=BAN, seconds=1, reason="")


async def test_a_sanction_of_nonsense_length_or_of_nobody_is_refused(moderation: Any, show_id: Any, cast: Any) -> None:
    for seconds in (0, -1, 10**9):
        with pytest.raises(Invalid):
            await moderation.sanction(cast.host, show_id, cast.viewer.id, kind=MUTE, seconds=seconds, reason="")
    with pytest.raises(NotFound):
        await moderation.sanction(cast.host, show_id, new_id(), kind=MUTE, seconds=5, reason="")


async def test_modes_bind_viewers_and_not_staff(moderation: Any, event_log: Any, show_id: Any, cast: Any) -> None:
    await moderation.change_chat_mode(cast.moderator, show_id, ChatModeBody(hold_all=True))
    held = await verdict(moderation, event_log, show_id, cast.viewer)
    mode = await moderation.change_chat_mode(cast.moderator, show_id, ChatModeBody(closed=True))
    refused = await verdict(moderation, event_log, show_id, cast.viewer)

    assert (held, type(refused)) == (Verdict.HELD, ChatClosed)
    assert (mode.hold_all, mode.closed) == (True, True)
    assert await verdict(moderation, event_log, show_id, cast.moderator, "https://ours.example") is Verdict.SHOWN


async def test_links_and_blocked_words_of_viewers_are_held(
    moderation: Any, event_log: Any, show_id: Any, cast: Any
) -> None:
    assert await verdict(moderation, event_log, show_id, cast.viewer, "this is BETRUG") is Verdict.HELD
    assert await verdict(moderation, event_log, show_id, cast.viewer, "look: http://x.example") is Verdict.HELD


async def test_check_19_the_sixth_post_within_5_s_is_refused_and_staff_is_not_counted(
    moderation: Any, show_id: Any, cast: Any
) -> None:
    for _ in range(5):
        await moderation.pace(cast.viewer, show_id)
    with pytest.raises(LiveCommerceError) as caught:
        await moderation.pace(cast.viewer, show_id)

    assert caught.value.code == "rate_limited"
    assert 0 < caught.value.details["retry_after_ms"] <= 1000
    await moderation.pace(cast.other, show_id)
    for _ in range(20):
        await moderation.pace(cast.moderator, show_id)


async def test_slow_mode_lets_one_post_through_per_interval(moderation: Any, show_id: Any, cast: Any) -> None:
    await moderation.change_chat_mode(cast.host, show_id, ChatModeBody(slow_s=30))

    await moderation.pace(cast.viewer, show_id)
    with pytest.raises(SlowMode) as caught:
        await moderation.pace(cast.viewer, show_id)

    assert 25_000 < caught.value.details["retry_after_ms"] <= 30_000


async def test_the_chat_of_a_show_that_is_over_is_closed(
    moderation: Any, event_log: Any, shows: Any, show_id: Any, cast: Any
) -> None:
    await shows.start(cast.host, show_id)
    await shows.end(cast.host, show_id)

    assert isinstance(await verdict(moderation, event_log, show_id, cast.viewer), ChatClosed)


async def test_the_show_itself_knows_its_chat_mode(moderation: Any, shows: Any, show_id: Any, cast: Any) -> None:
    await moderation.change_chat_mode(cast.moderator, show_id, ChatModeBody(slow_s=10))
    await moderation.change_chat_mode(cast.helper, show_id, ChatModeBody(hold_all=True))

    mode = (await shows.get(show_id)).chat_mode
    assert (mode.slow_s, mode.hold_all, mode.closed) == (10, True, False)
