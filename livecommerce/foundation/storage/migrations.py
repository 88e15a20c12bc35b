"""Migrations: numbered `.sql` files, each one transaction, remembered with their SHA-256.

Several processes may start at once: they take turns by an advisory lock that is polled, since a blocking one
would deadlock with CREATE INDEX CONCURRENTLY in a later file.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import asyncpg

from livecommerce.foundation.core.errors import ConfigurationError, StorageUnavailable
from livecommerce.foundation.storage.postgres import Database

_LOCK = 7_205_759_403
_LOCK_WAIT_S = 60.0
_FILE = re.compile(r"(\d{4})_(\w+)\.sql")
_TABLE = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    number     integer PRIMARY KEY,
    name       text NOT NULL,
    sha256     text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
)"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: a number that orders it, and what it says."""

    number: int
    name: str
    text: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def available() -> list[Migration]:
    """All migrations that this version brings, in order."""
    folder = files(__package__).joinpath("migrations")
    found = [
        Migration(int(match[1]), match[2], entry.read_text(encoding="utf-8"))
        for entry in folder.iterdir()
        if (match := _FILE.fullmatch(entry.name))
    ]
    return sorted(found, key=lambda migration: migration.number)


async def migrate(database: Database, report: Callable[[Migration], None] = lambda _: None) -> int:
    """Apply what is missing and return how many files that were.

    Raises `ConfigurationError` when an applied file has changed since, or the database is newer than this version.
    """
    async with _turn(database) as connection:
        await connection.execute(_TABLE)
        applied = {
            row["number"]: row for row in await connection.fetch("SELECT number, name, sha256 FROM schema_migrations")
        }
        pending = _pending(available(), applied)
        for migration in pending:
            async with connection.transaction():
                await connection.execute(migration.text, timeout=600)
                await connection.execute(
                    "INSERT INTO schema_migrations (number, name, sha256) VALUES ($1, $2, $3)",
                    migration.number,
                    migration.name,
                    migration.sha256,
                )
            report(migration)
        return len(pending)


async def pending(database: Database) -> list[Migration]:
    """What `migrate` would apply now."""
    async with database.connection() as connection:
        await connection.execute(_TABLE)
        rows = await connection.fetch("SELECT number, name, sha256 FROM schema_migrations")
    return _pending(available(), {row["number"]: row for row in rows})


def _pending(known: list[Migration], applied: dict[int, Any]) -> list[Migration]:
    by_number = {migration.number: migration for migration in known}
    for number, row in applied.items():
        migration = by_number.get(number)
        if migration is None:
            raise ConfigurationError(
                f"The database has migration {number:04} ({row['name']}), which this version does not know: "
                "run the newer livecommerce that made it."
            )
        if migration.sha256 != row["sha256"]:
            raise ConfigurationError(
                f"Migration {number:04} ({row['name']}) has changed since it was applied: "
                "restore the file, or start with an empty database."
            )
    return [migration for migration in known if migration.number not in applied]


@asynccontextmanager
async def _turn(database: Database) -> AsyncIterator[Any]:
    async with database.connection() as connection:
        deadline = asyncio.get_running_loop().time() + _LOCK_WAIT_S
        while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK):
            if asyncio.get_running_loop().time() > deadline:
                raise StorageUnavailable("Another process has been migrating for a minute; try again.")
            await asyncio.sleep(0.1)
        try:
            yield connection
        except asyncpg.InsufficientPrivilegeError as exc:
            raise ConfigurationError(
                f"PostgreSQL does not let the user of DATABASE_URL migrate ({exc}): make it the owner of the database."
            ) from exc
        finally:
            await connection.execute("SELECT pg_advisory_unlock($1)", _LOCK)
