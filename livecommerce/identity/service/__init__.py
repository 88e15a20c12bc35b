"""What people can do about themselves and each other: one module per noun."""

from livecommerce.identity.service.accounts import Accounts
from livecommerce.identity.service.audit import AuditTrail
from livecommerce.identity.service.grants import Grants
from livecommerce.identity.service.guests import Guests
from livecommerce.identity.service.people import People
from livecommerce.identity.service.room import IdentityRoom, open_room
from livecommerce.identity.service.sessions import Identity, SignedIn
from livecommerce.identity.service.staff import OnceCodes, Staff

__all__ = [
    "Accounts",
    "AuditTrail",
    "Grants",
    "Guests",
    "Identity",
    "IdentityRoom",
    "OnceCodes",
    "People",
    "SignedIn",
    "Staff",
    "open_room",
]
