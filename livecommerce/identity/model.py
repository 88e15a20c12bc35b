"""Rules about people, their names and addresses, sessions, codes and grants."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from livecommerce.foundation.core.actors import Actor, ActorKind, Permission, Role
from livecommerce.foundation.core.errors import Conflict, Forbidden, Invalid, Unauthenticated
from livecommerce.foundation.core.ids import PersonId, SessionId, ShowId
from livecommerce.foundation.core.text import clean_line

MAX_NAME = 40
MAX_EMAIL = 254
"""RFC 5321 4.5.3.1.3, less the angle brackets."""
MIN_PASSWORD, MAX_PASSWORD = 12, 128
"""NIST SP 800-63B asks for length, not for kinds of characters; the upper bound keeps hashing cheap to refuse."""

CODE_DIGITS = 8
CODE_TRIES = 5
CODE_LIFETIME = timedelta(minutes=10)
MAX_OPEN_CODES = 3
"""Per address; the oldest gives way. With the limits in `rates`, whoever guesses all day long at one address has a
chance of about 1 in 25,000."""

ONCE_LIFETIME = timedelta(days=1)
UPGRADE_GRACE = timedelta(seconds=60)
"""How long the session of a guest outlives the moment they confirmed an address, so that open pages can change over."""

_EMAIL = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")

GRANTABLE = frozenset(Permission) - {Permission.PEOPLE_MANAGE, Permission.CATALOG_EDIT, Permission.SHOW_CREATE}
"""What can be given for one show; the rest concerns the whole shop and goes with the role."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a name here: a guest, an account with a confirmed address, or staff."""

    id: PersonId
    kind: ActorKind
    role: Role
    display_name: str
    contact: str | None = None
    """The e-mail address; proven whenever the person has a session of kind account or staff."""

    def confirmed(self, email: str) -> Person:
        """The guest as the same person, now with an address."""
        if self.kind is not ActorKind.GUEST:
            raise Conflict("You already have an account.")
        return Person(self.id, ActorKind.ACCOUNT, Role.VIEWER, self.display_name, email)


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in on one device, which can be ended from the server's side."""

    id: SessionId
    person: Person
    expires_at: datetime
    grants: Mapping[ShowId, frozenset[Permission]] = field(default_factory=dict)

    def actor(self) -> Actor:
        """The caller that this session speaks for."""
        return Actor(
            id=self.person.id,
            display_name=self.person.display_name,
            role=self._role(),
            kind=self.person.kind,
            session_id=self.id,
            grants=self.grants,
            contact=self.person.contact,
        )

    def _role(self) -> Role:
        helps_somewhere = any(self.grants.values())
        return Role.MODERATOR if self.person.role is Role.VIEWER and helps_somewhere else self.person.role


@dataclass(frozen=True, slots=True)
class ContactCode:
    """A mailed code, waiting for its answer."""

    id: str
    display_name: str
    requested_by: PersonId | None
    code_hash: bytes
    tries: int


class WrongCode(Unauthenticated):
    """This code is wrong, used or too old; ask for a new one."""

    code = "wrong_code"


class WrongPassword(Unauthenticated):
    """E-mail address or password is wrong."""

    code = "wrong_password"


class AddressTaken(Conflict):
    """Somebody already has this e-mail address."""

    code = "address_taken"


def clean_name(name: str) -> str:
    """A display name as everybody will see it: one line of 1 to 40 characters."""
    return clean_line(name, field="display_name", limit=MAX_NAME)


def clean_email(email: str) -> str:
    """An e-mail address in the form we compare: trimmed and lower-case."""
    cleaned = email.strip().lower()
    if len(cleaned) > MAX_EMAIL or not cleaned.isprintable() or _EMAIL.fullmatch(cleaned) is None:
        raise Invalid("This is not an e-mail address.", field="email")
    return cleaned


def check_password(password: str) -> str:
    """The password, if it is long enough to be one."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise Invalid(f"A password has {MIN_PASSWORD} to {MAX_PASSWORD} characters.", field="password")
    return password


def check_grant(giver: Actor, show_id: ShowId, permissions: Collection[Permission]) -> frozenset[Permission]:
    """What may be granted: only single rights for one show, and only those that the giver has."""
    wanted = frozenset(permissions)
    if not wanted <= GRANTABLE:
        raise Invalid("This permission cannot be given for one show.", field="permissions")
    if not all(giver.may(permission, show_id) for permission in wanted):
        raise Forbidden("You cannot give what you do not have.")
    return wanted
