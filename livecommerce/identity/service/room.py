"""The whole room, put together: what a process root builds once and hands to doors and higher rooms."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from livecommerce.foundation.core.clock import Clock
from livecommerce.foundation.core.settings import Settings
from livecommerce.foundation.http.limits import RateLimiter
from livecommerce.foundation.http.mail import Mailer
from livecommerce.foundation.storage.postgres import Database
from livecommerce.identity.keys import KeyRing
from livecommerce.identity.passwords import Passwords
from livecommerce.identity.service.accounts import Accounts
from livecommerce.identity.service.audit import AuditTrail
from livecommerce.identity.service.entrance import Entrance
from livecommerce.identity.service.grants import Grants
from livecommerce.identity.service.guests import Guests
from livecommerce.identity.service.people import People
from livecommerce.identity.service.sessions import Disconnects, Identity
from livecommerce.identity.service.staff import OnceCodes, Staff
from livecommerce.identity.store import AuditStore, CodeStore, PeopleStore, SessionStore
from livecommerce.identity.tokens import Tokens

ISSUER = "livecommerce"


@dataclass(frozen=True, slots=True)
class IdentityRoom:
    """Every service of this room, sharing one session cache."""

    keys: KeyRing
    identity: Identity
    guests: Guests
    accounts: Accounts
    staff: Staff
    once: OnceCodes
    people: People
    grants: Grants
    audit: AuditTrail
    sessions: SessionStore
    codes: CodeStore


def open_room(
    database: Database,
    settings: Settings,
    *,
    data_dir: Path,
    limiter: RateLimiter,
    mailer: Mailer,
    disconnects: Disconnects,
    clock: Clock,
    passwords: Passwords | None = None,
) -> IdentityRoom:
    """Build the services; makes the installation's secrets below `data_dir` at first start."""
    keys = KeyRing.open(data_dir)
    people, sessions, codes = PeopleStore(database), SessionStore(database), CodeStore(database)
    own, tokens = settings.identity, Tokens(keys, clock, issuer=ISSUER)
    identity = Identity(database, sessions, tokens=tokens, clock=clock, disconnects=disconnects, settings=own)
    audit = AuditTrail(AuditStore(database), clock)
    entrance = Entrance(database, people, identity, limiter, clock)
    secret, shop_name = keys.derive("contact codes"), settings.shop.name
    return IdentityRoom(
        keys=keys,
        identity=identity,
        guests=Guests(entrance, settings=own),
        accounts=Accounts(entrance, codes, mailer=mailer, secret=secret, settings=own, shop_name=shop_name),
        staff=Staff(entrance, passwords or Passwords()),
        once=OnceCodes(entrance, codes),
        people=People(database, people, identity=identity, clock=clock),
        grants=Grants(people, identity=identity, audit=audit, clock=clock),
        audit=audit,
        sessions=sessions,
        codes=codes,
    )
