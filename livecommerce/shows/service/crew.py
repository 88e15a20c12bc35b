"""The crew and the invited: who may help with a show, and who may watch a private one."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from livecommerce.foundation.core.actors import MODERATOR_PERMISSIONS, Actor, Permission
from livecommerce.foundation.core.errors import Conflict
from livecommerce.foundation.core.ids import PersonId, ShowId
from livecommerce.foundation.realtime.eventlog import ShowNotFound
from livecommerce.identity.service.grants import Grant
from livecommerce.shows.model import Visibility
from livecommerce.shows.service.desk import ShowDesk

COME_BACK = "draining"
"""Closes a connection that may be opened again at once: it then has the rights of now."""


class HostStays(Conflict):
    """The host's own rights cannot be changed here."""

    code = "host_stays"


class Crew(ShowDesk):
    """Gives and takes rights in a show."""

    async def add_moderator(
        self,
        actor: Actor,
        show_id: ShowId,
        *,
        email: str | None = None,
        person_id: PersonId | None = None,
        permissions: Collection[Permission] = MODERATOR_PERMISSIONS,
    ) -> Grant:
        """Let somebody help, with single rights; somebody without an account gets one that their mail opens."""
        async with self._database.transaction() as tx:
            show = await self._store.lock(show_id, tx)
            self._require(actor, Permission.SHOW_EDIT, show)
            person = await self._people.named(tx, email=email, person_id=person_id)
            if person.id == show.host_id:
                raise HostStays()
            await self._grants.give(tx, actor, show_id, person.id, permissions)
        return Grant(person.id, person.display_name, frozenset(permissions))

    async def invite(
        self, actor: Actor, show_id: ShowId, *, email: str | None = None, person_id: PersonId | None = None
    ) -> Grant:
        """Let somebody watch a private show."""
        return await self.add_moderator(actor, show_id, email=email, person_id=person_id, permissions=())

    async def remove(self, actor: Actor, show_id: ShowId, person_id: PersonId) -> None:
        """Take every right back. Their sockets in the show are closed, those in a private one for good."""
        async with self._database.transaction() as tx:
            show = await self._store.lock(show_id, tx)
            self._require(actor, Permission.SHOW_EDIT, show)
            if person_id == show.host_id:
                raise HostStays()
            await self._grants.take(tx, actor, show_id, person_id)
            code = ShowNotFound.code if show.visibility is Visibility.PRIVATE else COME_BACK
            tx.after_commit(lambda: self._bus.disconnect(person_id, code, show_id))

    async def crew(self, actor: Actor, show_id: ShowId) -> Sequence[Grant]:
        """Everybody with a right in the show."""
        self._require(actor, Permission.SHOW_EDIT, await self._store.get(show_id))
        return await self._grants.of_show(show_id)
