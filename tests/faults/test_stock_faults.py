"""kill -9 at every failpoint, a flushed Redis, and a PostgreSQL that is cut off: never oversold, nothing lost."""

from __future__ import annotations

import asyncio
import itertools
import random
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from livecommerce.foundation.core.errors import Busy, StorageUnavailable
from livecommerce.foundation.core.ids import HoldId, PersonId, PoolId, ShowId, VariantId, new_id
from livecommerce.foundation.core.money import Money
from livecommerce.foundation.realtime.bus import Bus
from livecommerce.foundation.storage.postgres import Database
from livecommerce.foundation.storage.redis import connect
from livecommerce.stock.model import Ask, Decision
from livecommerce.stock.service import StockService, Upkeep
from livecommerce.stock.store.gate import Gate
from livecommerce.stock.store.ledger import Ledger

WORKER = Path(__file__).with_name("stock_crash_worker.py")
FAILPOINTS = [
    "before the gate",
    "after granted",
    "around the commit",
    "before settle",
    "after settle",
    "in closing",
    "in rebuild",
]
HOLD_S = 2
UNITS = 150
DEATHS = 3


class Rig:
    """A ledger, a gate, and what it takes to look at them."""

    def __init__(self, database: Database, redis, clock) -> None:
        self.database, self.redis = database, redis
        self.ledger, self.gate = Ledger(database), Gate(redis)
        self.stock = StockService(database, self.ledger, self.gate, Bus(redis, clock))
        self.upkeep = Upkeep(database, self.ledger, self.stock)
        self.show = ShowId(new_id())

    async def variant(self, units: int, *, limit: int | None = None, hold_s: int = 600) -> PoolId:
        variant_id = VariantId(new_id())
        async with self.database.transaction() as tx:
            await self.stock.create_pool(tx, variant_id, units=units, limit_per_buyer=limit, hold_s=hold_s)
        return PoolId(variant_id)

    def ask(self, quantity: int = 1) -> Ask:
        ids = HoldId(new_id()), self.show, PersonId(new_id())
        return Ask(*ids, new_id(), quantity, Money(100, "EUR"))


@asynccontextmanager
async def rig(database: Database, redis_url: str, clock) -> AsyncIterator[Rig]:
    redis = connect(redis_url)
    made = Rig(database, redis, clock)
    async with made.stock:
        yield made
    await redis.aclose()


class Cable:
    """A Unix socket in front of PostgreSQL that can be cut and mended."""

    def __init__(self, target: str, path: str) -> None:
        self._target, self._path = target, path
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def mend(self) -> None:
        self._server = await asyncio.start_unix_server(self._joined, self._path)

    async def cut(self) -> None:
        if self._server is not None:
            self._server.close()
        Path(self._path).unlink(missing_ok=True)
        for writer in self._writers:
            writer.close()
        self._writers.clear()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_unix_connection(self._target)
        self._writers |= {writer, far_writer}
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            task = asyncio.create_task(self._pump(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()


@pytest.mark.parametrize("seconds", [10, pytest.param(120, marks=[pytest.mark.long, pytest.mark.timeout(200)])])
async def test_check_03_kill_9_at_every_failpoint_oversells_nothing_and_loses_nothing(
    database, database_url, redis_url, clock, tmp_path, seconds
) -> None:
    async with rig(database, redis_url, clock) as house:
        pools = [await house.variant(UNITS, limit=2, hold_s=HOLD_S) for _ in range(2)]
        history = tmp_path / "history"
        history.touch()
        command = [database_url, redis_url, house.show, str(history), *pools]

        killed_at = await _storm(house, command, pools, seconds=seconds)
        await _quiesce(house, pools)

        assert len(killed_at) >= DEATHS
        await _check(house, pools, history.read_text().splitlines())


async def _storm(house: Rig, args: list[str], pools: list[PoolId], *, seconds: float) -> list[str]:
    """Three workers, replaced whenever they die; a gate that gets lost, comes back from an old dump, or lies. Answers
    where workers killed themselves.

    A slow machine gets more time, until enough of them have.
    """
    killed_at: list[str] = []
    dump: dict[bytes, bytes] = {}
    started = asyncio.get_running_loop().time()
    failpoints = itertools.cycle(FAILPOINTS)

    def is_over() -> bool:
        elapsed = asyncio.get_running_loop().time() - started
        return elapsed >= 4 * seconds or (elapsed >= seconds and len(killed_at) >= DEATHS)

    async def worker() -> None:
        while not is_over():
            failpoint = next(failpoints)
            process = await asyncio.create_subprocess_exec(
                sys.executable, str(WORKER), failpoint, *args, cwd=WORKER.parents[2]
            )
            while process.returncode is None and not is_over():
                await asyncio.sleep(0.02)
            if process.returncode is None:
                process.kill()
            else:
                killed_at.append(failpoint)
            assert await process.wait() == -signal.SIGKILL

    async def watch() -> None:
        while not is_over():
            for pool in (await house.stock.levels(pools)).values():
                assert pool.held + pool.sold <= pool.total == UNITS
            await _trouble(house, pools, dump)
            await asyncio.sleep(0.1)

    await asyncio.gather(worker(), worker(), worker(), watch())
    return killed_at


async def _trouble(house: Rig, pools: list[PoolId], dump: dict[bytes, bytes]) -> None:
    """What happens to a Redis: it is emptied, restarted from a dump of some time ago, or overwritten with lies."""
    chance = random.random()
    if chance < 0.04:
        await house.redis.flushall()
    elif chance < 0.08:
        dump.clear()
        for key in await house.redis.keys("pool:*"):
            if (content := await house.redis.dump(key)) is not None:
                dump[key] = content
    elif chance < 0.12 and dump:
        await house.redis.flushall()
        for key, content in dump.items():
            await house.redis.restore(key, 0, content, replace=True)
    elif chance < 0.14:
        await house.redis.hset(f"pool:{{{random.choice(pools)}}}:g", mapping={"base": UNITS * 10, "pend": 0})


async def _quiesce(house: Rig, pools: list[PoolId]) -> None:
    """I11: traffic has stopped; within the holds' time and a little, what is not sold is free again."""
    for pool in pools:
        house.stock.teller.touch(pool)
        for hold in await house.redis.zrange(f"pool:{{{pool}}}:p", 0, -1):
            await house.redis.zadd(f"pool:{{{pool}}}:p", {hold: 1})
    async with asyncio.timeout(HOLD_S + 5):
        while any(pool.held for pool in (await house.stock.levels(pools)).values()):
            await house.upkeep.sweep()
            await asyncio.sleep(0.05)
    await house.upkeep.mend_gates()


async def _check(house: Rig, pools: list[PoolId], history: list[str]) -> None:
    assert await house.ledger.audit(list(await house.ledger.versions())) == {}  # I1–I5, I10
    for pool in pools:
        level = (await house.stock.levels([pool]))[pool]
        told = await house.redis.hmget(f"pool:{{{pool}}}:g", "base", "pend", "ver")
        assert [int(value) for value in told] == [level.available, 0, level.version]  # I6
        assert await house.redis.zcard(f"pool:{{{pool}}}:p") == 0
        assert level.available == level.total - level.sold == UNITS - level.sold  # I4, I11
    rows = {row["id"]: row["state"] for row in await house.database.fetch("SELECT id, state FROM stock_hold")}
    promises: dict[str, set[str]] = {}
    for words in map(str.split, history):
        if words[0] == "held":
            assert rows[words[2]] != "rejected"  # I7
            promises.setdefault(words[1], set()).add(words[2])
        elif words[0] == "sold":
            assert rows[words[1]] == "sold"  # I7
    assert promises
    assert all(len(holds) == 1 for holds in promises.values())  # I8
    assert await house.database.fetchval("SELECT count(*) FROM stock_hold WHERE state = 'held'") == 0  # I9


async def test_check_04_a_flushed_redis_in_the_middle_of_a_sale_costs_nothing(database, redis_url, clock) -> None:
    async with rig(database, redis_url, clock) as house:
        pool = await house.variant(100)
        results: list[Decision | BaseException] = []

        async def buy() -> None:
            try:
                results.append(await house.stock.hold(pool, house.ask()))
            except Exception as refused:
                results.append(refused)

        for wave in range(10):
            clicks = [asyncio.create_task(buy()) for _ in range(30)]
            if wave % 3 == 1:
                await house.redis.flushall()
            await asyncio.gather(*clicks)

        held = [result for result in results if isinstance(result, Decision)]
        others = {getattr(result, "code", type(result).__name__) for result in results if result not in held}
        assert len(held) == 100
        assert others == {"sold_out"}
        await house.upkeep.mend_gates()
        promised = {hold.hold_id for hold in held}
        assert {hold.id for hold in await house.stock.holds(promised)} == promised
        assert await house.ledger.audit([pool]) == {}


async def test_check_05_without_postgresql_buyers_hear_busy_and_nobody_hears_held(
    database, database_url, redis_url, clock, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr("livecommerce.stock.service.batches.UNKNOWN_FOR_S", 0.5)
    parts = urlsplit(database_url)
    cable = Cable(f"{parse_qs(parts.query)['host'][0]}/.s.PGSQL.5432", str(tmp_path / ".s.PGSQL.5432"))
    await cable.mend()
    url = parts._replace(query=f"host={tmp_path}").geturl()
    async with Database(url) as cabled, rig(cabled, redis_url, clock) as house:
        pool = await house.variant(50)
        await house.stock.hold(pool, house.ask())
        asks = [house.ask() for _ in range(20)]
        clicks = [asyncio.create_task(house.stock.hold(pool, ask)) for ask in asks]
        await asyncio.sleep(0)
        await cable.cut()

        during = await asyncio.gather(*clicks, return_exceptions=True)
        said_busy = [result for result in during if isinstance(result, Busy)]
        assert len(said_busy) == 20
        assert all(1000 <= int(str(busy.details["retry_after_ms"])) <= 5000 for busy in said_busy)
        with pytest.raises(Busy):
            await house.stock.hold(pool, house.ask())
        with pytest.raises(StorageUnavailable):
            await house.upkeep.sweep()

        await cable.mend()
        await house.upkeep.mend_gates()
        again = await asyncio.gather(*(house.stock.hold(pool, ask) for ask in asks))
        assert len({decision.hold_id for decision in again}) == 20
        assert (await house.stock.levels([pool]))[pool].held == 21
        assert await house.ledger.audit([pool]) == {}
    await cable.cut()
