"""What this room needs of a show and of its moderation; `ShowService` and `ModerationService` have it."""

from __future__ import annotations

from typing import Protocol

from livecommerce.foundation.core.actors import Actor
from livecommerce.foundation.core.ids import ShowId
from livecommerce.shows.model import Show


class Shows(Protocol):
    """The show follows its picture."""

    async def get(self, show_id: ShowId) -> Show:
        """The show; `NotFound` when there is none."""

    async def stream_lost(self, show_id: ShowId) -> object:
        """Draw the curtain over a live show; nothing happens to any other."""

    async def stream_back(self, show_id: ShowId) -> object:
        """Lift the curtain that `stream_lost` drew, and no other."""

    async def end(self, actor: Actor, show_id: ShowId) -> object:
        """Close the show for ever."""


class Admission(Protocol):
    """Who has been shown out."""

    async def admit(self, actor: Actor, show_id: ShowId) -> object:
        """Raise `Banned` when this person may not watch the show any longer."""
