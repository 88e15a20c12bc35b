"""Guests: viewers without an account."""

from __future__ import annotations

from livecommerce.foundation.core.actors import ActorKind, Role
from livecommerce.foundation.core.clock import Clock
from livecommerce.foundation.core.ids import PersonId, new_id
from livecommerce.foundation.core.settings import IdentitySettings
from livecommerce.foundation.http.limits import Rate, RateLimiter
from livecommerce.foundation.storage.postgres import Database
from livecommerce.identity.model import Person, clean_name
from livecommerce.identity.service.rates import network_key
from livecommerce.identity.service.sessions import Identity, SignedIn
from livecommerce.identity.store import PeopleStore


class Guests:
    """Mints guests, as many per address and minute as the operator allows."""

    def __init__(
        self,
        database: Database,
        people: PeopleStore,
        *,
        identity: Identity,
        limiter: RateLimiter,
        clock: Clock,
        settings: IdentitySettings,
    ) -> None:
        self._database, self._people, self._identity = database, people, identity
        self._limiter, self._clock = limiter, clock
        self._rate = Rate(settings.guests_per_minute_per_address, 60)

    async def mint(self, display_name: str, *, address: str | None) -> SignedIn:
        """A new person with a session. `address` is the caller's; None when the server itself asks (the demo)."""
        name = clean_name(display_name)
        if address is not None:
            await self._limiter.hit("guests", network_key(address), self._rate)
        guest = Person(PersonId(new_id()), ActorKind.GUEST, Role.VIEWER, name)
        async with self._database.transaction() as tx:
            await self._people.add(tx, guest, self._clock.now())
            return await self._identity.start(tx, guest)
