"""Whether people may come in, asked for many at once: those who join while a query runs share the next one."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from livecommerce.foundation.core.actors import Actor
from livecommerce.foundation.core.ids import PersonId, ShowId
from livecommerce.moderation.model import Banned, Sanction, SanctionKind
from livecommerce.moderation.service import ModerationService


@dataclass(slots=True, eq=False)
class _Round:
    """People who are asked for together."""

    people: set[PersonId] = field(default_factory=set)
    found: dict[PersonId, list[Sanction]] | None = None


@dataclass(slots=True)
class _Gate:
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    next: _Round = field(default_factory=_Round)


class Admissions:
    """Reads sanctions in rounds, one query at a time per show."""

    def __init__(self, moderation: ModerationService) -> None:
        self._moderation = moderation
        self._gates: dict[ShowId, _Gate] = {}

    async def admit(self, actor: Actor, show_id: ShowId) -> Sanction | None:
        """The mute in force for somebody who comes in; `Banned` when they may not."""
        gate = self._gates.setdefault(show_id, _Gate())
        mine = gate.next
        mine.people.add(actor.id)
        async with gate.turn:
            if mine.found is None:
                if gate.next is mine:
                    gate.next = _Round()
                sanctions = await self._moderation.sanctions_of(show_id, mine.people)
                mine.found = {person_id: [] for person_id in mine.people}
                for sanction in sanctions:
                    mine.found[sanction.viewer_id].append(sanction)
        if not gate.next.people and not gate.turn.locked():
            self._gates.pop(show_id, None)
        own = {sanction.kind: sanction for sanction in mine.found.get(actor.id, [])}
        if SanctionKind.BAN in own:
            raise Banned()
        return own.get(SanctionKind.MUTE)
