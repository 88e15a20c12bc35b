"""Redis or Valkey: clients that bound connections and waits, and Lua scripts beside the store that runs them.

A command is never repeated by the driver: who lost the answer does not know whether it ran. A pooled connection whose
server restarted is noticed before use and opened again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from livecommerce.foundation.core.errors import StorageUnavailable

CONNECTIONS = 64
"""Per client; Redis answers in microseconds, so waiting for one of them is short."""
WAIT_FOR_CONNECTION_S = 2.0
CONNECT_TIMEOUT_S = 2.0
ANSWER_TIMEOUT_S = 3.0
HEALTH_CHECK_S = 10
"""A silent subscription is pinged after this time, so that a dead connection is noticed."""

__all__ = ["Redis", "Script", "Scripts", "connect", "connect_blocking", "scripts", "unavailable_as_domain_error"]

Key = str | bytes
Argument = str | bytes | int | float


def connect(url: str) -> Redis:
    """Return a client for commands that answer at once; close it with `aclose()`. Connects at first use."""
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=CONNECTIONS,
        timeout=WAIT_FOR_CONNECTION_S,
        socket_connect_timeout=CONNECT_TIMEOUT_S,
        socket_timeout=ANSWER_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
    )
    return Redis.from_pool(pool)


def connect_blocking(url: str) -> Redis:
    """Return a client whose reads may take as long as they like: subscriptions and blocking commands only."""
    return Redis.from_url(
        url,
        socket_connect_timeout=CONNECT_TIMEOUT_S,
        socket_timeout=None,
        health_check_interval=HEALTH_CHECK_S,
        retry=Retry(NoBackoff(), 0),
    )


@contextmanager
def unavailable_as_domain_error() -> Iterator[None]:
    """Translate trouble of the driver into `StorageUnavailable`."""
    try:
        yield
    except (RedisError, OSError, TimeoutError) as exc:
        _heed_cancellation()
        raise StorageUnavailable(retry_after_ms=1000) from exc
    _heed_cancellation()


def _heed_cancellation() -> None:
    """redis-py sends with `asyncio.wait_for`, which before CPython 3.12 forgets a cancellation that comes just then.

    Without this a job that talks to Redis in a loop sometimes outlives its cancellation, and the process its stop.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


class Scripts:
    """The `lua/*.lua` files of one package: `await scripts.reserve([key], [quantity])` runs `lua/reserve.lua`."""

    def __init__(self, redis: Redis, texts: dict[str, str]) -> None:
        self._scripts = {name: redis.register_script(text) for name, text in texts.items()}

    def __getattr__(self, name: str) -> Script:
        try:
            return Script(self._scripts[name])
        except KeyError:
            raise AttributeError(f"there is no lua/{name}.lua") from None


class Script:
    """One Lua script, sent once per server and then called by its hash."""

    def __init__(self, script: Any) -> None:
        self._script = script

    async def __call__(self, keys: Sequence[Key] = (), args: Sequence[Argument] = ()) -> Any:
        """Run it; `StorageUnavailable` when Redis does not answer."""
        with unavailable_as_domain_error():
            return await self._script(keys=list(keys), args=list(args))


def scripts(redis: Redis, package: str) -> Scripts:
    """Load the Lua files of a package (pass `__package__`) for one client."""
    return Scripts(redis, _texts(package))


@cache
def _texts(package: str) -> dict[str, str]:
    folder = files(package).joinpath("lua")
    found = (entry for entry in folder.iterdir() if entry.name.endswith(".lua"))
    return {entry.name.removesuffix(".lua"): entry.read_text(encoding="utf-8") for entry in found}
