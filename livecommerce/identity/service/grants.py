"""Grants: what somebody may do in one show. An empty grant is an invitation to watch."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from livecommerce.foundation.core.actors import Actor, Permission
from livecommerce.foundation.core.clock import Clock
from livecommerce.foundation.core.ids import PersonId, ShowId
from livecommerce.foundation.storage.postgres import Transaction
from livecommerce.identity.model import check_grant
from livecommerce.identity.service.audit import AuditTrail
from livecommerce.identity.service.sessions import Identity
from livecommerce.identity.store import PeopleStore


@dataclass(frozen=True, slots=True)
class Grant:
    """One person's rights in one show."""

    person_id: PersonId
    display_name: str
    permissions: frozenset[Permission]


class Grants:
    """Gives and takes rights per show. `shows` says whether the show exists and who may call this."""

    def __init__(self, store: PeopleStore, *, identity: Identity, audit: AuditTrail, clock: Clock) -> None:
        self._store, self._identity, self._audit, self._clock = store, identity, audit, clock

    async def host(self, tx: Transaction, show_id: ShowId, person_id: PersonId, rights: Collection[Permission]) -> None:
        """What the host of a new show gets."""
        await self._put(tx, show_id, person_id, rights)

    async def give(
        self, tx: Transaction, actor: Actor, show_id: ShowId, person_id: PersonId, permissions: Collection[Permission]
    ) -> None:
        """Set what somebody may do in the show; `Forbidden` beyond what the giver may do themselves."""
        wanted = check_grant(actor, show_id, permissions)
        await self._put(tx, show_id, person_id, wanted)
        await self._audit.record(
            tx, actor, "grant.give", show_id=show_id, subject_kind="person", subject_id=person_id,
            detail={"permissions": sorted(wanted)},
        )  # fmt: skip

    async def take(self, tx: Transaction, actor: Actor, show_id: ShowId, person_id: PersonId) -> None:
        """Take everything back; `NotFound` when there was nothing."""
        await self._store.drop_grant(tx, show_id, person_id)
        self._identity.forget_after(tx, person_id)
        await self._audit.record(tx, actor, "grant.take", show_id=show_id, subject_kind="person", subject_id=person_id)

    async def of_show(self, show_id: ShowId) -> Sequence[Grant]:
        """Everybody with a grant, oldest first."""
        return [Grant(*entry) for entry in await self._store.grants_of(show_id)]

    async def _put(self, tx: Transaction, show_id: ShowId, person_id: PersonId, rights: Collection[Permission]) -> None:
        await self._store.put_grant(tx, show_id, person_id, rights, self._clock.now())
        self._identity.forget_after(tx, person_id)
