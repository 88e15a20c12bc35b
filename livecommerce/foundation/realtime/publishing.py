"""Getting committed events to Redis: once, in order, by whoever comes first; and the sweep for what nobody brought.

`Publisher.publish` runs inside the task that committed and waits at most `PUBLISH_TIMEOUT_S` once per outage: after
a failure it stays silent for a second and leaves the rest to the sweep. `Sweep.run` is one task per process.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from livecommerce.foundation.core.errors import StorageUnavailable
from livecommerce.foundation.core.events import Scope
from livecommerce.foundation.core.ids import ShowId
from livecommerce.foundation.realtime.wire import Envelope
from livecommerce.foundation.storage.redis import unavailable_as_domain_error

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from livecommerce.foundation.realtime.eventlog import EventLog

log = structlog.get_logger(__name__)

PUBLISH_TIMEOUT_S = 1.0
SILENCE_AFTER_FAILURE_S = 1.0
STREAM_TTL_S = 24 * 3600
"""A stream that nobody wrote to for a day is dropped; PostgreSQL has it all."""
BATCH = 500
"""Events per Lua call while filling a stream: some hundred KB."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Envelope).decode

Read = Callable[[ShowId, Scope, int, int], Awaitable[list[Envelope]]]


def channel(show_id: ShowId, scope: Scope) -> str:
    """Where new events of a show are published."""
    return f"log:{{{show_id}}}:{scope}"


def stream_key(show_id: ShowId, scope: Scope, epoch: int) -> str:
    """The stream of recent events. A new epoch begins an empty one."""
    return f"log:{{{show_id}}}:{scope}:{epoch}"


async def _nothing(_show: ShowId, _scope: Scope, _after: int, _limit: int) -> list[Envelope]:
    return []


class Publisher:
    """Offers committed events to Redis."""

    def __init__(self, redis: Redis, *, window: int = 1000, script: str | None = None) -> None:
        self.window = window
        self.read: Read = _nothing
        """How to get missing events from PostgreSQL; the event log fills it in."""
        self._redis = redis
        text = script or files(__package__).joinpath("lua/append.lua").read_text(encoding="utf-8")
        self._script = redis.register_script(text)
        self._silent_until = 0.0
        self.confirmed: dict[tuple[ShowId, Scope], tuple[int, int]] = {}
        """(epoch, seq) that Redis is known to have: what the sweep need not ask for."""

    async def publish(self, show_id: ShowId, scope: Scope, envelopes: Sequence[Envelope]) -> None:
        """Bring events that have just been committed. Never raises for Redis' sake: the sweep brings what failed."""
        if time.monotonic() < self._silent_until:
            return
        try:
            async with asyncio.timeout(PUBLISH_TIMEOUT_S):
                await self.offer(show_id, scope, envelopes)
        except (StorageUnavailable, TimeoutError):
            self._silent_until = time.monotonic() + SILENCE_AFTER_FAILURE_S
            self.confirmed.clear()
            log.warning("events wait for the sweep: Redis does not answer")

    async def offer(self, show_id: ShowId, scope: Scope, envelopes: Sequence[Envelope]) -> None:
        """Append and publish, filling a gap before them from PostgreSQL."""
        epoch = envelopes[0].epoch
        accepted, last = await self.append(show_id, scope, envelopes)
        if not accepted:
            last = await self.fill(show_id, scope, epoch, last, envelopes[-1].seq or 0)
        if len(self.confirmed) >= 10_000:
            self.confirmed.clear()
        self.confirmed[show_id, scope] = epoch, last

    async def fill(self, show_id: ShowId, scope: Scope, epoch: int, last: int, head: int) -> int:
        """Offer everything from `last + 1` to `head`, or from the start of the window if that is later."""
        window_start = max(0, head - self.window)
        anew = last < window_start
        after = max(last, window_start)
        while after < head:
            missing = await self.read(show_id, scope, after, BATCH)
            if not missing or missing[0].epoch != epoch:
                return after
            accepted, last = await self.append(show_id, scope, missing, anew=anew)
            if not accepted:
                return last
            anew, after = False, max(last, missing[-1].seq or 0)
        return after

    async def append(
        self, show_id: ShowId, scope: Scope, envelopes: Sequence[Envelope], *, anew: bool = False
    ) -> tuple[bool, int]:
        """One Lua call; (accepted, last seq of the stream)."""
        key = stream_key(show_id, scope, envelopes[0].epoch)
        args = [channel(show_id, scope), envelopes[0].seq or 0, int(anew), self.window, STREAM_TTL_S]
        return await self._call(key, [*args, *map(_encode, envelopes)])

    async def last(self, show_id: ShowId, scope: Scope, epoch: int) -> int:
        """The last seq that Redis has."""
        args = [channel(show_id, scope), 0, 0, self.window, STREAM_TTL_S]
        return (await self._call(stream_key(show_id, scope, epoch), args))[1]

    async def _call(self, key: str, args: list[Any]) -> tuple[bool, int]:
        with unavailable_as_domain_error():
            answer: Any = await self._script(keys=[key], args=args)
        return bool(answer[0]), int(answer[1])

    async def entries(self, key: str, from_seq: int) -> list[Envelope]:
        """Events of the stream from `from_seq` on, itself included."""
        with unavailable_as_domain_error():
            found: Any = await self._redis.xrange(key, min=f"{from_seq}-0", count=self.window + 2)
        try:
            return [_decode(fields[b"e"]) for _, fields in found]
        except (msgspec.DecodeError, KeyError):
            log.warning("a stream holds something that is not an event")
            return []


class Sweep:
    """Finds committed events that nobody published: their process died, or Redis was away."""

    EVERY_S = 1.0
    LATELY_S = 60.0
    LONG_S = 24 * 3600.0
    LONG_EVERY = 30
    """Each so many rounds, and after trouble, everything of the last day is compared, confirmed or not."""

    def __init__(self, log: EventLog) -> None:
        self._log, self._publisher = log, log.publisher

    async def run(self) -> None:
        """Sweep until cancelled."""
        rounds = 0
        while True:
            try:
                await self.sweep(thorough=rounds % self.LONG_EVERY == 0)
                rounds += 1
            except StorageUnavailable:
                rounds = 0
            await asyncio.sleep(self.EVERY_S)

    async def sweep(self, *, thorough: bool = True) -> int:
        """Bring what is missing; how many (show, scope) were behind."""
        if thorough:
            self._publisher.confirmed.clear()
        behind = 0
        for row in await self._log.touched(self.LONG_S if thorough else self.LATELY_S):
            for scope in Scope:
                behind += await self._compare(row["show_id"], scope, row["epoch"], row[f"{scope}_seq"])
        return behind

    async def _compare(self, show_id: ShowId, scope: Scope, epoch: int, head: int) -> bool:
        if head == 0 or self._publisher.confirmed.get((show_id, scope), (0, 0)) >= (epoch, head):
            return False
        last = await self._publisher.last(show_id, scope, epoch)
        if last < head:
            last = await self._publisher.fill(show_id, scope, epoch, last, head)
            self._publisher.confirmed[show_id, scope] = epoch, last
            return True
        if last > head and last > (await self._log.head(show_id, scope)).seq:
            # Redis knows what PostgreSQL does not: the database came back from a backup.
            log.warning("the database is older than what was told: a new epoch begins", show_id=show_id)
            await self._log.rotate_epoch(epoch)
        self._publisher.confirmed[show_id, scope] = epoch, last
        return False
