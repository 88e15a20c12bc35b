"""Clients with bounded waits, and Lua scripts as attributes."""

import asyncio
import time
from pathlib import Path

import pytest
from redis.asyncio import Redis

from livecommerce.foundation.core.errors import StorageUnavailable
from livecommerce.foundation.storage.redis import connect, connect_blocking, scripts, unavailable_as_domain_error


async def test_more_callers_than_connections_are_all_served(redis_url: str) -> None:
    client = connect(redis_url)

    answers = await asyncio.gather(*(client.incr("hits") for _ in range(300)))

    assert sorted(answers) == list(range(1, 301))
    await client.aclose()


async def test_a_connection_cut_by_the_server_is_opened_again_before_use(redis_url: str, redis: Redis) -> None:
    client = connect(redis_url)
    await client.set("name", "mug")

    await redis.client_kill_filter(_type="normal", skipme=True)

    assert await client.get("name") == b"mug"
    await client.aclose()


async def test_a_server_that_accepts_and_says_nothing_is_given_up_in_time(tmp_path: Path) -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_unix_server(hang, tmp_path / "s")
    client = connect(f"unix://{tmp_path / 's'}")
    started = time.monotonic()

    with pytest.raises(StorageUnavailable), unavailable_as_domain_error():
        await client.ping()

    assert time.monotonic() - started < 8
    await client.aclose()
    server.close()


async def test_a_subscription_may_be_silent_for_longer_than_an_answer_may_take(redis_url: str) -> None:
    client = connect_blocking(redis_url)

    assert client.connection_pool.connection_kwargs["socket_timeout"] is None
    async with client.pubsub() as subscription:
        await subscription.subscribe("news")
        first = await subscription.get_message(timeout=1)
        assert first is not None
        assert first["type"] == "subscribe"
    await client.aclose()


async def test_scripts_run_by_the_name_of_their_file_and_survive_a_flush(redis: Redis) -> None:
    lua = scripts(redis, "livecommerce.foundation.http")

    assert await lua.gcra(["rate:a"], [1, 1000, 1]) == [0]
    await redis.script_flush()
    assert (await lua.gcra(["rate:a"], [1, 1000, 1]))[0] > 0
    with pytest.raises(AttributeError, match=r"lua/nothing\.lua"):
        _ = lua.nothing


async def test_redis_that_is_gone_is_a_domain_error() -> None:
    client = connect("redis://127.0.0.1:1/0")

    with pytest.raises(StorageUnavailable):
        await scripts(client, "livecommerce.foundation.http").gcra(["rate:a"], [1, 1000, 1])
    await client.aclose()
