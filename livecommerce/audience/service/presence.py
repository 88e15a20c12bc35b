"""Who is watching, over all processes: counted, never announced one by one.

`audience.jobs.AudiencePulse`, one task per web process, says every second who is here. What a process said counts for
`SAID_MS`, so one that died is forgotten within two seconds.
"""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from livecommerce.audience.events import AudienceCounted
from livecommerce.audience.model import Crowd, Present
from livecommerce.audience.store import PresenceStore
from livecommerce.audience.views import AudienceView
from livecommerce.foundation.core.clock import Clock
from livecommerce.foundation.core.errors import StorageUnavailable
from livecommerce.foundation.core.ids import ShowId, new_id
from livecommerce.foundation.realtime.bus import Bus

log = structlog.get_logger(__name__)

PULSE_S = 0.7
SAID_MS = 1_800
ROLL_MS = 5_000
ROLL_EVERY = 3
"""Names are said with every third pulse."""


class Presence:
    """Says who is here and hears who is elsewhere."""

    def __init__(self, store: PresenceStore, bus: Bus, clock: Clock) -> None:
        self._store, self._bus, self._clock = store, bus, clock
        self._process = new_id()
        self._said: dict[ShowId, int] = {}
        """What this process said last, of shows that have somebody here."""
        self._told: dict[ShowId, int] = {}
        self._peaks: dict[ShowId, int] = {}
        self._pulses = 0

    async def pulse(self, crowds: Mapping[ShowId, Crowd]) -> None:
        """Say who watches in this process, and tell each show how many watch in all."""
        self._pulses += 1
        gone = [show_id for show_id in self._said if show_id not in crowds]
        for show_id in gone:
            await self._count(show_id, 0)
            for known in (self._said, self._told, self._peaks):
                known.pop(show_id, None)
        for show_id, crowd in crowds.items():
            is_new = show_id not in self._said
            self._said[show_id] = crowd.viewers
            await self._count(show_id, crowd.viewers)
            if is_new or self._pulses % ROLL_EVERY == 0:
                until_ms = self._clock.now_ms() + ROLL_MS
                await self._store.call_roll(show_id, process=self._process, people=crowd.people, until_ms=until_ms)

    async def watching(self, show_id: ShowId) -> AudienceView:
        """How many watch; nobody while Redis is away."""
        try:
            version, viewers = await self._store.viewers(show_id)
        except StorageUnavailable:
            return AudienceView(0, 0)
        return AudienceView(viewers, version)

    async def people(self, show_id: ShowId) -> list[Present]:
        """Who watches, by name."""
        return await self._store.people(show_id, self._clock.now_ms())

    async def peak(self, show_id: ShowId) -> int:
        """The largest audience so far."""
        return await self._store.peak(show_id)

    async def _count(self, show_id: ShowId, viewers: int) -> None:
        version, total = await self._store.pulse(show_id, process=self._process, viewers=viewers, ttl_ms=SAID_MS)
        if self._told.get(show_id) != total:
            self._told[show_id] = total
            await self._bus.count(show_id, AudienceCounted(version=version, viewers=total))
        if total > self._peaks.get(show_id, 0):
            await self._raise_peak(show_id, total)

    async def _raise_peak(self, show_id: ShowId, viewers: int) -> None:
        try:
            await self._store.raise_peak(show_id, viewers, self._clock.now())
            self._peaks[show_id] = viewers
        except StorageUnavailable:
            log.debug("a peak is not kept yet: PostgreSQL does not answer")
