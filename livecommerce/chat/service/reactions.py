"""Reactions: counted in this process, added up in Redis, told at most four times a second.

`chat.jobs.ReactionPulse`, one task per process, flushes what gathered. Counters outside the log: lost ones are lost.
"""

from __future__ import annotations

from collections import Counter as Tally

from livecommerce.chat.events import ReactionCounted
from livecommerce.chat.model import ReactionKind
from livecommerce.chat.store import ReactionStore
from livecommerce.chat.views import ReactionsView
from livecommerce.foundation.core.errors import Busy, StorageUnavailable
from livecommerce.foundation.core.ids import ShowId
from livecommerce.foundation.realtime.bus import Bus

SHOWS_MAX = 10_000


class Reactions:
    """Hearts and claps of all shows."""

    def __init__(self, store: ReactionStore, bus: Bus) -> None:
        self._store, self._bus = store, bus
        self._gathered: dict[ShowId, Tally[str]] = {}

    def send(self, show_id: ShowId, kind: ReactionKind, count: int) -> None:
        """Count reactions; they are told with the next pulse."""
        if show_id not in self._gathered and len(self._gathered) >= SHOWS_MAX:
            raise Busy(retry_after_ms=1000)
        self._gathered.setdefault(show_id, Tally())[kind] += count

    async def flush(self) -> None:
        """Add what gathered to the totals and tell them."""
        gathered, self._gathered = self._gathered, {}
        for show_id, counts in gathered.items():
            version, totals = await self._store.add(show_id, counts)
            await self._bus.count(show_id, ReactionCounted(version=version, counts=totals))

    async def totals(self, show_id: ShowId) -> ReactionsView:
        """All counts of a show; nothing while Redis is away."""
        try:
            version, counts = await self._store.add(show_id, {})
        except StorageUnavailable:
            return ReactionsView({}, 0)
        return ReactionsView(counts, version)
