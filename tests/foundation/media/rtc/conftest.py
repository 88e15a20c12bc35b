"""An aiortc client (somebody else's WebRTC stack) that publishes and watches over loopback."""

import asyncio
from collections.abc import AsyncIterator
from fractions import Fraction

import aioice.ice
import av
import numpy as np
import pytest
from aiortc import MediaStreamTrack, RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from livecommerce.foundation.media.sessions import RtcServer

FPS = 25


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """aioice leaves out 127.0.0.1; machines without a network have nothing else."""
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])


@pytest.fixture(scope="session")
def clip() -> list[tuple[bytes, bool]]:
    """Two seconds of H.264, a key frame each second."""
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 320, 180, "yuv420p"
    encoder.framerate, encoder.time_base, encoder.gop_size = Fraction(FPS), Fraction(1, FPS), FPS
    encoder.options = {"tune": "zerolatency", "preset": "ultrafast"}
    encoder.profile = "Baseline"
    units: list[tuple[bytes, bool]] = []
    for index in range(2 * FPS):
        frame = av.VideoFrame.from_ndarray(np.full((270, 320), 16 + 2 * index, dtype="uint8"), format="yuv420p")
        frame.pts = index
        units += [(bytes(packet), packet.is_keyframe) for packet in encoder.encode(frame)]
    return units


class ClipTrack(MediaStreamTrack):
    """Loops encoded frames in real time (aiortc sends `av.Packet` as they are)."""

    kind = "video"

    def __init__(self, units: list[tuple[bytes, bool]]) -> None:
        super().__init__()
        self._units, self._index = units, 0
        self._began = asyncio.get_running_loop().time()

    async def recv(self) -> av.Packet:
        due = self._began + self._index / FPS
        await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
        data, is_key = self._units[self._index % len(self._units)]
        packet = av.Packet(data)
        packet.pts = packet.dts = self._index * 90000 // FPS
        packet.time_base = Fraction(1, 90000)
        packet.is_keyframe = is_key
        self._index += 1
        return packet


def connection() -> RTCPeerConnection:
    return RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))


async def offer_of(pc: RTCPeerConnection) -> str:
    await pc.setLocalDescription(await pc.createOffer())
    return pc.localDescription.sdp


async def accept(pc: RTCPeerConnection, answer: str) -> None:
    await pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))


@pytest.fixture
async def server() -> AsyncIterator[RtcServer]:
    running = RtcServer("127.0.0.1", 0)
    await running.open()
    yield running
    await running.close()
