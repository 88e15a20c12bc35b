"""What this room needs of the shows room."""

from __future__ import annotations

from typing import Protocol

from livecommerce.foundation.core.ids import ShowId
from livecommerce.shows.model import Show


class Shows(Protocol):
    """The show follows its picture. The last three change nothing when the show is in another state than expected."""

    async def get(self, show_id: ShowId) -> Show:
        """The show; `NotFound` when there is none."""

    async def pause(self, show_id: ShowId) -> None:
        """Pause a live show because its picture is lost."""

    async def resume(self, show_id: ShowId) -> None:
        """Go on with a show that was paused because its picture was lost."""

    async def end(self, show_id: ShowId) -> None:
        """End a show that was paused because its picture was lost, and stayed so."""
