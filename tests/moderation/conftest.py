"""The moderation room on real parts: people of every rank, one show, and a bus that remembers."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from livecommerce.foundation.core.actors import HOST_SHOW_PERMISSIONS, MODERATOR_PERMISSIONS, Actor, ActorKind, Role
from livecommerce.foundation.core.clock import NoStream
from livecommerce.foundation.core.events import Scope
from livecommerce.foundation.core.ids import PersonId, ShowId, new_id
from livecommerce.foundation.core.settings import ChatSettings, Settings
from livecommerce.foundation.http.limits import RateLimiter
from livecommerce.foundation.realtime.eventlog import EventLog
from livecommerce.foundation.storage.postgres import Database
from livecommerce.identity.service import IdentityRoom, open_room
from livecommerce.moderation.service import ModerationService
from livecommerce.moderation.store import SanctionStore


@dataclass
class RememberingBus:
    """What a bus was asked to send."""

    notices: list[tuple[str, str]] = field(default_factory=list)
    disconnected: list[tuple[str, str, str | None]] = field(default_factory=list)

    async def notify(self, person_id: str, type: str, data: Any) -> None:
        self.notices.append((person_id, type))

    async def disconnect(self, person_id: str, code: str, show_id: str | None = None) -> None:
        self.disconnected.append((person_id, code, show_id))

    async def send(self, **_: Any) -> None:
        """Mails go nowhere."""


@pytest.fixture
def bus() -> RememberingBus:
    return RememberingBus()


@pytest.fixture
def identity(database: Database, redis: Redis, clock: Any, bus: Any, data_dir: Path) -> IdentityRoom:
    limiter = RateLimiter(redis)
    return open_room(database, Settings(), data_dir=data_dir, limiter=limiter, mailer=bus, disconnects=bus, clock=clock)


@pytest.fixture
async def event_log(database: Database, redis: Redis, clock: Any) -> EventLog:
    return EventLog(database, redis, clock, NoStream())


@pytest.fixture
async def show_id(event_log: EventLog, database: Database) -> ShowId:
    show_id = ShowId(new_id())
    async with database.transaction() as tx:
        await event_log.create(show_id, tx)
    return show_id


@dataclass
class Cast:
    """Everybody in the show."""

    owner: Actor
    host: Actor
    moderator: Actor
    helper: Actor
    """A second moderator."""
    viewer: Actor
    other: Actor


@pytest.fixture
async def cast(database: Database, identity: IdentityRoom, show_id: ShowId, clock: Any) -> Cast:
    async def person(name: str, role: Role, grants: frozenset[Any] = frozenset()) -> Actor:
        person_id = PersonId(new_id())
        kind = ActorKind.GUEST if role is Role.VIEWER else ActorKind.STAFF
        await database.execute(
            "INSERT INTO people (id, kind, role, display_name, contact, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
            person_id, kind, role, name, None if role is Role.VIEWER else f"{name}@x.example", clock.now(),
        )  # fmt: skip
        if grants:
            async with database.transaction() as tx:
                await identity.grants.host(tx, show_id, person_id, grants)
        return Actor(person_id, name, role, kind, grants={show_id: grants} if grants else {})

    return Cast(
        await person("owner", Role.OWNER),
        await person("host", Role.HOST, HOST_SHOW_PERMISSIONS),
        await person("mo", Role.MODERATOR, MODERATOR_PERMISSIONS),
        await person("helper", Role.MODERATOR, MODERATOR_PERMISSIONS),
        await person("viewer", Role.VIEWER),
        await person("other", Role.VIEWER),
    )


@pytest.fixture
def moderation(
    database: Database, redis: Redis, clock: Any, bus: Any, identity: IdentityRoom, event_log: EventLog
) -> ModerationService:
    return ModerationService(
        event_log,
        SanctionStore(database),
        people=identity.people,
        grants=identity.grants,
        audit=identity.audit,
        bus=bus,
        limiter=RateLimiter(redis),
        clock=clock,
        settings=ChatSettings(blocked_words=("rip off", "Betrug")),
    )


@pytest.fixture
def told(event_log: EventLog, show_id: ShowId) -> Any:
    async def read(scope: Scope = Scope.PUBLIC) -> list[tuple[str, dict[str, Any]]]:
        head = await event_log.head(show_id, scope)
        events = await event_log.since(show_id, scope, head.epoch, 0)
        return [(e.type, e.data) for e in events or []]

    return read
