"""The receiving side of the bus: one pub/sub connection per process, which notices when it has gone deaf.

`Ear.run` reads; beside it one task applies changes of the wanted channels and one publishes a heartbeat to itself.
A heartbeat that stays away for `DEAF_AFTER_S` (half-open TCP, a subscription that Redis forgot) ends the connection;
a new one subscribes again and then calls `on_reconnect`, so that whoever listens can heal what was missed.
Messages are handed over synchronously, in order; handlers only sort them into bounded buffers.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter as Tally
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import structlog
from redis.exceptions import RedisError

from livecommerce.foundation.core.errors import StorageUnavailable
from livecommerce.foundation.core.ids import new_id
from livecommerce.foundation.storage.redis import unavailable_as_domain_error

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from redis.asyncio.client import PubSub

log = structlog.get_logger(__name__)

BEAT_EVERY_S = 1.0
DEAF_AFTER_S = 3.0
RETRY_S = 0.5
CONFIRM_TIMEOUT_S = 3.0

Handler = Callable[[bytes], None]


class Deaf(Exception):
    """The heartbeat did not come back."""


class Ear:
    """Subscriptions of this process. `redis` is a client of its own, without a socket timeout."""

    def __init__(self, redis: Redis) -> None:
        self.on_reconnect: list[Callable[[], None]] = []
        self._redis = redis
        self._beat = f"bus:beat:{new_id()}"
        self._wanted: dict[str, Handler] = {self._beat: self._heard_beat}
        self._confirmed: set[str] = set()
        self._asked: Tally[str] = Tally()
        """Subscriptions that Redis has not confirmed yet. One that was ended and begun again is confirmed twice."""
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._changed = asyncio.Event()
        self._last_beat = 0.0

    async def listen(self, channel: str, handler: Handler) -> None:
        """Hand every message of the channel to the handler. Returns once Redis has confirmed it."""
        self._wanted[channel] = handler
        if channel in self._confirmed:
            return
        waiting = self._waiting.setdefault(channel, asyncio.get_running_loop().create_future())
        self._changed.set()
        try:
            async with asyncio.timeout(CONFIRM_TIMEOUT_S):
                await asyncio.shield(waiting)
        except TimeoutError:
            raise StorageUnavailable(retry_after_ms=1000) from None

    def forget(self, channel: str) -> None:
        """Stop listening."""
        self._wanted.pop(channel, None)
        self._waiting.pop(channel, None)
        self._changed.set()

    async def run(self) -> None:
        """Listen until cancelled, connecting again as often as needed."""
        is_first = True
        while True:
            pubsub = self._redis.pubsub()
            try:
                await self._session(pubsub, heal=not is_first)
            except* (RedisError, OSError, TimeoutError, Deaf, StorageUnavailable):
                log.warning("the bus is not heard; connecting again")
            finally:
                self._confirmed.clear()
                await _closed(pubsub)
            is_first = False
            _stop_if_cancelled()
            await asyncio.sleep(RETRY_S)

    async def _session(self, pubsub: PubSub, *, heal: bool) -> None:
        self._last_beat = time.monotonic()
        self._asked = Tally(list(self._wanted))
        await pubsub.subscribe(*self._wanted)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._apply_changes(pubsub), name="bus subscriptions")
            group.create_task(self._keep_beating(), name="bus heartbeat")
            if heal:
                for callback in self.on_reconnect:
                    callback()
            await self._read(pubsub)

    async def _read(self, pubsub: PubSub) -> None:
        while True:
            message: dict[str, Any] | None = await pubsub.get_message(timeout=BEAT_EVERY_S)
            if message is None:
                if time.monotonic() - self._last_beat > DEAF_AFTER_S:
                    raise Deaf
                continue
            channel = message["channel"].decode()
            if message["type"] == "subscribe":
                self._confirm(channel)
            elif message["type"] == "message" and (handler := self._wanted.get(channel)):
                _hand_over(handler, message["data"], channel)

    def _confirm(self, channel: str) -> None:
        self._asked[channel] -= 1
        if self._asked[channel] > 0:
            return
        del self._asked[channel]
        self._confirmed.add(channel)
        if (waiting := self._waiting.pop(channel, None)) and not waiting.done():
            waiting.set_result(None)

    async def _apply_changes(self, pubsub: PubSub) -> None:
        subscribed = set(pubsub.channels) if pubsub.channels else set()
        known = {name.decode() if isinstance(name, bytes) else name for name in subscribed}
        while True:
            await self._changed.wait()
            self._changed.clear()
            wanted = set(self._wanted)
            if extra := known - wanted:
                self._confirmed -= extra
                await pubsub.unsubscribe(*extra)
            if missing := wanted - known:
                self._asked.update(list(missing))
                await pubsub.subscribe(*missing)
            known = wanted

    async def _keep_beating(self) -> None:
        while True:
            with unavailable_as_domain_error():
                async with asyncio.timeout(DEAF_AFTER_S):
                    await self._redis.publish(self._beat, b"")
            await asyncio.sleep(BEAT_EVERY_S)

    def _heard_beat(self, _data: bytes) -> None:
        self._last_beat = time.monotonic()


def _stop_if_cancelled() -> None:
    """A task group that is cancelled while a child fails reports the failure alone; the request still counts."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _hand_over(handler: Handler, data: bytes, channel: str) -> None:
    try:
        handler(data)
    except Exception:
        # Nothing that another process sends may make this one deaf.
        log.exception("a message of the bus could not be used", channel=channel.split(":", maxsplit=1)[0])


async def _closed(pubsub: PubSub) -> None:
    try:
        async with asyncio.timeout(1):
            await pubsub.aclose()  # type: ignore[no-untyped-call]
    except (RedisError, OSError, TimeoutError):
        log.debug("the old connection of the bus did not close cleanly")
