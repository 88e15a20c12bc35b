"""The people who run the demo's shop: made as `livecommerce user add` makes them, signed in with one-time codes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from livecommerce.demo.client import Client
from livecommerce.foundation.core.actors import Role
from livecommerce.foundation.core.clock import SystemClock
from livecommerce.foundation.core.ids import PersonId
from livecommerce.foundation.core.settings import Settings
from livecommerce.foundation.http.limits import RateLimiter
from livecommerce.foundation.http.mail import FolderMailer
from livecommerce.foundation.storage.postgres import Database
from livecommerce.foundation.storage.redis import connect
from livecommerce.identity.service import IdentityRoom, open_room

OWNER = (Role.OWNER, "owner@nordlys.example", "Nora Lys")
HOST = (Role.HOST, "maja@nordlys.example", "Maja Lindholm")
MODERATOR = (Role.MODERATOR, "freja@nordlys.example", "Freja")


@dataclass(slots=True)
class Employee:
    """One of the shop's staff, with a session of their own."""

    id: PersonId
    client: Client


class Staff:
    """Owner, host and moderator of the demo."""

    def __init__(self, room: IdentityRoom, client: Client) -> None:
        self._room, self._client = room, client
        self._ids: dict[Role, PersonId] = {}

    async def hire(self, role: Role, email: str, name: str) -> Employee:
        """Make the person (or find them from last time) and sign them in."""
        person, _ = await self._room.staff.add(role, email, name, None)
        self._ids[role] = person.id
        return Employee(person.id, self._client.as_person(await self.sign_in(role)))

    async def sign_in(self, role: Role) -> str:
        """Trade a fresh code for a token, as a page does."""
        return str((await self._client.post("/sign-in/once", {"code": await self.code(role)}))["token"])

    async def code(self, role: Role) -> str:
        """Return a code that signs in once."""
        return await self._room.once.mint(self._ids[role])


class NobodyConnected:
    """While the demo makes its staff, none of them has a socket open."""

    async def disconnect(self, person_id: PersonId, code: str, *, session_id: str | None = None) -> None:
        """Nothing to close."""


@asynccontextmanager
async def open_staff(settings: Settings, client: Client) -> AsyncIterator[Staff]:
    """Yield the staff of the installation that `settings` names."""
    clock = SystemClock()
    redis = connect(settings.redis.url)
    try:
        async with Database(settings.database.url, min_size=1, max_size=2) as database:
            room = open_room(
                database,
                settings,
                data_dir=settings.data_dir,
                limiter=RateLimiter(redis),
                mailer=FolderMailer(settings.data_dir / "mail", sender=settings.mail.sender, clock=clock),
                disconnects=NobodyConnected(),
                clock=clock,
            )
            yield Staff(room, client)
    finally:
        await redis.aclose()
