"""What the media process does beside its streams: streams whose process died, and streams of shows that are over.

One task; it waits out trouble of storage and goes on. Every step may be repeated by another process.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Protocol

import structlog

from livecommerce.broadcast.model import BroadcastState
from livecommerce.broadcast.service import Shows, StreamAnnouncer
from livecommerce.broadcast.store import StreamStore
from livecommerce.foundation.core.clock import Clock
from livecommerce.foundation.core.errors import LiveCommerceError
from livecommerce.foundation.core.ids import ShowId
from livecommerce.shows.model import ShowStatus

log = structlog.get_logger(__name__)

EVERY_S = 2.0
MISSED = 3
"""Looks without a clock until a stream counts as orphaned: 6 s, more than a publisher needs to come back."""


class StreamClocks(Protocol):
    """Whether a media process still moves the clock of a show."""

    async def clock_base(self, show_id: ShowId) -> int | None: ...


class StreamEnder(Protocol):
    """Ends the stream of a show."""

    async def end(self, show_id: ShowId) -> None: ...


class StreamJanitor:
    """Keeps what viewers were told true when nobody is left to tell them."""

    def __init__(
        self,
        store: StreamStore,
        announcer: StreamAnnouncer,
        shows: Shows,
        clocks: StreamClocks,
        *,
        media: StreamEnder,
        clock: Clock,
        end_s: float,
    ) -> None:
        self._store, self._announcer, self._shows = store, announcer, shows
        self._clocks, self._media, self._clock = clocks, media, clock
        self._end_s = end_s
        self._missed: dict[ShowId, int] = {}

    async def run(self) -> None:
        """Look every two seconds until cancelled."""
        while True:
            try:
                await self.look()
            except LiveCommerceError:
                log.debug("the janitor of streams waits for storage")
            except Exception:
                log.exception("the janitor of streams failed and goes on")
            await asyncio.sleep(EVERY_S)

    async def look(self) -> None:
        """Interrupt orphans, end what was lost for too long, and end the streams of ended shows."""
        await self._end_those_of_ended_shows()
        await self._interrupt_orphans()
        await self._end_lost()

    async def _interrupt_orphans(self) -> None:
        live = await self._store.in_state([BroadcastState.LIVE], changed_before=self._clock.now())
        missed = {}
        for broadcast in live:
            if await self._clocks.clock_base(broadcast.show_id) is None:
                missed[broadcast.show_id] = self._missed.get(broadcast.show_id, 0) + 1
        self._missed = missed
        for broadcast in live:
            if missed.get(broadcast.show_id, 0) >= MISSED:
                await self._announcer.announce(replace(broadcast, state=BroadcastState.INTERRUPTED))

    async def _end_lost(self) -> None:
        before = self._clock.now() - timedelta(seconds=self._end_s)
        for broadcast in await self._store.in_state([BroadcastState.INTERRUPTED], changed_before=before):
            await self._announcer.announce(replace(broadcast, state=BroadcastState.ENDED))

    async def _end_those_of_ended_shows(self) -> None:
        states = [BroadcastState.LIVE, BroadcastState.INTERRUPTED]
        for broadcast in await self._store.in_state(states, changed_before=self._clock.now()):
            if (await self._shows.get(broadcast.show_id)).status is ShowStatus.ENDED:
                await self._media.end(broadcast.show_id)
                await self._announcer.announce(replace(broadcast, state=BroadcastState.ENDED))
