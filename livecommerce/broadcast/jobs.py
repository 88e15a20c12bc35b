"""What the media process does beside its streams: it ends those whose process died or whose show is over, and shows out
whoever is banned.

One task each. The janitor waits out trouble of storage and goes on; every step of it may be repeated by another
process. The doorman hears the bus; what it missed, the next offer of that person finds.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Protocol

import msgspec
import structlog

from livecommerce.broadcast.model import BroadcastState
from livecommerce.broadcast.service import Shows, StreamAnnouncer
from livecommerce.broadcast.store import StreamStore
from livecommerce.foundation.core.clock import Clock
from livecommerce.foundation.core.errors import LiveCommerceError
from livecommerce.foundation.core.ids import PersonId, ShowId
from livecommerce.foundation.realtime.bus import PEOPLE, CloseOf, NoticeTo
from livecommerce.foundation.realtime.listening import Ear
from livecommerce.shows.model import ShowStatus

_decode = msgspec.msgpack.Decoder(NoticeTo | CloseOf).decode

log = structlog.get_logger(__name__)

EVERY_S = 2.0
WAITING_MAX = 1_000
"""People to show out; beyond that the next one is found when they ask again."""
MISSED = 3
"""Looks without a clock until a stream counts as orphaned: 6 s, more than a publisher needs to come back."""


class StreamClocks(Protocol):
    """Whether a media process still moves the clock of a show."""

    async def clock_base(self, show_id: ShowId) -> int | None: ...


class StreamEnder(Protocol):
    """Ends the stream of a show."""

    async def end(self, show_id: ShowId) -> None: ...


class Sessions(Protocol):
    """Ends media sessions of people."""

    async def disconnect(self, show_id: ShowId, person: PersonId) -> None: ...

    async def disconnect_everywhere(self, person: PersonId) -> None: ...


class Doorman:
    """Ends the WebRTC sessions of a person whose sockets are being closed, here as on every other node."""

    def __init__(self, ear: Ear, sessions: Sessions) -> None:
        self._ear, self._sessions = ear, sessions
        self._waiting: asyncio.Queue[CloseOf] = asyncio.Queue(WAITING_MAX)

    async def run(self) -> None:
        """Listen until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._ear.run(), name="media ear")
            group.create_task(self._subscribe(), name="media ear of people")
            while True:
                await self._show_out(await self._waiting.get())

    async def _subscribe(self) -> None:
        while True:
            try:
                return await self._ear.listen(PEOPLE, self._hear)
            except LiveCommerceError:
                await asyncio.sleep(EVERY_S)

    def _hear(self, data: bytes) -> None:
        message = _decode(data)
        if isinstance(message, CloseOf) and not self._waiting.full():
            self._waiting.put_nowait(message)

    async def _show_out(self, message: CloseOf) -> None:
        person = PersonId(message.person_id)
        if message.show_id is not None:
            await self._sessions.disconnect(ShowId(message.show_id), person)
        elif message.session_id is None:
            await self._sessions.disconnect_everywhere(person)


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
