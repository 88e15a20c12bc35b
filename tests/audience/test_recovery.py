"""Whatever is cut, and whenever: every page ends with the exact sequence, without gaps or doubles (check 9)."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from livecommerce.foundation.core.events import Scope
from livecommerce.foundation.core.ids import new_id

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("say"), st.integers(1, 12)),
        st.tuples(st.just("cut"), st.integers(0, 12)),
        st.tuples(st.just("cut while talking"), st.integers(1, 12)),
        st.tuples(st.just("forget redis"), st.just(0)),
        st.tuples(st.just("deafen"), st.integers(0, 5)),
        st.tuples(st.just("join again"), st.just(0)),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_check_09_any_cuts_leave_the_exact_sequence(
    page: Any, chat: Any, cast: Any, show_id: Any, event_log: Any, redis: Any, steps: list[tuple[str, int]]
) -> None:
    async def talk(lines: int) -> None:
        await asyncio.gather(*(chat.post(cast.host, show_id, text="x", nonce=new_id()) for _ in range(lines)))

    viewer = await page(cast.host)
    first = (await viewer.come())["seq"]
    for step, lines in steps:
        match step:
            case "say":
                await talk(lines)
            case "cut":
                await viewer.cut()
                await talk(lines)
                await viewer.come()
            case "cut while talking":
                talking = asyncio.create_task(talk(lines))
                await viewer.cut()
                await viewer.come()
                await talking
            case "forget redis":
                await redis.flushall()
            case "deafen":
                await redis.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
                await talk(lines)
            case "join again":
                await viewer.join()
    head = await event_log.head(show_id, Scope.PUBLIC)
    await viewer.until(lambda: viewer.seq == head.seq, timeout=15)

    assert viewer.seen == list(range(first + 1, head.seq + 1))
    await viewer.close()
