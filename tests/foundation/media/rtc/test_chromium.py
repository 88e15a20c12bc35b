"""Chromium's own WebRTC against our server: publishing its fake camera and watching it again."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import async_playwright

from livecommerce.foundation.media.relay import Relay
from livecommerce.foundation.media.sessions import RtcServer

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium")

PAGE = """<!doctype html><meta charset=utf-8><video id=v autoplay muted playsinline></video><script>
async function offer(pc, path) {
  await pc.setLocalDescription(await pc.createOffer());
  const answer = await fetch(path, {method: 'POST', body: pc.localDescription.sdp});
  if (!answer.ok) throw new Error(await answer.text());
  await pc.setRemoteDescription({type: 'answer', sdp: await answer.text()});
}
async function publish() {
  window.camera = await navigator.mediaDevices.getUserMedia({video: {width: 640, height: 360}, audio: true});
  const pc = window.host = new RTCPeerConnection({bundlePolicy: 'max-bundle'});
  for (const track of camera.getTracks()) pc.addTransceiver(track, {direction: 'sendonly', streams: [camera]});
  await offer(pc, '/whip');
}
async function play() {
  const began = performance.now(), pc = window.viewer = new RTCPeerConnection({bundlePolicy: 'max-bundle'});
  const stream = v.srcObject = new MediaStream();
  pc.ontrack = (event) => stream.addTrack(event.track);
  pc.addTransceiver('audio', {direction: 'recvonly'});
  pc.addTransceiver('video', {direction: 'recvonly'});
  const shown = new Promise((done) => v.requestVideoFrameCallback((now, frame) => done(
    {ms: performance.now() - began, width: frame.width, rtp: frame.rtpTimestamp})));
  await offer(pc, '/whep');
  return await shown;
}
async function inbound(kind) {
  for (const report of (await viewer.getStats()).values())
    if (report.type === 'inbound-rtp' && report.kind === kind) return report;
}
</script>"""


@pytest.fixture
async def site(server: RtcServer) -> AsyncIterator[tuple[str, Relay]]:
    relay = Relay()

    async def page(request: web.Request) -> web.Response:
        return web.Response(text=PAGE, content_type="text/html")

    async def whip(request: web.Request) -> web.Response:
        return web.Response(text=(await server.publish(relay, await request.text())).answer_sdp)

    async def whep(request: web.Request) -> web.Response:
        return web.Response(text=(await server.play(relay, await request.text())).answer_sdp)

    app = web.Application()
    app.add_routes([web.get("/", page), web.post("/whip", whip), web.post("/whep", whep)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/", relay
    await runner.cleanup()


@pytest.mark.timeout(60)
async def test_chromium_publishes_and_chromium_watches(site: tuple[str, Relay]) -> None:
    url, relay = site
    flags = [
        "--no-sandbox",
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        "--allow-loopback-in-peer-connection",
        "--autoplay-policy=no-user-gesture-required",
    ]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=flags)
        page = await browser.new_page()
        await page.goto(url)
        await page.evaluate("publish()")
        async with asyncio.timeout(15):
            while not relay.has_media:
                await asyncio.sleep(0.05)

        first: dict[str, Any] = await page.evaluate("play()")
        async with asyncio.timeout(15):
            while (await page.evaluate("inbound('video')"))["framesDecoded"] < 40:
                await asyncio.sleep(0.1)
        video = await page.evaluate("inbound('video')")
        sound = await page.evaluate("inbound('audio')")
        await browser.close()

    assert relay.tracks[1].codec == "H264"
    assert first["ms"] < 2000
    assert relay.rtp_base is not None
    assert (first["rtp"] - relay.rtp_base) % 2**32 < 90_000 * 30
    assert video["framesDropped"] < 20
    assert video.get("freezeCount", 0) == 0
    assert sound["packetsReceived"] > 20
    assert video["nackCount"] == 0
