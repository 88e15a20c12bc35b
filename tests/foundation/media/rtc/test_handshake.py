"""A real handshake with aiortc on both sides of our server: the contract behind the private seams."""

import asyncio
from collections.abc import Callable

import pytest
from aiortc import RTCDtlsTransport

from livecommerce.foundation.media.relay import Relay
from livecommerce.foundation.media.rtc.dtls import AiortcChanged, check_aiortc_contract
from livecommerce.foundation.media.sessions import RtcServer, SessionState

from .conftest import ClipTrack, accept, connection, offer_of


async def until(condition: Callable[[], bool], seconds: float = 8.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


def test_private_names_of_aiortc_are_those_we_know() -> None:
    check_aiortc_contract()


def test_another_aiortc_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RTCDtlsTransport, "_set_role", lambda self, role, why: None)

    with pytest.raises(AiortcChanged):
        check_aiortc_contract()


async def test_a_viewer_decodes_what_a_publisher_sends(server: RtcServer, clip: list[tuple[bytes, bool]]) -> None:
    relay, states = Relay(), list[SessionState]()
    relay.out["video"].sequence = (1 << 17) - 20  # so that SRTP must count a wrap while the viewer watches
    host, viewer = connection(), connection()
    host.addTrack(ClipTrack(clip))
    published = await server.publish(relay, await offer_of(host), on_change=states.append)
    await accept(host, published.answer_sdp)
    await until(lambda: relay.has_media)

    viewer.addTransceiver("video", "recvonly")
    played = await server.play(relay, await offer_of(viewer))
    await accept(viewer, played.answer_sdp)
    track = viewer.getReceivers()[0].track
    async with asyncio.timeout(8):
        frames = [await track.recv() for _ in range(60)]

    assert {(frame.width, frame.height) for frame in frames} == {(320, 180)}
    assert states == [SessionState.CONNECTED, SessionState.LIVE]
    stats = published.stats()
    assert stats is not None
    assert stats.lost == 0
    await host.close()
    await viewer.close()
    await until(lambda: published.state is SessionState.CLOSED and played.state is SessionState.CLOSED)
    assert published.close_reason == "peer_left"
