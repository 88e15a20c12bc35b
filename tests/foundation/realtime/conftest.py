"""An event log on real PostgreSQL and Valkey, with one show in it."""

from __future__ import annotations

from typing import ClassVar

import pytest
from redis.asyncio import Redis

from livecommerce.foundation.core.clock import Clock, NoStream
from livecommerce.foundation.core.events import Event, Scope
from livecommerce.foundation.core.ids import ShowId, new_id
from livecommerce.foundation.realtime.eventlog import EventLog
from livecommerce.foundation.storage.postgres import Database


class Rang(Event):
    """A bell of the tests."""

    type: ClassVar[str] = "bell.rang"
    n: int


class Whispered(Event):
    """A bell that only staff hears."""

    type: ClassVar[str] = "bell.whispered"
    scope: ClassVar[Scope] = Scope.STAFF
    n: int


@pytest.fixture
def rang() -> type[Rang]:
    return Rang


@pytest.fixture
def whispered() -> type[Whispered]:
    return Whispered


@pytest.fixture
async def event_log(database: Database, redis: Redis, clock: Clock) -> EventLog:
    log = EventLog(database, redis, clock, NoStream())
    await log.open()
    return log


@pytest.fixture
async def show_id(event_log: EventLog, database: Database) -> ShowId:
    show_id = ShowId(new_id())
    async with database.transaction() as tx:
        await event_log.create(show_id, tx)
    return show_id
