"""Our end of the pipe to the guard process.

One thread reads what the guard reports. It ends with the guard; a guard that was killed is replaced as soon as the
servers that it had are gone, since two servers on the same data would destroy it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

import structlog

log = structlog.get_logger(__name__)

GUARD = Path(__file__).with_name("guard.py")
STOP_WITHIN_S = 50.0
"""More than the guard takes for both of its steps."""


@dataclass(frozen=True, slots=True)
class Launch:
    """How the guard starts and stops one server."""

    name: str
    argv: list[str]
    stop_signals: tuple[int, int]
    """In order, and at once."""
    log: str
    uid: int
    gid: int
    drop: bool
    env: dict[str, str]


class Lifeline:
    """Starts the guard with its servers and holds the pipe whose end means that we are gone."""

    def __init__(self, launches: list[Launch], *, lock_fd: int, remove: list[Path]) -> None:
        self._launches = launches
        self._lock_fd = lock_fd
        self._remove = [str(path) for path in remove]
        self._pids: dict[str, int] = {}
        self._exits: dict[str, int] = {}
        self._guard: subprocess.Popen[bytes] | None = None
        self._ending = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._follow, name="embedded-servers", daemon=True)

    def start(self) -> None:
        """Start the guard, which starts the servers."""
        self._guard = self._spawn()
        self._thread.start()

    def stop(self) -> None:
        """Let the guard stop the servers, and wait until it has."""
        with self._changed:
            self._ending = True
            guard = self._guard
        if guard is None:
            return
        if guard.stdin:
            guard.stdin.close()
        try:
            guard.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            guard.kill()
        self._thread.join(STOP_WITHIN_S)

    def pid(self, name: str) -> int | None:
        """Return the process id of a running server."""
        with self._changed:
            return self._pids.get(name)

    def exits(self, name: str) -> int:
        """Return how often a server has ended by itself."""
        with self._changed:
            return self._exits.get(name, 0)

    def wait_for_news(self, timeout_s: float) -> None:
        """Wait until the guard reports something, or until the time is over."""
        with self._changed:
            self._changed.wait(timeout_s)

    def _spawn(self) -> subprocess.Popen[bytes]:
        guard = subprocess.Popen(  # noqa: S603 - our own interpreter and our own file
            [sys.executable, "-I", "-S", str(GUARD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            pass_fds=(self._lock_fd,),
            start_new_session=True,  # Ctrl-C in a terminal reaches only us
        )
        order = {"servers": [asdict(launch) for launch in self._launches], "lock_fd": self._lock_fd}
        assert guard.stdin is not None  # noqa: S101 - for the type checker
        try:
            guard.stdin.write(json.dumps({**order, "remove": self._remove}).encode() + b"\n")
            guard.stdin.flush()
        except BrokenPipeError:
            log.warning("Guard of the embedded servers ended at once")
        return guard

    def _follow(self) -> None:
        while guard := self._guard:
            assert guard.stdout is not None  # noqa: S101 - for the type checker
            assert guard.stdin is not None  # noqa: S101
            self._read(guard.stdout)
            guard.wait()
            guard.stdout.close()
            guard.stdin.close()
            if self._ending:
                return
            log.warning("Guard of the embedded servers was killed; starting another")
            self._await_servers_of_killed_guard()
            if not self._replace():
                return

    def _replace(self) -> bool:
        with self._changed:
            if not self._ending:
                self._guard = self._spawn()
            return not self._ending

    def _read(self, reports: IO[bytes]) -> None:
        for line in reports:
            report = json.loads(line)
            with self._changed:
                if report["event"] == "started":
                    self._pids[report["name"]] = report["pid"]
                else:
                    self._pids.pop(report["name"], None)
                    self._exits[report["name"]] = self._exits.get(report["name"], 0) + 1
                self._changed.notify_all()
            if report["event"] == "exited" and not self._ending:
                log.warning("Embedded server ended; starting it again", server=report["name"], status=report["status"])

    def _await_servers_of_killed_guard(self) -> None:
        deadline = time.monotonic() + STOP_WITHIN_S
        while self._pids and time.monotonic() < deadline and not self._ending:
            with self._changed:
                self._pids = {name: pid for name, pid in self._pids.items() if _exists(pid)}
            time.sleep(0.02)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
