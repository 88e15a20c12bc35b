"""`make shots`: README's picture and a screenshot of every page of the running demo, in phone and desktop size.

Pictures of all pages go to `build/shots`; README's own is `web/pictures/show.png`.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, async_playwright

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "shots"
README_PICTURE = ROOT / "web" / "pictures" / "show.png"
SIZES = {"desktop": (1440, 900), "phone": (390, 844)}
FLAGS = [
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--disable-background-networking",
]
SETTLE_MS = 8_000


def read(record: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(record.read_text())
    return found


async def a_sale(record: Path) -> None:
    """Wait until a flash sale is open, so that the pictures show one."""
    async with asyncio.timeout(240):
        while not record.exists() or not read(record)["flash_sale_id"]:
            await asyncio.sleep(0.5)


async def next_sale(record: Path) -> None:
    """Wait for the sale after this one: its clock has just begun."""
    before = read(record)["flash_sale_id"]
    async with asyncio.timeout(180):
        while read(record)["flash_sale_id"] == before:
            await asyncio.sleep(0.5)


async def shoot(browser: Browser, name: str, url: str, *, size: str, theme: str = "light") -> Path:
    width, height = SIZES[size]
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if theme == "dark" else "light",
        permissions=["camera", "microphone"],
    )
    page = await context.new_page()
    await page.goto(url)
    await page.wait_for_timeout(SETTLE_MS)
    path = FOLDER / f"{name}-{size}-{theme}.png"
    await page.screenshot(path=path)
    await context.close()
    print(path.relative_to(ROOT))
    return path


async def pictures(record: Path) -> None:
    async with async_playwright() as playwright:
        chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        await next_sale(record)
        viewer = read(record)["pages"]["viewer"]
        README_PICTURE.parent.mkdir(exist_ok=True)
        shutil.copy(await shoot(browser, "show", viewer, size="desktop"), README_PICTURE)
        await shoot(browser, "show", viewer, size="phone")
        await shoot(browser, "show", viewer, size="desktop", theme="dark")
        for size in SIZES:
            await shoot(browser, "lobby", read(record)["base_url"], size=size)
            for desk in ("studio", "control"):
                await shoot(browser, desk, read(record)["pages"][desk], size=size)
                await next_sale(record)  # each one-time link signs in once; the record brings new ones
        await browser.close()


async def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data_dir:
        command = [sys.executable, "-m", "livecommerce.cli", "demo", "--port", "0", "--data-dir", data_dir]
        demo = await asyncio.create_subprocess_exec(*command)
        try:
            record = Path(data_dir) / "demo.json"
            await a_sale(record)
            await pictures(record)
        finally:
            demo.send_signal(signal.SIGINT)
            await demo.wait()


if __name__ == "__main__":
    asyncio.run(main())
