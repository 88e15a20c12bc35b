"""Rate limits: exact over all processes, and still there without Redis."""

import asyncio

import pytest
from redis.asyncio import Redis

from livecommerce.foundation.core.errors import RateLimited
from livecommerce.foundation.http.limits import LocalLimiter, Rate, RateLimiter
from livecommerce.foundation.storage.redis import connect


async def allowed(limiter: RateLimiter, times: int, rate: Rate, key: str = "maja") -> int:
    outcomes = await asyncio.gather(*(limiter.hit("chat", key, rate) for _ in range(times)), return_exceptions=True)
    assert all(outcome is None or isinstance(outcome, RateLimited) for outcome in outcomes)
    return outcomes.count(None)


async def test_exactly_the_limit_passes_even_when_hits_come_at_once_from_two_processes(redis_url: str) -> None:
    first, second = connect(redis_url), connect(redis_url)
    rate = Rate(5, 60)

    counts = await asyncio.gather(allowed(RateLimiter(first), 20, rate), allowed(RateLimiter(second), 20, rate))

    assert sum(counts) == 5
    await first.aclose()
    await second.aclose()


async def test_a_refusal_says_when_to_come_back_and_costs_nothing(redis: Redis) -> None:
    limiter = RateLimiter(redis)
    rate = Rate(2, 0.4)
    assert await allowed(limiter, 2, rate) == 2

    with pytest.raises(RateLimited) as refused:
        await limiter.hit("chat", "maja", rate)
    retry_after_ms = refused.value.details["retry_after_ms"]
    assert isinstance(retry_after_ms, int)
    assert 0 < retry_after_ms <= 200
    await asyncio.sleep(retry_after_ms / 1000 + 0.01)

    await limiter.hit("chat", "maja", rate)


async def test_names_and_keys_do_not_share_their_hits(redis: Redis) -> None:
    limiter = RateLimiter(redis)
    rate = Rate(1, 60)

    assert await allowed(limiter, 3, rate, "maja") == 1
    assert await allowed(limiter, 3, rate, "idris") == 1


async def test_a_counter_goes_away_by_itself(redis: Redis) -> None:
    await RateLimiter(redis).hit("chat", "maja", Rate(10, 5))

    assert 0 < await redis.pttl("rate:{chat}:maja") <= 500


async def test_without_redis_the_limit_still_holds_in_this_process() -> None:
    client = connect("redis://127.0.0.1:1/0")

    assert await allowed(RateLimiter(client), 20, Rate(5, 60)) == 5
    await client.aclose()


def test_the_local_limiter_lets_one_more_pass_per_interval() -> None:
    limiter, rate = LocalLimiter(), Rate(5, 5)

    burst = [limiter.wait_ms("a", rate, now_ms=1000) for _ in range(6)]

    assert burst == [0, 0, 0, 0, 0, 1000]
    assert limiter.wait_ms("a", rate, now_ms=1999) == 1
    assert limiter.wait_ms("a", rate, now_ms=2000) == 0


def test_the_local_limiter_keeps_a_bounded_number_of_keys() -> None:
    limiter = LocalLimiter(keys=2)
    for key in ("a", "b", "c"):
        assert limiter.wait_ms(key, Rate(1, 60), now_ms=0) == 0

    assert limiter.wait_ms("c", Rate(1, 60), now_ms=0) > 0
    assert limiter.wait_ms("a", Rate(1, 60), now_ms=0) == 0


async def test_hits_of_one_turn_are_asked_in_one_call_and_counted_one_by_one(redis) -> None:
    limiter = RateLimiter(redis)
    before = (await redis.info("commandstats")).get("cmdstat_evalsha", {"calls": 0})["calls"]

    hits = (limiter.hit("buy", key, Rate(3, 60)) for key in ["freja"] * 5 + ["maja"] * 2)
    results = await asyncio.gather(*hits, return_exceptions=True)

    assert [isinstance(result, RateLimited) for result in results] == [False] * 3 + [True] * 2 + [False] * 2
    calls = (await redis.info("commandstats"))["cmdstat_evalsha"]["calls"] - before
    assert calls <= 2  # the first one may have to bring the script


async def test_a_caller_that_goes_away_takes_nobody_along(redis) -> None:
    limiter = RateLimiter(redis)
    tasks = [asyncio.create_task(limiter.hit("buy", "freja", Rate(2, 60))) for _ in range(4)]
    await asyncio.sleep(0)

    tasks[0].cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)

    assert isinstance(results[0], asyncio.CancelledError)
    assert await redis.pttl("rate:{buy}:freja") > 0
    assert [isinstance(result, RateLimited) for result in results[1:]] == [False, False, True]
