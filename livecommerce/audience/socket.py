"""Coming and going over the socket."""

from __future__ import annotations

from typing import Annotated

import msgspec

from livecommerce.audience.service import AudienceService
from livecommerce.audience.views import Joined, Pong
from livecommerce.foundation.core.errors import Conflict
from livecommerce.foundation.core.events import Scope
from livecommerce.foundation.core.ids import ShowId, is_uuid
from livecommerce.foundation.http.limits import Rate
from livecommerce.foundation.realtime.eventlog import Head, ShowNotFound
from livecommerce.foundation.realtime.gateway import Connection, Gateway
from livecommerce.foundation.realtime.gateway.connection import SHOWS_MAX

Id = Annotated[str, msgspec.Meta(pattern="^[0-9a-z-]{1,36}$")]
Number = Annotated[int, msgspec.Meta(ge=0, le=(1 << 53) - 1)]

JOINS = Rate(30, 10)
"""Per person: a page joins once, and again after each cut or gap, for two scopes."""


class TooManyShows(Conflict):
    """Leave a show before you join another."""

    code = "too_many_shows"


class Since(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far the client has come."""

    epoch: Number
    seq: Number


class ShowJoin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    show_id: Id
    scope: Scope = Scope.PUBLIC
    since: Since | None = None


class ShowLeave(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    show_id: Id


class ClockPing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing to say."""


def register(gateway: Gateway, audience: AudienceService) -> None:
    """Answer `show.join`, `show.leave` and `clock.ping`."""

    async def join(connection: Connection, body: ShowJoin) -> Joined:
        if not is_uuid(body.show_id):
            raise ShowNotFound()
        if body.show_id not in connection.shows and len(connection.shows) >= SHOWS_MAX:
            raise TooManyShows()
        since = Head(body.since.epoch, body.since.seq) if body.since else None
        return await audience.join(connection, ShowId(body.show_id), scope=body.scope, since=since)

    async def leave(connection: Connection, body: ShowLeave) -> None:
        connection.leave(ShowId(body.show_id))

    async def ping(_connection: Connection, _body: ClockPing) -> Pong:
        return Pong(gateway.clock.now_ms())

    gateway.on("show.join", body=ShowJoin, handler=join, rate=JOINS)
    gateway.on("show.leave", body=ShowLeave, handler=leave)
    gateway.on("clock.ping", body=ClockPing, handler=ping)
