"""Who is there, and what it takes to come in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from livecommerce.foundation.core.actors import Actor, Role
from livecommerce.foundation.core.ids import PersonId, ShowId

PEOPLE_MAX = 200
"""How many people of one process staff can see by name; counts are exact however many there are."""


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody who watches."""

    id: PersonId
    display_name: str
    role: Role

    @classmethod
    def of(cls, actor: Actor, show_id: ShowId) -> Present:
        return cls(actor.id, actor.display_name, actor.role_in(show_id))


@dataclass(frozen=True, slots=True)
class Crowd:
    """Who watches a show in one process. Staff is there, and is not counted."""

    viewers: int
    people: tuple[Present, ...]

    @classmethod
    def of(cls, actors: Iterable[Actor], show_id: ShowId) -> Crowd:
        """One person with several connections counts once."""
        present = {actor.id: Present.of(actor, show_id) for actor in actors}
        viewers = sum(1 for person in present.values() if person.role is Role.VIEWER)
        return cls(viewers, tuple(list(present.values())[:PEOPLE_MAX]))
