"""Somebody else's WebRTC stack (aiortc) as a host and as a viewer, over loopback."""

import asyncio
from fractions import Fraction

import aioice.ice
import av
import clip
from aiortc import MediaStreamTrack, RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription


def use_loopback(monkeypatch):
    """aioice leaves out 127.0.0.1; machines without a network have nothing else."""
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])


class PictureTrack(MediaStreamTrack):
    """Loops encoded pictures in real time (aiortc sends `av.Packet` as they are)."""

    kind = "video"

    def __init__(self, *, fps=30):
        super().__init__()
        self._units, self._fps, self._index = clip.pictures(60, gop=30), fps, 0
        self._began = asyncio.get_running_loop().time()

    async def recv(self):
        due = self._began + self._index / self._fps
        await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
        packet = av.Packet(self._units[self._index % len(self._units)])
        packet.pts = packet.dts = self._index * 90_000 // self._fps
        packet.time_base = Fraction(1, 90_000)
        packet.is_keyframe = self._index % 30 == 0
        self._index += 1
        return packet


def connection():
    return RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))


async def sending():
    """A host's connection and its offer."""
    pc = connection()
    pc.addTransceiver(PictureTrack(), direction="sendonly")
    await pc.setLocalDescription(await pc.createOffer())
    return pc, pc.localDescription.sdp


async def receiving():
    """A viewer's connection, its offer, and an event that is set with the first decoded picture."""
    pc, seen = connection(), asyncio.Event()
    pc.addTransceiver("video", direction="recvonly")
    watchers = []

    @pc.on("track")
    def on_track(track):
        async def watch():
            await track.recv()
            seen.set()

        watchers.append(asyncio.ensure_future(watch()))

    await pc.setLocalDescription(await pc.createOffer())
    return pc, pc.localDescription.sdp, seen


async def accept(pc, answer):
    await pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))


async def until(condition, *, within=30.0):
    """Wait for a condition with a deadline."""
    async with asyncio.timeout(within):
        while not condition():
            await asyncio.sleep(0.02)
