"""Checks 21, 22 and 25 against the whole server: who connects, who stays connected, and what it writes down."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
import socketio

Start = Callable[..., Awaitable[Any]]


async def _add_owner(server: Any, redis_url: str) -> str:
    """Make an owner as an operator does; the password that was shown."""
    words = ["user", "add", "--role", "owner", "--email", "idris@example.com", "--generate"]
    env = {
        **os.environ,
        "DATABASE_URL": server.database_url,
        "REDIS_URL": redis_url,
        "LIVECOMMERCE_DATA_DIR": str(server.data_dir),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "livecommerce.cli", *words, env=env, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    match = re.search(r"Password: (\S+)", out.decode())
    assert match
    return match[1]


async def _connected(
    http: aiohttp.ClientSession, base_url: str, token: str | None, **options: Any
) -> socketio.AsyncClient:
    client = socketio.AsyncClient(reconnection=False, http_session=http)
    auth = None if token is None else {"token": token}
    await client.connect(base_url, auth=auth, transports=["websocket"], wait_timeout=10, **options)
    return client


async def _closed_within(client: socketio.AsyncClient, seconds: float) -> bool:
    """Whether the server has closed the socket in time; ticks are counted, so that a busy machine gets more of it."""
    for _ in range(int(seconds / 0.02)):
        if not client.connected:
            return True
        await asyncio.sleep(0.02)
    return not client.connected


@pytest.mark.timeout(120)
async def test_checks_21_22_25_on_the_running_server(start_server: Start, servers: Any) -> None:
    server = await start_server("--web-workers", "2", LIVECOMMERCE_SERVER_LOG_LEVEL="debug")
    api, password = f"{server.base_url}/api/v1", await _add_owner(server, servers.redis_url)

    async with aiohttp.ClientSession() as http:
        credentials = {"email": "idris@example.com", "password": password}
        owner = await (await http.post(f"{api}/sign-in", json=credentials)).json()
        guest = await (await http.post(f"{api}/guests", json={"display_name": "Freja"})).json()
        bearer = {"Authorization": f"Bearer {guest['token']}"}

        # Several sockets, so that both workers have some: all of a session's end with it, and no other's.
        mine = [await _connected(http, server.base_url, guest["token"]) for _ in range(6)]
        others = [await _connected(http, server.base_url, owner["token"]) for _ in range(2)]
        assert (await http.delete(f"{api}/session", headers=bearer)).status == 204
        assert all(await asyncio.gather(*(_closed_within(client, 2.0) for client in mine)))
        assert all(client.connected for client in others)
        assert (await http.get(f"{api}/me", headers=bearer)).status == 401

        head, body, signature = owner["token"].split(".")
        forged = [
            None,
            "",
            "x",
            guest["token"],
            f"{head}.{body}.",
            f"{head}.{body}.{signature[::-1]}",
            owner["token"] + "x",
        ]
        for token in forged:
            with pytest.raises(socketio.exceptions.ConnectionError):
                await _connected(http, server.base_url, token)
        for origin in ("https://evil.com", "null", f"{server.base_url}.evil.example"):
            with pytest.raises(socketio.exceptions.ConnectionError):
                await _connected(http, server.base_url, owner["token"], headers={"Origin": origin})
        for client in others:
            await client.disconnect()

    await server.stop()
    written = "".join(server.output)
    for secret in (password, owner["token"], guest["token"], signature, "idris@example.com", "token="):
        assert secret not in written
