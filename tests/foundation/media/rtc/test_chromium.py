"""Chromium's own WebRTC against our server: publishing its fake camera and watching it again."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import Page, async_playwright

from livecommerce.foundation.media.relay import Relay
from livecommerce.foundation.media.rtc.icelite import Address
from livecommerce.foundation.media.rtc.rtp import HEADER
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
  window.camera ??= await navigator.mediaDevices.getUserMedia({video: {width: 640, height: 360}, audio: true});
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


@pytest.fixture
async def page(site: tuple[str, Relay]) -> AsyncIterator[Page]:
    flags = [
        "--no-sandbox",
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        "--allow-loopback-in-peer-connection",
        "--autoplay-policy=no-user-gesture-required",
    ]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=flags)
        opened = await browser.new_page()
        await opened.goto(site[0])
        yield opened
        await browser.close()


async def decoded(page: Page, more: int) -> dict[str, Any]:
    """The viewer's statistics once `more` further pictures have been decoded."""
    goal = (await page.evaluate("inbound('video')"))["framesDecoded"] + more
    async with asyncio.timeout(20):
        while (video := await page.evaluate("inbound('video')"))["framesDecoded"] < goal:
            await asyncio.sleep(0.1)
    return dict(video)


async def begin(page: Page, relay: Relay) -> dict[str, Any]:
    """Publish, watch, and give what the first picture said."""
    await page.evaluate("publish()")
    async with asyncio.timeout(15):
        while not relay.has_media:
            await asyncio.sleep(0.05)
    return dict(await page.evaluate("play()"))


@pytest.mark.timeout(60)
async def test_chromium_publishes_and_chromium_watches(page: Page, site: tuple[str, Relay]) -> None:
    relay = site[1]

    first = await begin(page, relay)
    video = await decoded(page, 40)
    sound = await page.evaluate("inbound('audio')")

    assert [track.codec for track in relay.tracks] == ["opus", "H264"]
    assert first["ms"] < 5000  # some 100 ms on an idle machine; without a request for a key frame it never comes
    assert relay.rtp_base is not None
    assert (first["rtp"] - relay.rtp_base) % 2**32 < 90_000 * 30
    assert (video["packetsLost"], video["nackCount"]) == (0, 0)
    assert sound["packetsReceived"] > 20


@pytest.mark.timeout(60)
async def test_a_viewer_goes_on_when_the_publisher_comes_back(page: Page, site: tuple[str, Relay]) -> None:
    await begin(page, site[1])
    before = await decoded(page, 20)

    await page.evaluate("host.close()")
    await page.evaluate("publish()")
    after = await decoded(page, 40)

    assert after["ssrc"] == before["ssrc"]
    assert await page.evaluate("viewer.connectionState") == "connected"


@pytest.mark.timeout(60)
async def test_a_viewer_who_loses_packets_gets_them_again(
    page: Page, site: tuple[str, Relay], server: RtcServer
) -> None:
    relay, port, seen = site[1], server._opened(), set[int]()
    await begin(page, relay)
    send, ssrc = port.send, relay.out["video"].ssrc

    def lossy(data: bytes, address: Address) -> None:
        """Every twentieth video packet is lost the first time; RTP headers are readable on the wire."""
        _, _, sequence, _, source = HEADER.unpack_from(data.ljust(HEADER.size))
        if source == ssrc and sequence % 20 == 0 and sequence not in seen:
            seen.add(sequence)
            return
        send(data, address)

    port.send = lossy  # type: ignore[method-assign]
    video = await decoded(page, 100)

    assert video["nackCount"] > 0
    assert relay.stats().resent >= len(seen) - 2 > 0
    assert video["packetsLost"] <= 2
