"""Who has been removed from a show buys nothing in it, whichever door they take."""

from __future__ import annotations

from typing import Protocol

from livecommerce.foundation.core.actors import SYSTEM, Actor
from livecommerce.foundation.core.ids import PersonId, ShowId
from livecommerce.foundation.storage.remembering import Remembered
from livecommerce.moderation.model import Banned, Sanction, SanctionKind

BANS_TTL_S = 1.0
"""So long after a ban somebody's click may still count; their sockets are closed at once."""


class Sanctions(Protocol):
    """What sales need of moderation."""

    async def in_force(self, actor: Actor, show_id: ShowId) -> list[Sanction]:
        """The show's sanctions."""
        ...


class Bans:
    """The banned people of each show, read once a second at most."""

    def __init__(self, sanctions: Sanctions) -> None:
        self._sanctions = sanctions
        self._banned = Remembered(self._read, ttl_s=BANS_TTL_S)

    async def require_welcome(self, actor: Actor, show_id: ShowId) -> None:
        """Raise `Banned` for who was removed from the show."""
        await self.require_person_welcome(actor.id, show_id)

    async def require_person_welcome(self, person: PersonId, show_id: ShowId) -> None:
        """The same for somebody who is not here now."""
        if person in await self._banned.get(show_id):
            raise Banned()

    async def _read(self, show_id: ShowId) -> frozenset[PersonId]:
        sanctions = await self._sanctions.in_force(SYSTEM, show_id)
        return frozenset(sanction.viewer_id for sanction in sanctions if sanction.kind is SanctionKind.BAN)
