"""A real Chromium with a fake camera, and a shop with staff, set up through the public API."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest_asyncio.fixture
async def chromium() -> AsyncIterator[Browser]:
    """A skipped browser test would say nothing: a missing browser fails."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    assert path, "the browser tests need Chromium: run `make browser-tools`"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield browser
        await browser.close()


@dataclass
class Employee:
    id: str
    email: str
    password: str
    token: str


class Shop:
    """A running server with a show that has not begun."""

    def __init__(self, server: Any, session: aiohttp.ClientSession) -> None:
        self.server, self._session = server, session
        self.base_url: str = server.base_url
        self.show_id = ""

    async def call(self, method: str, path: str, token: str, body: object = None) -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        url = f"{self.base_url}/api/v1{path}"
        async with self._session.request(method, url, json=body, headers=headers) as response:
            answer = await response.json() if response.content_type.endswith("json") else None
            assert response.status < 400, answer
            return answer

    async def hire(self, role: str, email: str, name: str) -> Employee:
        env = {
            **os.environ,
            "DATABASE_URL": self.server.database_url,
            "REDIS_URL": self.server.redis_url,
            "LIVECOMMERCE_DATA_DIR": str(self.server.data_dir),
        }
        command = [sys.executable, "-m", "livecommerce.cli", "user", "add", "--role", role, "--email", email]
        process = await asyncio.create_subprocess_exec(
            *command, "--display-name", name, "--generate", env=env, stdout=asyncio.subprocess.PIPE
        )
        output = (await process.communicate())[0].decode()
        match = re.search(r"Password: (\S+)", output)
        assert match, output
        answer = await self.call("POST", "/sign-in", "", {"email": email, "password": match[1]})
        return Employee(answer["viewer"]["id"], email, match[1], answer["token"])


OpenShop = Callable[[], Awaitable[Shop]]


@pytest_asyncio.fixture
async def shop(start_server: Callable[..., Awaitable[Any]]) -> AsyncIterator[Shop]:
    server = await start_server()
    async with aiohttp.ClientSession() as session:
        yield Shop(server, session)
