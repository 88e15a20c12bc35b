"""The gateway: connects people, hands their messages to rooms, and answers each with an ack.

`Gateway.run` owns the hub's tasks, the ear's and three of its own: pings and other deadlines, token checks, and
nothing else; a connection's own task is its request handler (`seams.py`). A message is answered before the next of
the same connection is read. Handlers get `ANSWER_TIMEOUT_S`; then the client hears `busy`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
import structlog
from aiohttp import web

from livecommerce.foundation.core.actors import Actor
from livecommerce.foundation.core.clock import Clock
from livecommerce.foundation.core.errors import Busy, LiveCommerceError, NotFound
from livecommerce.foundation.core.ids import PersonId
from livecommerce.foundation.core.settings import RealtimeSettings
from livecommerce.foundation.http.auth import Authenticator
from livecommerce.foundation.http.limits import Rate, RateLimiter
from livecommerce.foundation.http.problems import PUBLIC_DETAILS, invalid_of
from livecommerce.foundation.http.server import ServerContext
from livecommerce.foundation.realtime.bus import PEOPLE, CloseOf, NoticeTo
from livecommerce.foundation.realtime.gateway.admission import Admission
from livecommerce.foundation.realtime.gateway.closing import Closing
from livecommerce.foundation.realtime.gateway.connection import Connection
from livecommerce.foundation.realtime.gateway.deadlines import Deadline
from livecommerce.foundation.realtime.gateway.seams import (
    PING_FRAME,
    PING_INTERVAL_S,
    PING_TIMEOUT_S,
    LiveServer,
    Refused,
)
from livecommerce.foundation.realtime.gateway.socket import Socket
from livecommerce.foundation.realtime.hub import Hub
from livecommerce.foundation.realtime.listening import Ear
from livecommerce.foundation.realtime.wire import plain

log = structlog.get_logger(__name__)

CONNECT_WITHIN_S = 10.0
"""A socket that has not been let in by then is closed, however well it answers pings."""
FLUSH_WITHIN_S = 5.0
ANSWER_TIMEOUT_S = 10.0
DRAIN_BATCH = 200

Body = TypeVar("Body")
Handler = Callable[[Connection, Any], Awaitable[Any]]

_decode_person_message = msgspec.msgpack.Decoder(NoticeTo | CloseOf).decode


class UnknownMessage(NotFound):
    """There is no message of that name."""

    code = "unknown_message"


class Internal(LiveCommerceError):
    """Something went wrong on our side."""

    code = "internal"


@dataclass(frozen=True, slots=True)
class Message:
    """What clients may send: its name, its shape, who answers, how often one person may."""

    name: str
    body: Any
    handler: Handler
    rate: Rate | None


class Gateway:
    """The sockets of this process."""

    def __init__(
        self,
        authenticator: Authenticator,
        context: ServerContext,
        *,
        hub: Hub,
        ear: Ear,
        limiter: RateLimiter,
        settings: RealtimeSettings,
        clock: Clock,
        forget: Callable[[PersonId], None] = lambda _: None,
    ) -> None:
        """`forget` drops what the authenticator remembers of a person whose connections are closed."""
        self.hub, self.clock, self._forget = hub, clock, forget
        self.messages: dict[str, Message] = {}
        self._ear, self._limiter, self._authenticator = ear, limiter, authenticator
        self._admission = Admission(authenticator, context, limiter=limiter, settings=settings)
        self._connections: dict[str, Connection] = {}
        """By the socket's id."""
        self._people: dict[PersonId, set[Connection]] = {}
        self._pings, self._pongs = Deadline(PING_INTERVAL_S), Deadline(PING_TIMEOUT_S)
        self._unconnected = Deadline(CONNECT_WITHIN_S)
        self._server = LiveServer()
        self._server.on("connect", self._connect)
        self._server.on("disconnect", self._disconnect)
        self._server.on("*", self._message)
        engine = self._server.eio
        engine.admit, engine.opened, engine.closed = self._admission.handshake, self._opened, self._admission.closed

    def attach(self, app: web.Application) -> None:
        """Serve `/socket.io/` from this application."""
        app.router.add_get("/socket.io/", self._server.eio.handle_request)

    def on(
        self,
        name: str,
        *,
        body: type[Body],
        handler: Callable[[Connection, Body], Awaitable[Any]],
        rate: Rate | None = None,
    ) -> None:
        """Answer a message. The handler's Struct (or None) becomes the ack; a domain error becomes its refusal."""
        if name in self.messages:
            raise ValueError(f"{name} is answered already")
        self.messages[name] = Message(name, body, handler, rate)

    async def run(self) -> None:
        """Serve until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._ear.run(), name="ear")
            group.create_task(self.hub.run(), name="hub")
            group.create_task(self._keep_deadlines(), name="socket deadlines")
            group.create_task(self._admission.run(self._connections), name="token checks")
            await self._hear_people()
            await asyncio.Event().wait()

    async def drain(self) -> None:
        """Let nobody in any more and send everybody elsewhere, in batches so that acks still get through."""
        self._admission.is_draining = True
        sockets = list(self._server.eio.sockets.values())
        for nth, socket in enumerate(sockets, start=1):
            socket.close(Closing.DRAINING)
            if nth % DRAIN_BATCH == 0:
                await asyncio.sleep(0.01)

    def connections(self, person_id: PersonId) -> tuple[Connection, ...]:
        """The person's connections in this process."""
        return tuple(self._people.get(person_id, ()))

    def __len__(self) -> int:
        return len(self._connections)

    async def _hear_people(self) -> None:
        while True:
            try:
                return await self._ear.listen(PEOPLE, self._hear_person)
            except LiveCommerceError:
                await asyncio.sleep(1)

    def _hear_person(self, data: bytes) -> None:
        message = _decode_person_message(data)
        if isinstance(message, CloseOf):
            self._forget(PersonId(message.person_id))
        for connection in self.connections(PersonId(message.person_id)):
            if isinstance(message, NoticeTo):
                connection.notice(message.type, message.data)
            elif _is_meant(message, connection):
                connection.close(Closing(message.code))

    def _opened(self, socket: Socket) -> None:
        self._admission.opened(socket)
        self._unconnected.add(socket)
        self._pings.add(socket)

    async def _connect(self, _sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        socket: Socket = environ["socket"]
        try:
            token = await self._admission.token_of(socket, auth)
            actor: Actor = await self._authenticator.authenticate(token)
            connection = Connection(actor, socket, token=token, hub=self.hub)
            await self._admission.enter(connection)
        except LiveCommerceError as exc:
            raise Refused(exc) from exc
        self._connections[socket.sid] = connection
        self._people.setdefault(actor.id, set()).add(connection)

    async def _disconnect(self, sid: str, _reason: str) -> None:
        eio_sid = self._server.manager.eio_sid_from_sid(sid, "/")
        connection = self._connections.pop(eio_sid, None)
        if connection is None:
            return
        connection.leave_all()
        self._admission.left(connection)
        others = self._people.get(connection.actor.id, set())
        others.discard(connection)
        if not others:
            self._people.pop(connection.actor.id, None)

    async def _message(self, name: str, sid: str, data: Any = None) -> dict[str, Any] | None:
        connection = self._connections.get(self._server.manager.eio_sid_from_sid(sid, "/"))
        if connection is None:
            return None
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                answer = await self._answer(connection, name, data)
        except LiveCommerceError as exc:
            return _refusal(exc)
        except TimeoutError:
            return _refusal(Busy(retry_after_ms=1000))
        except Exception:
            log.exception("a message failed", message=name)
            return _refusal(Internal())
        return {"ok": True} | ({} if answer is None else plain(answer))

    async def _answer(self, connection: Connection, name: str, data: Any) -> Any:
        message = self.messages.get(name)
        if message is None:
            raise UnknownMessage()
        try:
            body = msgspec.convert({} if data is None else data, message.body)
        except (msgspec.ValidationError, RecursionError) as exc:
            raise invalid_of(exc) from None
        if message.rate is not None:
            await self._limiter.hit(name, connection.actor.id, message.rate)
        return await message.handler(connection, body)

    async def _keep_deadlines(self) -> None:
        while True:
            now = time.monotonic()
            for socket in self._unconnected.due():
                if not socket.is_connected:
                    socket.close(Closing.SILENT)
            for socket in self._pongs.due():
                if socket.pong_due is not None and socket.pong_due <= now:
                    socket.abort()
            for socket in self._pings.due():
                socket.write(PING_FRAME)
                socket.pong_due = now + PING_TIMEOUT_S
                self._pongs.add(socket)
                self._pings.add(socket)
            await asyncio.sleep(1)


def _is_meant(message: CloseOf, connection: Connection) -> bool:
    if message.session_id is not None and connection.actor.session_id != message.session_id:
        return False
    return message.show_id is None or message.show_id in connection.shows


def _refusal(error: LiveCommerceError) -> dict[str, Any]:
    details = {key: error.details[key] for key in PUBLIC_DETAILS if error.details.get(key) is not None}
    if isinstance(seconds := details.pop("retry_after_s", None), int | float):
        details.setdefault("retry_after_ms", int(seconds * 1000))
    return {"ok": False, "code": error.code, "message": error.message, **details}
