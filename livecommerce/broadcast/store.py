"""Rows of streams (PostgreSQL), and how many watch by HLS (Redis, counted by each web process)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING

from livecommerce.broadcast.model import Broadcast, BroadcastState
from livecommerce.foundation.core.ids import ShowId
from livecommerce.foundation.storage.postgres import Database, Row, Transaction
from livecommerce.foundation.storage.redis import unavailable_as_domain_error
from livecommerce.foundation.storage.sql import queries

if TYPE_CHECKING:
    from redis.asyncio import Redis

Q = queries(__package__)

COUNTED_TTL_S = 12
"""A count that its process has not renewed for so long is worth nothing."""


class StreamStore:
    """The only SQL of the room."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, show_id: ShowId) -> Broadcast | None:
        """The newest stream of a show."""
        row = await self._database.fetchrow(Q.get, show_id)
        return _broadcast(row) if row else None

    async def save(self, broadcast: Broadcast, tx: Transaction, at: datetime) -> bool:
        """Write it; False when nothing changed, or when it speaks of a stream that another one has followed."""
        values = (broadcast.rtp_base, broadcast.pdt_base_ms, broadcast.is_hls, at)
        return bool(await tx.fetchval(Q.save, broadcast.show_id, broadcast.stream_id, broadcast.state, *values))

    async def in_state(self, states: Collection[BroadcastState], *, changed_before: datetime) -> list[Broadcast]:
        """Those that have been in one of these states since then or longer."""
        return [_broadcast(row) for row in await self._database.fetch(Q.unfinished, [*states], changed_before)]


class HlsCounts:
    """Viewers by HLS of each show, added up over web processes."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def report(self, show_id: ShowId, process: str, viewers: int, now_ms: int) -> None:
        """What one process sees at the moment."""
        key = _counts_key(show_id)
        with unavailable_as_domain_error():
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.hset(key, process, f"{viewers}:{now_ms}")
                pipe.expire(key, COUNTED_TTL_S)
                await pipe.execute()

    async def total(self, show_id: ShowId, now_ms: int) -> int:
        """The sum of what was reported lately."""
        with unavailable_as_domain_error():
            values = await self._redis.hvals(_counts_key(show_id))
        pairs = [_text(value).partition(":") for value in values]
        return sum(int(count) for count, _, at in pairs if now_ms - int(at) <= COUNTED_TTL_S * 1000)


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _counts_key(show_id: ShowId) -> str:
    return f"media:{show_id}:hls"


def _broadcast(row: Row) -> Broadcast:
    return Broadcast(
        show_id=ShowId(row["show_id"]),
        stream_id=row["stream_id"],
        state=BroadcastState(row["state"]),
        rtp_base=row["rtp_base"],
        pdt_base_ms=row["pdt_base_ms"],
        is_hls=row["is_hls"],
    )
