"""`EmbeddedServers`: the life cycle of both servers for one data directory."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from livecommerce.foundation.storage.embedded import binaries, placement, record
from livecommerce.foundation.storage.embedded.account import Account, choose_account
from livecommerce.foundation.storage.embedded.binaries import POSTGRES, VALKEY, Binary, Product
from livecommerce.foundation.storage.embedded.errors import EmbeddedServerError
from livecommerce.foundation.storage.embedded.lifeline import Lifeline
from livecommerce.foundation.storage.embedded.lock import DataLock
from livecommerce.foundation.storage.embedded.postgres import PostgresServer
from livecommerce.foundation.storage.embedded.record import Record, ServerRecord
from livecommerce.foundation.storage.embedded.valkey import ValkeyServer

READY_WITHIN_S = 60.0
"""Recovery after a crash on a slow disk included."""
FIRST_EXITS = 5
"""So often may a server end while it starts: what a killed one left needs a moment to go."""

Server = PostgresServer | ValkeyServer


class EmbeddedServers:
    """PostgreSQL and Valkey on Unix sockets, with their data in a data directory; one instance per directory.

    Use it as a context manager, either kind. They end with this process, however it ends. Entering again keeps data.

    Args:
        data_dir: made when missing; `server.json` in it records which servers wrote the data.
        postgres: whether to run PostgreSQL.
        valkey: whether to run Valkey.
        ephemeral: for tests: nothing is synced to disk, and the data goes when the servers stop.
    """

    def __init__(self, data_dir: Path, *, postgres: bool = True, valkey: bool = True, ephemeral: bool = False) -> None:
        self._data_dir = data_dir
        self._wanted = [product for product, is_wanted in ((POSTGRES, postgres), (VALKEY, valkey)) if is_wanted]
        self._is_ephemeral = ephemeral
        self._home = data_dir
        self._urls: dict[str, str] = {}
        self._lock: DataLock | None = None
        self._lifeline: Lifeline | None = None
        self._remove: list[Path] = []
        self._is_ending = False

    @property
    def database_url(self) -> str:
        """The address of PostgreSQL, for asyncpg; valid while entered."""
        return self._urls[POSTGRES.title]

    @property
    def redis_url(self) -> str:
        """The address of Valkey, for redis-py; valid while entered."""
        return self._urls[VALKEY.title]

    def pid(self, product: str) -> int | None:
        """Return the process id of "PostgreSQL" or "Valkey" while it runs."""
        return self._lifeline.pid(product) if self._lifeline else None

    def start(self) -> None:
        """Start the servers and return when both accept connections.

        Raises:
            EmbeddedServerError: one sentence that says what to do.
        """
        self._data_dir = placement.make_data_dir(self._data_dir)
        self._is_ending = False
        self._lock = DataLock(self._data_dir)
        try:
            self._lock.acquire()
            self._start(self._lock)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the servers and wait until they have ended."""
        self._is_ending = True
        if self._lifeline is not None:
            self._lifeline.stop()
            self._lifeline = None
        else:
            placement.remove(self._remove)
        self._remove = []
        self._urls = {}
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _start(self, lock: DataLock) -> None:
        recorded = record.read(self._data_dir)
        account = choose_account(self._existing_data(recorded))
        sockets = placement.make_socket_dir(account)
        lock.note(str(sockets))
        self._remove = [sockets]
        self._home = self._choose_home(recorded, account)
        servers = [self._prepare(product, recorded, account, sockets) for product in self._wanted]
        logs = self._data_dir / "logs"
        launches = [server.launch(placement.open_log(logs / f"{server.name.lower()}.log")) for server in servers]
        if self._is_ephemeral:
            self._remove += [logs, self._data_dir / "server.json"]
        self._lifeline = Lifeline(launches, lock_fd=lock.fd, remove=self._remove)
        self._lifeline.start()
        for server, launch in zip(servers, launches, strict=True):
            self._await_ready(self._lifeline, server, Path(launch.log))
            self._urls[server.name] = server.url

    def _prepare(self, product: Product, recorded: Record, account: Account, sockets: Path) -> Server:
        known = (recorded.postgres or self._unrecorded_postgres()) if product is POSTGRES else recorded.valkey
        binary = binaries.find(product, known)
        data = self._data_of(product, known, account)
        if self._is_ephemeral:
            self._remove.append(data)
        kind = PostgresServer if product is POSTGRES else ValkeyServer
        usable = binaries.reachable_by(account, product, binary)
        server = kind(usable, data, sockets, account, ephemeral=self._is_ephemeral)
        server.prepare()
        self._write_down(product, binary, data)
        return server

    def _choose_home(self, recorded: Record, account: Account) -> Path:
        """Return where data lies or goes: both servers' in one place."""
        if known := recorded.postgres or recorded.valkey:
            return (self._data_dir / known.data).parent
        home = placement.choose_home(self._data_dir, account, ephemeral=self._is_ephemeral)
        if self._is_ephemeral and home != self._data_dir:
            self._remove.append(home)
        return home

    def _data_of(self, product: Product, known: ServerRecord | None, account: Account) -> Path:
        folder = "postgres" if product is POSTGRES else "valkey"
        if known is None:
            return self._home / folder
        data = self._data_dir / known.data
        if not data.exists():
            if Path(known.data).is_absolute():
                raise EmbeddedServerError(
                    f"{known.data}, which {self._data_dir / 'server.json'} names, is missing; restore it, "
                    "or choose another data directory."
                )
            return data
        if data.lstat().st_uid != account.uid:
            raise EmbeddedServerError(
                f"{data} belongs to another account; start as its owner, or choose another directory with --data-dir."
            )
        return data

    def _write_down(self, product: Product, binary: Binary, data: Path) -> None:
        """Record the binary (not a copy of it) and the data, relative when inside, so that the directory may move."""
        place = data.relative_to(self._data_dir) if data.is_relative_to(self._data_dir) else data
        entry = ServerRecord(product=binary.product, major=binary.major, path=str(binary.path), data=str(place))
        field = "postgres" if product is POSTGRES else "valkey"
        record.write(self._data_dir, msgspec.structs.replace(record.read(self._data_dir), **{field: entry}))

    def _unrecorded_postgres(self) -> ServerRecord | None:
        """Take the major version from the data itself when `server.json` was lost."""
        version = self._data_dir / "postgres" / "PG_VERSION"
        if not version.exists():
            return None
        return ServerRecord(product=POSTGRES.title, major=int(version.read_text()), path="", data="postgres")

    def _existing_data(self, recorded: Record) -> Path | None:
        known = recorded.postgres or self._unrecorded_postgres() or recorded.valkey
        return self._data_dir / known.data if known else None

    def _await_ready(self, lifeline: Lifeline, server: Server, log_file: Path) -> None:
        deadline = time.monotonic() + READY_WITHIN_S
        while not ((pid := lifeline.pid(server.name)) and server.is_ready(pid)):
            if self._is_ending or time.monotonic() > deadline or lifeline.exits(server.name) >= FIRST_EXITS:
                lines = log_file.read_text(errors="replace").strip().splitlines()
                raise EmbeddedServerError(
                    f"{server.name} did not start: {lines[-1] if lines else 'no message'} (more in {log_file})."
                )
            lifeline.wait_for_news(0.01)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        starting = asyncio.ensure_future(asyncio.to_thread(self.start))
        try:
            await asyncio.shield(starting)
        except asyncio.CancelledError:
            self._is_ending = True  # the thread gives up at its next look
            await asyncio.wait([starting])
            await asyncio.to_thread(self.stop)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.shield(asyncio.to_thread(self.stop))
