"""Staff: sign-in with a password, and codes that are worth one sign-in."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

import structlog

from livecommerce.foundation.core.actors import ActorKind, Role
from livecommerce.foundation.core.errors import Invalid
from livecommerce.foundation.core.ids import PersonId, new_id
from livecommerce.identity.model import (
    MAX_PASSWORD,
    ONCE_LIFETIME,
    Person,
    WrongCode,
    WrongPassword,
    check_password,
    clean_email,
    clean_name,
)
from livecommerce.identity.passwords import Passwords
from livecommerce.identity.service.entrance import Entrance
from livecommerce.identity.service.rates import (
    ONCE_TRIES_PER_NETWORK,
    SIGN_INS_PER_EMAIL,
    SIGN_INS_PER_NETWORK,
    email_key,
    network_key,
)
from livecommerce.identity.service.sessions import SignedIn
from livecommerce.identity.store import CodeStore

log = structlog.get_logger(__name__)

ONCE_BYTES = 24
MAX_ONCE = 64


class Staff:
    """People who work here: owner, hosts, moderators."""

    def __init__(self, entrance: Entrance, passwords: Passwords) -> None:
        self._in, self._passwords = entrance, passwords

    async def sign_in(self, email: str, password: str, *, address: str) -> SignedIn:
        """A session for the right password. Unknown address, no password and wrong password look and last the same."""
        email = clean_email(email)
        await self._in.limiter.hit("sign_in.network", network_key(address), SIGN_INS_PER_NETWORK)
        await self._in.limiter.hit("sign_in.email", email_key(email), SIGN_INS_PER_EMAIL)
        if len(password) > MAX_PASSWORD:
            raise WrongPassword()
        known = await self._in.people.with_password(email)
        person, stored = known if known else (None, None)
        if not await self._passwords.verify(stored, password) or person is None:
            log.info("a sign-in was refused")
            raise WrongPassword()
        async with self._in.database.transaction() as tx:
            return await self._in.identity.start(tx, person)

    async def add(self, role: Role, email: str, display_name: str | None, password: str | None) -> tuple[Person, bool]:
        """Make somebody staff, or give known staff a new role and password; True when they are new.

        For the operator at the command line: no actor, no permission to check.
        """
        email = clean_email(email)
        if role is Role.VIEWER:
            raise Invalid("Viewers make their own accounts; staff is owner, host or moderator.", field="role")
        password_hash = await self._passwords.hash(check_password(password)) if password is not None else None
        async with self._in.database.transaction() as tx:
            known = await self._in.people.by_contact(email, tx)
            name = clean_name(display_name or (known.display_name if known else email.partition("@")[0][:40]))
            person = Person(known.id if known else PersonId(new_id()), ActorKind.STAFF, role, name, email)
            if known:
                await self._in.people.save(tx, person)
                await self._in.identity.end_all(tx, person.id)
            else:
                await self._in.people.add(tx, person, self._in.clock.now())
            if password_hash is not None:
                await self._in.people.set_password(tx, person.id, password_hash)
        return person, known is None


class OnceCodes:
    """Long random codes for one sign-in each, such as the links that the demo prints."""

    def __init__(self, entrance: Entrance, codes: CodeStore) -> None:
        self._in, self._codes = entrance, codes

    async def mint(self, person_id: PersonId, *, lifetime: timedelta = ONCE_LIFETIME) -> str:
        """A new code. Only its hash is kept; 192 random bits need no slow one."""
        code = secrets.token_urlsafe(ONCE_BYTES)
        await self._codes.add_once(_hash(code), person_id, self._in.clock.now() + lifetime)
        return code

    async def trade(self, code: str, *, address: str) -> SignedIn:
        """A session for a code, which is then used up; `WrongCode` for any other."""
        await self._in.limiter.hit("once.network", network_key(address), ONCE_TRIES_PER_NETWORK)
        if len(code) > MAX_ONCE:
            raise WrongCode()
        async with self._in.database.transaction() as tx:
            person_id = await self._codes.take_once(tx, _hash(code), self._in.clock.now())
            if person_id is None:
                raise WrongCode()
            return await self._in.identity.start(tx, await self._in.people.get(person_id, tx))


def _hash(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()
