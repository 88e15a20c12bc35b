"""The ledger: pools and holds in PostgreSQL, the only truth about what is promised and sold."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import asyncpg

from livecommerce.foundation.core.errors import Conflict, Invalid, StorageUnavailable
from livecommerce.foundation.core.ids import HoldId, PersonId, PoolId, ShowId, VariantId, is_uuid
from livecommerce.foundation.core.money import Money
from livecommerce.foundation.storage.postgres import Database, Row, Transaction
from livecommerce.foundation.storage.sql import queries
from livecommerce.stock.model import Ask, Closing, Decision, Hold, HoldState, Pool, PoolKind

Q = queries(__package__)

BATCH_TIMEOUT_S = 2.0
"""One try of a batch. Afterwards its outcome is unknown, and the same batch is run again."""


class BatchRefused(Exception):
    """PostgreSQL refuses this batch as it is; running it again unchanged would not help."""


class NoSuchPool(Exception):
    """The pool does not exist."""


class Ledger:
    """Reads and writes pools, holds and the journal."""

    def __init__(self, database: Database, *, open_holds_max: int = 20) -> None:
        self._database, self._open_holds_max = database, open_holds_max

    async def hold_batch(self, pool_id: PoolId, asks: Sequence[Ask]) -> list[Decision]:
        """Decide the clicks in order, in one transaction; answer once it is durable.

        `StorageUnavailable` leaves the outcome unknown: run the same batch again until it is definite.
        """
        try:
            async with asyncio.timeout(BATCH_TIMEOUT_S):
                rows = await self._database.fetch(Q.hold_batch, pool_id, *_columns(asks), self._open_holds_max)
        except TimeoutError as exc:
            raise StorageUnavailable(retry_after_ms=1000) from exc
        except (asyncpg.PostgresError, Invalid) as exc:
            raise BatchRefused(str(exc)) from exc
        if len(rows) != len(asks):
            raise NoSuchPool(pool_id)
        return [_decision(row) for row in rows]

    async def hold_in(self, tx: Transaction, pool_id: PoolId, ask: Ask) -> Decision:
        """Decide one ask inside a transaction that has locked the pool."""
        row = await tx.fetchrow(Q.hold_batch, pool_id, *_columns([ask]), self._open_holds_max)
        if row is None:
            raise NoSuchPool(pool_id)
        return _decision(row)

    async def levels(self, pool_ids: Collection[PoolId]) -> list[Pool]:
        """What these pools have now. Unknown ones are left out."""
        rows = await self._database.fetch(Q.levels, _uuids(pool_ids))
        return [_pool(row) for row in rows]

    async def levels_in(self, tx: Transaction, pool_ids: Collection[PoolId]) -> list[Pool]:
        """The same inside a transaction."""
        return [_pool(row) for row in await tx.fetch(Q.levels, list(pool_ids))]

    async def versions(self) -> dict[PoolId, int]:
        """Every pool with its version: how the audit finds what changed."""
        return {row["id"]: row["ver"] for row in await self._database.fetch(Q.versions)}

    async def lock_pools(self, tx: Transaction, pool_ids: Collection[PoolId]) -> dict[PoolId, int]:
        """Lock pools in order of id; what each has available."""
        return {row["id"]: row["available"] for row in await tx.fetch(Q.lock_pools, list(pool_ids))}

    async def insert_pool(
        self,
        tx: Transaction,
        pool_id: PoolId,
        kind: PoolKind,
        variant_id: VariantId,
        *,
        show_id: ShowId | None,
        total: int,
        limit_per_buyer: int | None,
        starts_at: datetime | None,
        ends_at: datetime | None,
        hold_s: int,
    ) -> None:
        """Add a pool. Its units are journalled by the caller, who knows where they come from."""
        args = (pool_id, kind.value, variant_id, show_id, total, limit_per_buyer, starts_at, ends_at, hold_s)
        try:
            await tx.execute(Q.insert_pool, *args)
        except asyncpg.UniqueViolationError as exc:
            raise Conflict("There is a pool by this id already.") from exc

    async def journal(
        self,
        tx: Transaction,
        pool_id: PoolId,
        kind: str,
        units: int,
        *,
        reason: str | None = None,
        actor: PersonId | None = None,
        ref: str | None = None,
    ) -> None:
        """Write down a change of a pool's total."""
        await tx.execute(Q.journal, pool_id, kind, units, reason, actor, ref)

    async def add_total(self, tx: Transaction, pool_id: PoolId, units: int) -> None:
        """Change a locked pool's total by `units` (negative: fewer)."""
        await tx.execute(Q.add_total, pool_id, units)

    async def set_terms(self, tx: Transaction, pool_id: PoolId, limit_per_buyer: int | None, hold_s: int) -> None:
        """Change what a pool allows its buyers."""
        await tx.execute(Q.set_terms, pool_id, limit_per_buyer, hold_s)

    async def set_waiting(self, tx: Transaction, pool_id: PoolId, units: int) -> None:
        """Keep units of a locked pool for the people in its line."""
        await tx.execute(Q.set_waiting, pool_id, units)

    async def offer(self, tx: Transaction, pool_id: PoolId, ask: Ask, hold_s: int) -> int:
        """Hold units of a locked pool for whose turn it is; how many: as many as are free and allowed, or 0."""
        promised = (ask.quantity, ask.price.minor, ask.price.currency)
        args = (pool_id, ask.hold_id, ask.show_id, ask.buyer, *promised, hold_s, self._open_holds_max)
        return int(await tx.fetchval(Q.offer, *args))

    async def set_paused(self, tx: Transaction, pool_id: PoolId, by: str | None) -> None:
        """Pause a pool, or (None) let it go on."""
        await tx.execute(Q.set_paused, pool_id, by)

    async def give_back(self, tx: Transaction, pool_id: PoolId) -> None:
        """End a flash sale's pool whose pair of pools is locked: free units flow back, now and later."""
        await tx.execute(Q.give_back, pool_id)
        await tx.execute(Q.flow_back, [pool_id])

    async def holds(self, hold_ids: Collection[HoldId]) -> list[Hold]:
        """Holds by id, in order of id; unknown ones and refusals are left out."""
        return [_hold(row) for row in await self._database.fetch(Q.holds, _uuids(hold_ids))]

    async def open_holds(self, buyer: PersonId, limit: int) -> list[Hold]:
        """What a buyer holds and has not paid, newest first."""
        return [_hold(row) for row in await self._database.fetch(Q.open_holds, buyer, limit)]

    async def lock_holds(self, tx: Transaction, hold_ids: Collection[HoldId]) -> list[Hold]:
        """Lock holds in order of id: the first lock of everything that closes them."""
        return [_hold(row) for row in await tx.fetch(Q.lock_holds, _uuids(hold_ids))]

    async def pay(self, tx: Transaction, hold_ids: Sequence[HoldId]) -> None:
        """Turn locked holds to `paying`: from now on the clock does not end them."""
        await tx.execute(Q.pay_holds, hold_ids)

    async def close(
        self,
        tx: Transaction,
        hold_ids: Sequence[HoldId],
        closing: Closing,
        *,
        actor: PersonId | None = None,
        ref: str | None = None,
    ) -> list[Pool]:
        """Close locked holds that may end this way; the pools that changed."""
        return [_pool(row) for row in await tx.fetch(Q.close_holds, hold_ids, closing.value, actor, ref)]

    async def return_units(
        self, tx: Transaction, units: Mapping[HoldId, int], *, actor: PersonId, ref: str
    ) -> list[Pool]:
        """Return units of locked sold holds; the pools that changed."""
        args = (list(units), list(units.values()), actor, ref)
        return [_pool(row) for row in await tx.fetch(Q.return_units, *args)]

    async def due(self, tx: Transaction, limit: int) -> list[Hold]:
        """Lock holds whose time is over, leaving out what somebody else is closing."""
        return [_hold(row) for row in await tx.fetch(Q.due_holds, limit)]

    async def heartbeat_gap_s(self, tx: Transaction) -> float | None:
        """Lock the heartbeat and say how long ago it beat; None while another process sweeps."""
        await tx.execute(Q.first_heartbeat)
        row = await tx.fetchrow(Q.lock_heartbeat)
        return None if row is None else float(row["gap_s"])

    async def beat(self, tx: Transaction) -> None:
        """Say that holds can be paid now."""
        await tx.execute(Q.beat)

    async def extend(self, tx: Transaction, seconds: float) -> int:
        """Give every hold the time back that an outage took; how many holds."""
        return int((await tx.execute(Q.extend_holds, seconds)).rpartition(" ")[2])

    async def extend_once(self, tx: Transaction, hold: Hold) -> Hold | None:
        """Give a locked hold its pool's time once more; None when its time was over before the lock was had."""
        row = await tx.fetchrow(Q.extend_hold, hold.id)
        if row is None:
            return None
        return replace(hold, expires_at=row["expires_at"], expires_in_ms=max(0, row["expires_in_ms"]), extended=True)

    async def warn(self, within_s: float, limit: int) -> list[tuple[HoldId, PersonId, int]]:
        """Mark holds that end soon as warned: (hold, buyer, milliseconds left), each only once."""
        rows = await self._database.fetch(Q.warn_holds, within_s, limit)
        return [(row["id"], row["buyer"], row["expires_in_ms"]) for row in rows]

    async def decided(self, hold_ids: Collection[HoldId]) -> set[HoldId]:
        """Which of these holds exist."""
        return {row["id"] for row in await self._database.fetch(Q.decided, list(hold_ids))}

    async def gate_contents(self, tx: Transaction, pool_id: PoolId) -> tuple[Pool, list[tuple[str, int]]] | None:
        """A pool and its buyers' units, to build a gate from; None while another process builds it."""
        if not await tx.fetchval(Q.rebuild_lock, pool_id):
            return None
        rows = await tx.fetch(Q.levels, [pool_id])
        buyers = [(f"{row['show_id']}:{row['buyer']}", row["qty"]) for row in await tx.fetch(Q.buyers, pool_id)]
        return (_pool(rows[0]), buyers) if rows else None

    async def open_in_show(self, show_id: ShowId) -> int:
        """How many holds of a show are not yet paid."""
        row = await self._database.fetchrow(Q.open_units, show_id)
        return int(row["holds"]) if row else 0

    async def audit(self, pool_ids: Collection[PoolId]) -> dict[PoolId, list[str]]:
        """Invariants I1–I5 and I10 in one snapshot: what is broken, by pool."""
        rows = await self._database.fetch(Q.audit, list(pool_ids))
        return {row["id"]: list(row["broken"]) for row in rows if row["broken"]}


def _uuids(texts: Collection[str]) -> list[str]:
    return [text for text in texts if is_uuid(text)]


def _columns(asks: Sequence[Ask]) -> tuple[list[Any], ...]:
    return (
        [a.hold_id for a in asks],
        [a.show_id for a in asks],
        [a.buyer for a in asks],
        [a.key for a in asks],
        [a.quantity for a in asks],
        [a.price.minor for a in asks],
        [a.price.currency for a in asks],
    )


def _decision(row: Row) -> Decision:
    return Decision(
        hold_id=row["o_id"],
        state=HoldState(row["o_state"]),
        reason=row["o_reason"],
        price=Money(row["o_minor"], row["o_currency"]),
        expires_at=row["o_expires_at"],
        expires_in_ms=max(0, row["o_expires_in_ms"] or 0),
        extended=row["o_extended"],
        available=row["o_available"],
        version=row["o_ver"],
    )


def _pool(row: Row) -> Pool:
    return Pool(
        id=row["id"],
        kind=PoolKind(row["kind"]),
        variant_id=row["variant_id"],
        show_id=row["show_id"],
        total=row["total"],
        held=row["held"],
        sold=row["sold"],
        limit_per_buyer=row["limit_per_buyer"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        is_paused=row["is_paused"],
        version=row["ver"],
        waiting=row["waiting"],
    )


def _hold(row: Row) -> Hold:
    return Hold(
        id=row["id"],
        pool_id=row["pool_id"],
        kind=PoolKind(row["kind"]),
        variant_id=row["variant_id"],
        show_id=row["show_id"],
        buyer=row["buyer"],
        quantity=row["qty"],
        price=Money(row["price_minor"], row["currency"]),
        state=HoldState(row["state"]),
        expires_at=row["expires_at"],
        expires_in_ms=max(0, row["expires_in_ms"]),
        extended=row["extended"],
    )
