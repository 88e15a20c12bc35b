"""Which media nodes there are, which of them serves a show, and where the show's stream is on its own timeline (Redis).

`media:nodes` is a sorted set of node ids by the time they were last seen, `media:node:{id}` what a node says of itself,
`media:{show_id}:node` the node of a show, `media:{show_id}:clock` the wall-clock time of `media_ts` 0. Everything has a
TTL: a node that dies is forgotten by itself.
"""

import asyncio
import time
from typing import TYPE_CHECKING

import msgspec

from livecommerce.foundation.core.clock import Clock
from livecommerce.foundation.core.errors import StorageUnavailable
from livecommerce.foundation.core.ids import ShowId
from livecommerce.foundation.media.door import MediaUnavailable
from livecommerce.foundation.storage.redis import unavailable_as_domain_error

if TYPE_CHECKING:
    from redis.asyncio import Redis

NODES = "media:nodes"
NODE_TTL_S = 6
ASSIGNED_TTL_S = 30
CLOCK_TTL_S = 5
CLOCK_WAIT_S = 0.25
LOOKED_UP_S = 1.0
LOOK_UP_WAIT_S = 0.25
"""For a Redis that hangs; what was known a second ago is good enough for a picture."""
MAX_REMEMBERED = 1000


class Node(msgspec.Struct, frozen=True):
    """A media process and its internal address (`http://127.0.0.1:41233`)."""

    id: str
    url: str
    load: int = 0
    """Viewers and publishers; a new show goes to the node with the lowest."""


class NoNode(MediaUnavailable):
    """No media server is running at the moment; try again in a moment."""


class NodeRegistry:
    """Reads and writes the assignments. Look-ups are remembered for a second."""

    def __init__(self, redis: "Redis", clock: Clock) -> None:
        self._redis = redis
        self._clock = clock
        self._remembered: dict[ShowId, tuple[float, Node | None]] = {}

    async def announce(self, node: Node) -> None:
        """This node is alive; repeat it well within `NODE_TTL_S`."""
        with unavailable_as_domain_error():
            now = self._clock.now_ms()
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.set(f"media:node:{node.id}", msgspec.json.encode(node), ex=NODE_TTL_S)
                pipe.zadd(NODES, {node.id: now})
                pipe.zremrangebyscore(NODES, "-inf", now - NODE_TTL_S * 1000)
                await pipe.execute()

    async def withdraw(self, node: Node) -> None:
        """This node takes no more work."""
        with unavailable_as_domain_error():
            await self._redis.delete(f"media:node:{node.id}")
            await self._redis.zrem(NODES, node.id)

    async def bury(self, node: Node) -> None:
        """This node refuses connections, so its process is dead; one that is not announces itself again at once."""
        await self.withdraw(node)
        self._remembered = {show: known for show, known in self._remembered.items() if known[1] != node}

    async def nodes(self) -> list[Node]:
        """Those that are alive, least loaded first."""
        with unavailable_as_domain_error():
            names = [_text(name) for name in await self._redis.zrange(NODES, 0, -1)]
            found = await self._redis.mget([f"media:node:{name}" for name in names]) if names else []
        nodes = [msgspec.json.decode(value, type=Node) for value in found if value is not None]
        return sorted(nodes, key=lambda node: (node.load, node.id))

    async def assign(self, show_id: ShowId) -> Node:
        """The node of a show; when it has none, or its node is gone, the least loaded becomes it."""
        node = await self._assigned(show_id)
        if node is not None:
            return node
        nodes = await self.nodes()
        if not nodes:
            raise NoNode(retry_after_s=2)
        await self.hold(show_id, nodes[0].id)
        self._remembered[show_id] = (time.monotonic(), nodes[0])
        return nodes[0]

    async def find(self, show_id: ShowId) -> Node | None:
        """The node of a show, when it has one. While Redis is lost it stays what it was: the picture goes on."""
        at, known = self._remembered.get(show_id, (float("-inf"), None))
        if time.monotonic() - at < LOOKED_UP_S:
            return known
        if known is not None:
            self._remembered[show_id] = (time.monotonic(), known)  # one looks again, the others go on
        try:
            async with asyncio.timeout(None if known is None else LOOK_UP_WAIT_S):
                node = await self._assigned(show_id)
        except (StorageUnavailable, TimeoutError):
            if known is None:
                raise
            return known
        if len(self._remembered) >= MAX_REMEMBERED:
            self._remembered.clear()
        self._remembered[show_id] = (time.monotonic(), node)
        return node

    def forget(self, show_id: ShowId) -> None:
        """The node did not answer: look it up again next time."""
        self._remembered.pop(show_id, None)

    async def hold(self, show_id: ShowId, node_id: str) -> None:
        """Keep the show on this node; repeat it while the stream lasts."""
        with unavailable_as_domain_error():
            await self._redis.set(f"media:{show_id}:node", node_id, ex=ASSIGNED_TTL_S)

    async def _assigned(self, show_id: ShowId) -> Node | None:
        with unavailable_as_domain_error():
            name = await self._redis.get(f"media:{show_id}:node")
            value = await self._redis.get(f"media:node:{_text(name)}") if name else None
        return msgspec.json.decode(value, type=Node) if value else None

    # the streams' clocks

    async def keep_clock(self, show_id: ShowId, base_wall_ms: int) -> None:
        """`media_ts` 0 of this show was at `base_wall_ms`."""
        with unavailable_as_domain_error():
            await self._redis.set(f"media:{show_id}:clock", base_wall_ms, ex=CLOCK_TTL_S)

    async def stop_clock(self, show_id: ShowId) -> None:
        """The stream does not move any longer."""
        with unavailable_as_domain_error():
            await self._redis.delete(f"media:{show_id}:clock")

    async def clock_base(self, show_id: ShowId) -> int | None:
        """Wall clock of `media_ts` 0, or None while nothing is streamed."""
        with unavailable_as_domain_error():
            value = await self._redis.get(f"media:{show_id}:clock")
        return int(value) if value is not None else None


class RedisStreamClock:
    """A `core.clock.StreamClock` for every process. When Redis does not answer at once, nothing is known."""

    def __init__(self, registry: NodeRegistry, clock: Clock) -> None:
        self._registry, self._clock = registry, clock

    async def media_ts(self, show_id: ShowId) -> int | None:
        """Milliseconds since the stream started."""
        try:
            async with asyncio.timeout(CLOCK_WAIT_S):
                base = await self._registry.clock_base(show_id)
        except (StorageUnavailable, TimeoutError):
            return None
        return None if base is None else max(0, self._clock.now_ms() - base)


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
