"""The identity room on real parts, with a mailer and a bus that remember what they were told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import argon2
import pytest
from aiohttp.test_utils import TestClient, TestServer
from redis.asyncio import Redis

from livecommerce.foundation.core.settings import IdentitySettings, Settings
from livecommerce.foundation.http.auth import Authentication
from livecommerce.foundation.http.limits import RateLimiter
from livecommerce.foundation.http.server import ServerContext, application
from livecommerce.foundation.storage.postgres import Database
from livecommerce.identity.http import routes
from livecommerce.identity.passwords import Passwords
from livecommerce.identity.service import IdentityRoom, open_room

SETTINGS = Settings(identity=IdentitySettings(guests_per_minute_per_address=5))


@dataclass
class Outbox:
    """Keeps mails, and whom the bus was told to disconnect."""

    mails: list[tuple[str, str, str]] = field(default_factory=list)
    disconnected: list[tuple[str, str]] = field(default_factory=list)

    async def send(self, *, to: str, subject: str, text: str) -> None:
        self.mails.append((to, subject, text))

    async def disconnect(self, person_id: str, code: str, **_: Any) -> None:
        self.disconnected.append((person_id, code))

    def code_for(self, email: str) -> str:
        """The code in the last mail to an address."""
        return next(subject for to, subject, _ in reversed(self.mails) if to == email).partition(" ")[0]


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


@pytest.fixture
def room(database: Database, redis: Redis, clock: Any, outbox: Outbox, data_dir: Path) -> IdentityRoom:
    return open_room(
        database,
        SETTINGS,
        data_dir=data_dir,
        limiter=RateLimiter(redis),
        mailer=outbox,
        disconnects=outbox,
        clock=clock,
        passwords=Passwords(argon2.PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)),
    )


@pytest.fixture
async def client(room: IdentityRoom) -> AsyncIterator[TestClient[Any, Any]]:
    context = ServerContext(Authentication(room.identity, allowed_origins=frozenset()))
    async with TestClient(TestServer(application(context, [routes(room)]))) as opened:
        yield opened


@pytest.fixture
def elsewhere(database: Database, redis: Redis, clock: Any, outbox: Outbox, data_dir: Path) -> IdentityRoom:
    """The same room in another process: nothing shared but the database and the secrets."""
    limiter = RateLimiter(redis)
    return open_room(
        database, SETTINGS, data_dir=data_dir, limiter=limiter, mailer=outbox, disconnects=outbox, clock=clock
    )
