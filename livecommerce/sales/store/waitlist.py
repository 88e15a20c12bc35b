"""Lines in PostgreSQL. Whoever changes a line has locked its pool, which orders them all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from livecommerce.foundation.core.errors import NotFound
from livecommerce.foundation.core.ids import EntryId, HoldId, PersonId, PoolId, ShowId, is_uuid
from livecommerce.foundation.storage.postgres import Database, Row, Transaction
from livecommerce.foundation.storage.sql import queries
from livecommerce.sales.model import WaitlistEntry, WaitState

Q = queries(__package__)


@dataclass(frozen=True, slots=True)
class Line:
    """How many people wait at a pool, and for how many units together."""

    people: int
    units: int


class WaitlistStore:
    """Reads and writes who waits for what."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def now(self, tx: Transaction) -> datetime:
        """The time by PostgreSQL."""
        now: datetime = await tx.fetchval(Q.now)
        return now

    async def add(self, tx: Transaction, entry: WaitlistEntry) -> None:
        """Put somebody at the end of a line."""
        await tx.execute(Q.join_line, entry.id, entry.pool_id, entry.show_id, entry.buyer, entry.quantity)

    async def get(self, entry_id: EntryId) -> WaitlistEntry:
        """One entry; `NotFound` when there is none."""
        row = await self._database.fetchrow(Q.entry, entry_id) if is_uuid(entry_id) else None
        if row is None:
            raise NotFound()
        return _entry(row)

    async def waiting_of(
        self, tx: Transaction, pool_id: PoolId, show_id: ShowId, buyer: PersonId
    ) -> WaitlistEntry | None:
        """Where somebody already stands in a line."""
        return _maybe(await tx.fetchrow(Q.waiting_of, pool_id, show_id, buyer))

    async def line(self, tx: Transaction, pool_id: PoolId) -> Line:
        """How long a line is."""
        row = await tx.fetchrow(Q.line, pool_id)
        return Line(row["people"], row["units"]) if row else Line(0, 0)

    async def first(self, tx: Transaction, pool_id: PoolId) -> WaitlistEntry | None:
        """Whose turn it is."""
        return _maybe(await tx.fetchrow(Q.first_in_line, pool_id))

    async def of_buyer(self, buyer: PersonId, limit: int) -> list[tuple[WaitlistEntry, int]]:
        """What somebody waits for or was offered, newest first, with their place in the line."""
        return [(_entry(row), row["position"]) for row in await self._database.fetch(Q.entries_of, buyer, limit)]

    async def lines(self) -> list[tuple[PoolId, ShowId]]:
        """Every pool at which somebody waits, with the show they wait in."""
        return [(row["pool_id"], row["show_id"]) for row in await self._database.fetch(Q.lines)]

    async def offered(self, tx: Transaction, entry_id: EntryId, hold_id: HoldId) -> None:
        """Somebody's turn has come."""
        await tx.execute(Q.offered, entry_id, hold_id)

    async def close(self, tx: Transaction, entry_id: EntryId, state: WaitState) -> bool:
        """Take somebody out of a line; False when they no longer wait."""
        return (await tx.execute(Q.close_entry, entry_id, state.value)).endswith(" 1")

    async def end(self, tx: Transaction, pool_id: PoolId, show_id: ShowId | None = None) -> None:
        """Send everybody home, or everybody of one show."""
        await tx.execute(Q.end_line, pool_id, show_id)


def _maybe(row: Row | None) -> WaitlistEntry | None:
    return None if row is None else _entry(row)


def _entry(row: Row) -> WaitlistEntry:
    return WaitlistEntry(
        id=row["id"],
        pool_id=row["pool_id"],
        show_id=row["show_id"],
        buyer=row["buyer"],
        quantity=row["qty"],
        state=WaitState(row["state"]),
        hold_id=row["hold_id"],
        joined_at=row["joined_at"],
    )
