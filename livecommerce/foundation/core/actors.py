"""Who is acting, and what they may do. Deciding who somebody *is* belongs to `identity`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from livecommerce.foundation.core.errors import Forbidden
from livecommerce.foundation.core.ids import PersonId, SessionId, ShowId


class Role(StrEnum):
    """Ranks, highest first: owner > host > moderator > viewer."""

    OWNER = "owner"
    HOST = "host"
    MODERATOR = "moderator"
    VIEWER = "viewer"

    @property
    def rank(self) -> int:
        return {"owner": 3, "host": 2, "moderator": 1, "viewer": 0}[self.value]

    def outranks(self, other: Role) -> bool:
        """Nobody sanctions an equal or higher role."""
        return self.rank > other.rank


class Permission(StrEnum):
    """Single rights. Moderators hold some of them per show; a host holds all but the shop-wide ones for their shows."""

    CHAT_HIDE = "chat.hide"
    CHAT_MODE = "chat.mode"
    VIEWER_MUTE = "viewer.mute"
    VIEWER_BAN = "viewer.ban"
    PRODUCT_PIN = "product.pin"
    LINEUP_EDIT = "lineup.edit"
    SALE_OPEN = "sale.open"
    ORDERS_READ = "orders.read"
    ORDERS_MANAGE = "orders.manage"
    SHOW_RUN = "show.run"
    SHOW_EDIT = "show.edit"
    STREAM_PUBLISH = "stream.publish"
    STAFF_READ = "staff.read"
    """See the staff scope: held messages, live numbers, audience."""
    CATALOG_EDIT = "catalog.edit"
    SHOW_CREATE = "show.create"
    PEOPLE_MANAGE = "people.manage"


MODERATOR_PERMISSIONS = frozenset(
    {
        Permission.STAFF_READ,
        Permission.CHAT_HIDE,
        Permission.CHAT_MODE,
        Permission.VIEWER_MUTE,
        Permission.VIEWER_BAN,
    }
)
"""What a moderator gets when nothing else is said. Neither revenue nor the run of the show."""

HOST_SHOP_PERMISSIONS = frozenset({Permission.CATALOG_EDIT, Permission.SHOW_CREATE})
"""What a host may do outside of a particular show."""

HOST_SHOW_PERMISSIONS = frozenset(Permission) - {
    Permission.PEOPLE_MANAGE,
    *HOST_SHOP_PERMISSIONS,
}
"""What a host may do in a show that is theirs."""


class ActorKind(StrEnum):
    GUEST = "guest"
    ACCOUNT = "account"
    STAFF = "staff"
    SYSTEM = "system"
    """The server itself: jobs, and the media process."""


@dataclass(frozen=True, slots=True)
class Actor:
    """An authenticated caller."""

    id: PersonId
    display_name: str
    role: Role
    kind: ActorKind
    session_id: SessionId | None = None
    grants: Mapping[ShowId, frozenset[Permission]] = field(default_factory=dict)
    contact: str | None = None
    """A confirmed e-mail address."""

    def may(self, permission: Permission, show_id: ShowId | None = None) -> bool:
        """Whether the actor holds the permission, in this show or (None) in the whole shop."""
        if self.role is Role.OWNER or self.kind is ActorKind.SYSTEM:
            return True
        if self.role is Role.HOST and permission in HOST_SHOP_PERMISSIONS:
            return True
        return show_id is not None and permission in self.grants.get(show_id, frozenset())

    def role_in(self, show_id: ShowId) -> Role:
        """The role that counts in one show: a host of another show is a viewer here, unless granted."""
        if self.role in (Role.OWNER, Role.VIEWER):
            return self.role
        granted = self.grants.get(show_id)
        if not granted:
            return Role.VIEWER
        return Role.HOST if self.role is Role.HOST and Permission.SHOW_RUN in granted else Role.MODERATOR

    def permissions_in(self, show_id: ShowId) -> frozenset[Permission]:
        """Every permission that holds in one show."""
        return frozenset(p for p in Permission if self.may(p, show_id))


SYSTEM = Actor(
    id=PersonId("00000000-0000-7000-8000-000000000000"),
    display_name="livecommerce",
    role=Role.OWNER,
    kind=ActorKind.SYSTEM,
)
"""The server acting by itself."""


def require(actor: Actor, permission: Permission, show_id: ShowId | None = None) -> None:
    """Raise `Forbidden` unless the actor holds the permission."""
    if not actor.may(permission, show_id):
        raise Forbidden()
