from __future__ import annotations

import asyncio
import io
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from PIL import Image
from redis.asyncio import Redis

from livecommerce.catalog.service import ProductDraft, VariantDraft
from livecommerce.foundation.core.actors import Permission, Role
from livecommerce.foundation.core.errors import Forbidden, Invalid
from livecommerce.foundation.core.ids import ProductId, ShowId, VariantId, new_id
from livecommerce.foundation.core.money import Money
from livecommerce.foundation.realtime.eventlog import ShowNotFound
from livecommerce.foundation.storage.outbox import Outbox
from livecommerce.shows.model import ChatMode, NotForSale, NotNow, PauseReason, ShowKind, ShowStatus, Visibility
from livecommerce.shows.service.crew import HostStays
from livecommerce.shows.service.schedule import Edit


def plain(view: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(view))


async def test_whoever_plans_a_show_hosts_it(house: Any) -> None:
    made = await house.show()

    maja, svea = await house.actor("maja"), await house.actor("svea")
    assert made.host.display_name == "Maja"
    assert maja.role_in(made.id) is Role.HOST
    assert maja.may(Permission.SHOW_RUN, made.id)
    assert not maja.may(Permission.PEOPLE_MANAGE, made.id)
    assert svea.role_in(made.id) is Role.VIEWER
    assert await house.told(made.id) == []


async def test_a_show_runs_from_start_to_end_and_tells_each_step(house: Any) -> None:
    made = await house.show()
    maja, show_id = await house.actor("maja"), ShowId(made.id)

    views = [
        await house.shows.start(maja, show_id),
        await house.shows.pause(maja, show_id),
        await house.shows.resume(maja, show_id),
        await house.shows.end(maja, show_id),
    ]

    types = ["show.started", "show.paused", "show.resumed", "show.ended"]
    assert await house.told(made.id) == [(name, {"show": plain(view)}) for name, view in zip(types, views, strict=True)]
    assert [view.status for view in views] == ["live", "paused", "live", "ended"]
    assert [view.version for view in views] == [2, 3, 4, 5]
    assert await house.shows.view(await house.shows.get(show_id)) == views[-1]


async def test_a_step_that_is_not_legal_changes_and_tells_nothing(house: Any) -> None:
    made = await house.show()
    maja = await house.actor("maja")

    for step in (house.shows.pause, house.shows.resume, house.shows.end):
        with pytest.raises(NotNow):
            await step(maja, ShowId(made.id))

    assert await house.shows.view(await house.shows.get(ShowId(made.id))) == made
    assert await house.told(made.id) == []


async def test_of_many_clicks_on_start_one_starts_the_show(house: Any) -> None:
    made = await house.show()
    maja = await house.actor("maja")

    answers = await asyncio.gather(
        *(house.shows.start(maja, ShowId(made.id)) for _ in range(6)), return_exceptions=True
    )

    assert sum(isinstance(answer, NotNow) for answer in answers) == 5
    assert [name for name, _ in await house.told(made.id)] == ["show.started"]


async def test_a_lost_stream_pauses_the_show_and_its_return_resumes_it(house: Any) -> None:
    made = await house.show()
    show_id = ShowId(made.id)
    await house.shows.start(await house.actor("maja"), show_id)

    for _ in range(2):
        lost = await house.shows.stream_lost(show_id)
    for _ in range(2):
        back = await house.shows.stream_back(show_id)

    assert (lost.status, lost.pause_reason) == (ShowStatus.PAUSED, PauseReason.STREAM_LOST)
    assert (back.status, back.pause_reason) == (ShowStatus.LIVE, None)
    assert [name for name, _ in await house.told(made.id)] == ["show.started", "show.paused", "show.resumed"]


async def test_the_stream_does_not_lift_the_curtain_that_the_host_drew(house: Any) -> None:
    made = await house.show()
    show_id, maja = ShowId(made.id), await house.actor("maja")
    await house.shows.start(maja, show_id)
    await house.shows.stream_lost(show_id)

    await house.shows.pause(maja, show_id)
    view = await house.shows.stream_back(show_id)

    assert (view.status, view.pause_reason) == (ShowStatus.PAUSED, PauseReason.HOST)


async def test_a_stream_that_is_lost_outside_of_a_live_show_changes_nothing(house: Any) -> None:
    made = await house.show()

    await house.shows.stream_lost(ShowId(made.id))

    assert (await house.shows.get(ShowId(made.id))).status is ShowStatus.SCHEDULED


async def test_a_pin_carries_the_moment_of_the_picture(house: Any) -> None:
    made, (mug, bowl) = await house.show(), await house.products(2)
    show_id, maja = ShowId(made.id), await house.actor("maja")
    await house.shows.set_lineup(maja, show_id, [mug, bowl])
    await house.shows.start(maja, show_id)
    house.stream.ms = 61_500

    await house.shows.pin(maja, show_id, mug)
    view = await house.shows.pin(maja, show_id, bowl)
    after = await house.shows.unpin(maja, show_id, mug)
    again = await house.shows.unpin(maja, show_id, mug)

    assert [(pin.product_id, pin.media_ts) for pin in view.pins] == [(bowl, 61_500), (mug, 61_500)]
    assert after.pins == again.pins == view.pins[:1]
    told = (await house.told(made.id))[-3:]
    assert [(name, data["product_id"]) for name, data in told] == [
        ("product.pinned", mug),
        ("product.pinned", bowl),
        ("product.unpinned", mug),
    ]
    assert told[-1][1]["pins"] == plain(after.pins)
    rows = await house.database.fetch("SELECT media_ts FROM show_events WHERE type = 'product.pinned'")
    assert [row["media_ts"] for row in rows] == [61_500, 61_500]


async def test_a_lineup_is_told_with_its_products_and_unpins_what_left(house: Any) -> None:
    made, (mug, bowl, vase) = await house.show(), await house.products(3)
    show_id, maja = ShowId(made.id), await house.actor("maja")
    await house.shows.set_lineup(maja, show_id, [mug, bowl])
    await house.shows.start(maja, show_id)
    await house.shows.pin(maja, show_id, mug)

    view = await house.shows.set_lineup(maja, show_id, [vase, bowl])

    assert (view.lineup, view.pins) == ([vase, bowl], [])
    unpinned, changed = (await house.told(made.id))[-2:]
    assert unpinned == ("product.unpinned", {"product_id": mug, "pins": []})
    assert changed[0] == "lineup.changed"
    assert [product["title"] for product in changed[1]["lineup"]] == ["Mug 2", "Mug 1"]
    assert (await house.shows.get(show_id)).lineup == (vase, bowl)


async def test_only_what_is_for_sale_comes_into_a_lineup_but_what_is_in_it_may_stay(house: Any) -> None:
    made, (mug, bowl) = await house.show(), await house.products(2)
    show_id, maja = ShowId(made.id), await house.actor("maja")
    await house.shows.set_lineup(maja, show_id, [mug])
    for product in (mug, bowl):
        await house.catalog.edit(maja, product, ProductDraft(is_archived=True))

    for refused in ([mug, bowl], [mug, ProductId(new_id())], [mug, ProductId("not an id")]):
        with pytest.raises(NotForSale):
            await house.shows.set_lineup(maja, show_id, refused)
    await house.shows.set_lineup(maja, show_id, [mug])

    assert (await house.shows.get(show_id)).lineup == (mug,)


async def test_a_lineup_may_be_turned_around(house: Any) -> None:
    made, products = await house.show(), await house.products(6)
    show_id, maja = ShowId(made.id), await house.actor("maja")
    await house.shows.set_lineup(maja, show_id, products)

    await house.shows.set_lineup(maja, show_id, products[::-1])

    assert (await house.shows.get(show_id)).lineup == tuple(products[::-1])


async def test_viewers_hear_of_a_new_price_of_something_in_the_lineup(house: Any) -> None:
    made, (mug, bowl) = await house.show(), await house.products(2)
    other = await house.show(title="Without the mug")
    show_id, maja = ShowId(made.id), await house.actor("maja")
    await house.shows.set_lineup(maja, show_id, [mug, bowl])
    await house.shows.set_lineup(maja, ShowId(other.id), [bowl])
    await house.catalog.edit(maja, mug, ProductDraft(variants=[VariantDraft("SKU-0", price=Money(1900, "EUR"))]))

    await Outbox(house.database).take("product.changed", house.shows.product_changed)

    name, data = (await house.told(made.id))[-1]
    assert name == "lineup.changed"
    assert data["lineup"][0]["variants"][0]["price"] == {"amount": "19.00", "currency": "EUR"}
    assert len(await house.told(other.id)) == 1


async def test_stock_knows_where_its_variants_are_on_show(house: Any) -> None:
    made, (mug, bowl) = await house.show(), await house.products(2)
    await house.shows.set_lineup(await house.actor("maja"), ShowId(made.id), [mug])
    variant, unseen = [VariantId((await house.catalog.view(each)).variants[0].id) for each in (mug, bowl)]

    assert await house.shows.showing(variant) == (made.id,)
    assert await house.shows.showing(unseen) == ()
    assert await house.shows.showing(VariantId(new_id())) == ()


async def test_words_change_at_any_time_but_the_hour_only_before_the_start(house: Any) -> None:
    made = await house.show()
    show_id, maja = ShowId(made.id), await house.actor("maja")
    later = made.starts_at + timedelta(hours=2)

    moved = await house.shows.edit(maja, show_id, Edit(starts_at=later, title="  Kyst   II "))
    await house.shows.start(maja, show_id)
    renamed = await house.shows.edit(maja, show_id, Edit(description="With a vase\nand a bowl"))

    assert (moved.starts_at, moved.title) == (later, "Kyst II")
    assert renamed.description == "With a vase\nand a bowl"
    assert [name for name, _ in await house.told(made.id)] == ["show.changed", "show.started", "show.changed"]
    with pytest.raises(NotNow):
        await house.shows.edit(maja, show_id, Edit(starts_at=made.starts_at))
    await house.shows.end(maja, show_id)
    with pytest.raises(NotNow):
        await house.shows.edit(maja, show_id, Edit(title="Too late"))


async def test_titles_are_cleaned_and_times_are_sane(house: Any) -> None:
    for options in ({"title": " "}, {"title": "x" * 121}, {"title": "a\x07"}, {"description": "x" * 2001}):
        with pytest.raises(Invalid):
            await house.show(**options)
    with pytest.raises(Invalid):
        await house.show(starts_at=house.clock.now() + timedelta(days=400))
    with pytest.raises(Invalid):
        await house.show(kind=ShowKind.REHEARSAL, visibility=Visibility.PUBLIC)
    assert await house.database.fetchval("SELECT count(*) FROM shows") == 0


async def test_a_poster_is_a_picture_of_our_own(house: Any) -> None:
    out = io.BytesIO()
    Image.new("RGB", (32, 18), "navy").save(out, "PNG")
    made = await house.show()

    view = await house.shows.set_poster(await house.actor("maja"), ShowId(made.id), out.getvalue())

    assert view.poster_url is not None
    assert view.poster_url.startswith("/api/v1/images/")
    assert (await house.catalog.image(view.poster_url.rpartition("/")[2]))[8:12] == b"WEBP"


async def test_the_lobby_shows_what_is_on_air_then_what_comes_then_what_is_over(house: Any) -> None:
    maja = await house.actor("maja")
    now = house.clock.now()
    made = {
        hours: ShowId((await house.show(title=f"In {hours} h", starts_at=now + timedelta(hours=hours))).id)
        for hours in (5, 1, 3, 2, 4)
    }
    maja = await house.actor("maja")
    for hours in (1, 2, 3):
        await house.shows.start(maja, made[hours])
    for hours in (1, 2):
        house.clock.advance(60)
        await house.shows.end(maja, made[hours])

    pages, cursor = [], None
    while True:
        items, cursor = await house.shows.list(None, limit=2, cursor=cursor)
        pages += [view.title for view in items]
        if cursor is None:
            break

    assert pages == ["In 3 h", "In 4 h", "In 5 h", "In 2 h", "In 1 h"]
    live, _ = await house.shows.list(None, statuses=[ShowStatus.LIVE, ShowStatus.SCHEDULED])
    assert [view.title for view in live] == ["In 3 h", "In 4 h", "In 5 h"]


async def test_only_those_who_may_find_a_show_find_it(house: Any) -> None:
    for visibility in Visibility:
        await house.show(title=visibility, visibility=visibility)

    async def found(name: str | None) -> set[str]:
        items, _ = await house.shows.list(await house.actor(name) if name else None)
        return {view.title for view in items}

    everything = {"public", "unlisted", "private"}
    assert await found(None) == await found("freja") == await found("svea") == {"public"}
    assert await found("maja") == await found("idris") == everything


async def test_a_private_show_does_not_exist_for_strangers(house: Any) -> None:
    made = await house.show(visibility=Visibility.PRIVATE)
    show_id, freja = ShowId(made.id), await house.actor("freja")

    for stranger in (None, freja, await house.actor("svea")):
        with pytest.raises(ShowNotFound) as refused:
            await house.shows.watchable(stranger, show_id)
        with pytest.raises(ShowNotFound) as unknown:
            await house.shows.watchable(stranger, ShowId(new_id()))
        assert (refused.value.code, refused.value.message) == (unknown.value.code, unknown.value.message)
    with pytest.raises(ShowNotFound):
        await house.shows.start(freja, show_id)

    await house.shows.invite(await house.actor("maja"), show_id, person_id=freja.id)
    invited = await house.actor("freja")
    assert (await house.shows.watchable(invited, show_id)).id == show_id
    assert invited.role_in(show_id) is Role.VIEWER
    with pytest.raises(Forbidden):
        await house.shows.start(invited, show_id)


async def test_a_moderator_has_what_was_granted_in_that_show_and_no_more(house: Any) -> None:
    made, other, (mug,) = await house.show(), await house.show(title="Another"), await house.products(1)
    show_id, maja, freja = ShowId(made.id), await house.actor("maja"), await house.actor("freja")
    await house.shows.set_lineup(maja, show_id, [mug])
    await house.shows.start(maja, show_id)

    await house.shows.add_moderator(maja, show_id, person_id=freja.id, permissions=[Permission.PRODUCT_PIN])

    freja = await house.actor("freja")
    assert freja.role_in(show_id) is Role.MODERATOR
    assert (await house.shows.pin(freja, show_id, mug)).pins[0].product_id == mug
    for attempt in (
        house.shows.end(freja, show_id),
        house.shows.set_lineup(freja, show_id, []),
        house.shows.pin(freja, ShowId(other.id), mug),
        house.shows.add_moderator(freja, show_id, person_id=freja.id, permissions=[Permission.SHOW_RUN]),
    ):
        with pytest.raises(Forbidden):
            await attempt

    await house.shows.remove(maja, show_id, freja.id)
    with pytest.raises(Forbidden):
        await house.shows.pin(await house.actor("freja"), show_id, mug)


async def test_a_moderator_who_is_named_by_address_signs_in_with_a_mailed_code(house: Any) -> None:
    made = await house.show()
    show_id, email = ShowId(made.id), "bo@example.com"

    grant = await house.shows.add_moderator(await house.actor("maja"), show_id, email=email)

    await house.room.accounts.request_code(email, "Bo", actor=None, address="198.51.100.7")
    code = house.letters.sent[-1][1].partition(" ")[0]
    signed_in = await house.room.accounts.confirm(email, code, actor=None, address="198.51.100.7")
    bo = await house.room.identity.authenticate(signed_in.token)
    assert bo.id == grant.person_id
    assert bo.role_in(show_id) is Role.MODERATOR
    assert bo.may(Permission.CHAT_HIDE, show_id)


async def test_the_host_cannot_lock_themselves_out(house: Any) -> None:
    made = await house.show()
    maja = await house.actor("maja")

    with pytest.raises(HostStays):
        await house.shows.remove(maja, ShowId(made.id), maja.id)
    with pytest.raises(HostStays):
        await house.shows.add_moderator(maja, ShowId(made.id), person_id=maja.id, permissions=[])


async def test_a_host_cannot_give_shop_wide_rights(house: Any) -> None:
    made = await house.show()
    maja, freja = await house.actor("maja"), await house.actor("freja")

    for permission in (Permission.PEOPLE_MANAGE, Permission.CATALOG_EDIT, Permission.SHOW_CREATE):
        with pytest.raises(Invalid):
            await house.shows.add_moderator(maja, ShowId(made.id), person_id=freja.id, permissions=[permission])


async def test_every_act_on_a_show_leaves_a_trail(house: Any) -> None:
    made, (mug,) = await house.show(), await house.products(1)
    show_id, maja, freja = ShowId(made.id), await house.actor("maja"), await house.actor("freja")
    await house.shows.set_lineup(maja, show_id, [mug])
    await house.shows.start(maja, show_id)
    await house.shows.pin(maja, show_id, mug)
    await house.shows.add_moderator(maja, show_id, person_id=freja.id)
    await house.shows.stream_lost(show_id)
    await house.shows.end(await house.actor("idris"), show_id)

    rows, _ = await house.room.audit.list(show_id)

    assert [(row.action, row.actor.display_name, row.actor.role) for row in reversed(rows)] == [
        ("show.create", "Maja", "host"),
        ("lineup.edit", "Maja", "host"),
        ("show.start", "Maja", "host"),
        ("product.pin", "Maja", "host"),
        ("grant.give", "Maja", "host"),
        ("show.pause", "livecommerce", "owner"),
        ("show.end", "Idris", "owner"),
    ]


async def test_a_chat_mode_is_kept_with_the_show(house: Any) -> None:
    made = await house.show()
    show_id = ShowId(made.id)

    async with house.log.transaction(show_id) as tx:
        await house.shows.set_chat_mode(tx, show_id, ChatMode(slow_s=10, closed=True))

    view = await house.shows.view(await house.shows.get(show_id))
    assert plain(view.chat_mode) == {"slow_s": 10, "hold_all": False, "closed": True}
    assert view.version == made.version
    with pytest.raises(Invalid):
        ChatMode(slow_s=-1)


async def test_who_lost_their_rights_is_put_out_of_a_private_show_and_comes_back_to_others_as_a_viewer(
    house: Any, redis: Redis
) -> None:
    freja, maja = await house.actor("freja"), await house.actor("maja")
    heard = []
    async with redis.pubsub() as subscription:
        await subscription.subscribe("bus:people")
        for visibility in (Visibility.PRIVATE, Visibility.PUBLIC):
            show_id = ShowId((await house.show(visibility=visibility)).id)
            maja = await house.actor("maja")
            await house.shows.add_moderator(maja, show_id, person_id=freja.id)
            await house.shows.remove(maja, show_id, freja.id)
        while len(heard) < 2:
            message = await subscription.get_message(ignore_subscribe_messages=True, timeout=5)
            if message:
                heard.append(msgspec.msgpack.decode(message["data"]))

    assert [message["code"] for message in heard] == ["show_not_found", "draining"]
    assert {message["person_id"] for message in heard} == {freja.id}
