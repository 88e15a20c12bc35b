"""The guard process: parent of the embedded servers; a script of its own that needs nothing but the standard library.

It reads one JSON line with what to start, then watches three things in one loop: its standard input (end of file: our
process has gone), its own parent (in case somebody else inherited the other end of that pipe), and its children. A
server that died is started again after a pause. When our process has gone, the servers are stopped and their folders
removed.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 5.0
STEADY_AFTER_S = 10.0
STOP_WITHIN_S = 20.0


def tell(**event: object) -> None:
    """Report one event to our process, if it still reads."""
    with contextlib.suppress(OSError):
        os.write(1, json.dumps(event).encode() + b"\n")


def dying_with_us(stop_signal: int) -> Callable[[], None] | None:
    """Return what a child runs before exec so that Linux stops it when the guard itself is killed."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(PR_SET_PDEATHSIG, stop_signal, 0, 0, 0)


class Server:
    """One server process, started again whenever it dies."""

    def __init__(self, launch: dict[str, Any], lock_fd: int) -> None:
        self.name: str = launch["name"]
        self._launch = launch
        self._lock_fd = lock_fd
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._pause = FIRST_PAUSE_S
        self.due: float | None = 0.0
        """When to start it (monotonic); None while it runs."""

    def start(self) -> None:
        """Start the process as the account that the launch names."""
        launch = self._launch
        account = {"user": launch["uid"], "group": launch["gid"], "extra_groups": []} if launch["drop"] else {}
        with Path(launch["log"]).open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - argv comes from our own process
                launch["argv"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=launch["env"],
                umask=0o077,
                pass_fds=(self._lock_fd,),
                preexec_fn=dying_with_us(launch["stop_signals"][0]),  # noqa: PLW1509 - the guard has one thread
                **account,
            )
        self._started, self.due = time.monotonic(), None
        tell(event="started", name=self.name, pid=self._process.pid)

    def reap(self) -> None:
        """Notice that the process ended, and plan its next start."""
        if self._process is None or (status := self._process.poll()) is None:
            return
        self._process = None
        now = time.monotonic()
        if now - self._started > STEADY_AFTER_S:
            self._pause = FIRST_PAUSE_S
        self.due = now + self._pause
        self._pause = min(self._pause * 2, LONGEST_PAUSE_S)
        tell(event="exited", name=self.name, status=status)

    def stop(self, step: int) -> None:
        """Send the first (orderly) or second (at once) of the server's stop signals."""
        if self._process is not None:
            self._process.send_signal(self._launch["stop_signals"][step])

    def is_gone(self) -> bool:
        """Whether the process has ended."""
        return self._process is None or self._process.poll() is not None


def watch(servers: list[Server], wakeup: int) -> None:
    """Keep the servers running until our process has gone or somebody asks the guard to end."""
    parent = os.getppid()
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: asked.append(number))
    while not asked and os.getppid() == parent:
        now = time.monotonic()
        for server in servers:
            if server.due is not None and server.due <= now:
                server.start()
        pauses = [server.due - now for server in servers if server.due is not None]
        readable, _, _ = select.select([0, wakeup], [], [], max(0.0, min([1.0, *pauses])))
        if wakeup in readable:
            os.read(wakeup, 512)
        if 0 in readable and not os.read(0, 512):
            return
        for server in servers:
            server.reap()


def stop_all(servers: list[Server]) -> None:
    """Stop every server in order, and at once when that takes too long."""
    for step in (0, 1):
        for server in servers:
            server.stop(step)
        deadline = time.monotonic() + STOP_WITHIN_S
        while time.monotonic() < deadline and not all(server.is_gone() for server in servers):
            time.sleep(0.01)


def main() -> None:
    """Run the guard."""
    order = json.loads(sys.stdin.buffer.readline() or b"null")
    if order is None:
        return
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda _number, _frame: None)  # SIG_IGN would be inherited by the servers
    servers = [Server(launch, order["lock_fd"]) for launch in order["servers"]]
    try:
        watch(servers, reading)
    finally:
        stop_all(servers)
        for path in order["remove"]:
            shutil.rmtree(path, ignore_errors=True)
            with contextlib.suppress(OSError):
                Path(path).unlink()


if __name__ == "__main__":
    main()
