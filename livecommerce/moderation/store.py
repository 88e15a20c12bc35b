"""Rows of sanctions."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractAsyncContextManager
from datetime import datetime

import asyncpg

from livecommerce.foundation.core.errors import Conflict
from livecommerce.foundation.core.ids import PersonId, SanctionId, ShowId, is_uuid
from livecommerce.foundation.realtime.eventlog import ShowNotFound
from livecommerce.foundation.storage.postgres import Database, Row, Transaction
from livecommerce.foundation.storage.sql import queries
from livecommerce.moderation.model import Sanction, SanctionKind, SanctionNotFound

Q = queries(__package__)

PAGE = 200


class SanctionStore:
    """Sanctions in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """For a use case that learns from the row which show it is about."""
        return self._database.transaction()

    async def one_at_a_time(self, tx: Transaction, show_id: ShowId) -> None:
        """Let moderators change the show's chat mode one after another, so that they do not undo each other."""
        await tx.execute(Q.one_at_a_time, show_id)

    async def add(self, tx: Transaction, sanction: Sanction) -> None:
        """Put a sanction in force in place of the earlier one of its kind."""
        s = sanction
        await tx.execute(Q.replace_sanction, s.show_id, s.viewer_id, s.kind, s.at)
        try:
            who = (s.viewer_id, s.viewer_name, s.kind, s.reason, s.until, s.at, s.by_id, s.by_name)
            await tx.execute(Q.add_sanction, s.id, s.show_id, *who)
        except asyncpg.ForeignKeyViolationError as exc:
            raise ShowNotFound() from exc
        except asyncpg.UniqueViolationError as exc:
            raise Conflict("Somebody else did the same just now.") from exc

    async def lock(self, sanction_id: SanctionId, tx: Transaction) -> Sanction:
        row = await tx.fetchrow(Q.lock_sanction, sanction_id) if is_uuid(sanction_id) else None
        if row is None:
            raise SanctionNotFound()
        return _sanction(row)

    async def lift(self, tx: Transaction, sanction_id: SanctionId, at: datetime) -> None:
        await tx.execute(Q.lift_sanction, sanction_id, at)

    async def of_show(self, show_id: ShowId, now: datetime) -> list[Sanction]:
        """In force now, the newest first."""
        return [_sanction(row) for row in await self._database.fetch(Q.sanctions_of_show, show_id, now, PAGE)]

    async def of_people(
        self, show_id: ShowId, people: Collection[PersonId], now: datetime, tx: Transaction | None = None
    ) -> list[Sanction]:
        """In force now for any of these people."""
        rows = await (tx or self._database).fetch(Q.sanctions_of_people, show_id, list(people), now)
        return [_sanction(row) for row in rows]


def _sanction(row: Row) -> Sanction:
    return Sanction(
        id=row["id"],
        show_id=row["show_id"],
        viewer_id=row["viewer_id"],
        viewer_name=row["viewer_name"],
        kind=SanctionKind(row["kind"]),
        reason=row["reason"],
        until=row["until"],
        at=row["at"],
        by_id=row["by_id"],
        by_name=row["by_name"],
    )
