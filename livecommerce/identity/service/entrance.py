"""What every way of signing in needs."""

from __future__ import annotations

from dataclasses import dataclass

from livecommerce.foundation.core.clock import Clock
from livecommerce.foundation.http.limits import RateLimiter
from livecommerce.foundation.storage.postgres import Database
from livecommerce.identity.service.sessions import Identity
from livecommerce.identity.store import PeopleStore


@dataclass(frozen=True, slots=True)
class Entrance:
    """Rows of people, sessions for them, limits on trying, and the time."""

    database: Database
    people: PeopleStore
    identity: Identity
    limiter: RateLimiter
    clock: Clock
