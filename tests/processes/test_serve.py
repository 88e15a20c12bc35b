"""`livecommerce serve` as an operator meets it: starting, losing a process, stopping, and being told what is wrong."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

CLI = [sys.executable, "-m", "livecommerce.cli"]
Start = Callable[..., Awaitable[Any]]


async def eventually(check: Callable[[], Awaitable[bool]], *, within_s: float = 20) -> None:
    async with asyncio.timeout(within_s):
        while not await check():
            await asyncio.sleep(0.05)


async def answers(base_url: str) -> bool:
    try:
        async with aiohttp.ClientSession() as session, session.get(f"{base_url}/readyz") as response:
            return response.status == 200
    except aiohttp.ClientError:
        return False


async def test_a_killed_process_of_either_role_is_replaced(start_server: Start) -> None:
    server = await start_server("--web-workers", "2")
    before = server.children()

    for pids in before.values():
        os.kill(pids[0], signal.SIGKILL)

    async def replaced() -> bool:
        now = server.children()
        return {role: len(pids) for role, pids in now.items()} == {"web": 2, "media": 1} and not (
            {before["web"][0], before["media"][0]} & {pid for pids in now.values() for pid in pids}
        )

    assert {role: len(pids) for role, pids in before.items()} == {"web": 2, "media": 1}
    await eventually(replaced)
    await eventually(lambda: answers(server.base_url))


async def test_connections_wait_while_the_only_worker_is_replaced(start_server: Start) -> None:
    server = await start_server()

    os.kill(server.children()["web"][0], signal.SIGKILL)

    async with aiohttp.ClientSession() as session, session.get(f"{server.base_url}/healthz") as response:
        assert response.status == 200


async def test_sigterm_stops_everything_in_order(start_server: Start) -> None:
    server = await start_server()
    children = [pid for pids in server.children().values() for pid in pids]

    status = await server.stop()

    assert status == 0
    assert not [pid for pid in children if Path(f"/proc/{pid}").exists()]


async def test_children_end_when_the_supervisor_is_killed(start_server: Start) -> None:
    server = await start_server()
    children = [pid for pids in server.children().values() for pid in pids]

    server.process.kill()

    async def gone() -> bool:
        return not [pid for pid in children if Path(f"/proc/{pid}").exists()]

    await eventually(gone, within_s=40)


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}, "PostgreSQL does not answer: check DATABASE_URL"),
        ({"REDIS_URL": "redis://127.0.0.1:1"}, "Redis does not answer: check REDIS_URL"),
        ({"DATABASE_URL": "nonsense"}, "DATABASE_URL is not usable"),
        ({"DATABASE_URL": "{database_url}_nowhere"}, "PostgreSQL refuses DATABASE_URL"),
        ({"REDIS_URL": "nonsense"}, "REDIS_URL is not usable"),
        ({"LIVECOMMERCE_SERVER_PORT": "many"}, "The configuration is not usable"),
    ],
)
def test_what_keeps_the_server_from_starting_is_one_sentence(
    environment: dict[str, str], sentence: str, tmp_path: Any, redis_url: str, database_url: str
) -> None:
    defaults = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "LIVECOMMERCE_DATA_DIR": str(tmp_path)}
    path, _, options = database_url.partition("?")
    nowhere = f"{path}_nowhere?{options}"
    given = {name: value.replace("{database_url}_nowhere", nowhere) for name, value in environment.items()}
    env = {**os.environ, **defaults, **given}

    began = time.monotonic()
    done = subprocess.run([*CLI, "serve"], env=env, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert time.monotonic() - began < 30


def test_wrong_usage_exits_with_2() -> None:
    done = subprocess.run([*CLI, "serve", "--no-such-flag"], capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 2
    assert "Traceback" not in done.stderr


async def test_a_taken_port_is_one_sentence(start_server: Start, tmp_path: Any) -> None:
    server = await start_server()
    port = server.base_url.rsplit(":", 1)[1]
    env = {**os.environ, "DATABASE_URL": server.database_url, "LIVECOMMERCE_DATA_DIR": str(tmp_path)}

    done = await asyncio.to_thread(
        subprocess.run,
        [*CLI, "serve", "--port", port],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{port}" in done.stderr
