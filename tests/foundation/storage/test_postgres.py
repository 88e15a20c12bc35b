"""PostgreSQL's refusals, in our words: what it cannot keep is the caller's mistake, what it forbids the operator's."""

from __future__ import annotations

import secrets

import asyncpg
import pytest

from livecommerce.foundation.core.errors import ConfigurationError, Invalid, StorageUnavailable
from livecommerce.foundation.storage.migrations import migrate
from livecommerce.foundation.storage.postgres import Database


async def test_a_nul_in_a_text_is_invalid_and_the_connection_lives_on(database: Database) -> None:
    with pytest.raises(Invalid):
        await database.fetchval("SELECT $1::text", "a\0b")
    with pytest.raises(Invalid):
        async with database.transaction() as tx:
            await tx.execute("SELECT $1::text", "\0")

    assert await database.fetchval("SELECT $1::text", "ab") == "ab"


async def _fail_inside(database: Database, *, is_broken: bool) -> None:
    async with database.connection() as connection:
        if is_broken:
            connection.terminate()
        raise asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress")


async def test_a_connection_that_broke_in_a_query_is_an_outage_and_a_sound_one_is_not(database: Database) -> None:
    with pytest.raises(StorageUnavailable):
        await _fail_inside(database, is_broken=True)
    with pytest.raises(asyncpg.InternalClientError):
        await _fail_inside(database, is_broken=False)

    assert await database.fetchval("SELECT 1") == 1


async def test_who_may_not_make_tables_is_told_so(database: Database, database_url: str) -> None:
    role = f"visitor_{secrets.token_hex(4)}"
    await database.execute(f"CREATE ROLE {role}")
    try:
        async with Database(f"{database_url}{'&' if '?' in database_url else '?'}role={role}", max_size=1) as visiting:
            with pytest.raises(ConfigurationError, match="does not let the user"):
                await migrate(visiting)
    finally:
        await database.execute(f"DROP ROLE {role}")
