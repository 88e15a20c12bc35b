"""Timers for thousands of sockets without a timer each: every kind of delay is constant, so a queue is in order."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator

from livecommerce.foundation.realtime.gateway.socket import Socket


class Deadline:
    """Sockets that are due so many seconds after they were added."""

    def __init__(self, delay_s: float, *, now: Callable[[], float] = time.monotonic) -> None:
        self.delay_s = delay_s
        self._now = now
        self._queue: deque[tuple[float, Socket]] = deque()

    def add(self, socket: Socket) -> None:
        """Make the socket due once; a closed one is passed over."""
        self._queue.append((self._now() + self.delay_s, socket))

    def due(self) -> Iterator[Socket]:
        """Take out the open sockets whose time has come."""
        now = self._now()
        while self._queue and self._queue[0][0] <= now:
            _, socket = self._queue.popleft()
            if socket.is_open:
                yield socket
