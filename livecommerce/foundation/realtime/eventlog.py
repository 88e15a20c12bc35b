"""The event log of a show: everything that happened in it, in one order, kept for ever.

Events are written in the transaction of the state they tell of. Their `seq` comes from the show's own row, taken as
the last statement before COMMIT, so a lower `seq` is always committed first. After COMMIT one Lua call per scope
puts them into a Redis stream and publishes them (`publishing.py`); when Redis is away the commit stands and the
sweep of any process catches up.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from livecommerce.foundation.core.clock import Clock, StreamClock
from livecommerce.foundation.core.errors import NotFound, StorageUnavailable
from livecommerce.foundation.core.events import Event, Scope
from livecommerce.foundation.core.ids import EventId, ShowId, new_id
from livecommerce.foundation.realtime.publishing import Publisher, stream_key
from livecommerce.foundation.realtime.wire import Envelope
from livecommerce.foundation.storage.postgres import Database, Row, Transaction
from livecommerce.foundation.storage.sql import queries

if TYPE_CHECKING:
    from redis.asyncio import Redis

Q = queries(__package__)

RECOVERY_MAX = 1000
"""Events. A client that missed more gets a snapshot: it is smaller by then."""
MEDIA_TS_AGE_S = 0.5
"""For so long the stream's clock is carried on by ours instead of being asked again."""


class ShowNotFound(NotFound):
    """There is no such show."""

    code = "show_not_found"


@dataclass(frozen=True, slots=True)
class Head:
    """How far a scope of a show has come."""

    epoch: int
    seq: int


class Told:
    """A promise: the event that will stand in the log once the transaction has committed."""

    __slots__ = ("_envelope", "at", "event", "id", "media_ts")

    def __init__(self, event: Event, at: datetime, media_ts: int | None) -> None:
        self.event, self.at, self.media_ts = event, at, media_ts
        self.id = EventId(new_id())
        self._envelope: Envelope | None = None

    @property
    def envelope(self) -> Envelope:
        if self._envelope is None:
            raise RuntimeError("the transaction has not reached its commit")
        return self._envelope

    @property
    def seq(self) -> int:
        return self.envelope.seq or 0


class LogTransaction(Transaction):
    """A transaction that also tells what it did."""

    def __init__(self, tx: Transaction, show_id: ShowId, log: EventLog) -> None:
        super().__init__(tx.connection)
        self._before_commit, self._after_commit = tx._before_commit, tx._after_commit
        self.show_id, self._log = show_id, log
        self._told: list[Told] = []

    def tell(self, event: Event, *, media_ts: int | None = None) -> Told:
        """Append the event when this transaction commits. `media_ts` defaults to where the show's stream is then."""
        if not self._told:
            self.before_commit(self._append)
        told = Told(event, self._log.clock.now(), media_ts)
        self._told.append(told)
        return told

    async def _append(self) -> None:
        await self._log.append(self, self._told)


class EventLog:
    """Writes, reads and publishes the events of shows."""

    def __init__(
        self,
        database: Database,
        redis: Redis,
        clock: Clock,
        stream_clock: StreamClock,
        *,
        publisher: Publisher | None = None,
    ) -> None:
        self.clock = clock
        self._database, self._redis, self._stream_clock = database, redis, stream_clock
        self.publisher = publisher or Publisher(redis)
        self.publisher.read = self._read
        self._media_ts: dict[ShowId, tuple[float, int | None]] = {}

    async def open(self) -> None:
        """Give a database that is not the one we knew (restored, or failed over) a new epoch."""
        await self._database.execute(Q.epoch_identity)

    async def create(self, show_id: ShowId, tx: Transaction) -> None:
        """Begin the log of a new show."""
        await tx.execute(Q.create_log, show_id)

    @asynccontextmanager
    async def transaction(self, show_id: ShowId) -> AsyncIterator[LogTransaction]:
        """Open a transaction that may `tell`."""
        async with self._database.transaction() as tx:
            yield self.join(tx, show_id)

    def join(self, tx: Transaction, show_id: ShowId) -> LogTransaction:
        """Let a transaction that is already open tell of a show."""
        return LogTransaction(tx, show_id, self)

    async def append(self, tx: LogTransaction, told: Sequence[Told]) -> None:
        """Take the next numbers and write the events: the last statement of the transaction."""
        media_ts = await self._stream_ms(tx.show_id)
        counts = dict.fromkeys(Scope, 0)
        columns: list[tuple[object, ...]] = []
        for one in told:
            scope, event = one.event.scope, one.event
            counts[scope] += 1
            one.media_ts = media_ts if one.media_ts is None else one.media_ts
            data = msgspec.json.encode(event).decode()
            columns.append((scope, counts[scope], one.id, event.type, event.version, data, one.media_ts, one.at))
        public, staff = counts[Scope.PUBLIC], counts[Scope.STAFF]
        head = await tx.fetchrow(Q.append, tx.show_id, public, staff, *map(list, zip(*columns, strict=True)))
        if head is None:
            raise ShowNotFound()
        base = {Scope.PUBLIC: head["public_seq"] - public, Scope.STAFF: head["staff_seq"] - staff}
        for one, column in zip(told, columns, strict=True):
            one._envelope = _told_envelope(one, str(column[5]), tx.show_id, head["epoch"], base)
        tx.after_commit(lambda: self._publish(tx.show_id, told))

    async def _publish(self, show_id: ShowId, told: Sequence[Told]) -> None:
        for scope in Scope:
            if envelopes := [one.envelope for one in told if one.event.scope is scope]:
                await self.publisher.publish(show_id, scope, envelopes)

    async def head(self, show_id: ShowId, scope: Scope) -> Head:
        """How far the log has come; `ShowNotFound` for a show without one."""
        row = await self._database.fetchrow(Q.head, show_id)
        if row is None:
            raise ShowNotFound()
        return Head(row["epoch"], row[f"{scope}_seq"])

    async def since(self, show_id: ShowId, scope: Scope, epoch: int, seq: int) -> list[Envelope] | None:
        """The events after `seq`, in order and without a gap; None when they are too many or of another epoch."""
        try:
            head = await self.head(show_id, scope)
        except StorageUnavailable:
            return await self._from_stream(show_id, scope, epoch, seq)
        if head.epoch != epoch or not head.seq - RECOVERY_MAX <= seq <= head.seq:
            return None
        recent = await self._from_stream(show_id, scope, epoch, seq) or []
        if len(recent) >= head.seq - seq:
            return recent
        return await self._read(show_id, scope, seq, RECOVERY_MAX)

    async def _from_stream(self, show_id: ShowId, scope: Scope, epoch: int, seq: int) -> list[Envelope] | None:
        """What Redis still has, only when it surely joins on to `seq`."""
        try:
            entries = await self.publisher.entries(stream_key(show_id, scope, epoch), seq + 1)
        except StorageUnavailable:
            return None
        if not entries or entries[0].seq != seq + 1 or len(entries) > RECOVERY_MAX:
            return None
        return entries

    async def _read(self, show_id: ShowId, scope: Scope, after: int, limit: int) -> list[Envelope]:
        rows = await self._database.fetch(Q.events_after, show_id, scope, after, limit)
        return [_row_envelope(row, show_id, scope) for row in rows]

    async def touched(self, within_s: float) -> list[Row]:
        """Heads of the shows in which something happened lately."""
        return await self._database.fetch(Q.heads_touched_since, within_s)

    async def rotate_epoch(self, epoch: int) -> None:
        """Begin a new epoch, unless somebody did already."""
        await self._database.execute(Q.rotate_epoch, epoch)

    async def _stream_ms(self, show_id: ShowId) -> int | None:
        now = time.monotonic()
        asked_at, media_ts = self._media_ts.get(show_id, (-1.0, None))
        if now - asked_at > MEDIA_TS_AGE_S:
            asked_at, media_ts = now, await self._stream_clock.media_ts(show_id)
            if len(self._media_ts) >= 1000:
                self._media_ts.clear()
            self._media_ts[show_id] = asked_at, media_ts
        return None if media_ts is None else media_ts + int((now - asked_at) * 1000)


def timestamp(at: datetime) -> str:
    """RFC 3339 with milliseconds, as all our times are written."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _told_envelope(one: Told, data: str, show_id: ShowId, epoch: int, base: dict[Scope, int]) -> Envelope:
    base[one.event.scope] += 1
    return Envelope(
        id=one.id,
        type=one.event.type,
        version=one.event.version,
        timestamp=timestamp(one.at),
        show_id=show_id,
        scope=one.event.scope,
        epoch=epoch,
        seq=base[one.event.scope],
        media_ts=one.media_ts,
        data=msgspec.json.decode(data),
    )


def _row_envelope(row: Row, show_id: ShowId, scope: Scope) -> Envelope:
    return Envelope(
        id=row["id"],
        type=row["type"],
        version=row["version"],
        timestamp=timestamp(row["at"]),
        show_id=show_id,
        scope=scope,
        epoch=row["epoch"],
        seq=row["seq"],
        media_ts=row["media_ts"],
        data=msgspec.json.decode(row["data"]),
    )
