"""One live instance per data directory: a lock that lasts until the last of its processes has gone.

The lock belongs to an open file that the guard and both servers inherit. So it is free exactly when none of them is
left, even after all of them were killed in any order.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from livecommerce.foundation.storage.embedded.errors import EmbeddedServerError
from livecommerce.foundation.storage.embedded.placement import remove_sockets_of

PATIENCE_S = 30.0
"""How long the servers of an instance that was killed may take to stop."""


class DataLock:
    """The lock file of a data directory: process id of the holder, then its folder of sockets."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._fd = -1

    @property
    def fd(self) -> int:
        """The descriptor that processes inherit to keep the lock."""
        return self._fd

    def acquire(self) -> None:
        """Take the lock, waiting for what a killed instance left to stop by itself.

        Raises:
            EmbeddedServerError: a live instance has it.
        """
        fd = os.open(self._data_dir / "servers.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._wait(fd)
        except BaseException:
            os.close(fd)
            raise
        self._fd = fd
        _, left = self._read(fd)
        if left:
            remove_sockets_of(left)
        self.note("")

    def note(self, sockets: str) -> None:
        """Write down where our sockets are, for whoever finds them after we were killed."""
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, f"{os.getpid()}\n{sockets}\n".encode(), 0)

    def release(self) -> None:
        """Let go of our share of the lock."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _wait(self, fd: int) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                return fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder, _ = self._read(fd)
            if _is_alive(holder):
                raise EmbeddedServerError(
                    f"The data directory {self._data_dir} is in use by process {holder}; "
                    "stop that one, or choose another directory with --data-dir."
                )
            if time.monotonic() > deadline:
                raise EmbeddedServerError(
                    f"The servers of {self._data_dir} are still being stopped; try again in a moment."
                )
            time.sleep(0.02)

    @staticmethod
    def _read(fd: int) -> tuple[int, str]:
        holder, _, rest = os.pread(fd, 4096, 0).decode(errors="replace").partition("\n")
        return int(holder) if holder.isdigit() else 0, rest.strip()


def _is_alive(pid: int) -> bool:
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
