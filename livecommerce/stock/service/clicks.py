"""The way of a click: gate → ledger. HELD is said only after COMMIT; everything the gate says is a refusal or a try."""

from __future__ import annotations

import time
from dataclasses import replace

from livecommerce.foundation.core.errors import NotFound, StorageUnavailable
from livecommerce.foundation.core.ids import PersonId, PoolId, is_uuid
from livecommerce.foundation.storage.postgres import Database
from livecommerce.foundation.storage.remembering import Remembered
from livecommerce.stock.model import Ask, Decision, HoldExpired, HoldNotOpen, HoldState, SoldOut, refusal
from livecommerce.stock.service.batches import GroupCommit, busy
from livecommerce.stock.service.telling import Teller
from livecommerce.stock.store.gate import Answer, Gate, Verdict
from livecommerce.stock.store.ledger import Ledger

DIRECT_MAX = 500
"""Clicks that go to the ledger without the gate, per process at once, while Redis is away."""
RECHECK_EVERY_S = 1.0
"""The gate's count per buyer is approximate: its LIMIT is checked in the ledger, at most so often per buyer."""
RECHECKED_MAX = 10_000


class Clicks:
    """Decides clicks on pools."""

    def __init__(self, database: Database, ledger: Ledger, gate: Gate, batches: GroupCommit, teller: Teller) -> None:
        self._database, self._ledger, self._gate = database, ledger, gate
        self._batches, self._teller = batches, teller
        self._direct = 0
        self._rechecked: dict[tuple[PoolId, PersonId], float] = {}
        self._learning = Remembered(self._learn, ttl_s=0)
        self._rebuilding = Remembered(self.rebuild, ttl_s=0)

    async def hold(self, pool_id: PoolId, ask: Ask) -> Decision:
        """Hold units for a buyer, durably, or raise a `Refused`; `Busy` when nothing definite can be said now."""
        if self._batches.is_full:
            raise busy()
        if not self._teller.knows(pool_id):
            await self._learning.get(pool_id)
        self._teller.touch(pool_id)
        try:
            verdict = await self._verdict(pool_id, ask)
        except StorageUnavailable:
            return _or_refuse(await self._decide_directly(pool_id, ask))
        if verdict.answer is Answer.GRANTED:
            return _or_refuse(await self._batches.decide(pool_id, ask))
        if verdict.answer is Answer.DUP:
            known = verdict.hold_id
            again = replace(ask, hold_id=known) if known is not None and is_uuid(known) else ask
            return _or_refuse(await self._batches.decide(pool_id, again))
        if verdict.answer is Answer.LIMIT and self._may_recheck(pool_id, ask.buyer):
            return _or_refuse(await self._decide_directly(pool_id, ask))
        raise _refused(verdict)

    async def _verdict(self, pool_id: PoolId, ask: Ask) -> Verdict:
        verdict = await self._gate.reserve(pool_id, ask)
        if verdict.answer is not Answer.STALE:
            return verdict
        await self._rebuilding.get(pool_id)
        verdict = await self._gate.reserve(pool_id, ask)
        if verdict.answer is Answer.STALE:  # somebody else is building it
            raise StorageUnavailable(retry_after_ms=1000)
        return verdict

    async def rebuild(self, pool_id: PoolId, *, seen_epoch: str = "") -> bool:
        """Build the pool's gate from the ledger, one process at a time; False when nothing was built."""
        async with self._database.transaction() as tx:
            contents = await self._ledger.gate_contents(tx, pool_id)
            if contents is None:
                return False
            pool, buyers = contents
            self._teller.learn(pool)
            return await self._gate.rebuild(pool, buyers, seen_epoch=seen_epoch)

    async def _learn(self, pool_id: PoolId) -> None:
        pools = await self._ledger.levels([pool_id])
        if not pools:
            raise NotFound()
        self._teller.learn(pools[0])

    async def _decide_directly(self, pool_id: PoolId, ask: Ask) -> Decision:
        if self._direct >= DIRECT_MAX:
            raise busy()
        self._direct += 1
        try:
            return await self._batches.decide(pool_id, ask)
        finally:
            self._direct -= 1

    def _may_recheck(self, pool_id: PoolId, buyer: PersonId) -> bool:
        now = time.monotonic()
        if now - self._rechecked.get((pool_id, buyer), -RECHECK_EVERY_S) < RECHECK_EVERY_S:
            return False
        if len(self._rechecked) >= RECHECKED_MAX:
            self._rechecked.clear()
        self._rechecked[pool_id, buyer] = now
        return True


def _or_refuse(decision: Decision) -> Decision:
    if decision.state is HoldState.REJECTED:
        reason = decision.reason or SoldOut.code
        raise refusal(reason, available=decision.available if reason == SoldOut.code else None)
    if decision.state is HoldState.EXPIRED:
        raise HoldExpired()
    if decision.state is HoldState.RELEASED:
        raise HoldNotOpen(state=decision.state.value)
    return decision


def _refused(verdict: Verdict) -> Exception:
    if verdict.answer is Answer.OUTAGE:
        return busy()
    reasons = {Answer.LIMIT: "limit_reached", Answer.SOLD_OUT: "sold_out", Answer.NOT_STARTED: "not_started"}
    reason = reasons.get(verdict.answer, verdict.answer.value.lower())
    return refusal(
        reason,
        available=max(0, verdict.number) if verdict.answer is Answer.SOLD_OUT else None,
        retry_after_ms=verdict.number if verdict.answer is Answer.NOT_STARTED else None,
    )
