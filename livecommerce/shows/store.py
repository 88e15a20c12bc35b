"""Rows of shows with their lineup and pins. A show is read and written as a whole."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from livecommerce.foundation.core.errors import Invalid
from livecommerce.foundation.core.ids import PersonId, ProductId, ShowId, is_uuid
from livecommerce.foundation.realtime.eventlog import ShowNotFound
from livecommerce.foundation.storage.postgres import Database, Row, Transaction
from livecommerce.foundation.storage.sql import queries
from livecommerce.shows.model import ChatMode, PauseReason, Pin, Show, ShowKind, ShowStatus, Visibility

Q = queries(__package__)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of the list ended."""

    rank: int
    sort: int
    id: str

    def cursor(self) -> str:
        return base64.urlsafe_b64encode(f"{self.rank}:{self.sort}:{self.id}".encode()).decode()

    @classmethod
    def read(cls, cursor: str) -> Place:
        """Read a cursor of ours; `Invalid` for any other text."""
        try:
            rank, sort, show_id = base64.b64decode(cursor, altchars=b"-_", validate=True).decode("ascii").split(":")
            place = cls(int(rank), int(sort), show_id)
        except (binascii.Error, ValueError) as exc:
            raise Invalid("This cursor is not one of ours.", field="cursor") from exc
        if not is_uuid(show_id) or not 0 <= place.rank <= 2 or abs(place.sort) >= 1 << 62:
            raise Invalid("This cursor is not one of ours.", field="cursor")
        return place


class ShowStore:
    """Shows in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, tx: Transaction, show: Show, at: datetime) -> None:
        await tx.execute(Q.add_show, *_values(show), at)

    async def many(self, shows: Collection[ShowId], tx: Transaction | None = None) -> dict[ShowId, Show]:
        """Those of the shows that exist."""
        wanted = [show_id for show_id in shows if is_uuid(show_id)]
        rows = await (tx or self._database).fetch(Q.shows, wanted)
        return {ShowId(row["id"]): _show(row) for row in rows}

    async def get(self, show_id: ShowId, tx: Transaction | None = None) -> Show:
        """The show, or `ShowNotFound`."""
        found = await self.many([show_id], tx)
        if show_id not in found:
            raise ShowNotFound()
        return found[show_id]

    async def lock(self, show_id: ShowId, tx: Transaction) -> Show:
        """The show, and nobody else changes it until the transaction ends."""
        if not is_uuid(show_id) or await tx.fetchval(Q.lock_show, show_id) is None:
            raise ShowNotFound()
        return await self.get(show_id, tx)

    async def save(self, tx: Transaction, old: Show, new: Show) -> None:
        """Write a show that `tx` has locked."""
        await tx.execute(Q.save_show, *_values(new))
        if old.pins != new.pins:
            await tx.execute(Q.clear_pins, new.id)
        if old.lineup != new.lineup:
            await tx.execute(Q.clear_lineup, new.id, list(new.lineup))
            await tx.execute(Q.put_lineup, new.id, list(new.lineup))
        if old.pins != new.pins and new.pins:
            ids, media = [pin.product_id for pin in new.pins], [pin.media_ts for pin in new.pins]
            await tx.execute(Q.put_pins, new.id, ids, media, [pin.pinned_at for pin in new.pins])

    async def page(
        self,
        statuses: Sequence[ShowStatus],
        *,
        sees_all: bool,
        invited_to: Collection[ShowId],
        after: Place | None,
        limit: int,
    ) -> list[Place]:
        """The shows that somebody may find, in the order of a lobby."""
        here = (after.rank, after.sort, after.id) if after else (None, None, None)
        invited = [show_id for show_id in invited_to if is_uuid(show_id)]
        rows = await self._database.fetch(Q.page, list(statuses), sees_all, invited, *here, limit)
        return [Place(row["rank"], row["sort"], row["id"]) for row in rows]

    async def showing(self, product_id: ProductId, tx: Transaction | None = None) -> list[ShowId]:
        """Shows, not yet over, whose lineup has the product; in order of id, for whoever locks them."""
        rows = await (tx or self._database).fetch(Q.showing_product, product_id)
        return [ShowId(row["id"]) for row in rows]

    async def ended_among(self, shows: Collection[ShowId]) -> set[ShowId]:
        rows = await self._database.fetch(Q.ended_among, [show_id for show_id in shows if is_uuid(show_id)])
        return {ShowId(row["id"]) for row in rows}


def _values(show: Show) -> tuple[object, ...]:
    return (
        show.id,
        show.title,
        show.description,
        show.status,
        show.kind,
        show.visibility,
        show.host_id,
        show.starts_at,
        show.started_at,
        show.paused_at,
        show.ended_at,
        show.pause_reason,
        show.poster_key,
        show.chat_mode.slow_s,
        show.chat_mode.hold_all,
        show.chat_mode.closed,
        show.version,
    )


def _show(row: Row) -> Show:
    pins = zip(row["pin_ids"], row["pin_times"], row["pin_media"], strict=True)
    return Show(
        id=ShowId(row["id"]),
        title=row["title"],
        host_id=PersonId(row["host_id"]),
        starts_at=row["starts_at"],
        description=row["description"],
        status=ShowStatus(row["status"]),
        kind=ShowKind(row["kind"]),
        visibility=Visibility(row["visibility"]),
        started_at=row["started_at"],
        paused_at=row["paused_at"],
        ended_at=row["ended_at"],
        pause_reason=PauseReason(row["pause_reason"]) if row["pause_reason"] else None,
        poster_key=row["poster_key"],
        lineup=tuple(ProductId(product_id) for product_id in row["lineup"]),
        pins=tuple(Pin(ProductId(product_id), at, media_ts) for product_id, at, media_ts in pins),
        chat_mode=ChatMode(row["slow_s"], row["hold_all"], row["is_closed"]),
        version=row["version"],
    )
