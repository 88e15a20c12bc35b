"""Rows of people, sessions, codes and grants."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import asyncpg
import msgspec

from livecommerce.foundation.core.actors import ActorKind, Permission, Role
from livecommerce.foundation.core.errors import NotFound
from livecommerce.foundation.core.ids import PersonId, SessionId, ShowId, is_uuid, new_id
from livecommerce.foundation.storage.postgres import Database, Row, Transaction
from livecommerce.foundation.storage.sql import queries
from livecommerce.identity.model import CODE_TRIES, MAX_OPEN_CODES, AddressTaken, ContactCode, Person, Session

Q = queries(__package__)

_GRANTS = msgspec.json.Decoder(dict[str, frozenset[str]])


class PeopleStore:
    """People and what they may do."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, tx: Transaction, person: Person, at: datetime, *, password_hash: str | None = None) -> None:
        """Insert; `AddressTaken` when the address is somebody's."""
        try:
            who = (person.id, person.kind, person.role, person.display_name, person.contact)
            await tx.execute(Q.add_person, *who, password_hash, at)
        except asyncpg.UniqueViolationError as exc:
            raise AddressTaken(field="email") from exc

    async def get(self, person_id: PersonId, tx: Transaction | None = None) -> Person:
        row = await (tx or self._database).fetchrow(Q.get_person, _uuid(person_id))
        if row is None:
            raise NotFound()
        return _person(row)

    async def lock(self, person_id: PersonId, tx: Transaction) -> Person:
        row = await tx.fetchrow(Q.lock_person, _uuid(person_id))
        if row is None:
            raise NotFound()
        return _person(row)

    async def by_contact(self, email: str, tx: Transaction | None = None) -> Person | None:
        row = await (tx or self._database).fetchrow(Q.person_by_contact, email)
        return _person(row) if row else None

    async def with_password(self, email: str) -> tuple[Person, str | None] | None:
        """The person with that address and the hash of their password, if they have one."""
        row = await self._database.fetchrow(Q.person_by_contact, email)
        return (_person(row), row["password_hash"]) if row else None

    async def by_id(self, people: Collection[PersonId], tx: Transaction | None = None) -> dict[PersonId, Person]:
        known = [person_id for person_id in people if is_uuid(person_id)]
        rows = await (tx or self._database).fetch(Q.people_by_id, known)
        return {PersonId(row["id"]): _person(row) for row in rows}

    async def save(self, tx: Transaction, person: Person) -> None:
        try:
            await tx.execute(Q.save_person, person.id, person.kind, person.role, person.display_name, person.contact)
        except asyncpg.UniqueViolationError as exc:
            raise AddressTaken(field="email") from exc

    async def set_password(self, tx: Transaction, person_id: PersonId, password_hash: str) -> None:
        await tx.execute(Q.set_password, person_id, password_hash)

    async def put_grant(
        self, tx: Transaction, show_id: ShowId, person_id: PersonId, permissions: Collection[Permission], at: datetime
    ) -> None:
        await tx.execute(Q.put_grant, show_id, person_id, sorted(permissions), at)

    async def drop_grant(self, tx: Transaction, show_id: ShowId, person_id: PersonId) -> None:
        """Remove; `NotFound` when there was none."""
        if await tx.execute(Q.drop_grant, show_id, _uuid(person_id)) == "DELETE 0":
            raise NotFound()

    async def grants_of(self, show_id: ShowId) -> list[tuple[PersonId, str, frozenset[Permission]]]:
        """Who may do what in a show: id, name, permissions."""
        rows = await self._database.fetch(Q.grants_of_show, _uuid(show_id))
        return [(PersonId(row["person_id"]), row["display_name"], _permissions(row["permissions"])) for row in rows]


class SessionStore:
    """Sessions, with everything about their person that an actor needs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, tx: Transaction, person_id: PersonId, at: datetime, expires_at: datetime) -> SessionId:
        session_id = SessionId(new_id())
        await tx.execute(Q.add_session, session_id, person_id, at, expires_at)
        return session_id

    async def load(self, sessions: Sequence[SessionId], after: datetime) -> dict[SessionId, Session]:
        """Those of the sessions that stand: neither ended nor expired before `after`, and of nobody disabled."""
        rows = await self._database.fetch(Q.load_sessions, list(sessions), after)
        return {SessionId(row["session_id"]): _session(row) for row in rows}

    async def revoke(self, session_id: SessionId, at: datetime) -> None:
        await self._database.execute(Q.revoke_session, session_id, at)

    async def revoke_of(self, tx: Transaction, person_id: PersonId, at: datetime) -> None:
        await tx.execute(Q.revoke_sessions_of, person_id, at)

    async def shorten(self, tx: Transaction, session_id: SessionId, until: datetime) -> None:
        await tx.execute(Q.shorten_session, session_id, until)

    async def forget_expired(self, before: datetime) -> None:
        await self._database.execute(Q.forget_expired_sessions, before)


class CodeStore:
    """Codes that were mailed or printed, as hashes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self, tx: Transaction, email: str, display_name: str, requested_by: PersonId | None, code_hash: bytes,
        *, at: datetime, lifetime: timedelta,
    ) -> None:  # fmt: skip
        await tx.execute(Q.add_code, new_id(), email, display_name, requested_by, code_hash, at, at + lifetime)
        await tx.execute(Q.drop_oldest_codes, email, MAX_OPEN_CODES)

    async def lock(self, tx: Transaction, email: str, at: datetime) -> list[ContactCode]:
        """The open codes of an address, newest first, nobody else's turn until the transaction ends."""
        rows = await tx.fetch(Q.lock_codes, email, at, CODE_TRIES)
        return [_code(row) for row in rows]

    async def count_try(self, tx: Transaction, codes: Sequence[ContactCode]) -> None:
        await tx.execute(Q.count_try, [code.id for code in codes])

    async def drop(self, tx: Transaction, email: str) -> None:
        await tx.execute(Q.drop_codes, email)

    async def add_once(self, code_hash: bytes, person_id: PersonId, expires_at: datetime) -> None:
        await self._database.execute(Q.add_once_code, code_hash, person_id, expires_at)

    async def take_once(self, tx: Transaction, code_hash: bytes, at: datetime) -> PersonId | None:
        """Whose code it was; it is gone from now on."""
        row = await tx.fetchrow(Q.take_once_code, code_hash)
        return PersonId(row["person_id"]) if row and row["expires_at"] > at else None

    async def forget_expired(self, before: datetime) -> None:
        await self._database.execute(Q.forget_expired_codes, before)
        await self._database.execute(Q.forget_expired_once_codes, before)


class AuditStore:
    """Rows of the audit trail."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, tx: Transaction, *values: object) -> None:
        """Insert a row: id, show, actor (id, name, role), action, subject (kind, id), detail as JSON, time."""
        await tx.execute(Q.add_audit_row, *values)

    async def page(self, show_id: ShowId | None, before: str | None, limit: int) -> list[Row]:
        return await self._database.fetch(Q.audit_rows, show_id, before, limit)


def _uuid(text: str) -> str:
    if not is_uuid(text):
        raise NotFound()
    return text


def _permissions(names: Collection[str]) -> frozenset[Permission]:
    """Permissions that this version knows; one that was granted by another version is not an error."""
    known = set(Permission)
    return frozenset(Permission(name) for name in names if name in known)


def _person(row: Row) -> Person:
    kind, role = ActorKind(row["kind"]), Role(row["role"])
    return Person(PersonId(row["id"]), kind, role, row["display_name"], row["contact"])


def _session(row: Row) -> Session:
    grants = _GRANTS.decode(row["grants"]) if row["grants"] else {}
    return Session(
        SessionId(row["session_id"]),
        _person(row),
        row["expires_at"],
        {ShowId(show_id): _permissions(names) for show_id, names in grants.items()},
    )


def _code(row: Row) -> ContactCode:
    requested_by = PersonId(row["requested_by"]) if row["requested_by"] else None
    return ContactCode(row["id"], row["display_name"], requested_by, row["code_hash"], row["tries"])
