"""Jobs end when they are told to, whatever the driver does with the message."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from redis.asyncio import Redis

from livecommerce.foundation.storage import redis as storage


async def swallows_once(begun: asyncio.Event) -> None:
    """A job around a driver call that, like `asyncio.wait_for` before CPython 3.12, forgets a cancellation."""
    while True:
        with storage.unavailable_as_domain_error():
            begun.set()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0.05)


async def survives(begun: asyncio.Event) -> bool:
    job = asyncio.create_task(swallows_once(begun))
    await begun.wait()
    job.cancel()
    _, pending = await asyncio.wait([job], timeout=0.3)
    while not job.done():
        job.cancel()
        await asyncio.wait([job], timeout=0.01)
    return bool(pending)


async def test_a_forgotten_cancellation_is_heeded_after_the_call() -> None:
    assert not await survives(asyncio.Event())


async def test_without_the_safeguard_the_job_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0

    def heedless() -> None:
        nonlocal calls
        calls += 1
        if calls > 20:
            raise asyncio.CancelledError

    monkeypatch.setattr(storage, "_heed_cancellation", heedless)

    assert await survives(asyncio.Event())


async def test_jobs_that_talk_to_redis_in_a_loop_all_end(redis: Redis) -> None:
    async def job() -> None:
        while True:
            with storage.unavailable_as_domain_error():
                await redis.incr("n")

    for n in range(60):
        jobs = [asyncio.create_task(job()) for _ in range(5)]
        await asyncio.sleep(0.0003 * (n % 10))
        for one in jobs:
            one.cancel()
        _, pending = await asyncio.wait(jobs, timeout=5)
        assert not pending
