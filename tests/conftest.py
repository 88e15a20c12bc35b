"""Real parts for every test: the embedded PostgreSQL and Valkey, one database per worker, emptied between tests."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
import pytest_asyncio
from redis.asyncio import Redis

from livecommerce.foundation.storage.embedded import EmbeddedServers
from livecommerce.foundation.storage.migrations import migrate
from livecommerce.foundation.storage.postgres import Database


class FixedClock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self._now = datetime(2026, 11, 20, 19, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self._now

    def now_ms(self) -> int:
        return int(self._now.timestamp() * 1000)

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedServers]:
    folder = tmp_path_factory.mktemp("embedded")
    async with EmbeddedServers(folder, ephemeral=True) as running:
        yield running


async def _new_database(servers: EmbeddedServers, name: str) -> str:
    admin = await asyncpg.connect(servers.database_url)
    await admin.execute(f'CREATE DATABASE "{name}"')
    await admin.close()
    return urlunsplit(urlsplit(servers.database_url)._replace(path=f"/{name}"))


@dataclass
class _Prepared:
    url: str
    tables: list[str]
    """Tables that migrations leave empty: emptied again after each test."""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def _prepared(servers: EmbeddedServers) -> _Prepared:
    url = await _new_database(servers, f"test_{os.getpid()}")
    async with Database(url) as database:
        await migrate(database)
        rows = await database.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [row["tablename"] for row in rows if row["tablename"] != "schema_migrations"]
        empty = [table for table in tables if not await database.fetchval(f'SELECT EXISTS (TABLE "{table}")')]
    return _Prepared(url, empty)


@pytest_asyncio.fixture
async def database_url(_prepared: _Prepared) -> AsyncIterator[str]:
    yield _prepared.url
    connection = await asyncpg.connect(_prepared.url)
    # DELETE takes 1 ms where TRUNCATE takes 85; without triggers, so that order does not matter.
    await connection.execute("SET session_replication_role = replica")
    for table in _prepared.tables:
        await connection.execute(f'DELETE FROM "{table}"')
    await connection.close()


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(database_url, max_size=8) as opened:
        yield opened


@pytest_asyncio.fixture
async def redis_url(servers: EmbeddedServers) -> AsyncIterator[str]:
    yield servers.redis_url
    client = Redis.from_url(servers.redis_url)
    await client.flushall()
    await client.aclose()


@pytest_asyncio.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    return folder


class RunningServer:
    """`livecommerce serve` as a user starts it, on a database of its own."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        base_url: str,
        *,
        database_url: str,
        redis_url: str,
        data_dir: Path,
    ) -> None:
        self.process, self.base_url = process, base_url
        self.database_url, self.redis_url, self.data_dir = database_url, redis_url, data_dir
        self.output: list[str] = []
        """What it wrote to stderr, so that tests can search it for secrets."""

    async def keep_reading(self) -> None:
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            self.output.append(line.decode(errors="replace"))

    async def stop(self) -> int:
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), 40)

    def children(self) -> dict[str, list[int]]:
        """Process ids by role, read from /proc."""
        found: dict[str, list[int]] = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                stat = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if int(stat[1]) == self.process.pid and b"livecommerce.processes.child" in command:
                role = command.rstrip(b"\0").rsplit(b"\0", 1)[1].decode()
                found.setdefault(role.split("-")[0], []).append(int(entry.name))
        return found


StartServer = Callable[..., Awaitable[RunningServer]]


@pytest_asyncio.fixture
async def start_server(servers: EmbeddedServers, tmp_path: Path) -> AsyncIterator[StartServer]:
    """Start servers with extra environment; they are stopped when the test ends."""
    running: list[tuple[RunningServer, asyncio.Task[None]]] = []

    async def start(*flags: str, **environment: str) -> RunningServer:
        database_url = await _new_database(servers, f"serve_{os.getpid()}_{time.monotonic_ns()}")
        data_dir = tmp_path / f"data{len(running)}"
        env = {
            **os.environ,
            "DATABASE_URL": database_url,
            "REDIS_URL": servers.redis_url,
            "LIVECOMMERCE_DATA_DIR": str(data_dir),
            "LIVECOMMERCE_SALES_BUYER": "guest",
            **environment,
        }
        command = [sys.executable, "-m", "livecommerce.cli", "serve", "--port", "0", *flags]
        process = await asyncio.create_subprocess_exec(*command, env=env, stderr=asyncio.subprocess.PIPE)
        assert process.stderr is not None
        seen: list[str] = []
        async with asyncio.timeout(60):
            while not (match := re.search(r"Serving at (\S+)", seen[-1] if seen else "")):
                line = (await process.stderr.readline()).decode(errors="replace")
                assert line, "the server ended: " + "".join(seen)
                seen.append(line)
        server = RunningServer(
            process, match[1], database_url=database_url, redis_url=servers.redis_url, data_dir=data_dir
        )
        server.output += seen
        running.append((server, asyncio.create_task(server.keep_reading())))
        return server

    yield start
    for server, reading in running:
        await server.stop()
        await reading
