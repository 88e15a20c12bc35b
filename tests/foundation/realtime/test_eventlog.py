"""The event log: one order, written with the state, published once by whoever comes first."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import textwrap
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from redis.asyncio import Redis

from livecommerce.foundation.core.clock import Clock, NoStream
from livecommerce.foundation.core.events import Scope
from livecommerce.foundation.core.ids import ShowId, new_id
from livecommerce.foundation.realtime.eventlog import EventLog, ShowNotFound
from livecommerce.foundation.realtime.publishing import Publisher, Sweep, channel, stream_key
from livecommerce.foundation.realtime.wire import Envelope
from livecommerce.foundation.storage.postgres import Database

PUBLIC, STAFF = Scope.PUBLIC, Scope.STAFF

CARELESS = """
-- The same call without the safeguard: it appends and publishes whatever it is given.
for i = 6, #ARGV do
  redis.call('XADD', KEYS[1], '*', 'e', ARGV[i])
  redis.call('PUBLISH', ARGV[1], string.char(0xdc, 0, 1) .. ARGV[i])
end
return {1, tonumber(ARGV[2]) + #ARGV - 6}
"""

KILLED_BETWEEN_COMMIT_AND_PUBLISH = textwrap.dedent("""
    import asyncio, sys
    from typing import ClassVar
    from redis.asyncio import Redis
    from livecommerce.foundation.core.clock import NoStream, SystemClock
    from livecommerce.foundation.core.events import Event
    from livecommerce.foundation.realtime.eventlog import EventLog
    from livecommerce.foundation.realtime.publishing import Publisher
    from livecommerce.foundation.storage.postgres import Database

    class Rang(Event):
        type: ClassVar[str] = "bell.rang"
        n: int

    class StopsAfterCommit(Publisher):
        async def publish(self, show_id, scope, envelopes):
            if envelopes[0].data["n"] < 2:
                return await super().publish(show_id, scope, envelopes)
            print("committed", flush=True)
            await asyncio.sleep(3600)

    async def main(database_url, redis_url, show_id):
        async with Database(database_url) as database:
            redis = Redis.from_url(redis_url)
            log = EventLog(database, redis, SystemClock(), NoStream(), publisher=StopsAfterCommit(redis))
            for n in range(3):
                async with log.transaction(show_id) as tx:
                    tx.tell(Rang(n=n))

    asyncio.run(main(*sys.argv[1:]))
""")


async def ring(log: EventLog, show_id: ShowId, rang: Any, *numbers: int) -> None:
    for n in numbers:
        async with log.transaction(show_id) as tx:
            tx.tell(rang(n=n))


class Listener:
    """What a subscriber of the show hears, in the order it comes."""

    def __init__(self, redis: Redis, show_id: ShowId) -> None:
        self._pubsub, self._show_id = redis.pubsub(), show_id
        self.heard: list[int] = []

    async def __aenter__(self) -> Listener:
        await self._pubsub.subscribe(channel(self._show_id, PUBLIC))
        await self._pubsub.get_message(timeout=5)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._pubsub.aclose()

    async def until(self, seq: int) -> list[int]:
        async with asyncio.timeout(10):
            while seq not in self.heard:
                await self._read(1)
        while await self._read(0.05):
            pass
        return self.heard

    async def _read(self, timeout: float) -> bool:
        message = await self._pubsub.get_message(ignore_subscribe_messages=True, timeout=timeout)
        if message is None:
            return False
        self.heard += [e.seq or 0 for e in msgspec.msgpack.decode(message["data"], type=list[Envelope])]
        return True


async def test_seq_is_the_order_of_commits_even_when_transactions_overlap(
    event_log: EventLog, show_id: ShowId, rang: Any
) -> None:
    async def one(n: int) -> int:
        async with event_log.transaction(show_id) as tx:
            told = tx.tell(rang(n=n))
            await tx.fetchval("SELECT pg_sleep(0.002)")
        return told.seq

    seqs = await asyncio.gather(*(one(n) for n in range(30)))

    assert sorted(seqs) == list(range(1, 31))
    events = await event_log.since(show_id, PUBLIC, (await event_log.head(show_id, PUBLIC)).epoch, 0)
    assert [e.seq for e in events or []] == list(range(1, 31))
    by_seq = dict(zip(seqs, range(30), strict=True))
    assert [e.data["n"] for e in events or []] == [by_seq[seq] for seq in range(1, 31)]


async def test_a_transaction_that_fails_tells_nothing(event_log: EventLog, show_id: ShowId, rang: Any) -> None:
    with contextlib.suppress(ZeroDivisionError):
        async with event_log.transaction(show_id) as tx:
            tx.tell(rang(n=1))
            raise ZeroDivisionError
    await ring(event_log, show_id, rang, 2)

    head = await event_log.head(show_id, PUBLIC)
    events = await event_log.since(show_id, PUBLIC, head.epoch, 0)

    assert head.seq == 1
    assert [e.data["n"] for e in events or []] == [2]


async def test_staff_and_public_have_their_own_numbers(
    event_log: EventLog, show_id: ShowId, rang: Any, whispered: Any
) -> None:
    async with event_log.transaction(show_id) as tx:
        told = [tx.tell(rang(n=1)), tx.tell(whispered(n=2)), tx.tell(rang(n=3))]

    assert [(one.envelope.scope, one.seq) for one in told] == [(PUBLIC, 1), (STAFF, 1), (PUBLIC, 2)]
    epoch = told[0].envelope.epoch
    staff = await event_log.since(show_id, STAFF, epoch, 0)
    assert [e.data["n"] for e in staff or []] == [2]


async def test_telling_of_a_show_without_a_log_is_refused(event_log: EventLog, rang: Any) -> None:
    with pytest.raises(ShowNotFound):
        await ring(event_log, ShowId(new_id()), rang, 1)


async def test_what_is_read_from_the_stream_equals_what_postgresql_says(
    event_log: EventLog, show_id: ShowId, rang: Any, redis: Redis
) -> None:
    await ring(event_log, show_id, rang, *range(1, 6))
    epoch = (await event_log.head(show_id, PUBLIC)).epoch

    from_stream = await event_log.since(show_id, PUBLIC, epoch, 2)
    await redis.flushall()
    from_postgresql = await event_log.since(show_id, PUBLIC, epoch, 2)

    assert from_stream == from_postgresql
    assert [e.seq for e in from_stream or []] == [3, 4, 5]


async def test_since_another_epoch_or_from_the_future_is_answered_with_none(
    event_log: EventLog, show_id: ShowId, rang: Any
) -> None:
    await ring(event_log, show_id, rang, 1)
    epoch = (await event_log.head(show_id, PUBLIC)).epoch

    assert await event_log.since(show_id, PUBLIC, epoch - 1, 0) is None
    assert await event_log.since(show_id, PUBLIC, epoch, 2) is None
    assert await event_log.since(show_id, PUBLIC, epoch, 1) == []


async def test_a_process_killed_between_commit_and_publish_loses_nothing_and_doubles_nothing(
    event_log: EventLog, show_id: ShowId, redis: Redis, urls: tuple[str, str]
) -> None:
    async with Listener(redis, show_id) as listener:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", KILLED_BETWEEN_COMMIT_AND_PUBLISH, *urls, show_id, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        assert await asyncio.wait_for(process.stdout.readline(), 20) == b"committed\n"
        process.kill()
        await process.wait()
        assert await listener.until(2) == [1, 2]

        sweeps = [await Sweep(event_log).sweep(), await Sweep(event_log).sweep()]

        assert await listener.until(3) == [1, 2, 3]
    assert sweeps == [1, 0]
    head = await event_log.head(show_id, PUBLIC)
    assert head.seq == 3
    assert await redis.xlen(stream_key(show_id, PUBLIC, head.epoch)) == 3


@pytest.fixture
def urls(database_url: str, redis_url: str) -> tuple[str, str]:
    return database_url, redis_url


async def everybody_offers(log: EventLog, publisher: Publisher, show_id: ShowId) -> None:
    """Several processes bring the same events at once, in halves and in the wrong order, as after an outage."""
    events = await log.since(show_id, PUBLIC, (await log.head(show_id, PUBLIC)).epoch, 0)
    assert events is not None
    middle = len(events) // 2
    runs: Sequence[Sequence[Envelope]] = [events[middle:], events[:middle], events, events[middle:]]
    await asyncio.gather(*(publisher.offer(show_id, PUBLIC, run) for run in runs))


async def silently(event_log: EventLog, show_id: ShowId, rang: Any) -> None:
    """Commit ten events that nobody publishes."""
    event_log.publisher._silent_until = float("inf")
    await ring(event_log, show_id, rang, *range(1, 11))
    event_log.publisher._silent_until = 0.0


async def test_the_same_events_offered_by_many_are_heard_once_and_in_order(
    event_log: EventLog, show_id: ShowId, rang: Any, redis: Redis
) -> None:
    await silently(event_log, show_id, rang)

    async with Listener(redis, show_id) as listener:
        await everybody_offers(event_log, event_log.publisher, show_id)

        assert await listener.until(10) == list(range(1, 11))


async def test_without_the_safeguard_the_same_offers_are_heard_twice(
    event_log: EventLog, show_id: ShowId, rang: Any, redis: Redis
) -> None:
    await silently(event_log, show_id, rang)

    async with Listener(redis, show_id) as listener:
        await everybody_offers(event_log, Publisher(redis, script=CARELESS), show_id)

        heard = await listener.until(10)
    assert heard != list(range(1, 11))
    assert len(heard) > 10


async def test_a_redis_that_lost_everything_is_filled_again_by_the_sweep(
    event_log: EventLog, show_id: ShowId, rang: Any, redis: Redis
) -> None:
    await ring(event_log, show_id, rang, *range(1, 8))
    before = await event_log.publisher.entries(
        stream_key(show_id, PUBLIC, (await event_log.head(show_id, PUBLIC)).epoch), 1
    )
    await redis.flushall()

    await Sweep(event_log).sweep()

    after = await event_log.publisher.entries(stream_key(show_id, PUBLIC, before[0].epoch), 1)
    assert after == before
    assert len(after) == 7


async def test_a_stream_far_behind_begins_anew_with_the_window(
    database: Database, redis: Redis, clock: Clock, event_log: EventLog, show_id: ShowId, rang: Any
) -> None:
    publisher = Publisher(redis, window=5)
    log = EventLog(database, redis, clock, NoStream(), publisher=publisher)
    await ring(log, show_id, rang, 1)
    publisher._silent_until = float("inf")
    await ring(log, show_id, rang, *range(2, 13))
    publisher._silent_until = 0.0

    async with Listener(redis, show_id) as listener:
        await ring(log, show_id, rang, 13)

        assert await listener.until(13) == [9, 10, 11, 12, 13]


async def test_a_database_that_came_back_from_a_backup_begins_a_new_epoch(
    event_log: EventLog, database: Database, show_id: ShowId, rang: Any
) -> None:
    await ring(event_log, show_id, rang, *range(1, 5))
    before = await event_log.head(show_id, PUBLIC)
    await database.execute("DELETE FROM show_events WHERE show_id = $1 AND seq > 2", show_id)
    await database.execute("UPDATE show_logs SET public_seq = 2 WHERE show_id = $1", show_id)

    await Sweep(event_log).sweep()

    after = await event_log.head(show_id, PUBLIC)
    assert after.epoch > before.epoch
    assert await event_log.since(show_id, PUBLIC, before.epoch, 2) is None


async def test_commits_stand_while_redis_is_away_and_are_heard_when_it_is_back(
    database: Database, redis: Redis, clock: Clock, event_log: EventLog, show_id: ShowId, rang: Any
) -> None:
    nowhere = Redis.from_url("redis://127.0.0.1:1/0")
    cut_off = EventLog(database, nowhere, clock, NoStream())

    async with Listener(redis, show_id) as listener:
        await ring(cut_off, show_id, rang, 1, 2)
        await Sweep(event_log).sweep()

        assert await listener.until(2) == [1, 2]
    await nowhere.aclose()


async def test_events_carry_where_the_stream_was(
    database: Database, redis: Redis, clock: Clock, event_log: EventLog, show_id: ShowId, rang: Any
) -> None:
    class Streaming:
        async def media_ts(self, _show_id: ShowId) -> int | None:
            return 12_000

    log = EventLog(database, redis, clock, Streaming())
    async with log.transaction(show_id) as tx:
        now, then = tx.tell(rang(n=1)), tx.tell(rang(n=2), media_ts=9_000)

    assert 12_000 <= (now.envelope.media_ts or 0) < 13_000
    assert then.envelope.media_ts == 9_000
