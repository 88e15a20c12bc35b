"""People: what they say about themselves, and their names for other rooms."""

from __future__ import annotations

from collections.abc import Collection

from livecommerce.foundation.core.actors import Actor, ActorKind, Role
from livecommerce.foundation.core.clock import Clock
from livecommerce.foundation.core.errors import Invalid
from livecommerce.foundation.core.ids import PersonId, new_id
from livecommerce.foundation.storage.postgres import Database, Transaction
from livecommerce.identity.model import Person, clean_email, clean_name
from livecommerce.identity.service.sessions import Identity
from livecommerce.identity.store import PeopleStore

INVITED_NAME = "Invited"
"""Until they choose a name themselves: their address is nobody's business."""


class People:
    """Reads people, and lets them rename themselves."""

    def __init__(self, database: Database, store: PeopleStore, *, identity: Identity, clock: Clock) -> None:
        self._database, self._store, self._identity, self._clock = database, store, identity, clock

    async def get(self, person_id: PersonId, tx: Transaction | None = None) -> Person:
        return await self._store.get(person_id, tx)

    async def names(self, people: Collection[PersonId], tx: Transaction | None = None) -> dict[PersonId, str]:
        """Display names of those who exist."""
        found = await self._store.by_id(people, tx)
        return {person_id: person.display_name for person_id, person in found.items()}

    async def by_contact(self, email: str) -> Person | None:
        return await self._store.by_contact(clean_email(email))

    async def rename(self, actor: Actor, display_name: str) -> Person:
        """Take another display name. Lines already written keep the old one."""
        name = clean_name(display_name)
        async with self._database.transaction() as tx:
            person = await self._store.lock(actor.id, tx)
            renamed = Person(person.id, person.kind, person.role, name, person.contact)
            await self._store.save(tx, renamed)
        self._identity.forget(actor.id)
        return renamed

    async def named(self, tx: Transaction, *, email: str | None, person_id: PersonId | None) -> Person:
        """Somebody whom staff name. An unknown address becomes an account that its owner opens with a mailed code."""
        if person_id is not None:
            return await self._store.get(person_id, tx)
        if email is None:
            raise Invalid("Name a person by email or person_id.", field="email")
        address = clean_email(email)
        known = await self._store.by_contact(address, tx)
        if known is not None:
            return known
        person = Person(PersonId(new_id()), ActorKind.ACCOUNT, Role.VIEWER, INVITED_NAME, address)
        await self._store.add(tx, person, self._clock.now())
        return person
