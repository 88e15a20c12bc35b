"""One WebSocket as the server sees it: ready frames go out in one write, and what is not read is bounded in bytes.

Everything is synchronous: a write only fills the transport's buffer. Who reads too slowly first misses counters,
then is closed with code `slow` and comes back with `since`.
"""

from __future__ import annotations

import asyncio
import socket as sockets
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from livecommerce.foundation.realtime.gateway.closing import Closing, ConnectionClosing
from livecommerce.foundation.realtime.gateway.packets import Kind
from livecommerce.foundation.realtime.wire import CLOSE, Frames, Parser, event_frame, frame, frame_of, packet, plain

SKIP_COUNTERS_BYTES = 64 * 1024
"""Unsent bytes beyond which a viewer gets no counters: absolute values, the next one tells all."""
SLOW_BYTES = 256 * 1024
"""Unsent bytes beyond which a viewer is closed."""
SLOW_AFTER_S = 10.0
"""So long may a viewer stay behind `SKIP_COUNTERS_BYTES`."""
KERNEL_BUFFER_BYTES = 64 * 1024
"""Left alone the kernel takes up to 4 MB per slow viewer and hides that they are slow."""
LARGE_BYTES = 16 * 1024
"""An answer this large (a snapshot) is not counted against the viewer until it has drained."""


@dataclass(frozen=True, slots=True)
class Handshake:
    """What the HTTP request told before the upgrade."""

    address: str
    session_tokens: Mapping[str, str] = field(default_factory=dict)
    """Session cookies by desk; empty unless Origin is exactly ours."""


class Socket:
    """An open WebSocket."""

    __slots__ = (
        "_allowance",
        "_behind_since",
        "_transport",
        "closing",
        "errors",
        "handshake",
        "is_connected",
        "is_open",
        "parser",
        "pong_due",
        "sid",
    )

    def __init__(self, sid: str, transport: asyncio.Transport, handshake: Handshake) -> None:
        self.sid, self.handshake = sid, handshake
        self.parser: Parser | None = None
        self.is_open, self.is_connected = True, False
        """Whether the WebSocket stands, and whether the client has been let in (Socket.IO CONNECT)."""
        self.closing: Closing | None = None
        self.errors = 0
        self.pong_due: float | None = None
        self._transport = transport
        self._allowance = 0
        self._behind_since: float | None = None
        raw = transport.get_extra_info("socket")
        if raw is not None and raw.family in (sockets.AF_INET, sockets.AF_INET6):
            raw.setsockopt(sockets.SOL_SOCKET, sockets.SO_SNDBUF, KERNEL_BUFFER_BYTES)

    @property
    def unsent(self) -> int:
        """Bytes that the peer has not taken yet."""
        return self._transport.get_write_buffer_size()

    def write(self, ready: bytes) -> None:
        """Queue a ready frame; close the socket when its owner reads too slowly."""
        if not self.is_open or self._transport.is_closing():
            return
        self._transport.write(ready)
        if self._transport.get_write_buffer_size() > SLOW_BYTES + self._allowance:
            self.close(Closing.SLOW)

    def answer(self, payload: bytes) -> None:
        """Send a packet that the client asked for, written in its own parser."""
        if len(payload) >= LARGE_BYTES:
            self._allowance += len(payload)
        self.write(frame(self.parser or Parser.JSON, payload))

    def emit(self, name: str, data: Any) -> None:
        """Send one event to this client alone."""
        self.write(event_frame(self.parser or Parser.JSON, name, data))

    def deliver(self, full: Frames, lean: Frames | None) -> None:
        """Take a tick of a show (see `hub.Member`)."""
        chosen = full if self._keeps_up() else lean
        if chosen is not None and self.parser is not None:
            self.write(chosen.get(self.parser))

    def _keeps_up(self) -> bool:
        unsent = self._transport.get_write_buffer_size()
        if unsent <= SKIP_COUNTERS_BYTES:
            self._allowance, self._behind_since = 0, None
            return True
        if unsent > SKIP_COUNTERS_BYTES + self._allowance:
            now = time.monotonic()
            if self._behind_since is None:
                self._behind_since = now
            elif now - self._behind_since > SLOW_AFTER_S:
                self.close(Closing.SLOW)
        return False

    def close(self, code: Closing) -> None:
        """Say why, then close. A terminal code ends the Socket.IO session too, so that clients do not reconnect."""
        if not self.is_open:
            return
        self.closing = code
        if code is not Closing.SLOW and not self._transport.is_closing():
            self._say_goodbye(code)
        self.is_open = False
        if code is Closing.SLOW:
            self._transport.abort()
        else:
            self._transport.close()

    def _say_goodbye(self, code: Closing) -> None:
        if self.is_connected:
            said = ConnectionClosing(code=code, is_terminal=code.is_terminal)
            self.emit("notice", {"type": said.type, "data": plain(said)})
        if self.is_connected and code.is_terminal:
            self.answer(packet(self.parser or Parser.JSON, Kind.DISCONNECT, None))
        self._transport.write(frame_of(CLOSE, struct.pack("!H", code.status) + code.encode()))

    def abort(self) -> None:
        """Drop the connection at once, whatever is still unsent."""
        self.is_open = False
        self._transport.abort()
