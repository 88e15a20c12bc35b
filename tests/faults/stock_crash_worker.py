"""A web process' worth of buying that kills itself at a failpoint. Started by test_stock_faults.py.

It writes what its buyers asked and were told to a history file, one line at a time and before going on:
`invoke buyer key quantity`, `held key hold_id`, `sold hold_id`, `said key code`.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from pathlib import Path

from livecommerce.foundation.core.clock import SystemClock
from livecommerce.foundation.core.errors import LiveCommerceError
from livecommerce.foundation.core.ids import HoldId, PersonId, PoolId, ShowId, new_id
from livecommerce.foundation.core.money import Money
from livecommerce.foundation.realtime.bus import Bus
from livecommerce.foundation.storage.postgres import Database
from livecommerce.foundation.storage.redis import connect
from livecommerce.stock.jobs import Janitor
from livecommerce.stock.model import Ask, HoldState
from livecommerce.stock.service import StockService, Upkeep
from livecommerce.stock.store.gate import Gate
from livecommerce.stock.store.ledger import Ledger

BUYERS = 40
SELLS = 0.03
"""The share of holds that is paid: small, so that stock lasts for the whole storm."""
PASSES = {"in rebuild": 1, "in closing": 40}
"""How often a process comes by its failpoint, at most, before it dies there."""


class Failpoint:
    """Kills this process when it has come by often enough."""

    def __init__(self, name: str) -> None:
        self._name, self._left = name, random.randint(1, PASSES.get(name, 200))

    def passes(self, name: str) -> None:
        if name != self._name:
            return
        self._left -= 1
        if self._left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)


class FragileGate(Gate):
    def __init__(self, redis, failpoint: Failpoint) -> None:
        super().__init__(redis)
        self._failpoint = failpoint

    async def reserve(self, pool_id, ask):
        self._failpoint.passes("before the gate")
        verdict = await super().reserve(pool_id, ask)
        self._failpoint.passes("after granted")
        return verdict

    async def settle(self, pool_id, **told):
        self._failpoint.passes("before settle")
        answer = await super().settle(pool_id, **told)
        self._failpoint.passes("after settle")
        return answer

    async def rebuild(self, level, buyers, **seen):
        self._failpoint.passes("in rebuild")
        return await super().rebuild(level, buyers, **seen)


class FragileLedger(Ledger):
    def __init__(self, database, failpoint: Failpoint) -> None:
        super().__init__(database)
        self._failpoint = failpoint

    async def hold_batch(self, pool_id, asks):
        task = asyncio.create_task(super().hold_batch(pool_id, asks))
        await asyncio.sleep(0.0005)
        self._failpoint.passes("around the commit")
        return await task

    async def close(self, tx, hold_ids, closing, **more):
        pools = await super().close(tx, hold_ids, closing, **more)
        self._failpoint.passes("in closing")
        return pools


class Buyer:
    """Clicks, repeats clicks, pays some holds, gives some back, forgets the others."""

    def __init__(self, worker: Worker, person: str) -> None:
        self._worker, self._person = worker, person

    async def shop(self) -> None:
        while True:
            await self.click(random.choice(self._worker.pools), new_id(), random.choice((1, 1, 1, 2)))
            await asyncio.sleep(random.uniform(0, 0.02))

    async def click(self, pool: str, key: str, quantity: int) -> None:
        worker = self._worker
        worker.write("invoke", self._person, pool, key, quantity)
        ask = Ask(HoldId(new_id()), worker.show, PersonId(self._person), key, quantity, Money(100, "EUR"))
        try:
            decision = await worker.stock.hold(PoolId(pool), ask)
        except LiveCommerceError as refused:
            worker.write("said", key, refused.code)
            return
        worker.write("held", key, decision.hold_id)
        if decision.state is HoldState.HELD:
            await self._go_on(decision.hold_id)

    async def _go_on(self, hold_id: HoldId) -> None:
        worker, fate = self._worker, random.random()
        try:
            async with worker.database.transaction() as tx:
                if fate < SELLS:
                    await worker.stock.pay(tx, [hold_id], PersonId(self._person))
                    await worker.stock.sell(tx, [hold_id])
                elif fate < 0.5:
                    await worker.stock.release(tx, [hold_id], actor=PersonId(self._person))
        except LiveCommerceError:
            return
        if fate < SELLS:
            worker.write("sold", hold_id)


class Worker:
    def __init__(self, args: list[str]) -> None:
        self.failpoint, self.database_url, self.redis_url, self.show, history, *self.pools = args
        self.show = ShowId(self.show)
        self._history = os.open(history, os.O_WRONLY | os.O_APPEND)
        self._past = Path(history).read_text().splitlines()

    def write(self, *words: object) -> None:
        os.write(self._history, (" ".join(map(str, words)) + "\n").encode())

    def unanswered(self) -> list[list[str]]:
        """Clicks of dead processes whose buyers still wait."""
        clicks = {line.split()[3]: line.split()[1:] for line in self._past if line.startswith("invoke")}
        answered = {line.split()[1] for line in self._past if line.startswith(("held", "said"))}
        return [click for key, click in clicks.items() if key not in answered]

    async def run(self) -> None:
        failpoint, redis = Failpoint(self.failpoint), connect(self.redis_url)
        async with Database(self.database_url, max_size=6) as self.database:
            ledger = FragileLedger(self.database, failpoint)
            async with StockService(
                self.database, ledger, FragileGate(redis, failpoint), Bus(redis, SystemClock())
            ) as self.stock:
                janitor = Janitor(Upkeep(self.database, ledger, self.stock), every_s=0.2, audit_every_s=1)
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(janitor.run())
                    for person, pool, key, quantity in self.unanswered():
                        tasks.create_task(Buyer(self, person).click(pool, key, int(quantity)))
                    for _ in range(BUYERS):
                        tasks.create_task(Buyer(self, new_id()).shop())


if __name__ == "__main__":
    asyncio.run(Worker(sys.argv[1:]).run())
