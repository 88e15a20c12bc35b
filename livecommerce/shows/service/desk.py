"""What every use of a show needs: one transaction that loads, changes, saves, tells and records."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from livecommerce.catalog.pictures import Pictures
from livecommerce.catalog.service import CatalogService
from livecommerce.foundation.core.actors import Actor, Permission, require
from livecommerce.foundation.core.clock import Clock, StreamClock
from livecommerce.foundation.core.ids import ShowId
from livecommerce.foundation.realtime.bus import Bus
from livecommerce.foundation.realtime.eventlog import EventLog, LogTransaction, ShowNotFound
from livecommerce.foundation.storage.postgres import Database, Transaction
from livecommerce.identity.service import AuditTrail, Grants, People
from livecommerce.shows.model import Show
from livecommerce.shows.store import ShowStore
from livecommerce.shows.views import ShowView


@dataclass(slots=True)
class Change:
    """A show under change: `new` is written and the caller's events are told when the block ends."""

    tx: LogTransaction
    old: Show
    new: Show

    @property
    def is_any(self) -> bool:
        """Whether the rule changed anything; a second click does not."""
        return self.new != self.old


class ShowDesk:
    """Loads, checks, changes, saves: the part that all uses share."""

    def __init__(
        self,
        database: Database,
        store: ShowStore,
        *,
        log: EventLog,
        bus: Bus,
        people: People,
        grants: Grants,
        audit: AuditTrail,
        catalog: CatalogService,
        pictures: Pictures,
        clock: Clock,
        stream_clock: StreamClock,
        shop_name: str,
    ) -> None:
        self._database, self._store, self._log, self._bus = database, store, log, bus
        self._people, self._grants, self._audit = people, grants, audit
        self._catalog, self._pictures = catalog, pictures
        self._clock, self._stream_clock, self._shop_name = clock, stream_clock, shop_name

    async def get(self, show_id: ShowId, tx: Transaction | None = None) -> Show:
        """The show, whoever asks; `ShowNotFound` when there is none."""
        return await self._store.get(show_id, tx)

    async def watchable(self, actor: Actor | None, show_id: ShowId) -> Show:
        """The show, for somebody who may know of it; the same `ShowNotFound` as for one that does not exist."""
        show = await self._store.get(show_id)
        if not show.may_be_watched_by(actor):
            raise ShowNotFound()
        return show

    async def views(self, shows: Sequence[Show], tx: Transaction | None = None) -> list[ShowView]:
        """Shows as everybody sees them."""
        names = await self._people.names({show.host_id for show in shows}, tx)
        return [ShowView.of(show, host_name=names.get(show.host_id, ""), shop_name=self._shop_name) for show in shows]

    async def view(self, show: Show, tx: Transaction | None = None) -> ShowView:
        return (await self.views([show], tx))[0]

    @asynccontextmanager
    async def _changing(
        self, actor: Actor, show_id: ShowId, permission: Permission, rule: Callable[[Show], Show]
    ) -> AsyncIterator[Change]:
        """Permission → load → rule → (the caller tells) → save, in one transaction."""
        async with self._log.transaction(show_id) as tx:
            show = await self._store.lock(show_id, tx)
            self._require(actor, permission, show)
            change = Change(tx, show, rule(show))
            yield change
            if change.is_any:
                await self._store.save(tx, show, change.new)

    def _require(self, actor: Actor, permission: Permission, show: Show) -> None:
        """`Forbidden`; but for who may not even know of the show, there is none."""
        if not show.may_be_watched_by(actor):
            raise ShowNotFound()
        require(actor, permission, show.id)

    async def _record(self, tx: Transaction, actor: Actor, action: str, show: Show, **detail: Any) -> None:
        await self._audit.record(
            tx, actor, action, show_id=show.id, subject_kind="show", subject_id=show.id,
            detail={"text": show.title, **detail},
        )  # fmt: skip
