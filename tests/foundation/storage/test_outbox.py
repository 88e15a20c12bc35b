"""The outbox: work goes on exactly with the commit that asked for it, and is done once."""

import asyncio
from typing import Any

import pytest

from livecommerce.foundation.core.errors import Conflict
from livecommerce.foundation.storage import outbox
from livecommerce.foundation.storage.outbox import Outbox
from livecommerce.foundation.storage.postgres import Database, Transaction


class Taken:
    """A handler that remembers."""

    def __init__(self, *, refuse: int = 0) -> None:
        self.payloads: list[dict[str, Any]] = []
        self._refuse = refuse

    async def __call__(self, tx: Transaction, payload: dict[str, Any]) -> None:
        assert await tx.fetchval("SELECT 1") == 1
        if self._refuse:
            self._refuse -= 1
            raise Conflict()
        self.payloads.append(payload)


async def leave(database: Database, *numbers: int) -> None:
    async with database.transaction() as tx:
        for number in numbers:
            await outbox.put(tx, "hold.expired", {"number": number, "text": "Tee’s"})


async def test_rows_are_handed_on_in_order_and_only_to_their_topic(database: Database) -> None:
    await leave(database, 1, 2)
    taken, other = Taken(), Taken()
    box = Outbox(database)

    assert not await box.take("show.ended", other)
    while await box.take("hold.expired", taken):
        pass

    assert [payload["number"] for payload in taken.payloads] == [1, 2]
    assert taken.payloads[0]["text"] == "Tee’s"
    assert other.payloads == []


async def test_nothing_is_left_by_a_transaction_that_rolled_back(database: Database) -> None:
    async def fail() -> None:
        async with database.transaction() as tx:
            await outbox.put(tx, "hold.expired", {})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()

    assert not await Outbox(database).take("hold.expired", Taken())


async def test_two_consumers_never_get_the_same_row(database: Database) -> None:
    await leave(database, *range(40))
    taken = Taken()

    async def drain() -> None:
        while await Outbox(database).take("hold.expired", taken):
            pass

    await asyncio.gather(*(drain() for _ in range(4)))

    assert sorted(payload["number"] for payload in taken.payloads) == list(range(40))


async def test_control_a_row_that_is_not_locked_is_done_twice(database: Database) -> None:
    await leave(database, 1)

    async def careless() -> list[str]:
        async with database.transaction() as tx:
            rows = await tx.fetch("SELECT id FROM outbox")
            await asyncio.sleep(0.05)
            await tx.execute("DELETE FROM outbox")
            return [row["id"] for row in rows]

    first, second = await asyncio.gather(careless(), careless())

    assert first == second != []


async def test_a_row_that_fails_waits_behind_the_others_and_is_not_lost(database: Database) -> None:
    await leave(database, 1, 2)
    taken = Taken(refuse=1)
    box = Outbox(database)

    assert await box.take("hold.expired", taken)
    assert await box.take("hold.expired", taken)
    assert not await box.take("hold.expired", taken)
    await database.execute("UPDATE outbox SET due_at = clock_timestamp()")
    assert await box.take("hold.expired", taken)

    assert [payload["number"] for payload in taken.payloads] == [2, 1]


async def test_consume_goes_on_until_cancelled(database: Database) -> None:
    taken = Taken()
    consuming = asyncio.create_task(Outbox(database, poll_s=0.01).consume("hold.expired", taken))

    await leave(database, 1)
    async with asyncio.timeout(10):
        while not taken.payloads:
            await asyncio.sleep(0.01)
    consuming.cancel()

    with pytest.raises(asyncio.CancelledError):
        await consuming
