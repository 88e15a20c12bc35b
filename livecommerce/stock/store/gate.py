"""The gate: per pool a few Redis keys that say who may try. It can be lost or lie; the ledger decides.

`reserve` collects all clicks of a loop tick: the first one waits one turn of the loop, then asks for all of them in one
call per pool. No task is started. After Redis failed once, the gate stays silent for `SILENCE_S`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from redis.exceptions import ResponseError

from livecommerce.foundation.core.errors import StorageUnavailable
from livecommerce.foundation.core.ids import HoldId, PoolId, new_id
from livecommerce.foundation.storage.redis import Argument, Script, scripts, unavailable_as_domain_error
from livecommerce.stock.model import Ask, Pool

if TYPE_CHECKING:
    from redis.asyncio import Redis

TIMEOUT_S = 1.0
"""One call. Redis answers in a millisecond or has a problem."""
SILENCE_S = 0.5
PROVISIONAL_MS = 10_000
"""After so long a granted click without a row is given back; a batch is decided or refused within 4 s."""
KEY_TTL_MS = 24 * 3600 * 1000
GATE_TTL_MS = 24 * 3600 * 1000
"""A gate that nobody touched for a day is dropped; it is rebuilt at the next click."""
OUTAGE_TTL_MS = 5000
CLICKS_PER_CALL = 300
NO_LIMIT = 1 << 31
FOREVER_MS = 1 << 52

Outcome = tuple[HoldId, bool]
"""A granted hold, and whether the ledger holds it."""


class Answer(StrEnum):
    GRANTED = "GRANTED"
    DUP = "DUP"
    LIMIT = "LIMIT"
    SOLD_OUT = "SOLD_OUT"
    NOT_STARTED = "NOT_STARTED"
    ENDED = "ENDED"
    PAUSED = "PAUSED"
    OUTAGE = "OUTAGE"
    STALE = "STALE"


ANSWERS = {answer.value: answer for answer in Answer}
WHOLE = frozenset({"STALE", "OUTAGE"})
"""Answers to all clicks at once."""


class GateBroken(StorageUnavailable):
    """Redis answers, but what it has of this gate makes no sense."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says to one click; `hold_id` is the first one's when the key is known (DUP)."""

    answer: Answer
    hold_id: HoldId | None = None
    number: int = 0
    """Units available (SOLD_OUT) or milliseconds to wait (NOT_STARTED)."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What a gate says after it was told; None fields of a missing gate."""

    version: int
    epoch: str


class Gate:
    """The gates of all pools, in one Redis."""

    def __init__(self, redis: Redis) -> None:
        self._redis, self._lua = redis, scripts(redis, __package__)
        self._clicks: dict[PoolId, list[tuple[Ask, asyncio.Future[Verdict]]]] = {}
        self._silent_until = 0.0

    async def reserve(self, pool_id: PoolId, ask: Ask) -> Verdict:
        """Ask whether this click may try. `StorageUnavailable` when Redis is away."""
        future: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        clicks = self._clicks.setdefault(pool_id, [])
        clicks.append((ask, future))
        if len(clicks) == 1:
            await self._lead(pool_id)
        return await future

    async def _lead(self, pool_id: PoolId) -> None:
        """Ask for everybody who clicks in this turn of the loop."""
        clicks = self._clicks[pool_id]
        try:
            try:
                await asyncio.sleep(0)
            finally:
                del self._clicks[pool_id]
            for start in range(0, len(clicks), CLICKS_PER_CALL):
                chunk = clicks[start : start + CLICKS_PER_CALL]
                verdicts = await self._ask(pool_id, [ask for ask, _ in chunk])
                for (_, future), verdict in zip(chunk, verdicts, strict=True):
                    if not future.done():
                        future.set_result(verdict)
        finally:
            for _, future in clicks[1:]:
                if not future.done():
                    future.set_exception(StorageUnavailable(retry_after_ms=1000))
            if not clicks[0][1].done():
                clicks[0][1].cancel()

    async def _ask(self, pool_id: PoolId, asks: Sequence[Ask]) -> list[Verdict]:
        keys = [*_keys(pool_id), f"pool:{{{pool_id}}}:outage"]
        args: list[Argument] = [PROVISIONAL_MS, KEY_TTL_MS]
        for ask in asks:
            keys.append(f"pool:{{{pool_id}}}:i:{ask.buyer}:{ask.key}")
            args += [buyer_field(ask), ask.quantity, ask.hold_id]
        answers = (await self._call(self._lua.reserve, keys, args)).decode().split("\n")
        if answers[0] in WHOLE:
            return [_verdict(answers[0])] * len(asks)
        return [_verdict(answer) for answer in answers]

    async def settle(
        self,
        pool_id: PoolId,
        *,
        available: int,
        version: int,
        level: Pool | None = None,
        outcomes: Sequence[Outcome] = (),
        given_back: Sequence[tuple[str, int]] = (),
        recount: bool = False,
    ) -> Settled | None:
        """Tell the gate what the ledger says; None when there is no gate. `level` renews window and limit too."""
        terms: list[Argument] = ["", "", "", ""] if level is None else _terms(level)
        args: list[Argument] = [version, available, *terms, int(recount), GATE_TTL_MS, len(outcomes)]
        for hold_id, is_held in outcomes:
            args += [hold_id, "H" if is_held else "X"]
        for buyer, units in given_back:
            args += [buyer, units]
        answer = await self._call(self._lua.settle, _keys(pool_id), args)
        return None if answer[0] == b"STALE" else Settled(int(answer[2]), answer[3].decode())

    async def rebuild(self, level: Pool, buyers: Collection[tuple[str, int]], *, seen_epoch: str = "") -> bool:
        """Build the gate from the ledger's contents, unless it is no longer as it was seen ("" = missing)."""
        args: list[Argument] = [seen_epoch, new_id(), level.version, level.available, *_terms(level), GATE_TTL_MS]
        for buyer, units in buyers:
            args += [buyer, units]
        return bool(await self._call(self._lua.rebuild, _keys(level.id), args))

    async def overdue(self, pool_id: PoolId, limit: int) -> list[HoldId]:
        """Granted clicks that nobody settled in time."""
        found = await self._call(self._lua.overdue, [_keys(pool_id)[2]], [limit])
        return [HoldId(hold.decode()) for hold in found]

    async def drop(self, pool_id: PoolId) -> None:
        """Forget a gate, whatever its keys hold."""
        with self._domain_errors():
            async with asyncio.timeout(TIMEOUT_S):
                await self._redis.delete(*_keys(pool_id))

    async def tell_outage(self, pool_id: PoolId) -> None:
        """Let every process answer `busy` for a moment: PostgreSQL is away."""
        with self._domain_errors():
            async with asyncio.timeout(TIMEOUT_S):
                await self._redis.set(f"pool:{{{pool_id}}}:outage", 1, px=OUTAGE_TTL_MS)

    async def end_outage(self, pool_id: PoolId) -> None:
        """PostgreSQL has answered again."""
        with self._domain_errors():
            async with asyncio.timeout(TIMEOUT_S):
                await self._redis.delete(f"pool:{{{pool_id}}}:outage")

    async def _call(self, script: Script, keys: list[str], args: list[Argument]) -> Any:
        with self._domain_errors():
            async with asyncio.timeout(TIMEOUT_S):
                return await script(keys, args)

    @contextmanager
    def _domain_errors(self) -> Iterator[None]:
        if time.monotonic() < self._silent_until:
            raise StorageUnavailable(retry_after_ms=1000)
        try:
            with unavailable_as_domain_error():
                yield
        except StorageUnavailable as exc:
            if isinstance(exc.__cause__, ResponseError):
                raise GateBroken(retry_after_ms=1000) from exc
            self._silent_until = time.monotonic() + SILENCE_S
            raise


def buyer_field(ask: Ask) -> str:
    """How a gate names a buyer: limits count per show."""
    return f"{ask.show_id}:{ask.buyer}"


def _keys(pool_id: PoolId) -> list[str]:
    return [f"pool:{{{pool_id}}}:{part}" for part in "gupd"]


def _terms(level: Pool) -> list[Argument]:
    start = 0 if level.starts_at is None else int(level.starts_at.timestamp() * 1000)
    end = FOREVER_MS if level.ends_at is None else int(level.ends_at.timestamp() * 1000)
    return [level.limit_per_buyer or NO_LIMIT, start, end, int(level.is_paused)]


def _verdict(line: str) -> Verdict:
    word, _, rest = line.partition(" ")
    answer = ANSWERS[word]
    if answer is Answer.GRANTED or answer is Answer.DUP:
        return Verdict(answer, hold_id=HoldId(rest))
    return Verdict(answer, number=int(rest) if rest else 0)
