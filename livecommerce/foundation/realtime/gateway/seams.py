"""Every place where we touch what python-socketio and python-engineio do not promise. The contract test is beside it.

python-socketio keeps what it is good at: sessions, namespaces, CONNECT and its refusal, acks. Below it stands a slim
Engine.IO server of ours (WebSocket only), put in by the hook that python-socketio itself uses to choose one, because
the stock one costs 4-6 tasks per connection, answers browsers with permessage-deflate, queues without bound and never
closes a socket that does not CONNECT (python-engineio 4.15.1, python-socketio 5.18.1).

Concurrency: one task per connection, the request handler that aiohttp runs: it reads, decodes, and awaits the answer
of each message before it reads the next. So messages of one client keep their order, and a client that sends faster
than it is served is held back by TCP.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import engineio
import socketio
from aiohttp import WSMsgType, web
from socketio.exceptions import ConnectionRefusedError as ConnectRefused

from livecommerce.foundation.core.errors import LiveCommerceError, Malformed, NotFound
from livecommerce.foundation.realtime.gateway.closing import Closing
from livecommerce.foundation.realtime.gateway.packets import AttachmentRefused, Kind, ProtocolError, decode, parser_of
from livecommerce.foundation.realtime.gateway.socket import Handshake, Socket
from livecommerce.foundation.realtime.wire import TEXT, Parser, encode, event_frame, frame_of, packet

MAX_MESSAGE_BYTES = 16 * 1024
PING_INTERVAL_S = 25
PING_TIMEOUT_S = 20
ERRORS_MAX = 5
"""A client may send so many packets that are not packets; then it is closed."""
MESSAGES_PER_S, MESSAGES_BURST = 50.0, 100.0
"""Beyond this the connection is simply read more slowly."""
NAMESPACE = "/"
PING_FRAME = frame_of(TEXT, b"2")


class UnknownNamespace(NotFound):
    """There is only the namespace /."""

    code = "unknown_namespace"


class Refused(ConnectRefused):  # type: ignore[misc]
    """A CONNECT that is answered with `{code, message}`: as it is for Python, below `data` for JavaScript."""

    def __init__(self, error: LiveCommerceError) -> None:
        super().__init__(error.message)
        reason = {"code": error.code, "message": error.message}
        self.error_args = {**reason, "data": reason}


class LivePacket(socketio.packet.Packet):  # type: ignore[misc]
    """What python-socketio sends; it is encoded for the parser of whoever receives it."""

    uses_binary_events = False

    def encode_for(self, parser: Parser) -> bytes:
        """The payload of the WebSocket message."""
        if self.namespace in (None, NAMESPACE):
            return packet(parser, self.packet_type, self.data, ack_id=self.id)
        if parser is Parser.MSGPACK:
            return encode(parser, {"type": self.packet_type, "data": self.data, "nsp": self.namespace})
        return f"4{self.packet_type}{self.namespace},".encode() + encode(parser, self.data)


class Clients(socketio.AsyncManager):  # type: ignore[misc]
    """Who is connected: one namespace, no rooms (the hub has the shows), everything O(1).

    python-socketio's own manager walks all rooms, one of them per client, whenever somebody leaves.
    """

    def __init__(self) -> None:
        super().__init__()
        self._eio_by_sid: dict[str, str] = {}
        self._sid_by_eio: dict[str, str] = {}
        self._entered: set[str] = set()

    def get_namespaces(self) -> list[str]:
        return [NAMESPACE]

    async def pre_connect(self, eio_sid: str, namespace: str) -> str | None:
        if eio_sid in self._sid_by_eio:
            return None
        sid: str = self.server.eio.generate_id()
        self._eio_by_sid[sid], self._sid_by_eio[eio_sid] = eio_sid, sid
        return sid

    async def connect(self, sid: str, namespace: str) -> str:
        self._entered.add(sid)
        return sid

    def is_connected(self, sid: str | None, namespace: str) -> bool:
        return sid in self._entered

    def sid_from_eio_sid(self, eio_sid: str, namespace: str) -> str | None:
        return self._sid_by_eio.get(eio_sid)

    def eio_sid_from_sid(self, sid: str, namespace: str) -> str | None:
        return self._eio_by_sid.get(sid)

    def get_participants(self, namespace: str, room: str | None) -> list[tuple[str, str]]:
        if room is None:
            return list(self._eio_by_sid.items())
        return [(room, self._eio_by_sid[room])] if room in self._eio_by_sid else []

    def pre_disconnect(self, sid: str, namespace: str) -> str | None:
        self._entered.discard(sid)
        return self._eio_by_sid.get(sid)

    def basic_disconnect(self, sid: str, namespace: str, **_: Any) -> None:
        self._entered.discard(sid)
        if (eio_sid := self._eio_by_sid.pop(sid, None)) is not None:
            self._sid_by_eio.pop(eio_sid, None)

    async def emit(self, event: str, data: Any, namespace: str, room: str | None = None, **options: Any) -> None:
        """Send an event to one client (or to all, when no room is given); encoded once per parser."""
        frames = {parser: event_frame(parser, event, data) for parser in Parser}
        for _, eio_sid in self.get_participants(namespace, options.get("to") or room):
            socket = self.server.eio.sockets.get(eio_sid)
            if socket is not None and socket.parser is not None:
                socket.write(frames[socket.parser])


class LiveEngine(engineio.AsyncServer):  # type: ignore[misc]
    """Engine.IO v4 over WebSocket and nothing else."""

    sockets: dict[str, Socket]
    admit: Callable[[web.Request], Handshake]
    """Whether a request may become a socket; raises a domain error when not."""
    opened: Callable[[Socket], None]
    closed: Callable[[Socket], None]

    async def handle_request(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection from upgrade to close."""
        ws = web.WebSocketResponse(compress=False, max_msg_size=MAX_MESSAGE_BYTES, timeout=2.0, autoping=True)
        self._check(request, ws)
        handshake = self.admit(request)
        await ws.prepare(request)
        if request.transport is None:
            return ws
        socket = Socket(self.generate_id(), request.transport, handshake)
        self.sockets[socket.sid] = socket
        self.opened(socket)
        try:
            await self.handlers["connect"](socket.sid, {"socket": socket})
            socket.write(self._open_frame(socket))
            await self._read(ws, socket)
        finally:
            socket.is_open = False
            self.sockets.pop(socket.sid, None)
            self.closed(socket)
            await self.handlers["disconnect"](socket.sid, socket.closing or self.reason.TRANSPORT_CLOSE)
        return ws

    def _check(self, request: web.Request, ws: web.WebSocketResponse) -> None:
        if request.query.get("EIO") != "4" or request.query.get("transport") != "websocket" or "sid" in request.query:
            raise Malformed("Connect with Engine.IO 4 over WebSocket (transports: ['websocket']).")
        if not ws.can_prepare(request):
            raise Malformed("This is a WebSocket address.")

    def _open_frame(self, socket: Socket) -> bytes:
        opening = {
            "sid": socket.sid,
            "upgrades": [],
            "pingInterval": PING_INTERVAL_S * 1000,
            "pingTimeout": PING_TIMEOUT_S * 1000,
            "maxPayload": MAX_MESSAGE_BYTES,
        }
        return frame_of(TEXT, b"0" + encode(Parser.JSON, opening))

    async def _read(self, ws: web.WebSocketResponse, socket: Socket) -> None:
        loop = asyncio.get_running_loop()
        tokens, filled_at = MESSAGES_BURST, loop.time()
        while socket.is_open:
            message = await ws.receive()
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                return
            tokens, filled_at = min(MESSAGES_BURST, tokens + (loop.time() - filled_at) * MESSAGES_PER_S), loop.time()
            tokens -= 1
            if tokens < 0:
                await asyncio.sleep(-tokens / MESSAGES_PER_S)
            if not await self._receive(socket, message.data):
                return

    async def _receive(self, socket: Socket, message: str | bytes) -> bool:
        """Handle one Engine.IO packet; whether to go on."""
        if isinstance(message, str) and message[:1] != "4":
            if message == "1":
                return False
            if message[:1] == "3":
                socket.pong_due = None
            elif message != "6":
                self.blame(socket)
            return True
        await self.handlers["message"](socket.sid, message[1:] if isinstance(message, str) else message)
        return True

    def blame(self, socket: Socket) -> None:
        """Count a packet that was none; too many close the socket."""
        socket.errors += 1
        if socket.errors >= ERRORS_MAX:
            socket.close(Closing.PROTOCOL)

    async def send(self, sid: str, data: Any) -> None:
        """Send an Engine.IO message (python-socketio reaches sockets through `_send_packet` instead)."""
        if (socket := self.sockets.get(sid)) is not None:
            socket.write(frame_of(TEXT, b"4" + data.encode()))

    async def disconnect(self, sid: str | None = None) -> None:
        for socket in list(self.sockets.values()) if sid is None else [self.sockets[sid]]:
            socket.close(Closing.DRAINING)


class LiveServer(socketio.AsyncServer):  # type: ignore[misc]
    """python-socketio's server on the slim engine, answering each client in its own parser."""

    eio: LiveEngine

    def __init__(self) -> None:
        super().__init__(
            client_manager=Clients(),
            serializer=LivePacket,
            async_mode="aiohttp",
            async_handlers=False,
            cors_allowed_origins=[],
            transports=["websocket"],
            monitor_clients=False,
            max_http_buffer_size=MAX_MESSAGE_BYTES,
            ping_interval=PING_INTERVAL_S,
            ping_timeout=PING_TIMEOUT_S,
        )

    def _engineio_server_class(self) -> type[LiveEngine]:
        return LiveEngine

    def socket(self, sid: str) -> Socket | None:
        """The WebSocket of a connected client."""
        return self.eio.sockets.get(self.manager.eio_sid_from_sid(sid, NAMESPACE) or "")

    async def _send_packet(self, eio_sid: str, pkt: LivePacket) -> None:
        socket = self.eio.sockets.get(eio_sid)
        if socket is not None:
            socket.is_connected = socket.is_connected or pkt.packet_type == Kind.CONNECT
            socket.answer(pkt.encode_for(socket.parser or Parser.JSON))

    async def _handle_eio_message(self, eio_sid: str, data: str | bytes) -> None:
        socket = self.eio.sockets[eio_sid]
        try:
            decoded = decode(data)
            socket.parser = socket.parser or parser_of(data)
            if socket.parser is parser_of(data):
                await self._dispatch(socket, *decoded)
            else:
                self.eio.blame(socket)
        except AttachmentRefused:
            socket.close(Closing.PROTOCOL)
        except ProtocolError:
            self.eio.blame(socket)

    async def _dispatch(self, socket: Socket, kind: Kind, namespace: str, data: Any, ack_id: int | None) -> None:
        if kind is Kind.CONNECT and namespace != NAMESPACE:
            reason = Refused(UnknownNamespace()).error_args
            await self._send_packet(socket.sid, LivePacket(Kind.CONNECT_ERROR, data=reason, namespace=namespace))
            self.eio.blame(socket)
        elif kind is Kind.CONNECT and not self.manager.sid_from_eio_sid(socket.sid, namespace):
            await self._handle_connect(socket.sid, namespace, data)
        elif kind is Kind.EVENT and namespace == NAMESPACE and socket.is_connected:
            await self._handle_event(socket.sid, namespace, ack_id, data)
        elif kind is Kind.DISCONNECT and namespace == NAMESPACE:
            await self._handle_disconnect(socket.sid, namespace)
            socket.is_open = False
        else:
            raise ProtocolError("not for clients")
