"""A real Chromium with a fake camera, and a shop with staff, set up through the public API."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.shop import Shop

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


@pytest_asyncio.fixture
async def shop(start_server: Callable[..., Awaitable[Any]]) -> AsyncIterator[Shop]:
    server = await start_server()
    async with aiohttp.ClientSession() as session:
        yield Shop(server, session)
