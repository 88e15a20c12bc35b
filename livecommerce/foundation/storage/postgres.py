"""PostgreSQL: one pool per process, transactions with things to do after COMMIT, driver errors translated once.

Connection trouble becomes `StorageUnavailable`, a character that PostgreSQL cannot keep (NUL) becomes `Invalid`; a
violated constraint stays an asyncpg error for the store to name.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import asyncpg
import structlog

from livecommerce.foundation.core.errors import ConfigurationError, Invalid, StorageUnavailable

log = structlog.get_logger(__name__)

ACQUIRE_TIMEOUT_S = 5.0
"""Waiting longer for a connection means the database is overloaded: answer `busy` instead of piling up."""
STATEMENT_TIMEOUT_S = 10.0
CONNECT_TIMEOUT_S = 5.0

Row = asyncpg.Record

UNAVAILABLE = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.QueryCanceledError,
)
"""What a driver raises when the server is not there, is going down, or does not answer."""

REFUSED = (asyncpg.InvalidCatalogNameError, asyncpg.InvalidAuthorizationSpecificationError)
"""The server is there, and knows no such database or lets no such user in."""


@contextmanager
def unavailable_as_domain_error() -> Iterator[None]:
    """Translate connection trouble of the driver into `StorageUnavailable`."""
    try:
        yield
    except UNAVAILABLE as exc:
        raise StorageUnavailable(retry_after_s=2) from exc


@contextmanager
def refused_as_configuration() -> Iterator[None]:
    """Translate what is wrong with the URL itself: its form, the database, the user or the password."""
    try:
        yield
    except REFUSED as exc:
        raise ConfigurationError(f"PostgreSQL refuses DATABASE_URL: {str(exc).rstrip('.')}.") from exc
    except StorageUnavailable as exc:
        if isinstance(exc.__cause__, asyncpg.ClientConfigurationError):
            raise ConfigurationError(f"DATABASE_URL is not usable: {str(exc.__cause__).rstrip('.')}.") from exc
        raise


class Transaction:
    """An open transaction. Passed down as `tx` from the highest room of a use case."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self._after_commit: list[Callable[[], Awaitable[None]]] = []
        self._before_commit: list[Callable[[], Awaitable[None]]] = []

    async def fetch(self, sql: str, *args: object) -> list[Row]:
        return list(await self.connection.fetch(sql, *args))

    async def fetchrow(self, sql: str, *args: object) -> Row | None:
        row: Row | None = await self.connection.fetchrow(sql, *args)
        return row

    async def fetchval(self, sql: str, *args: object) -> Any:
        return await self.connection.fetchval(sql, *args)

    async def execute(self, sql: str, *args: object) -> str:
        return str(await self.connection.execute(sql, *args))

    async def executemany(self, sql: str, args: Iterable[Sequence[object]]) -> None:
        await self.connection.executemany(sql, args)

    def before_commit(self, callback: Callable[[], Awaitable[None]]) -> None:
        """Run inside the transaction, as its last statements: where the event log takes its `seq`."""
        self._before_commit.append(callback)

    def after_commit(self, callback: Callable[[], Awaitable[None]]) -> None:
        """Run once the transaction is durable. What fails here is logged, never raised: the state stands."""
        self._after_commit.append(callback)

    async def finish(self) -> None:
        """Run what was promised for before COMMIT."""
        for callback in self._before_commit:
            await callback()

    async def committed(self) -> None:
        """Run what was promised for after COMMIT."""
        for callback in self._after_commit:
            try:
                await callback()
            except asyncio.CancelledError:
                raise
            except Exception:
                log.exception("work after a commit failed")


class Database:
    """A pool of connections to one PostgreSQL."""

    def __init__(self, url: str, *, min_size: int = 1, max_size: int = 10) -> None:
        self._url, self._min, self._max = url, min_size, max_size
        self._pool: Any = None

    async def __aenter__(self) -> Database:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open(self) -> None:
        """Connect; `StorageUnavailable` when nothing answers, `ConfigurationError` when the URL is refused."""
        with refused_as_configuration(), unavailable_as_domain_error():
            self._pool = await asyncpg.create_pool(
                self._url,
                min_size=self._min,
                max_size=self._max,
                timeout=CONNECT_TIMEOUT_S,
                command_timeout=STATEMENT_TIMEOUT_S,
                init=_prepare_connection,
                server_settings={"application_name": "livecommerce"},
            )

    async def close(self) -> None:
        """Return connections; what is still running after 5 s is cut."""
        if self._pool is None:
            return
        try:
            await asyncio.wait_for(self._pool.close(), 5)
        except TimeoutError:
            self._pool.terminate()
        self._pool = None

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        """A raw connection of the pool, for a store that needs one (LISTEN, advisory locks)."""
        with unavailable_as_domain_error():
            async with self._pool.acquire(timeout=ACQUIRE_TIMEOUT_S) as connection:
                try:
                    yield connection
                except asyncpg.CharacterNotInRepertoireError as exc:
                    raise Invalid("Control characters are not allowed.") from exc
                except asyncpg.InternalClientError as exc:
                    if not connection.is_closed():
                        raise
                    # asyncpg says so of a connection that broke between two messages of one query
                    raise StorageUnavailable(retry_after_s=2) from exc

    async def fetch(self, sql: str, *args: object) -> list[Row]:
        async with self.connection() as connection:
            return list(await connection.fetch(sql, *args))

    async def fetchrow(self, sql: str, *args: object) -> Row | None:
        async with self.connection() as connection:
            row: Row | None = await connection.fetchrow(sql, *args)
            return row

    async def fetchval(self, sql: str, *args: object) -> Any:
        async with self.connection() as connection:
            return await connection.fetchval(sql, *args)

    async def execute(self, sql: str, *args: object) -> str:
        async with self.connection() as connection:
            return str(await connection.execute(sql, *args))

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """One READ COMMITTED transaction; commits when the block ends, then runs what waits for the commit."""
        async with self.connection() as connection, connection.transaction():
            tx = Transaction(connection)
            yield tx
            await tx.finish()
        await tx.committed()


async def _prepare_connection(connection: Any) -> None:
    # Ids are text everywhere in our code; PostgreSQL keeps them as 16 bytes.
    await connection.set_type_codec("uuid", schema="pg_catalog", encoder=str, decoder=str)
