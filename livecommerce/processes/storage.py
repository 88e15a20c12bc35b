"""The databases of an installation: the operator's own, or the embedded ones; migrated and reachable."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import msgspec

from livecommerce.foundation.core.errors import ConfigurationError, StorageUnavailable
from livecommerce.foundation.core.settings import Settings
from livecommerce.foundation.storage.embedded import EmbeddedServers
from livecommerce.foundation.storage.migrations import migrate
from livecommerce.foundation.storage.postgres import Database
from livecommerce.foundation.storage.redis import connect


@asynccontextmanager
async def open_storage(settings: Settings, report: Callable[[str], None]) -> AsyncIterator[Settings]:
    """Yield settings that name a PostgreSQL and a Redis that answer; embedded ones live as long as the context.

    Raises `ConfigurationError` with one sentence when a server does not answer.
    """
    async with AsyncExitStack() as stack:
        database_url, redis_url = settings.database.url, settings.redis.url
        if not database_url or not redis_url:
            report("Starting the embedded databases")
            embedded = EmbeddedServers(settings.data_dir, postgres=not database_url, valkey=not redis_url)
            await stack.enter_async_context(embedded)
            database_url, redis_url = database_url or embedded.database_url, redis_url or embedded.redis_url
        await _check_redis(redis_url)
        await _migrate(database_url, report)
        yield msgspec.structs.replace(
            settings,
            database=msgspec.structs.replace(settings.database, url=database_url),
            redis=msgspec.structs.replace(settings.redis, url=redis_url),
        )


async def _migrate(url: str, report: Callable[[str], None]) -> None:
    try:
        async with Database(url, max_size=1) as database:
            await migrate(database, lambda migration: report(f"Migrating: {migration.number:04} {migration.name}"))
    except StorageUnavailable as exc:
        raise ConfigurationError(
            "PostgreSQL does not answer: check DATABASE_URL and that the server runs, or unset it for the embedded one."
        ) from exc


async def _check_redis(url: str) -> None:
    try:
        client = connect(url)
    except ValueError as exc:
        raise ConfigurationError(f"REDIS_URL is not usable: {str(exc).rstrip('.')}.") from exc
    try:
        await client.ping()
    except Exception as exc:
        raise ConfigurationError(
            "Redis does not answer: check REDIS_URL and that the server runs, or unset it for the embedded one. "
            f"It said: {str(exc).rstrip('.')}."
        ) from exc
    finally:
        await client.aclose()
