"""Reactions: added up over processes, told as one counter."""

from __future__ import annotations

from typing import Any

from redis.asyncio import Redis

from livecommerce.chat.model import ReactionKind
from livecommerce.chat.service import Reactions
from livecommerce.chat.store import ReactionStore


async def test_reactions_of_all_processes_add_up_and_versions_grow(
    redis: Redis, bus: Any, reactions: Reactions, show_id: Any
) -> None:
    elsewhere = Reactions(ReactionStore(redis), bus)
    for _ in range(10):
        reactions.send(show_id, ReactionKind.HEART, 3)
    elsewhere.send(show_id, ReactionKind.FIRE, 1)
    elsewhere.send(show_id, ReactionKind.HEART, 1)

    await reactions.flush()
    await elsewhere.flush()
    await elsewhere.flush()

    assert [c.counts for c in bus.counted] == [{"heart": 30}, {"heart": 31, "fire": 1}]
    assert bus.counted[0].version < bus.counted[1].version < 2**53
    assert (await reactions.totals(show_id)).counts == {"heart": 31, "fire": 1}


async def test_counts_are_empty_while_redis_is_away() -> None:
    nowhere = Redis.from_url("redis://127.0.0.1:1/0")
    reactions: Any = Reactions(ReactionStore(nowhere), None)  # type: ignore[arg-type]

    assert (await reactions.totals("x")).counts == {}
    await nowhere.aclose()
