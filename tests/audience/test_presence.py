"""How many watch, over all processes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from livecommerce.audience.model import Crowd, Present
from livecommerce.audience.service import Presence
from livecommerce.audience.store import PresenceStore
from livecommerce.foundation.core.actors import Role
from livecommerce.foundation.core.ids import PersonId, new_id


async def until(condition: Callable[[], Awaitable[bool]], timeout: float) -> None:
    async with asyncio.timeout(timeout):
        while not await condition():
            await asyncio.sleep(0.02)


async def test_the_count_is_exact_over_processes_within_2_s(
    start_node: Any, page: Any, cast: Any, show_id: Any
) -> None:
    here, there = await start_node(), await start_node()
    one, again, two = await page(on=here), await page(on=here), await page(cast.other, on=there)
    host = await page(cast.host, on=there)
    for somebody in (one, again, two, host):
        await somebody.come()

    def counted(viewers: int) -> Callable[[], bool]:
        return lambda: all(
            (found := [e["data"]["viewers"] for e in p.events if e["type"] == "audience.counted"])
            and found[-1] == viewers
            for p in (one, host)
        )

    await one.until(counted(2), timeout=2)
    await two.close()
    await one.until(counted(1), timeout=2)
    assert (await here.presence.watching(show_id)).viewers == 1
    assert await here.presence.peak(show_id) == 2


async def test_a_process_that_died_is_forgotten_within_2_s(database: Any, redis: Any, bus: Any, clock: Any) -> None:
    from livecommerce.foundation.core.ids import ShowId

    show = ShowId(new_id())
    dead = Presence(PresenceStore(database, redis), bus, clock)
    await dead._store.pulse(show, process="dead", viewers=7, ttl_ms=1_800)
    alive = Presence(PresenceStore(database, redis), bus, clock)
    assert (await alive.watching(show)).viewers == 7

    async def gone() -> bool:
        return (await alive.watching(show)).viewers == 0

    await until(gone, timeout=2)


async def test_people_are_named_once_and_only_by_processes_that_live(
    database: Any, redis: Any, clock: Any, show_id: Any
) -> None:
    store = PresenceStore(database, redis)
    ann, bob = (Present(PersonId(new_id()), name, Role.VIEWER) for name in ("Ann", "Bob"))
    now_ms = clock.now_ms()
    await store.call_roll(show_id, process="a", people=(ann,), until_ms=now_ms + 1000)
    await store.call_roll(show_id, process="b", people=(ann, bob), until_ms=now_ms + 1000)
    await store.call_roll(show_id, process="dead", people=(Present(PersonId("x"), "X", Role.VIEWER),), until_ms=now_ms)
    await redis.hset(f"audience:{{{show_id}}}:people", "liar", b"not a roll")

    assert sorted(p.display_name for p in await store.people(show_id, now_ms)) == ["Ann", "Bob"]


def test_staff_is_there_and_is_not_counted(cast: Any, show_id: Any) -> None:
    crowd = Crowd.of([cast.viewer, cast.viewer, cast.other, cast.moderator, cast.host], show_id)

    assert crowd.viewers == 2
    assert len(crowd.people) == 4
