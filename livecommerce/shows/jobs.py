"""Background work: one task hands changed products to the shows that have them in their lineup."""

from __future__ import annotations

from livecommerce.catalog.service.products import CHANGED
from livecommerce.foundation.storage.outbox import Outbox
from livecommerce.shows.service import ShowService


class ShowJobs:
    """What a process root runs for this room. Several processes may: a row is taken by one of them."""

    def __init__(self, outbox: Outbox, shows: ShowService) -> None:
        self._outbox, self._shows = outbox, shows

    async def run(self) -> None:
        """Loop until cancelled."""
        await self._outbox.consume(CHANGED, self._shows.product_changed)
