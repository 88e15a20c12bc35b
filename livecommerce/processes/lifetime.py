"""When a child process stops, and how it says that it started: between the supervisor and a role's `run`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

READY = b"ready\n"


class Lifetime:
    """When to stop, and how to say that we started."""

    def __init__(self, ready_fd: int) -> None:
        self.stopping = asyncio.Event()
        self._ready_fd = ready_fd

    def ready(self) -> None:
        """Tell the supervisor that requests are answered from now on."""
        os.write(self._ready_fd, READY)
        os.close(self._ready_fd)

    def listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, self.stopping.set)
        loop.add_reader(sys.stdin.fileno(), self._stdin)

    def _stdin(self) -> None:
        if not os.read(sys.stdin.fileno(), 1024):
            asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
            self.stopping.set()
