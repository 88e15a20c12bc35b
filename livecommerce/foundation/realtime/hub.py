"""From the bus to the viewers of this process: one frame per tick and show, one write per viewer.

Each show and scope with viewers here is a `Feed` with one task. The first event after a silence goes out at once; then
at least a tick passes, stretched to twice what the last sweep over the viewers took, so that overload costs latency and
never a backlog. Events that arrive during a tick share a frame; of each counter only the newest is sent. A sweep
yields every `YIELD_EVERY` writes, so that acks keep their latency. What a viewer does not read is the viewer's own
bounded buffer (`gateway/socket.py`); a feed waits for nobody. What the bus lost is found by a gap, by a reconnection,
or at the latest when places are compared every `COMPARE_EVERY_S`.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol

import msgspec
import structlog

from livecommerce.foundation.core.errors import StorageUnavailable
from livecommerce.foundation.core.events import Scope
from livecommerce.foundation.core.ids import ShowId
from livecommerce.foundation.realtime.bus import Counted, counters_channel
from livecommerce.foundation.realtime.eventlog import EventLog, Head, ShowNotFound
from livecommerce.foundation.realtime.listening import Ear
from livecommerce.foundation.realtime.publishing import channel
from livecommerce.foundation.realtime.wire import Envelope, Frames

log = structlog.get_logger(__name__)

YIELD_EVERY = 500
RING = 1000
"""Recent events kept in memory: most who come back within a minute are served without a query."""
PENDING_MAX = 2000
HEAL_RETRY_S = 1.0
COMPARE_EVERY_S = 2.0

_decode_events = msgspec.msgpack.Decoder(list[Envelope]).decode
_decode_counter = msgspec.msgpack.Decoder(Counted).decode


class Member(Protocol):
    """A viewer's connection, as a feed sees it."""

    def deliver(self, full: Frames, lean: Frames | None) -> None:
        """Write the tick's frame; `lean` (None: nothing) is for those who are behind: it leaves counters out."""
        ...


class Feed:
    """One scope of one show, for the viewers in this process."""

    def __init__(self, show_id: ShowId, scope: Scope, log: EventLog, tick_s: float) -> None:
        self.show_id, self.scope = show_id, scope
        self.members: dict[Member, None] = {}
        self.head = Head(0, 0)
        """Everything up to here has been handed to the members, or is about to be."""
        self._log, self._tick_s = log, tick_s
        self._ring: deque[Envelope] = deque(maxlen=RING)
        self._pending: list[Envelope] = []
        self._counters: dict[str, Counted] = {}
        self._newest: dict[str, tuple[float, Counted]] = {}
        """The last value of each counter, and when it was heard."""
        self._wake, self._behind = asyncio.Event(), asyncio.Event()
        self._started: asyncio.Future[None] | None = None

    def hear_events(self, data: bytes) -> None:
        """Take what was published: what is new, in order; a gap is healed from the log."""
        for envelope in _decode_events(data):
            self._accept(envelope)

    def hear_counter(self, data: bytes) -> None:
        """Keep the newest value of a counter for the next tick."""
        counted = _decode_counter(data)
        _, known = self._newest.get(counted.key, (0.0, counted))
        if counted.value < known.value:
            return
        if len(self._newest) > RING:
            self._newest.clear()
        self._newest[counted.key] = time.monotonic(), counted
        self._counters[counted.key] = counted
        self._wake.set()

    def _accept(self, envelope: Envelope) -> None:
        epoch, seq = envelope.epoch, envelope.seq or 0
        if epoch < self.head.epoch or (epoch == self.head.epoch and seq <= self.head.seq):
            return
        if epoch == self.head.epoch and seq > self.head.seq + 1:
            self._behind.set()
            return
        if epoch > self.head.epoch:
            self._ring.clear()
        self._append(envelope)

    def _append(self, envelope: Envelope) -> None:
        self.head = Head(envelope.epoch, envelope.seq or 0)
        self._ring.append(envelope)
        self._pending.append(envelope)
        if len(self._pending) > PENDING_MAX:
            # Viewers see the gap and join again; better than a backlog.
            del self._pending[: PENDING_MAX // 2]
        self._wake.set()

    def missed(self, epoch: int, seq: int) -> list[Envelope] | None:
        """The events after `seq` when all of them are still in memory."""
        if epoch != self.head.epoch or seq > self.head.seq:
            return None
        first = self._ring[0].seq or 0 if self._ring else self.head.seq + 1
        return None if seq + 1 < first else [e for e in self._ring if (e.seq or 0) > seq]

    def counted_since(self, moment: float) -> list[Envelope]:
        """The newest values of counters that were heard after a moment (monotonic)."""
        return [counted.envelope for heard_at, counted in self._newest.values() if heard_at >= moment]

    def suspect(self) -> None:
        """Compare with the log soon: something may have been missed."""
        self._behind.set()

    async def started(self, connect: Callable[[asyncio.Future[None]], object]) -> None:
        """Wait until the feed is connected; the first who enters has it connected."""
        if self._started is None:
            self._started = asyncio.get_running_loop().create_future()
            connect(self._started)
        await asyncio.shield(self._started)

    async def begin(self) -> None:
        """Know where the log is. The channel is already heard, so nothing can fall between."""
        head = await self._log.head(self.show_id, self.scope)
        if (head.epoch, head.seq) > (self.head.epoch, self.head.seq):
            self.head = head
            self._ring.clear()

    async def run(self) -> None:
        """Send ticks and heal gaps until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(_guarded(self._keep_ticking), name="feed ticks")
            group.create_task(_guarded(self._keep_healing), name="feed healing")

    async def _keep_ticking(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._wake.wait()
            self._wake.clear()
            begun = loop.time()
            await self._tick()
            spent = loop.time() - begun
            await asyncio.sleep(max(self._tick_s - spent, spent))

    async def _tick(self) -> None:
        events, self._pending = self._pending, []
        counters, self._counters = [c.envelope for c in self._counters.values()], {}
        if not events and not counters:
            return
        lean = Frames(events) if events else None
        full = Frames([*events, *counters]) if counters or lean is None else lean
        for nth, member in enumerate(tuple(self.members), start=1):
            member.deliver(full, lean)
            if nth % YIELD_EVERY == 0:
                await asyncio.sleep(0)

    async def _keep_healing(self) -> None:
        while True:
            await self._behind.wait()
            self._behind.clear()
            try:
                await self._heal()
            except (StorageUnavailable, ShowNotFound):
                self._behind.set()
                await asyncio.sleep(HEAL_RETRY_S)

    async def _heal(self) -> None:
        missed = await self._log.since(self.show_id, self.scope, self.head.epoch, self.head.seq)
        if missed is None:
            # Too much, or another epoch: the newest event alone shows every viewer the gap, and they join again.
            head = await self._log.head(self.show_id, self.scope)
            missed = await self._log.since(self.show_id, self.scope, head.epoch, max(0, head.seq - 1)) or []
            self._ring.clear()
        for envelope in missed:
            if (envelope.epoch, envelope.seq or 0) > (self.head.epoch, self.head.seq):
                self._append(envelope)


async def _guarded(work: Callable[[], Awaitable[None]]) -> None:
    """A fault in one feed must not end the others: log it and go on."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("a feed stumbled")
            await asyncio.sleep(HEAL_RETRY_S)


class Hub:
    """The feeds of this process."""

    def __init__(self, log: EventLog, ear: Ear, *, tick_ms: int = 40) -> None:
        self._log, self._ear, self._tick_s = log, ear, tick_ms / 1000
        self._feeds: dict[tuple[ShowId, Scope], Feed] = {}
        self._tasks: dict[Feed, asyncio.Task[None]] = {}
        self._group: asyncio.TaskGroup | None = None
        ear.on_reconnect.append(self._suspect_all)

    async def run(self) -> None:
        """Own the feeds' tasks, and compare places, until cancelled."""
        async with asyncio.TaskGroup() as self._group:
            while True:
                await asyncio.sleep(COMPARE_EVERY_S)
                await self._compare_places()

    async def enter(self, member: Member, show_id: ShowId, scope: Scope) -> Head:
        """Let the member receive every event after the returned head (and possibly some before it)."""
        key = (show_id, scope)
        feed = self._feeds.get(key)
        if feed is None:
            feed = self._feeds[key] = Feed(show_id, scope, self._log, self._tick_s)
        feed.members[member] = None
        try:
            await feed.started(lambda done: self._start(self._connect(feed, done)))
        except BaseException:
            self.leave(member, show_id, scope)
            raise
        return feed.head

    def leave(self, member: Member, show_id: ShowId, scope: Scope) -> None:
        """Stop delivering. The last one out switches the feed off."""
        feed = self._feeds.get((show_id, scope))
        if feed is None or feed.members.pop(member, feed) is feed or feed.members:
            return
        del self._feeds[show_id, scope]
        if task := self._tasks.pop(feed, None):
            task.cancel()
        for name, _ in self._channels(feed):
            self._ear.forget(name)

    def missed(self, show_id: ShowId, scope: Scope, since: Head) -> list[Envelope] | None:
        """What a returning viewer missed, if this process remembers all of it."""
        feed = self._feeds.get((show_id, scope))
        return feed.missed(since.epoch, since.seq) if feed else None

    def counted_since(self, show_id: ShowId, moment: float) -> list[Envelope]:
        """Counters that changed after a moment: what a snapshot read at that moment may not show."""
        feed = self._feeds.get((show_id, Scope.PUBLIC))
        return feed.counted_since(moment) if feed else []

    def viewers(self) -> dict[ShowId, int]:
        """How many connections watch each show here."""
        return {show_id: len(feed.members) for (show_id, scope), feed in self._feeds.items() if scope is Scope.PUBLIC}

    def members(self, show_id: ShowId, scope: Scope = Scope.PUBLIC) -> tuple[Member, ...]:
        """Who watches a show here."""
        feed = self._feeds.get((show_id, scope))
        return tuple(feed.members) if feed else ()

    async def _connect(self, feed: Feed, done: asyncio.Future[None]) -> None:
        try:
            for name, handler in self._channels(feed):
                if self._is_open(feed):
                    await self._ear.listen(name, handler)
            await feed.begin()
        except Exception as exc:
            _settle(done, exc)
            return
        except asyncio.CancelledError:
            _settle(done, StorageUnavailable(retry_after_ms=1000))
            raise
        if self._is_open(feed):
            self._tasks[feed] = self._start(feed.run())
        _settle(done)

    def _channels(self, feed: Feed) -> list[tuple[str, Callable[[bytes], None]]]:
        events = (channel(feed.show_id, feed.scope), feed.hear_events)
        if feed.scope is not Scope.PUBLIC:
            return [events]
        return [events, (counters_channel(feed.show_id), feed.hear_counter)]

    def _is_open(self, feed: Feed) -> bool:
        """Whether somebody still waits for the feed; else a newer one may have its channels."""
        return self._feeds.get((feed.show_id, feed.scope)) is feed

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        if self._group is None:
            work.close()
            raise RuntimeError("the hub is not running")
        return self._group.create_task(work, name="feed")

    async def _compare_places(self) -> None:
        """Find feeds that a message did not reach, whatever lost it."""
        for feed in tuple(self._feeds.values()):
            try:
                last = await self._log.publisher.last(feed.show_id, feed.scope, feed.head.epoch)
            except StorageUnavailable:
                return
            if last > feed.head.seq:
                feed.suspect()

    def _suspect_all(self) -> None:
        for feed in self._feeds.values():
            feed.suspect()


def _settle(done: asyncio.Future[None], exc: Exception | None = None) -> None:
    if done.cancelled():
        return
    if exc is None:
        done.set_result(None)
    else:
        done.set_exception(exc)
        done.exception()  # Marks it as seen: everybody who waited may have gone.
