"""What PostgreSQL cannot keep is the caller's mistake, wherever it got through."""

from __future__ import annotations

import pytest

from livecommerce.foundation.core.errors import Invalid
from livecommerce.foundation.storage.postgres import Database


async def test_a_nul_in_a_text_is_invalid_and_the_connection_lives_on(database: Database) -> None:
    with pytest.raises(Invalid):
        await database.fetchval("SELECT $1::text", "a\0b")
    with pytest.raises(Invalid):
        async with database.transaction() as tx:
            await tx.execute("SELECT $1::text", "\0")

    assert await database.fetchval("SELECT $1::text", "ab") == "ab"
