"""A browser's camera becomes segments that hls.js plays, also across a host's reload."""

import asyncio
import shutil
import time
from contextlib import asynccontextmanager
from pathlib import Path

import studio
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import async_playwright

HLS_JS = Path(__file__).parents[2] / "web/node_modules/hls.js/dist/hls.light.js"
FLAGS = (
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--autoplay-policy=no-user-gesture-required",
)


def _chromium():
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(path for name in names if (path := shutil.which(name)))


@asynccontextmanager
async def two_pages(room):
    """A host's and a viewer's page, of another origin than the API."""

    async def page(_):
        return web.FileResponse(Path(__file__).with_name("picture.html"))

    async def library(_):
        return web.FileResponse(HLS_JS)

    app = web.Application()
    app.router.add_get("/", page)
    app.router.add_get("/hls.js", library)
    async with TestServer(app) as server, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=_chromium(), args=FLAGS)
        address = f"{server.make_url('/')}?api={str(room.client.make_url('')).rstrip('/')}"
        pages = [await browser.new_page(), await browser.new_page()]
        for each in pages:
            await each.goto(address)
        yield pages
        await browser.close()


async def until_playing(page, *, after=0.0, within=40.0):
    """Wait until the picture has moved for two seconds beyond a time; return what the page says."""
    async with asyncio.timeout(within):
        while (state := await page.evaluate("state()"))["time"] < after + 2:
            await asyncio.sleep(0.1)
    return state


async def test_hls_js_plays_a_browsers_camera_and_goes_on_when_the_host_returns(room):
    show = await room.show()
    async with two_pages(room) as (host, viewer):
        session = await host.evaluate("show => publish(show)", show.id)
        await studio.until(lambda: room.node._streams[show.id].packaging.origin is not None)
        stream = room.node._streams[show.id]
        await studio.until(lambda: stream.packaging.origin.is_ready)

        await viewer.evaluate("show => play(show)", show.id)
        first = await until_playing(viewer)

        assert first["frames"] > 20
        assert first["sound"] > 0
        # How far behind it is depends on how busy the machine is; the benchmark measures that.
        assert 0 < time.time() * 1000 - first["date"] < 30_000, "the picture carries its date"
        assert not any(error["fatal"] for error in first["errors"])

        await host.evaluate("session => stop(session)", session)
        await studio.until(lambda: not stream.is_published)
        await host.evaluate("show => publish(show)", show.id)
        again = await until_playing(viewer, after=first["time"] + 2)

        assert again["frames"] > first["frames"] + 20
        assert not any(error["fatal"] for error in again["errors"])
