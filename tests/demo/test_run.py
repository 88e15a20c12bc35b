"""The whole demo, as `make demo` starts it, on databases of the test."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
import pytest_asyncio

from livecommerce.demo.client import Client, Json, open_session
from livecommerce.foundation.storage.embedded import EmbeddedServers

PATIENCE_S = 150.0


class RunningDemo:
    """A demo in a process of its own, and the database that it uses."""

    def __init__(self, process: asyncio.subprocess.Process, data_dir: Path, database: asyncpg.Connection) -> None:
        self.process, self.data_dir, self.database = process, data_dir, database

    def record(self) -> Json:
        path = self.data_dir / "demo.json"
        return dict(json.loads(path.read_bytes())) if path.exists() else {}

    async def until(self, statement: str) -> int:
        """Wait until a count in the database is more than zero."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                assert self.process.returncode is None, "the demo ended"
                try:
                    if found := await self.database.fetchval(statement):
                        return int(found)
                except asyncpg.UndefinedTableError:
                    pass  # it is still migrating
                await asyncio.sleep(0.2)


@pytest_asyncio.fixture
async def demo(servers: EmbeddedServers, tmp_path: Path) -> AsyncIterator[RunningDemo]:
    name = f"demo_{os.getpid()}"
    admin = await asyncpg.connect(servers.database_url)
    await admin.execute(f'CREATE DATABASE "{name}"')
    await admin.close()
    url = urlunsplit(urlsplit(servers.database_url)._replace(path=f"/{name}"))
    database = await asyncpg.connect(url)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "livecommerce.cli", "demo", "--port", "0", "--viewers", "8"),
        *("--data-dir", str(tmp_path / "data")),
        env={**os.environ, "DATABASE_URL": url, "REDIS_URL": servers.redis_url},
    )
    running = RunningDemo(process, tmp_path / "data", database)
    yield running
    if process.returncode is None:
        process.send_signal(signal.SIGINT)
        await asyncio.wait_for(process.wait(), 40)
    await database.close()


@pytest.mark.timeout(260)
async def test_the_demo_sells_to_simulated_viewers_and_ends_at_ctrl_c(demo: RunningDemo, tmp_path: Path) -> None:
    await demo.until("SELECT count(*) FROM orders WHERE status = 'paid'")
    record = demo.record()

    async with open_session() as session:
        host = Client(session, record["base_url"], token=record["tokens"]["host"])
        show = await host.get(f"/shows/{record['show_id']}")
        sale = await host.get(f"/flash-sales/{record['flash_sale_id']}")
        stream = await host.get(f"/shows/{record['show_id']}/stream")
        once = record["pages"]["control"].partition("#once=")[2]
        moderator = await Client(session, record["base_url"]).post("/sign-in/once", {"code": once})
    demo.process.send_signal(signal.SIGINT)
    status = await asyncio.wait_for(demo.process.wait(), 40)

    assert (show["status"], len(show["lineup"])) == ("live", 14)
    assert sale["available"] < sale["quantity"]
    assert stream["state"] == "live"
    assert moderator["viewer"]["role"] == "moderator"
    assert status == 0
    assert not (tmp_path / "data" / "postgres").exists()
