"""Posting: one order, one COMMIT for many, the same nonce once, refusals that change nothing."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from redis.asyncio import Redis

from livecommerce.chat.model import MessageState
from livecommerce.chat.service import ChatService
from livecommerce.chat.store import MessageStore
from livecommerce.foundation.core.actors import Actor
from livecommerce.foundation.core.clock import NoStream
from livecommerce.foundation.core.errors import Forbidden, Invalid, LiveCommerceError
from livecommerce.foundation.core.events import Scope
from livecommerce.foundation.core.ids import ShowId, new_id
from livecommerce.foundation.realtime.eventlog import EventLog
from livecommerce.foundation.storage.postgres import Database
from livecommerce.moderation.model import Muted, SanctionKind
from livecommerce.moderation.views import ChatModeBody
from tests.stage import SETTINGS


def say(chat: ChatService, actor: Actor, show_id: ShowId, text: str, **more: Any) -> Any:
    return chat.post(actor, show_id, text=text, nonce=more.pop("nonce", new_id()), **more)


async def test_a_post_is_told_as_it_is_kept(chat: Any, cast: Any, show_id: Any, told: Any) -> None:
    message = await say(chat, cast.viewer, show_id, "  lovely   glaze ")

    (kind, data), *_ = await told()
    kept = await chat.recent(show_id)
    assert (kind, data["message"]["text"], data["message"]["id"]) == ("chat.posted", "lovely glaze", message.id)
    assert data["message"]["author"] == {
        "id": cast.viewer.id, "display_name": "viewer", "role": "viewer", "kind": "guest",
    }  # fmt: skip
    assert kept == [message]
    assert (message.state, message.seq) == (MessageState.SHOWN, 1)


async def test_hundred_posts_at_once_share_few_commits_and_keep_the_order_of_the_log(
    chat: Any, cast: Any, show_id: Any, told: Any, database: Database
) -> None:
    before = await database.fetchval("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")

    messages = await asyncio.gather(*(say(chat, cast.moderator, show_id, f"line {n}") for n in range(100)))

    assert sorted(m.seq for m in messages) == list(range(1, 101))
    in_log = [data["message"]["text"] for _, data in await told()]
    assert in_log == [m.text for m in sorted(messages, key=lambda m: m.seq)]
    assert in_log == [f"line {n}" for n in range(100)]
    assert [m.text for m in await chat.recent(show_id)] == in_log[-50:]
    await database.execute("SELECT pg_stat_force_next_flush()")
    after = await database.fetchval("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")
    assert after - before < 60


async def test_the_same_nonce_is_one_message_in_one_process_and_in_two(
    chat: Any, cast: Any, show_id: Any, told: Any, event_log: Any, moderation: Any, identity: Any, clock: Any,
    database: Database,
) -> None:  # fmt: skip
    elsewhere = ChatService(
        event_log,
        MessageStore(database),
        moderation=moderation,
        shows=moderation.shows,
        audit=identity.audit,
        clock=clock,
        settings=SETTINGS.chat,
    )
    sends = [say(room, cast.moderator, show_id, "once", nonce="n1") for room in (chat, elsewhere, chat, elsewhere)]

    messages = await asyncio.gather(*sends)
    again = await say(chat, cast.moderator, show_id, "once", nonce="n1")

    assert {(m.id, m.seq) for m in [*messages, again]} == {(messages[0].id, 1)}
    assert len(await told()) == 1
    assert (await say(chat, cast.helper, show_id, "once", nonce="n1")).id != messages[0].id


@pytest.mark.parametrize("text", ["", "   ", "a\x00b", "a\nb", "\u202e", "x" * 301, "\ud800"])
async def test_check_26_text_that_is_none_is_refused(chat: Any, cast: Any, show_id: Any, told: Any, text: str) -> None:
    with pytest.raises(Invalid):
        await say(chat, cast.viewer, show_id, text)

    assert await told() == []


async def test_refusals_in_a_batch_leave_the_others_alone(
    chat: Any, moderation: Any, cast: Any, show_id: Any, told: Any
) -> None:
    await moderation.sanction(cast.host, show_id, cast.other.id, kind=SanctionKind.MUTE, seconds=60, reason="")

    outcomes = await asyncio.gather(
        say(chat, cast.viewer, show_id, "first"),
        say(chat, cast.other, show_id, "muted"),
        say(chat, cast.viewer, show_id, "third", reply_to=new_id()),
        say(chat, cast.moderator, show_id, "fourth"),
        return_exceptions=True,
    )

    assert [getattr(o, "text", type(o)) for o in outcomes] == ["first", Muted, Invalid, "fourth"]
    assert {d["message"]["text"] for k, d in await told() if k == "chat.posted"} == {"first", "fourth"}


async def test_a_reply_shows_what_it_answers(chat: Any, cast: Any, show_id: Any) -> None:
    first = await say(chat, cast.viewer, show_id, "what glaze is that?")

    reply = await say(chat, cast.host, show_id, "Kyst, our sea glaze", reply_to=first.id)

    assert reply.reply_to is not None
    assert (reply.reply_to.author_name, reply.reply_to.text) == ("viewer", "what glaze is that?")
    assert (await chat.recent(show_id))[-1].reply_to == reply.reply_to


async def test_a_held_message_is_told_to_staff_alone_and_shown_when_released(
    chat: Any, moderation: Any, cast: Any, show_id: Any, told: Any
) -> None:
    await moderation.change_chat_mode(cast.host, show_id, ChatModeBody(hold_all=True))
    held = await say(chat, cast.viewer, show_id, "hold me")
    waiting = await chat.held(cast.moderator, show_id)
    public_before = await told()

    await say(chat, cast.host, show_id, "welcome")
    released = await chat.release(cast.moderator, held.id)

    assert (held.state, held.seq, waiting) == (MessageState.HELD, None, [held])
    assert [kind for kind, _ in public_before] == ["chat_mode.changed"]
    assert released.state is MessageState.SHOWN
    assert [kind for kind, _ in await told(Scope.STAFF)] == ["chat.held", "chat.released"]
    assert [m.text for m in await chat.recent(show_id)] == ["welcome", "hold me"]
    with pytest.raises(LiveCommerceError):
        await chat.release(cast.moderator, held.id)


async def test_a_line_hidden_by_mistake_is_shown_again(chat: Any, cast: Any, show_id: Any, told: Any) -> None:
    said = await say(chat, cast.viewer, show_id, "is this dishwasher-safe?")
    await chat.hide(cast.moderator, said.id)

    shown = await chat.release(cast.moderator, said.id)

    assert shown.state is MessageState.SHOWN
    assert [kind for kind, _ in await told()] == ["chat.posted", "chat.hidden", "chat.posted"]
    assert await told(Scope.STAFF) == []
    assert [m.id for m in await chat.recent(show_id)] == [said.id]
    with pytest.raises(Forbidden):
        await chat.release(cast.viewer, said.id)


async def test_a_refused_message_is_never_shown(chat: Any, cast: Any, show_id: Any, told: Any) -> None:
    held = await say(chat, cast.viewer, show_id, "see www.evil.example")

    await chat.hide(cast.moderator, held.id)

    assert await told() == []
    assert [kind for kind, _ in await told(Scope.STAFF)] == ["chat.held", "chat.released"]
    assert await chat.held(cast.moderator, show_id) == []


async def test_hiding_is_for_moderators_and_is_audited(
    chat: Any, moderation: Any, cast: Any, show_id: Any, told: Any
) -> None:
    message = await say(chat, cast.viewer, show_id, "rude")
    with pytest.raises(LiveCommerceError) as caught:
        await chat.hide(cast.other, message.id)

    await chat.hide(cast.moderator, message.id)

    assert caught.value.code == "forbidden"
    assert await chat.recent(show_id) == []
    assert (await told())[-1] == ("chat.hidden", {"message_id": message.id})
    rows, _ = await moderation.audit(cast.host, show_id, limit=1, cursor=None)
    assert (rows[0].action, rows[0].subject.id, rows[0].subject.text) == ("chat.hide", message.id, "rude")
    with pytest.raises(LiveCommerceError):
        await chat.hide(cast.moderator, message.id)


async def test_pages_go_back_without_gaps(chat: Any, cast: Any, show_id: Any) -> None:
    for n in range(7):
        await say(chat, cast.moderator, show_id, str(n))

    first, cursor = await chat.page(None, show_id, limit=3, cursor=None)
    second, cursor2 = await chat.page(None, show_id, limit=3, cursor=cursor)
    third, end = await chat.page(None, show_id, limit=3, cursor=cursor2)

    assert [m.text for m in [*first, *second, *third]] == ["6", "5", "4", "3", "2", "1", "0"]
    assert end is None
    with pytest.raises(Invalid):
        await chat.page(None, show_id, limit=3, cursor="1; DROP")


async def test_posts_commit_while_redis_is_away(
    database: Database, clock: Any, moderation: Any, identity: Any, cast: Any, show_id: Any, told: Any
) -> None:
    nowhere = Redis.from_url("redis://127.0.0.1:1/0")
    log = EventLog(database, nowhere, clock, NoStream())
    chat = ChatService(
        log,
        MessageStore(database),
        moderation=moderation,
        shows=moderation.shows,
        audit=identity.audit,
        clock=clock,
        settings=SETTINGS.chat,
    )

    message = await say(chat, cast.viewer, show_id, "still here")

    assert (await chat.recent(show_id)) == [message]
    assert len(await told()) == 1
    await nowhere.aclose()


async def test_a_leader_that_is_cancelled_leaves_nobody_waiting(chat: Any, cast: Any, show_id: Any) -> None:
    posts = [asyncio.create_task(say(chat, cast.moderator, show_id, f"line {n}")) for n in range(10)]
    while not chat._posting._lanes:
        await asyncio.sleep(0)

    posts[0].cancel()

    outcomes = await asyncio.wait_for(asyncio.gather(*posts, return_exceptions=True), 5)
    assert all(getattr(o, "code", "busy") == "busy" or isinstance(o, asyncio.CancelledError) for o in outcomes)
    assert (await say(chat, cast.moderator, show_id, "after")).text == "after"
    assert not chat._posting._lanes


async def test_while_postgresql_is_away_posting_answers_busy_and_heals(
    database_url: str,
    redis: Redis,
    clock: Any,
    moderation: Any,
    identity: Any,
    cast: Any,
    show_id: Any,
    postgres_line: Any,
) -> None:
    line = await postgres_line(database_url)
    async with Database(line.url, max_size=2) as database:
        chat = ChatService(
            EventLog(database, redis, clock, NoStream()),
            MessageStore(database),
            moderation=moderation,
            shows=moderation.shows,
            audit=identity.audit,
            clock=clock,
            settings=SETTINGS.chat,
        )
        await say(chat, cast.moderator, show_id, "before")
        await line.cut()
        with pytest.raises(LiveCommerceError) as caught:
            await say(chat, cast.moderator, show_id, "during")
        await line.mend()

        after = await say(chat, cast.moderator, show_id, "after")

    assert caught.value.code == "busy"
    assert after.seq == 2
