"""Group commit: hundreds of clicks on a pool share one lock and one fsync.

One task per pool with clicks waiting, owned by `GroupCommit` and ended with it; one batch of a pool is in flight per
process, the next one leaves as soon as its COMMIT has returned. At most `WAITING_MAX` clicks wait: more are answered
`busy`. When PostgreSQL is away, a batch is run again for `UNKNOWN_FOR_S`, then it and all who wait behind it are
answered `busy`; a client that asks again with the same key gets the definite answer.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import structlog

from livecommerce.foundation.core.errors import Busy, NotFound, StorageUnavailable
from livecommerce.foundation.core.ids import HoldId, PoolId, new_id
from livecommerce.stock.model import Ask, Decision
from livecommerce.stock.store.ledger import BatchRefused, Ledger, NoSuchPool

log = structlog.get_logger(__name__)

BATCH_MAX = 300
"""Clicks. The ledger decides so many in some 20 ms; larger batches only make everybody wait longer."""
WAITING_MAX = 5000
UNKNOWN_FOR_S = 4.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 0.5
DRAIN_S = 5.0

Click = tuple[Ask, "asyncio.Future[Decision]"]
Committed = Callable[[PoolId, Sequence[Ask], Sequence[Decision]], Awaitable[None]]
Lost = Callable[[PoolId], Awaitable[None]]


def busy() -> Busy:
    """Come back in one to five seconds, not all at once."""
    return Busy(retry_after_ms=random.randint(1000, 5000))


class GroupCommit:
    """Brings clicks to the ledger in batches."""

    def __init__(self, ledger: Ledger, *, committed: Committed, lost: Lost) -> None:
        self._ledger, self._committed, self._lost = ledger, committed, lost
        self._queues: dict[PoolId, deque[Click]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting = 0
        self._is_closing = False

    async def __aenter__(self) -> GroupCommit:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        """Answer what is waiting, then stop."""
        self._is_closing = True
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=DRAIN_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    @property
    def is_full(self) -> bool:
        """Whether no more clicks are taken: ask before the gate grants units that would then be kept for nobody."""
        return self._is_closing or self._waiting >= WAITING_MAX

    async def decide(self, pool_id: PoolId, ask: Ask) -> Decision:
        """Return the ledger's decision once it is durable; `Busy` when that cannot be known now."""
        if self.is_full:
            raise busy()
        future: asyncio.Future[Decision] = asyncio.get_running_loop().create_future()
        self._waiting += 1
        future.add_done_callback(self._one_less)
        queue = self._queues.get(pool_id)
        if queue is None:
            queue = self._queues[pool_id] = deque()
            task = asyncio.create_task(self._run(pool_id, queue), name=f"batches of pool {pool_id}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        queue.append((ask, future))
        return await future

    def _one_less(self, _: object) -> None:
        self._waiting -= 1

    async def _run(self, pool_id: PoolId, queue: deque[Click]) -> None:
        try:
            await asyncio.sleep(0)  # all clicks of this turn of the loop go together
            while queue:
                batch = [queue.popleft() for _ in range(min(len(queue), BATCH_MAX))]
                try:
                    await self._commit(pool_id, batch)
                except StorageUnavailable:
                    _fail([*batch, *queue], busy())
                    queue.clear()
                    await self._lost(pool_id)
                except BaseException:
                    _fail(batch, busy())
                    raise
        finally:
            del self._queues[pool_id]
            _fail(queue, busy())

    async def _commit(self, pool_id: PoolId, batch: Sequence[Click]) -> None:
        """Decide a batch; one that PostgreSQL refuses is halved until the click it cannot take stands alone."""
        asks = [ask for ask, _ in batch]
        try:
            decisions = await self._definite(pool_id, asks)
        except NoSuchPool:
            _fail(batch, NotFound())
            return
        except BatchRefused:
            if len(batch) > 1:
                await self._commit(pool_id, batch[: len(batch) // 2])
                await self._commit(pool_id, batch[len(batch) // 2 :])
                return
            log.exception("the ledger refuses a click", pool_id=pool_id)
            _fail(batch, busy())
            return
        for (_, future), decision in zip(batch, decisions, strict=True):
            if not future.done():
                future.set_result(decision)
        try:
            await self._committed(pool_id, asks, decisions)
        except Exception:  # the holds stand; gates and shows are told again by the janitor
            log.exception("telling of a committed batch failed", pool_id=pool_id)

    async def _definite(self, pool_id: PoolId, asks: Sequence[Ask]) -> list[Decision]:
        """Run the same batch until its outcome is known: clicks that were committed unseen answer with their hold."""
        give_up_at, pause, refused = time.monotonic() + UNKNOWN_FOR_S, FIRST_PAUSE_S, False
        while True:
            try:
                return await self._ledger.hold_batch(pool_id, asks)
            except StorageUnavailable:
                if time.monotonic() + pause >= give_up_at:
                    raise
                await asyncio.sleep(pause * random.uniform(0.5, 1))
                pause = min(2 * pause, LONGEST_PAUSE_S)
            except BatchRefused:
                if refused or len(asks) > 1:
                    raise
                # Two pools of one variant raced for a buyer's limit, which is settled now; or a lying gate has named
                # somebody else's hold. The key decides what is the same click, so a new id is always safe.
                refused, asks = True, [replace(asks[0], hold_id=HoldId(new_id()))]


def _fail(clicks: Sequence[Click] | deque[Click], error: Exception) -> None:
    for _, future in clicks:
        if not future.done():
            future.set_exception(error)
