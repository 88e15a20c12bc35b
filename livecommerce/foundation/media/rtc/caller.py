"""The client's end of ICE: a controlling agent for one server (RFC 8445 7.2, 8.1), used by our own publisher.

Concurrency: one task per caller sends connectivity checks; answers come in datagram callbacks. The inbox is bounded
(512 datagrams, a full one drops). Unlike a general ICE agent it gathers nothing: it has one socket, and the server
learns its address from the checks (peer-reflexive candidates, RFC 8445 7.3.1.3).
"""

import asyncio
import secrets
import time
from collections.abc import Sequence
from typing import cast

from aioice import stun

from livecommerce.foundation.media.rtc.icelite import INBOX_PACKETS, Address
from livecommerce.foundation.media.rtc.sdp import Candidate

CHECK_S, FAST_CHECK_S = 0.5, 0.1
LOST_S = 2.0
"""Seconds without an answered check until the server counts as gone."""
MAX_OPEN_CHECKS = 64
_PRIORITY = 110 << 24 | 65535 << 8 | 255
"""Of a peer-reflexive candidate (RFC 8445 5.1.2.2, 7.1.1)."""


class IceCaller(asyncio.DatagramProtocol):
    """One UDP socket that finds a path to the server and notices when it is lost."""

    role = "controlling"

    def __init__(self) -> None:
        self.ufrag, self.password = secrets.token_hex(4), secrets.token_hex(16)
        self.address: Address | None = None
        self.connected = asyncio.Event()
        self._inbox: asyncio.Queue[bytes | None] = asyncio.Queue(INBOX_PACKETS)
        self._remote = ("", "")
        self._candidates: tuple[Candidate, ...] = ()
        self._open: dict[bytes, Address] = {}
        self._tie_breaker = secrets.randbits(64)
        self._answered_at = float("-inf")
        self._transport: asyncio.DatagramTransport | None = None
        self._checks: asyncio.Task[None] | None = None
        self._closed = asyncio.Event()

    async def open(self) -> None:
        """Bind a socket of the system's choice."""
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, local_addr=("0.0.0.0", 0))

    def call(self, ufrag: str, password: str, candidates: Sequence[Candidate]) -> None:
        """Begin to check the server's candidates."""
        self._remote, self._candidates = (ufrag, password), tuple(candidates)
        self._answered_at = time.monotonic()
        self._checks = asyncio.create_task(self._check(), name="connectivity checks")

    async def _check(self) -> None:
        """Every candidate until one answers, then that one twice a second to keep consent (RFC 7675)."""
        while True:
            targets = [self.address] if self.address else [(item.address, item.port) for item in self._candidates]
            for target in targets:
                self._ask(target)
            await asyncio.sleep(CHECK_S if self.address else FAST_CHECK_S)

    def _ask(self, target: Address) -> None:
        request = stun.Message(
            message_method=stun.Method.BINDING,
            message_class=stun.Class.REQUEST,
            attributes={
                "USERNAME": f"{self._remote[0]}:{self.ufrag}",
                "PRIORITY": _PRIORITY,
                "ICE-CONTROLLING": self._tie_breaker,
                "USE-CANDIDATE": None,
            },
        )
        request.add_message_integrity(self._remote[1].encode())
        if len(self._open) >= MAX_OPEN_CHECKS:
            self._open.pop(next(iter(self._open)))
        self._open[request.transaction_id] = target
        self.send(bytes(request), target)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._closed.set()

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if not data:
            return
        if data[0] <= 3:
            self._stun(data, addr)
        elif addr == self.address and not self._inbox.full():
            self._inbox.put_nowait(data)

    def error_received(self, exc: Exception) -> None:
        """ICMP errors end by missing answers, not here."""

    def _stun(self, data: bytes, addr: Address) -> None:
        try:
            message = stun.parse_message(data)
            if message.message_class is stun.Class.RESPONSE:
                self._answered(message, addr)
            elif message.message_class is stun.Class.REQUEST:
                self._answer(message, addr)
        except Exception:
            return  # not STUN after all

    def _answered(self, response: stun.Message, addr: Address) -> None:
        target = self._open.pop(response.transaction_id, None)
        if target != addr or not response.check_message_integrity(self._remote[1].encode()):
            return
        self._answered_at = time.monotonic()
        if self.address is None:
            self.address = addr
            self.connected.set()

    def _answer(self, request: stun.Message, addr: Address) -> None:
        """A server with full ICE checks us too."""
        if not request.check_message_integrity(self.password.encode()):
            return
        response = stun.Message(
            message_method=stun.Method.BINDING,
            message_class=stun.Class.RESPONSE,
            transaction_id=request.transaction_id,
            attributes={"XOR-MAPPED-ADDRESS": addr[:2]},
        )
        response.add_message_integrity(self.password.encode())
        self.send(bytes(response), addr)

    def is_lost(self, now: float) -> bool:
        """The server has not answered a check for two seconds; `now` is `time.monotonic()`."""
        return now - self._answered_at > LOST_S

    async def _recv(self) -> bytes:
        data = await self._inbox.get()
        if data is None:
            raise ConnectionError
        return data

    async def _send(self, data: bytes) -> None:
        if self.address is None:
            raise ConnectionError
        self.send(data, self.address)

    def send(self, data: bytes, address: Address) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data, address)

    async def close(self) -> None:
        """Stop checking and free the socket; a reader gets ConnectionError."""
        if self._checks is not None:
            self._checks.cancel()
            await asyncio.gather(self._checks, return_exceptions=True)
        if self._inbox.full():
            self._inbox.get_nowait()
        self._inbox.put_nowait(None)
        if self._transport is not None:
            self._transport.close()
            await self._closed.wait()
