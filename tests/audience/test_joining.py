"""Coming in, coming back, and being kept out."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from livecommerce.audience.service import AudienceService
from livecommerce.foundation.core.events import Scope
from livecommerce.foundation.core.ids import ShowId, new_id
from livecommerce.moderation.model import SanctionKind
from livecommerce.moderation.views import ChatModeBody
from livecommerce.shows.model import Visibility


async def say(chat: Any, actor: Any, show_id: ShowId, *lines: str) -> None:
    for line in lines:
        await chat.post(actor, show_id, text=line, nonce=new_id())


async def test_who_joins_gets_the_state_and_then_every_event_once(
    page: Any, chat: Any, cast: Any, show_id: Any
) -> None:
    await say(chat, cast.host, show_id, "welcome", "all")
    viewer = await page()

    ack = await viewer.come()
    await say(chat, cast.host, show_id, "three", "four")
    await viewer.until(lambda: viewer.seq == 4)

    snapshot = ack["snapshot"]
    assert (ack["ok"], ack["recovered"], ack["seq"]) == (True, False, 2)
    assert "events" not in ack
    assert set(snapshot) == {
        "show", "lineup", "pins", "sales", "stock", "chat_mode", "messages", "audience", "reactions", "playback", "you",
    }  # fmt: skip
    assert [m["text"] for m in snapshot["messages"]] == ["welcome", "all"]
    assert (snapshot["show"]["id"], snapshot["show"]["status"]) == (show_id, "scheduled")
    assert snapshot["you"]["id"] == cast.viewer.id
    assert snapshot["you"]["permissions"] == []
    assert viewer.seen == [3, 4]


async def test_check_09_who_comes_back_gets_exactly_what_they_missed(
    page: Any, chat: Any, cast: Any, show_id: Any
) -> None:
    viewer = await page()
    await viewer.come()
    await say(chat, cast.host, show_id, "1")
    await viewer.until(lambda: viewer.seq == 1)
    await viewer.cut()
    await say(chat, cast.host, show_id, "2", "3")

    ack = await viewer.come()
    await say(chat, cast.host, show_id, "4")
    await viewer.until(lambda: viewer.seq == 4)

    assert ack["recovered"] is True
    assert "snapshot" not in ack
    assert viewer.seen == [1, 2, 3, 4]


async def test_another_epoch_or_too_much_to_send_is_answered_with_the_snapshot(
    page: Any, chat: Any, cast: Any, show_id: Any, event_log: Any
) -> None:
    viewer = await page()
    await viewer.come()
    await viewer.cut()
    for n in range(4):
        await asyncio.gather(*(say(chat, cast.host, show_id, f"{n}{k}" + "ä" * 290) for k in range(60)))

    large = await viewer.come()
    await viewer.cut()
    viewer.epoch = 1
    other = await viewer.come()

    assert (large["recovered"], other["recovered"]) == (False, False)
    assert large["seq"] == other["seq"] == 240
    assert len(other["snapshot"]["messages"]) == 50


async def test_a_private_show_does_not_exist_for_who_is_not_invited(
    page: Any, shows: Any, cast: Any, soon: Any, node: Any
) -> None:
    private = await shows.create(cast.host, title="For friends", starts_at=soon, visibility=Visibility.PRIVATE)
    viewer, host = await page(), await page(cast.host)
    viewer.show_id = host.show_id = private.id
    nobody = await page()
    nobody.show_id = new_id()

    refused, admitted, unknown = await viewer.come(), await host.come(), await nobody.come()

    assert refused == unknown
    assert (refused["ok"], refused["code"]) == (False, "show_not_found")
    assert admitted["ok"] is True
    assert node.hub.viewers() == {private.id: 1}


async def test_check_09_a_banned_person_is_refused_also_on_recovery(
    page: Any, chat: Any, moderation: Any, cast: Any, show_id: Any, node: Any
) -> None:
    viewer = await page()
    await viewer.come()
    ban = await moderation.sanction(cast.host, show_id, cast.viewer.id, kind=SanctionKind.BAN, seconds=None, reason="x")
    await asyncio.wait_for(viewer._reading, 2)

    refused = await viewer.come()
    await viewer.close()
    await moderation.lift(cast.host, ban.id)
    admitted = await viewer.come()

    assert [n["type"] for n in viewer.notices] == ["you.banned", "connection.closing"]
    assert viewer.notices[-1]["data"] == {"code": "banned", "is_terminal": True}
    assert (refused["ok"], refused["code"]) == (False, "banned")
    assert admitted["ok"] is True


async def test_a_muted_person_sees_until_when(page: Any, moderation: Any, cast: Any, show_id: Any, clock: Any) -> None:
    await moderation.sanction(cast.host, show_id, cast.viewer.id, kind=SanctionKind.MUTE, seconds=60, reason="")
    await moderation.sanction(cast.host, show_id, cast.other.id, kind=SanctionKind.MUTE, seconds=None, reason="")
    viewer, other = await page(), await page(cast.other)

    ack, for_good = await viewer.come(), await other.come()
    refused = await viewer.ask("chat.post", {"show_id": show_id, "text": "hi", "nonce": "n"})

    assert ack["snapshot"]["you"]["muted_until"] == "2026-11-20T19:01:00Z"
    assert for_good["snapshot"]["you"]["muted_until"] == "9999-12-31T00:00:00Z"
    assert (refused["ok"], refused["code"]) == (False, "muted")


async def test_check_23_the_staff_scope_is_for_staff(
    page: Any, chat: Any, moderation: Any, cast: Any, show_id: Any
) -> None:
    viewer, moderator = await page(scope="staff"), await page(cast.moderator, scope="staff")
    await moderation.change_chat_mode(cast.host, show_id, ChatModeBody(hold_all=True))

    refused, admitted = await viewer.come(), await moderator.come()
    await say(chat, cast.viewer, show_id, "hold me")
    await moderator.until(lambda: moderator.seq == 1)

    assert (refused["ok"], refused["code"]) == (False, "forbidden")
    assert (admitted["ok"], admitted["seq"]) == (True, 0)
    assert moderator.events[0]["type"] == "chat.held"


async def test_chat_over_the_socket_is_acked_and_seen_by_all(page: Any, cast: Any, show_id: Any) -> None:
    viewer, other = await page(), await page(cast.other)
    await viewer.come()
    await other.come()

    body = {"show_id": show_id, "text": "is it dishwasher safe?", "nonce": "n-1"}
    ack, again = await viewer.ask("chat.post", body), await viewer.ask("chat.post", body)
    elsewhere = await viewer.ask("chat.post", {**body, "show_id": new_id(), "nonce": "n-2"})
    price = await viewer.ask("chat.post", {**body, "price": 1})
    await other.until(lambda: other.seq == 1)

    assert (ack["ok"], ack["state"], ack["seq"], ack["message"]["text"]) == (True, "shown", 1, body["text"])
    assert again == ack
    assert (elsewhere["code"], price["code"]) == ("not_joined", "invalid")
    assert other.events[0]["data"]["message"] == ack["message"]


async def test_reactions_reach_everybody_as_one_counter(page: Any, cast: Any, show_id: Any) -> None:
    viewer, other = await page(), await page(cast.other)
    await viewer.come()
    await other.come()

    for _ in range(5):
        assert (await viewer.ask("reaction.send", {"show_id": show_id, "kind": "heart", "count": 10}))["ok"]
    refused = [
        await viewer.ask("reaction.send", {"show_id": show_id, "kind": "heart", "count": count})
        for count in (0, -1, 51, 1.5, "1", True)
    ]
    await other.until(lambda: any(e["data"].get("counts") == {"heart": 50} for e in other.events))

    assert {ack["code"] for ack in refused} == {"invalid"}
    assert len([e for e in other.events if e["type"] == "reaction.counted"]) <= 5


async def test_a_counter_that_changed_after_the_shared_snapshot_is_sent_after_it(
    page: Any, cast: Any, show_id: Any, node: Any
) -> None:
    first, late = await page(), await page(cast.other)
    await first.come()
    shared = node.snapshots._places[show_id].cut
    await first.ask("reaction.send", {"show_id": show_id, "kind": "clap", "count": 3})
    await first.until(lambda: any(e["type"] == "reaction.counted" for e in first.events))

    ack = await late.come()

    assert node.snapshots._places[show_id].cut is shared
    assert ack["snapshot"]["reactions"]["counts"] == {}
    assert [e["data"]["counts"] for e in late.events if e["type"] == "reaction.counted"] == [{"clap": 3}]


async def test_the_clock_answers(page: Any, clock: Any, node: Any) -> None:
    viewer = await page()
    await viewer.come()

    assert await viewer.ask("clock.ping", {}) == {"ok": True, "now_ms": clock.now_ms()}


async def test_who_leaves_hears_no_more(page: Any, chat: Any, cast: Any, show_id: Any, node: Any) -> None:
    viewer = await page()
    await viewer.come()
    await viewer.ask("show.leave", {"show_id": show_id})

    await say(chat, cast.host, show_id, "anybody?")

    assert node.hub.viewers() == {}
    assert (await viewer.ask("chat.post", {"show_id": show_id, "text": "x", "nonce": "1"}))["code"] == "not_joined"
    assert viewer.seen == []


async def test_hundred_who_join_at_once_share_few_snapshots(
    node: Any, page: Any, cast: Any, show_id: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = 0
    read = node.snapshots._read

    async def counted(show: ShowId) -> Any:
        nonlocal reads
        reads += 1
        return await read(show)

    monkeypatch.setattr(node.snapshots, "_read", counted)

    await asyncio.gather(*(node.snapshots.get(show_id) for _ in range(100)))
    assert reads == 1


async def test_a_shared_snapshot_is_never_behind_what_was_promised(
    node: Any, page: Any, chat: Any, cast: Any, show_id: Any
) -> None:
    first = await page()
    await first.come()
    await say(chat, cast.host, show_id, "new")
    await first.until(lambda: first.seq == 1)

    second = await page(cast.other)
    ack = await second.come()

    assert ack["seq"] == 1
    assert [m["text"] for m in ack["snapshot"]["messages"]] == ["new"]


class ReadsFirst(AudienceService):
    """The join without its safeguard: reads, and enters the hub afterwards."""

    async def join(self, connection: Any, show_id: ShowId, *, scope: Scope, since: Any) -> Any:
        answer = await super().join(connection, show_id, scope=scope, since=since)
        connection.leave(show_id)
        await self.between()
        await connection.enter(show_id, scope)
        return answer


async def test_without_entering_first_an_event_falls_between(
    node: Any, page: Any, chat: Any, cast: Any, show_id: Any, event_log: Any
) -> None:
    node.audience.__class__ = ReadsFirst
    node.audience.between = lambda: say(chat, cast.host, show_id, "lost")
    viewer = await page()

    ack = await viewer.come()

    with pytest.raises(TimeoutError):
        await viewer.until(lambda: viewer.seq == 1, timeout=0.5)
    assert ack["seq"] == 0
    assert (await event_log.head(show_id, Scope.PUBLIC)).seq == 1


async def test_snapshot_and_audience_over_http(
    node: Any, page: Any, token: Any, chat: Any, cast: Any, show_id: Any, shows: Any
) -> None:
    viewer = await page()
    await viewer.come()
    await shows.start(cast.host, show_id)
    await say(chat, cast.host, show_id, "on air")
    base = f"{node.url}/api/v1/shows/{show_id}"
    staff = {"Authorization": f"Bearer {await token(cast.moderator)}"}
    viewer_header = {"Authorization": f"Bearer {viewer.token}"}
    await viewer.until(lambda: any(e["type"] == "audience.counted" for e in viewer.events))

    async with viewer.session.get(f"{base}/snapshot") as answer:
        snapshot = await answer.json()
    async with viewer.session.get(f"{base}/audience", headers=staff) as answer:
        crowd = await answer.json()
    while not crowd["people"]:
        async with viewer.session.get(f"{base}/audience", headers=staff) as answer:
            crowd = await answer.json()
    async with viewer.session.get(f"{base}/audience", headers=viewer_header) as answer:
        forbidden = answer.status

    assert (snapshot["show"]["status"], snapshot["seq"], snapshot["you"]) == ("live", 2, None)
    assert [m["text"] for m in snapshot["messages"]] == ["on air"]
    assert (crowd["viewers"], crowd["peak"], forbidden) == (1, 1, 403)
    assert crowd["people"] == [
        {"id": cast.viewer.id, "display_name": "viewer", "role": "viewer", "muted_until": None, "is_banned": False}
    ]


async def test_moderation_and_chat_over_http(node: Any, page: Any, token: Any, cast: Any, show_id: Any) -> None:
    viewer = await page()
    base = f"{node.url}/api/v1"
    staff = {"Authorization": f"Bearer {await token(cast.moderator)}"}
    person = {"Authorization": f"Bearer {viewer.token}", "Idempotency-Key": "key-00001"}
    http = viewer.session

    async with http.post(
        f"{base}/shows/{show_id}/messages", json={"text": "buy at www.x.example"}, headers=person
    ) as a:
        held, status = await a.json(), a.status
    async with http.get(f"{base}/shows/{show_id}/held-messages", headers=staff) as a:
        waiting = await a.json()
    async with http.post(f"{base}/held-messages/{held['id']}/release", headers=staff) as a:
        released = await a.json()
    async with http.get(f"{base}/shows/{show_id}/messages") as a:
        shown = await a.json()
    async with http.delete(f"{base}/messages/{held['id']}", headers=person) as a:
        forbidden = a.status
    async with http.delete(f"{base}/messages/{held['id']}", headers=staff) as a:
        hidden = a.status
    body = {"viewer_id": cast.viewer.id, "kind": "mute", "seconds": 60, "reason": "ads"}
    async with http.post(f"{base}/shows/{show_id}/sanctions", json=body, headers=staff) as a:
        sanction, created = await a.json(), a.status
    async with http.get(f"{base}/shows/{show_id}/sanctions", headers=staff) as a:
        in_force = await a.json()
    async with http.delete(f"{base}/sanctions/{sanction['id']}", headers=staff) as a:
        lifted = a.status
    async with http.patch(f"{base}/shows/{show_id}/chat-mode", json={"slow_s": 5}, headers=staff) as a:
        mode = await a.json()
    async with http.get(f"{base}/shows/{show_id}/audit", headers=staff) as a:
        audit = await a.json()

    assert (status, held["state"], held["seq"]) == (201, "held", None)
    assert [m["id"] for m in waiting["items"]] == [held["id"]]
    assert released["state"] == "shown"
    assert [m["text"] for m in shown["items"]] == ["buy at www.x.example"]
    assert (forbidden, hidden, created, lifted) == (403, 204, 201, 204)
    assert in_force == {"items": [sanction], "next": None}
    assert sanction["viewer"] == {"id": cast.viewer.id, "display_name": "viewer"}
    assert mode == {"slow_s": 5, "hold_all": False, "closed": False}
    assert [row["action"] for row in audit["items"]][:5] == [
        "chat.mode", "viewer.unmute", "viewer.mute", "chat.hide", "chat.release",
    ]  # fmt: skip


async def test_an_account_that_is_invited_to_a_private_show_comes_in(
    page: Any, shows: Any, cast: Any, clock: Any
) -> None:
    private = await shows.create(
        cast.host, title="Private", starts_at=clock.now() + timedelta(minutes=1), visibility=Visibility.PRIVATE
    )
    await shows.invite(cast.owner, ShowId(private.id), person_id=cast.viewer.id)
    viewer = await page()
    viewer.show_id = private.id

    assert (await viewer.come())["ok"] is True
