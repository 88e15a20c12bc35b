"""Who may connect: origin, address, token, and how many at once. And who may stay: tokens are checked again.

`Admission.run` is one task: it checks each connection's token every `RECHECK_S`, so that one which expired or was
revoked closes within a minute, on every node, whatever messages were lost.
"""

from __future__ import annotations

import asyncio
from collections import Counter as Tally
from collections.abc import Mapping
from typing import Any

import structlog
from aiohttp import web

from livecommerce.foundation.core.errors import Busy, Forbidden, LiveCommerceError, Unauthenticated
from livecommerce.foundation.core.ids import PersonId
from livecommerce.foundation.core.settings import RealtimeSettings
from livecommerce.foundation.http.auth import DESKS, Authenticator, cookie_name
from livecommerce.foundation.http.limits import Rate, RateLimiter
from livecommerce.foundation.http.server import ServerContext, client_address
from livecommerce.foundation.realtime.gateway.closing import Closing
from livecommerce.foundation.realtime.gateway.connection import Connection
from livecommerce.foundation.realtime.gateway.deadlines import Deadline
from livecommerce.foundation.realtime.gateway.socket import Handshake, Socket

log = structlog.get_logger(__name__)

RECHECK_S = 40.0
CONNECTS_S = 10.0
"""As many as may be connected from one address may also come back within this time: after a restart they all do."""


class OriginRefused(Forbidden):
    """Pages of this origin may not connect."""

    code = "origin_refused"


class TooManyConnections(Busy):
    """There are too many connections already."""

    code, status = "too_many_connections", 429


class Draining(Busy):
    """This server is closing; connect again."""

    code = "draining"


class TokenRequired(Unauthenticated):
    """Connect with auth: {token}, or from one of our own pages."""


class Admission:
    """The rules at the door."""

    def __init__(
        self,
        authenticator: Authenticator,
        context: ServerContext,
        *,
        limiter: RateLimiter,
        settings: RealtimeSettings,
    ) -> None:
        self.is_draining = False
        self._authenticator, self._context, self._limiter = authenticator, context, limiter
        self._settings = settings
        self._connects = Rate(settings.connections_per_address, CONNECTS_S)
        self._by_address: Tally[str] = Tally()
        self._by_person: Tally[PersonId] = Tally()
        self._recheck = Deadline(RECHECK_S)

    def handshake(self, request: web.Request) -> Handshake:
        """Judge the request before the upgrade: a foreign Origin is refused, and so is the one connection too many."""
        if self.is_draining:
            raise Draining(retry_after_s=1)
        address = client_address(request, self._context.trusted)
        if self._by_address[address] >= self._settings.connections_per_address:
            raise TooManyConnections(retry_after_s=10)
        if "Origin" not in request.headers:
            return Handshake(address)
        if not self._context.authentication.origin_is_ours(request):
            raise OriginRefused()
        names = {desk: cookie_name(desk) for desk in DESKS}
        tokens = {desk: request.cookies[name] for desk, name in names.items() if name in request.cookies}
        return Handshake(address, tokens)

    def opened(self, socket: Socket) -> None:
        self._by_address[socket.handshake.address] += 1

    def closed(self, socket: Socket) -> None:
        _lower(self._by_address, socket.handshake.address)

    async def token_of(self, socket: Socket, auth: Any) -> str:
        """The credential of a CONNECT: a token, or the session cookie of the desk that one of our pages names."""
        await self._limiter.hit("connect", socket.handshake.address, self._connects)
        fields = auth if isinstance(auth, dict) else {}
        token = fields.get("token")
        if token is None:
            token = socket.handshake.session_tokens.get(str(fields.get("desk", "viewer")))
        if not isinstance(token, str) or not token:
            raise TokenRequired()
        return token

    async def enter(self, connection: Connection) -> None:
        """Count a connection in; `TooManyConnections` when the person has too many."""
        if self._by_person[connection.actor.id] >= self._settings.connections_per_person:
            raise TooManyConnections(retry_after_s=10)
        self._by_person[connection.actor.id] += 1
        self._recheck.add(connection.socket)

    def left(self, connection: Connection) -> None:
        _lower(self._by_person, connection.actor.id)

    async def run(self, connections: Mapping[str, Connection]) -> None:
        """Check tokens again until cancelled."""
        while True:
            for socket in self._recheck.due():
                if connection := connections.get(socket.sid):
                    await self._check_again(connection)
            await asyncio.sleep(1)

    async def _check_again(self, connection: Connection) -> None:
        try:
            connection.actor = await self._authenticator.authenticate(connection.token)
        except Unauthenticated:
            connection.close(Closing.SIGNED_OUT)
        except LiveCommerceError:
            # Storage is away: whoever is in stays in, and is asked again.
            self._recheck.add(connection.socket)
        except Exception:
            log.exception("a token could not be checked")
            self._recheck.add(connection.socket)
        else:
            self._recheck.add(connection.socket)


def _lower(tally: Tally[Any], key: Any) -> None:
    tally[key] -= 1
    if tally[key] <= 0:
        del tally[key]
