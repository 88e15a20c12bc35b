"""The embedded Valkey: an append-only file written through every second, on a Unix socket with a password."""

from __future__ import annotations

import os
import secrets
import signal
import socket
from pathlib import Path
from urllib.parse import quote

from livecommerce.foundation.storage.embedded.account import Account
from livecommerce.foundation.storage.embedded.binaries import Binary
from livecommerce.foundation.storage.embedded.lifeline import Launch
from livecommerce.foundation.storage.embedded.placement import make_private

PING_TIMEOUT_S = 2.0

SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "daemonize": "no",
    "loglevel": "warning",
    "maxclients": "2000",
    "maxmemory": "512mb",
    "maxmemory-policy": "noeviction",
    "save": '""',
}


class ValkeyServer:
    """A Valkey data directory, the binary that serves it, and the socket it is served on."""

    name = "Valkey"

    def __init__(self, binary: Binary, data: Path, sockets: Path, account: Account, *, ephemeral: bool) -> None:
        self._binary = binary
        self._data = data
        self._sockets = sockets
        self._account = account
        self._is_ephemeral = ephemeral
        self._password = secrets.token_urlsafe(24)
        """Made anew at every start; it lives in the configuration file beside the socket only."""

    @property
    def url(self) -> str:
        """The address for redis-py."""
        return f"unix://{quote(str(self._socket), safe='/')}?db=0&password={self._password}"

    @property
    def _socket(self) -> Path:
        return self._sockets / "valkey.sock"

    def prepare(self) -> None:
        """Make the data directory if there is none, and write the configuration."""
        make_private(self._data, self._account)
        settings = SETTINGS | {
            "unixsocket": f'"{self._socket}"',
            "requirepass": self._password,
            "dir": f'"{self._data}"',
            "appendonly": "no" if self._is_ephemeral else "yes",
            "appendfsync": "everysec",
        }
        configuration = self._sockets / "valkey.conf"
        configuration.touch(mode=0o600)
        configuration.write_text("".join(f"{key} {value}\n" for key, value in settings.items()))
        self._account.own(configuration)

    def launch(self, log_file: Path) -> Launch:
        """Return how to start it: SIGTERM saves and ends."""
        return Launch(
            name=self.name,
            argv=[str(self._binary.path), str(self._sockets / "valkey.conf")],
            stop_signals=(signal.SIGTERM, signal.SIGKILL),
            log=str(log_file),
            uid=self._account.uid,
            gid=self._account.gid,
            drop=self._account.is_dropped_to,
            env={"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath},
        )

    def is_ready(self, pid: int) -> bool:
        """Whether it answers a ping; while it loads its file it answers an error."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(PING_TIMEOUT_S)
                connection.connect(str(self._socket))
                connection.sendall(f"AUTH {self._password}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\r\n") < 2 and (piece := connection.recv(256)):
                    answer += piece
        except OSError:
            return False
        return answer == b"+OK\r\n+PONG\r\n"
