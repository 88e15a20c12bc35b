"""One UDP port for every peer: an ICE-lite agent (RFC 8445 2.5) that answers and never asks.

Concurrency: everything runs in datagram callbacks of one event loop. Each session has one inbox (512 datagrams; a full
inbox drops and counts). A session reads its inbox from its own task (`SecureChannel`).

Because no connectivity check is ever sent, an SDP offer cannot make this server send a packet anywhere: it only answers
the source address of a STUN request that carries the right 128-bit password.
"""

import asyncio
import secrets
import socket
import time
from typing import Any, cast

from aioice import stun

Address = tuple[Any, ...]

INBOX_PACKETS = 512
FIRST_CHECK_S = 10.0
"""Seconds between the answer and the first authenticated check; after that the session is dead."""
CONSENT_S = 10.0
"""Seconds without an authenticated check before consent to send has expired (RFC 7675 5.1, stricter than its 30 s)."""
SOCKET_BUFFER_BYTES = 4 << 20


class IceLite:
    """One peer on the shared port; what `RTCDtlsTransport` takes for its ICE transport: `_recv`, `_send`, `role`."""

    role = "controlled"

    def __init__(self, port: "MuxPort", remote_ufrag: str) -> None:
        self.ufrag, self.password = secrets.token_hex(4), secrets.token_hex(16)
        self.username = f"{self.ufrag}:{remote_ufrag}"
        self.address: Address | None = None
        self.connected = asyncio.Event()
        self.dropped = 0
        self._port = port
        self._inbox: asyncio.Queue[bytes | None] = asyncio.Queue(INBOX_PACKETS)
        self._checked_at = self._opened_at = time.monotonic()
        port.register(self)

    def is_dead(self, now: float) -> bool:
        """True when no valid check came in time; `now` is `time.monotonic()`."""
        if self.address is None:
            return now - self._opened_at > FIRST_CHECK_S
        return now - self._checked_at > CONSENT_S

    def checked(self, address: Address, is_nominated: bool) -> None:
        """An authenticated check came from `address`: the first one selects the pair, a nomination moves it.

        A browser that changes networks nominates its new address, and media follows (RFC 8445 7.3.1.5).
        """
        self._checked_at = time.monotonic()
        if self.address == address or not (self.address is None or is_nominated):
            return
        self._port.move(self, address)
        self.address = address
        self.connected.set()

    def receive(self, data: bytes) -> None:
        """Put a datagram of the selected pair into the inbox, or drop it when the inbox is full."""
        if self._inbox.full():
            self.dropped += 1
        else:
            self._inbox.put_nowait(data)

    async def _recv(self) -> bytes:
        data = await self._inbox.get()
        if data is None:
            raise ConnectionError
        return data

    async def _send(self, data: bytes) -> None:
        if self.address is None:
            raise ConnectionError
        self._port.send(data, self.address)

    def close(self) -> None:
        """Forget the peer; its reader gets ConnectionError."""
        self._port.forget(self)
        if self._inbox.full():
            self._inbox.get_nowait()
        self._inbox.put_nowait(None)


class MuxPort(asyncio.DatagramProtocol):
    """The shared port: STUN by user name, everything else by the address that a session has selected."""

    def __init__(self) -> None:
        self.dropped = 0
        self._by_ufrag: dict[str, IceLite] = {}
        self._by_address: dict[Address, IceLite] = {}
        self._transport: asyncio.DatagramTransport | None = None
        self._closed = asyncio.Event()

    @classmethod
    async def open(cls, host: str, port: int) -> "MuxPort":
        """Bind; port 0 picks a free one."""
        loop = asyncio.get_running_loop()
        _, protocol = await loop.create_datagram_endpoint(cls, local_addr=(host, port))
        return protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)
        sock = transport.get_extra_info("socket")
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            sock.setsockopt(socket.SOL_SOCKET, option, SOCKET_BUFFER_BYTES)

    def connection_lost(self, exc: Exception | None) -> None:
        self._closed.set()

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if not data:
            return
        if data[0] > 3:  # RFC 7983 7: 0-3 is STUN, the rest is DTLS or SRTP
            session = self._by_address.get(addr)
            if session is None:
                self.dropped += 1
            else:
                session.receive(data)
        elif not self._answer(data, addr):
            self.dropped += 1

    def error_received(self, exc: Exception) -> None:
        """ICMP errors of peers that went away end by missing consent, not here."""

    def _answer(self, data: bytes, addr: Address) -> bool:
        """Answer a binding request (RFC 8445 7.3); whatever is not authenticated gets silence."""
        try:
            request = stun.parse_message(data)
            session = self._authenticated(request)
        except Exception:  # hostile bytes: any error of the codec means "not for us"
            return False
        if session is None:
            return False
        response = stun.Message(
            message_method=stun.Method.BINDING,
            message_class=stun.Class.RESPONSE,
            transaction_id=request.transaction_id,
            attributes={"XOR-MAPPED-ADDRESS": addr[:2]},
        )
        response.add_message_integrity(session.password.encode())
        self.send(bytes(response), addr)
        session.checked(addr, "USE-CANDIDATE" in request.attributes)
        return True

    def _authenticated(self, request: stun.Message) -> IceLite | None:
        username = request.attributes.get("USERNAME", "")
        session = self._by_ufrag.get(username.partition(":")[0])
        if session is None or session.username != username:
            return None
        if request.message_class != stun.Class.REQUEST or request.message_method != stun.Method.BINDING:
            return None
        return session if request.check_message_integrity(session.password.encode()) else None

    def register(self, session: IceLite) -> None:
        self._by_ufrag[session.ufrag] = session

    def move(self, session: IceLite, address: Address) -> None:
        """Route `address` to `session` from now on."""
        self._unroute(session)
        self._by_address[address] = session

    def forget(self, session: IceLite) -> None:
        self._by_ufrag.pop(session.ufrag, None)
        self._unroute(session)

    def _unroute(self, session: IceLite) -> None:
        if session.address is not None and self._by_address.get(session.address) is session:
            del self._by_address[session.address]

    def send(self, data: bytes, address: Address) -> None:
        """Send now; a closed port sends nothing."""
        if self._transport is not None:
            self._transport.sendto(data, address)

    @property
    def write_buffer(self) -> int:
        """Bytes that the kernel has not taken yet."""
        transport: Any = self._transport  # asyncio and uvloop have it, the type stubs do not
        return int(transport.get_write_buffer_size()) if transport is not None else 0

    @property
    def number(self) -> int:
        """The bound port."""
        if self._transport is None:
            raise ConnectionError("the port is not open")
        return int(self._transport.get_extra_info("sockname")[1])

    async def close(self) -> None:
        """Free the port."""
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()
            await self._closed.wait()
