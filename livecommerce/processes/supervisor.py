"""The supervisor behind `livecommerce serve`: databases, listening sockets, and one child per role.

Concurrency: one task per child (start, wait, start again with back-off), one for signals. The supervisor binds a
listening socket per web worker (SO_REUSEPORT) and hands the same one to each replacement, so connections that queue
while a worker is being replaced survive. Media runs apart from web, so that packets of video never delay a click.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import msgspec
import structlog

from livecommerce.foundation.core.errors import ConfigurationError
from livecommerce.foundation.core.settings import Settings
from livecommerce.processes.child import Order
from livecommerce.processes.lifetime import READY
from livecommerce.processes.storage import open_storage

log = structlog.get_logger(__name__)

BACKOFF_S = (0.0, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Waits before a child is started again; the last one repeats. A child that lived for 10 s starts over at none."""
STEADY_S = 10.0
STOP_GRACE_S = 10.0
"""On top of `server.drain_s`, after which a child is killed. Together under the 30 s that orchestrators give."""


@dataclass(slots=True)
class Role:
    """A process to keep running."""

    name: str
    index: int
    listener: socket.socket | None = None

    @property
    def label(self) -> str:
        return f"{self.name}-{self.index}"


class Supervisor:
    """Runs the roles until told to stop."""

    def __init__(self, settings: Settings, *, report: Callable[[str], None] = lambda _: None) -> None:
        self._settings = settings
        self._report = report
        self._stopping = asyncio.Event()
        self._started: set[str] = set()
        self.ready = asyncio.Event()
        """Set once every role has answered for the first time."""
        self.settings = settings
        """With the addresses of the databases and the port that was bound, once `run` has begun."""

    def stop(self) -> None:
        """Drain and end; a second call changes nothing."""
        self._stopping.set()

    async def run(self) -> None:
        """Bring everything up, keep it up, and take it down in reverse order."""
        async with AsyncExitStack() as stack:
            self._handle_signals()
            first = stack.enter_context(_listen(self._settings))
            self._settings = _with_port(self._settings, first)
            others = range(self._settings.server.web_workers - 1)
            listeners = [first, *(stack.enter_context(_listen(self._settings)) for _ in others)]
            self.settings = self._settings = await stack.enter_async_context(open_storage(self._settings, self._report))
            roles = [Role("media", 0), *(Role("web", i, listener) for i, listener in enumerate(listeners))]
            if self._stopping.is_set():
                return
            async with asyncio.TaskGroup() as group:
                for role in roles:
                    group.create_task(self._keep_running(role, len(roles)), name=f"keep {role.label}")

    def _handle_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(name, self.stop)

    async def _keep_running(self, role: Role, roles: int) -> None:
        failures = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            code = await self._run_once(role, roles)
            if self._stopping.is_set():
                return
            failures = 0 if time.monotonic() - began > STEADY_S else failures + 1
            wait = BACKOFF_S[min(failures, len(BACKOFF_S) - 1)]
            log.warning("a process ended; starting it again", role=role.label, exit_code=code, wait_s=wait)
            try:
                await asyncio.wait_for(self._stopping.wait(), wait)
            except TimeoutError:
                continue

    async def _run_once(self, role: Role, roles: int) -> int:
        ready_read, ready_write = os.pipe()
        fds = [ready_write] + ([role.listener.fileno()] if role.listener else [])
        order = Order(
            role.name, role.index, self._settings, ready_write, role.listener.fileno() if role.listener else None
        )
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "livecommerce.processes.child",
            role.label,  # for people who look at the list of processes
            stdin=asyncio.subprocess.PIPE,
            pass_fds=fds,
            start_new_session=True,  # Ctrl-C reaches only us; we stop the children in order
        )
        os.close(ready_write)
        async with asyncio.TaskGroup() as group:
            watcher = group.create_task(self._watch_ready(role, roles, ready_read), name=f"ready {role.label}")
            stopper = group.create_task(self._stop_child(process), name=f"stop {role.label}")
            assert process.stdin is not None  # noqa: S101
            process.stdin.write(msgspec.json.encode(order) + b"\n")
            code = await process.wait()
            watcher.cancel()
            stopper.cancel()
        return code

    async def _watch_ready(self, role: Role, roles: int, fd: int) -> None:
        loop = asyncio.get_running_loop()
        readable = asyncio.Event()
        loop.add_reader(fd, readable.set)
        try:
            await readable.wait()
            if os.read(fd, len(READY)) == READY:
                self._started.add(role.label)
                if len(self._started) == roles:
                    self.ready.set()
        finally:
            loop.remove_reader(fd)
            os.close(fd)

    async def _stop_child(self, process: asyncio.subprocess.Process) -> None:
        await self._stopping.wait()
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await asyncio.sleep(self._settings.server.drain_s + STOP_GRACE_S)
        if process.returncode is None:
            log.warning("a process did not stop in time and is killed", pid=process.pid)
            process.kill()


def _listen(settings: Settings) -> socket.socket:
    host, port = settings.server.host, settings.server.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if settings.server.web_workers > 1:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind((host, port))
        listener.listen(4096)
        listener.setblocking(False)
        listener.set_inheritable(True)
    except OSError as exc:
        listener.close()
        raise ConfigurationError(f"Cannot listen on {host}:{port} ({exc.strerror}); choose another --port.") from exc
    return listener


def _with_port(settings: Settings, listener: socket.socket) -> Settings:
    """With port 0 the system chooses; everybody else must know what it chose."""
    port = listener.getsockname()[1]
    return msgspec.structs.replace(settings, server=msgspec.structs.replace(settings.server, port=port))
