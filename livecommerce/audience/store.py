"""Presence in Redis, where it heals by itself, and the peak in PostgreSQL."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
import structlog

from livecommerce.audience.model import Present
from livecommerce.foundation.core.ids import ShowId
from livecommerce.foundation.storage.postgres import Database
from livecommerce.foundation.storage.redis import Redis, scripts, unavailable_as_domain_error
from livecommerce.foundation.storage.sql import queries

Q = queries(__package__)
log = structlog.get_logger(__name__)

HASH_TTL_S = 60


class _Roll(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The people of one process, good until then."""

    until_ms: int
    people: list[Present]


_encode_roll = msgspec.msgpack.Encoder().encode
_decode_roll = msgspec.msgpack.Decoder(_Roll).decode


class PresenceStore:
    """How many watch, who they are, and how many there have been."""

    def __init__(self, database: Database, redis: Redis) -> None:
        self._database, self._redis = database, redis
        self._scripts = scripts(redis, __package__)

    async def pulse(self, show_id: ShowId, *, process: str, viewers: int, ttl_ms: int) -> tuple[int, int]:
        """Say how many watch in this process; (version, how many watch in all)."""
        answer: Any = await self._scripts.pulse([_counts(show_id)], [process, viewers, ttl_ms, HASH_TTL_S])
        return int(answer[0]), int(answer[1])

    async def viewers(self, show_id: ShowId) -> tuple[int, int]:
        """(version, how many watch in all)."""
        return await self.pulse(show_id, process="", viewers=0, ttl_ms=0)

    async def call_roll(self, show_id: ShowId, *, process: str, people: tuple[Present, ...], until_ms: int) -> None:
        """Say who watches in this process."""
        with unavailable_as_domain_error():
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.hset(_people(show_id), process, _encode_roll(_Roll(until_ms, list(people))))
                pipe.expire(_people(show_id), HASH_TTL_S)
                await pipe.execute()

    async def people(self, show_id: ShowId, now_ms: int) -> list[Present]:
        """Who watches, as far as processes named them; each person once."""
        with unavailable_as_domain_error():
            rolls: Any = await self._redis.hvals(_people(show_id))
        found: dict[str, Present] = {}
        for raw in rolls:
            try:
                roll = _decode_roll(raw)
            except msgspec.DecodeError:
                log.warning("a roll of people cannot be read")
                continue
            if roll.until_ms > now_ms:
                found.update({person.id: person for person in roll.people})
        return list(found.values())

    async def raise_peak(self, show_id: ShowId, viewers: int, at: datetime) -> None:
        await self._database.execute(Q.raise_peak, show_id, viewers, at)

    async def peak(self, show_id: ShowId) -> int:
        """The largest audience so far."""
        return int(await self._database.fetchval(Q.peak, show_id) or 0)


def _counts(show_id: ShowId) -> str:
    return f"audience:{{{show_id}}}:viewers"


def _people(show_id: ShowId) -> str:
    return f"audience:{{{show_id}}}:people"
