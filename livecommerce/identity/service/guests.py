"""Guests: viewers without an account."""

from __future__ import annotations

from livecommerce.foundation.core.actors import ActorKind, Role
from livecommerce.foundation.core.ids import PersonId, new_id
from livecommerce.foundation.core.settings import IdentitySettings
from livecommerce.foundation.http.limits import Rate
from livecommerce.identity.model import Person, clean_name
from livecommerce.identity.service.entrance import Entrance
from livecommerce.identity.service.rates import network_key
from livecommerce.identity.service.sessions import SignedIn


class Guests:
    """Mints guests, as many per address and minute as the operator allows."""

    def __init__(self, entrance: Entrance, *, settings: IdentitySettings) -> None:
        self._in = entrance
        self._rate = Rate(settings.guests_per_minute_per_address, 60)

    async def mint(self, display_name: str, *, address: str | None) -> SignedIn:
        """A new person with a session. `address` is the caller's; None when the server itself asks (the demo)."""
        name = clean_name(display_name)
        if address is not None:
            await self._in.limiter.hit("guests", network_key(address), self._rate)
        guest = Person(PersonId(new_id()), ActorKind.GUEST, Role.VIEWER, name)
        async with self._in.database.transaction() as tx:
            await self._in.people.add(tx, guest, self._in.clock.now())
            return await self._in.identity.start(tx, guest)
