"""The schedule: planning shows, describing them, finding them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from livecommerce.foundation.core.actors import (
    HOST_SHOW_PERMISSIONS,
    Actor,
    ActorKind,
    Permission,
    Role,
    require,
)
from livecommerce.foundation.core.ids import ShowId, new_id
from livecommerce.foundation.core.text import clean_line, clean_text
from livecommerce.foundation.realtime.eventlog import LogTransaction
from livecommerce.shows.events import ShowChanged
from livecommerce.shows.model import (
    MAX_DESCRIPTION,
    MAX_TITLE,
    ChatMode,
    Show,
    ShowKind,
    ShowStatus,
    Visibility,
    check_start,
)
from livecommerce.shows.service.desk import ShowDesk
from livecommerce.shows.store import Place
from livecommerce.shows.views import ShowView

MAX_PAGE = 100


@dataclass(frozen=True, slots=True)
class Edit:
    """What changes about a show; None leaves as is."""

    title: str | None = None
    description: str | None = None
    starts_at: datetime | None = None
    visibility: Visibility | None = None

    def rule(self, now: datetime) -> Callable[[Show], Show]:
        """The change, with its words cleaned and its time checked."""
        changes: dict[str, Any] = {"visibility": self.visibility}
        if self.title is not None:
            changes["title"] = clean_line(self.title, field="title", limit=MAX_TITLE)
        if self.description is not None:
            changes["description"] = clean_text(self.description, field="description", limit=MAX_DESCRIPTION)
        if self.starts_at is not None:
            changes["starts_at"] = check_start(self.starts_at, now)
        given = {name: value for name, value in changes.items() if value is not None}
        return lambda show: show.edited(**given)


class Schedule(ShowDesk):
    """Plans shows and lists them."""

    async def create(
        self,
        actor: Actor,
        *,
        title: str,
        starts_at: datetime,
        description: str = "",
        visibility: Visibility | None = None,
        kind: ShowKind = ShowKind.SHOW,
    ) -> ShowView:
        """Plan a show; whoever does is its host. A rehearsal is private unless said otherwise."""
        require(actor, Permission.SHOW_CREATE)
        default = Visibility.PRIVATE if kind is ShowKind.REHEARSAL else Visibility.PUBLIC
        now = self._clock.now()
        show = Show(
            id=ShowId(new_id()),
            title=clean_line(title, field="title", limit=MAX_TITLE),
            host_id=actor.id,
            starts_at=check_start(starts_at, now),
            description=clean_text(description, field="description", limit=MAX_DESCRIPTION),
            kind=kind,
            visibility=visibility or default,
        )
        async with self._database.transaction() as tx:
            await self._store.add(tx, show, now)
            await self._log.create(show.id, tx)
            await self._grants.host(tx, show.id, actor.id, HOST_SHOW_PERMISSIONS)
            host = replace(actor, grants={**actor.grants, show.id: HOST_SHOW_PERMISSIONS})
            await self._record(tx, host, "show.create", show, kind=kind)
            return await self.view(show, tx)

    async def edit(self, actor: Actor, show_id: ShowId, edit: Edit) -> ShowView:
        """Change words, time or visibility; the time only before the show has begun."""
        fields = [name for name in Edit.__slots__ if getattr(edit, name) is not None]
        if not fields:
            return await self.view(await self.watchable(actor, show_id))
        return await self._edit(actor, show_id, edit.rule(self._clock.now()), fields)

    async def set_poster(self, actor: Actor, show_id: ShowId, data: bytes) -> ShowView:
        """Give the show a picture for the lobby and the curtain."""
        self._require(actor, Permission.SHOW_EDIT, await self._store.get(show_id))
        key = await self._pictures.put(data)
        return await self._edit(actor, show_id, lambda show: show.edited(poster_key=key), ["poster"])

    async def _edit(self, actor: Actor, show_id: ShowId, rule: Callable[[Show], Show], fields: list[str]) -> ShowView:
        async with self._changing(actor, show_id, Permission.SHOW_EDIT, rule) as change:
            view = await self.view(change.new, change.tx)
            change.tx.tell(ShowChanged(show=view))
            await self._record(change.tx, actor, "show.edit", change.new, fields=fields)
        return view

    async def set_chat_mode(self, tx: LogTransaction, show_id: ShowId, mode: ChatMode) -> Show:
        """Keep a chat mode with the show. `moderation` decides who may, and tells."""
        old = await self._store.lock(show_id, tx)
        new = replace(old, chat_mode=mode)
        await self._store.save(tx, old, new)
        return new

    async def list(
        self,
        actor: Actor | None,
        *,
        statuses: Sequence[ShowStatus] = (),
        limit: int = 50,
        cursor: str | None = None,
    ) -> tuple[Sequence[ShowView], str | None]:
        """A page of the shows that the caller may find: on air first, then what comes next, then what is over."""
        after = Place.read(cursor) if cursor else None
        limit = max(1, min(limit, MAX_PAGE))
        sees_all = actor is not None and (actor.role is Role.OWNER or actor.kind is ActorKind.SYSTEM)
        invited_to = actor.grants if actor else ()
        places = await self._store.page(statuses, sees_all=sees_all, invited_to=invited_to, after=after, limit=limit)
        shows = await self._store.many([ShowId(place.id) for place in places])
        listed = [shows[ShowId(place.id)] for place in places if place.id in shows]
        return await self.views(listed), places[-1].cursor() if len(places) == limit else None
