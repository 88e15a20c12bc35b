"""People on the wire, as every room shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from livecommerce.foundation.core.actors import Actor, ActorKind, Permission, Role
from livecommerce.foundation.core.ids import ShowId
from livecommerce.identity.model import Person


class PersonName(msgspec.Struct, frozen=True):
    """Who, in two words: host of a show, buyer, author of a sanction."""

    id: str
    display_name: str


class PersonView(msgspec.Struct, frozen=True):
    """Somebody as others see them."""

    id: str
    display_name: str
    role: Role
    kind: ActorKind

    @classmethod
    def of_person(cls, person: Person) -> PersonView:
        return cls(person.id, person.display_name, person.role, person.kind)

    @classmethod
    def of(cls, actor: Actor, show_id: ShowId | None = None) -> PersonView:
        """The caller; with the role that counts in one show, when a show is named."""
        return cls(actor.id, actor.display_name, actor.role_in(show_id) if show_id else actor.role, actor.kind)


class YouView(msgspec.Struct, frozen=True):
    """The caller as they see themselves. `permissions` are those that hold in the show at hand."""

    id: str
    display_name: str
    role: Role
    kind: ActorKind
    permissions: list[str]
    muted_until: datetime | None = None
    contact: str | None = None

    @classmethod
    def of(cls, actor: Actor, show_id: ShowId | None = None, *, muted_until: datetime | None = None) -> YouView:
        held = [permission for permission in Permission if actor.may(permission, show_id)]
        role = actor.role_in(show_id) if show_id else actor.role
        return cls(
            actor.id, actor.display_name, role, actor.kind, sorted(held), muted_until=muted_until, contact=actor.contact
        )


class SignedInView(msgspec.Struct, frozen=True):
    """The answer to every way of signing in. `csrf_token` only when a cookie was set."""

    token: str
    viewer: PersonView
    expires_at: datetime
    csrf_token: str | None = None


class AuditSubject(msgspec.Struct, frozen=True):
    kind: str | None
    id: str | None
    text: str | None = None


class AuditActor(msgspec.Struct, frozen=True):
    id: str
    display_name: str
    role: str


class AuditRow(msgspec.Struct, frozen=True):
    """One privileged action."""

    id: str
    at: datetime
    show_id: str | None
    actor: AuditActor
    action: str
    subject: AuditSubject
    detail: dict[str, Any]
