"""What processes tell each other outside the log: counters, notices to one person, and closing somebody's sockets.

Counters are conflated before they travel: `Bus.run`, one task per process, sends the latest of each every
`COUNT_EVERY_S`, and keeps it until Redis took it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from livecommerce.foundation.core.clock import Clock
from livecommerce.foundation.core.errors import StorageUnavailable
from livecommerce.foundation.core.events import Counter, Scope
from livecommerce.foundation.core.ids import PersonId, ShowId, new_id
from livecommerce.foundation.realtime.eventlog import timestamp
from livecommerce.foundation.realtime.wire import Envelope, plain
from livecommerce.foundation.storage.redis import unavailable_as_domain_error

if TYPE_CHECKING:
    from redis.asyncio import Redis

log = structlog.get_logger(__name__)

PEOPLE = "bus:people"
COUNT_EVERY_S = 0.05
PENDING_MAX = 10_000
"""Counters waiting for Redis. More than that many things do not change at once; the oldest are forgotten."""


class Counted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A counter on its way to the hubs: the newest of a key wins."""

    key: str
    value: int
    """The counter's `version`."""
    envelope: Envelope


class NoticeTo(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="notice"):
    """Something for one person, on all their connections."""

    person_id: str
    type: str
    data: dict[str, Any]


class CloseOf(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="close"):
    """Close a person's connections: all, those of one sign-in session, or those that are in one show."""

    person_id: str
    code: str
    show_id: str | None = None
    session_id: str | None = None


def counters_channel(show_id: ShowId) -> str:
    """Where a show's counters are published."""
    return f"counters:{{{show_id}}}"


class Bus:
    """The sending side."""

    def __init__(self, redis: Redis, clock: Clock) -> None:
        self._redis, self._clock = redis, clock
        self._counters: dict[tuple[ShowId, str], Counter] = {}
        self._waiting = asyncio.Event()

    async def count(self, show_id: ShowId, counter: Counter) -> None:
        """Tell the newest value of a counter soon. Absolute, so that a lost one is healed by the next."""
        key = (show_id, counter.key)
        known = self._counters.get(key)
        if known is None or known.version <= counter.version:
            self._counters[key] = counter
        while len(self._counters) > PENDING_MAX:
            del self._counters[next(iter(self._counters))]
        self._waiting.set()

    async def run(self) -> None:
        """Send counters until cancelled."""
        while True:
            await self._waiting.wait()
            try:
                await self.flush()
            except StorageUnavailable:
                await asyncio.sleep(1)
            await asyncio.sleep(COUNT_EVERY_S)

    async def flush(self) -> None:
        """Send what waits, in one round trip."""
        self._waiting.clear()
        sending, self._counters = self._counters, {}
        if not sending:
            return
        try:
            with unavailable_as_domain_error():
                async with self._redis.pipeline(transaction=False) as pipe:
                    for (show_id, _), counter in sending.items():
                        pipe.publish(counters_channel(show_id), self._counted(show_id, counter))
                    await pipe.execute()
        except StorageUnavailable:
            self._counters = sending | self._counters
            self._waiting.set()
            raise

    def _counted(self, show_id: ShowId, counter: Counter) -> bytes:
        envelope = Envelope(
            id=new_id(),
            type=counter.type,
            version=1,
            timestamp=timestamp(self._clock.now()),
            show_id=show_id,
            scope=Scope.PUBLIC,
            data=plain(counter),
        )
        return msgspec.msgpack.encode(Counted(counter.key, counter.version, envelope))

    async def notify(self, person_id: PersonId, type: str, data: msgspec.Struct) -> None:
        """Tell one person, wherever they are connected; nothing is kept for those who are not. Never raises."""
        await self._tell(NoticeTo(person_id, type, plain(data)))

    async def disconnect(
        self, person_id: PersonId, code: str, show_id: ShowId | None = None, *, session_id: str | None = None
    ) -> None:
        """Close a person's sockets on every node with a disconnect code (`banned`, `signed_out`). Never raises:
        what Redis lost, the next check of the token or of the sanction finds."""
        await self._tell(CloseOf(person_id, code, show_id, session_id))

    async def _tell(self, message: NoticeTo | CloseOf) -> None:
        try:
            with unavailable_as_domain_error():
                await self._redis.publish(PEOPLE, msgspec.msgpack.encode(message))
        except StorageUnavailable:
            log.warning("a message to a person was lost: Redis does not answer", kind=type(message).__name__)
