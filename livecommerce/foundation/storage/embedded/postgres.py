"""The embedded PostgreSQL: made once with initdb, then run on a Unix socket that only our own account may use."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path
from urllib.parse import quote

from livecommerce.foundation.storage.embedded.account import Account, our_name
from livecommerce.foundation.storage.embedded.binaries import Binary
from livecommerce.foundation.storage.embedded.errors import EmbeddedServerError
from livecommerce.foundation.storage.embedded.lifeline import Launch
from livecommerce.foundation.storage.embedded.placement import make_private

NAME = "livecommerce"
"""Of the database and of its role."""
INITDB_TIMEOUT_S = 120
ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"}

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "synchronous_commit": "on",  # a hold is acknowledged only after it is on disk
    "max_wal_size": "512MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_error_verbosity": "terse",  # details repeat the values of rows
    "log_min_error_statement": "panic",
    "cluster_name": NAME,
}


class PostgresServer:
    """A PostgreSQL data directory, the binary that serves it, and the socket it is served on."""

    name = "PostgreSQL"

    def __init__(self, binary: Binary, data: Path, sockets: Path, account: Account, *, ephemeral: bool) -> None:
        self._binary = binary
        self._data = data
        self._sockets = sockets
        self._account = account
        self._is_ephemeral = ephemeral

    @property
    def url(self) -> str:
        """The address for asyncpg."""
        return f"postgresql://{NAME}@/{NAME}?host={quote(str(self._sockets), safe='/')}"

    def prepare(self) -> None:
        """Make the data directory if there is none, and say who may connect."""
        if not (self._data / "PG_VERSION").exists():
            self._initialise()
        self._remove_stale_pid_file()
        (self._data / "pg_hba.conf").write_text("local all all peer map=livecommerce\n")
        (self._data / "pg_ident.conf").write_text(f'livecommerce "{our_name()}" {NAME}\n')

    def launch(self, log_file: Path) -> Launch:
        """Return how to start it: fast shutdown on SIGINT, immediate on SIGQUIT."""
        settings = SETTINGS | {"unix_socket_directories": str(self._sockets)}
        if self._is_ephemeral:
            settings["fsync"] = "off"
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        return Launch(
            name=self.name,
            argv=[str(self._binary.path), "-D", str(self._data), *options],
            stop_signals=(signal.SIGINT, signal.SIGQUIT),
            log=str(log_file),
            uid=self._account.uid,
            gid=self._account.gid,
            drop=self._account.is_dropped_to,
            env=ENVIRONMENT,
        )

    def is_ready(self, pid: int) -> bool:
        """Whether the postmaster `pid` accepts connections: it says so in the eighth line of its own file."""
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"

    def _initialise(self) -> None:
        """Make the cluster and its database aside and move it into place, so that half a cluster is never found."""
        fresh = self._data.with_name(f"{self._data.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        make_private(fresh, self._account)
        self._run("initdb", "-D", fresh, "--no-locale", "-E", "UTF8", "-U", NAME, *self._initdb_options())
        self._run("postgres", "--single", "-D", fresh, "postgres", statement=f"CREATE DATABASE {NAME};")
        if self._data.is_dir():
            self._data.rmdir()
        fresh.rename(self._data)

    def _initdb_options(self) -> list[str]:
        options = ["--auth-local=peer", "--auth-host=reject", "--no-instructions"]
        return [*options, "--no-sync"] if self._is_ephemeral else options

    def _run(self, program: str, *arguments: str | Path, statement: str = "") -> None:
        account = self._account
        drop: dict[str, object] = (
            {"user": account.uid, "group": account.gid, "extra_groups": []} if account.is_dropped_to else {}
        )
        try:
            done = subprocess.run(  # type: ignore[call-overload]  # noqa: S603 - the binary that we looked up
                [self._binary.path.with_name(program), *arguments],
                input=statement,
                capture_output=True,
                text=True,
                check=False,
                cwd="/",
                env=ENVIRONMENT,
                umask=0o077,
                timeout=INITDB_TIMEOUT_S,
                **drop,
            )
        except (OSError, subprocess.TimeoutExpired) as exc:
            raise EmbeddedServerError(f"PostgreSQL could not make {self._data}: {exc}.") from exc
        if done.returncode != 0:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise EmbeddedServerError(f"PostgreSQL could not make {self._data}: {last}")

    def _remove_stale_pid_file(self) -> None:
        """After kill -9 the file stays; PostgreSQL itself refuses to start if its number now means another process.

        We hold the lock of the data directory, so only a server that somebody started by hand may still be alive.
        """
        path = self._data / "postmaster.pid"
        try:
            pid = int(path.read_text().splitlines()[0])
            os.kill(pid, 0)
            is_postgres = b"postgres" in Path(f"/proc/{pid}/cmdline").read_bytes()
        except ProcessLookupError:
            is_postgres = False
        except (OSError, ValueError, IndexError):
            return  # no such file, or no /proc to ask: PostgreSQL decides
        if not is_postgres:
            path.unlink(missing_ok=True)
