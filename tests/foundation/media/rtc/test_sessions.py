"""Sessions as the media node sees them, with our own publisher and bare callers on the other side."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from livecommerce.foundation.media.relay import Relay
from livecommerce.foundation.media.rtc.caller import IceCaller
from livecommerce.foundation.media.rtc.dtls import HandshakeFailed, SecureChannel, fingerprint, make_certificate
from livecommerce.foundation.media.rtc.offer import OfferedTrack, write_offer
from livecommerce.foundation.media.rtc.sdp import Fingerprint, parse_description
from livecommerce.foundation.media.rtc.sender import MediaSender
from livecommerce.foundation.media.sessions import (
    PublishSession,
    RtcLimits,
    RtcServer,
    SessionState,
    StreamOffline,
    TooManySessions,
)

from .offers import AUDIO, VIDEO, changed, offer

KEY_FRAME = b"\0\0\0\1\x67sps\0\0\0\1\x68pps\0\0\0\1\x65" + b"\x88" * 3000


async def until(condition: Callable[[], bool], seconds: float = 8.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


class Host:
    """A publisher that sends exactly what a test tells it to."""

    def __init__(self, fake_fingerprint: Fingerprint | None = None) -> None:
        self.certificate = make_certificate()
        self.ice = IceCaller()
        self.track = OfferedTrack("video", "v")
        self.fingerprint = fake_fingerprint or fingerprint(self.certificate)
        self.session: PublishSession | None = None
        self.key_requests = 0
        self.states: list[SessionState] = []

    async def connect(self, server: RtcServer, relay: Relay) -> None:
        await self.ice.open()
        text = write_offer(
            [self.track],
            ufrag=self.ice.ufrag,
            password=self.ice.password,
            fingerprint=self.fingerprint,
            cname="test",
        )
        self.session = await server.publish(relay, text, on_change=self.states.append)
        answer = parse_description(self.session.answer_sdp)
        self.channel = SecureChannel(self.ice, self.certificate, role="client")
        self.ice.call(answer.ufrag, answer.password, answer.candidates)
        await self.ice.connected.wait()
        await self.channel.start(answer.fingerprints)
        self.sender = MediaSender(
            [self.track], send=self.send, send_rtcp=self.send, on_key_request=self._asked, cname="test"
        )
        self.channel.listen(lambda data: None, self.sender.on_rtcp)

    def _asked(self) -> None:
        self.key_requests += 1

    def send(self, plain: bytes) -> None:
        cipher = self.channel.protect(plain)
        assert cipher is not None
        assert self.ice.address is not None
        self.ice.send(cipher, self.ice.address)

    def show(self, ticks: int = 0) -> None:
        for packet in self.sender.packets("video", ticks, KEY_FRAME):
            self.send(packet)

    async def close(self) -> None:
        await self.channel.close()
        await self.ice.close()


@asynccontextmanager
async def host(server: RtcServer, relay: Relay) -> AsyncIterator[Host]:
    connected = Host()
    await connected.connect(server, relay)
    try:
        yield connected
    finally:
        await connected.close()


async def test_silence_is_stalled_then_interrupted_and_ends_when_media_comes_back(server: RtcServer) -> None:
    relay = Relay()
    async with host(server, relay) as first:
        first.show()
        await until(lambda: SessionState.INTERRUPTED in first.states)
        first.show(3600)
        await until(lambda: first.states[-1] is SessionState.LIVE)

        assert first.states == [
            SessionState.CONNECTED,
            SessionState.LIVE,
            SessionState.STALLED,
            SessionState.INTERRUPTED,
            SessionState.LIVE,
        ]


async def test_a_second_publisher_takes_over_when_connected_and_the_first_is_told(server: RtcServer) -> None:
    relay = Relay()
    async with host(server, relay) as first:
        first.show()
        await until(lambda: relay.has_media)
        await server.publish(relay, offer())  # never connects, so it disturbs nobody
        await asyncio.sleep(0.1)
        assert first.session is not None
        assert first.session.state is SessionState.LIVE

        async with host(server, relay) as second:
            await until(lambda: first.states[-1] is SessionState.CLOSED)
            assert first.session.close_reason == "replaced"
            second.show()
            await until(lambda: second.states[-1] is SessionState.LIVE)


async def test_a_certificate_other_than_the_announced_one_is_refused(server: RtcServer) -> None:
    impostor = Host(Fingerprint("sha-256", ":".join(["00"] * 32)))

    with suppress(HandshakeFailed):
        await impostor.connect(server, Relay())
    session = impostor.session
    assert session is not None
    await until(lambda: session.state is SessionState.CLOSED)

    assert session.close_reason == "handshake_failed"
    assert SessionState.CONNECTED not in impostor.states
    await impostor.close()


async def test_a_handler_that_raises_does_not_end_the_session(server: RtcServer) -> None:
    relay = Relay()
    async with host(server, relay) as first:
        assert first.session is not None
        await until(lambda: first.states == [SessionState.CONNECTED])
        peer, uplink = first.session._peer, first.session._uplink
        assert uplink is not None

        def broken(data: bytes) -> None:
            raise ValueError

        peer.listen(broken, uplink.on_rtcp)
        first.show()
        await until(lambda: peer._channel.tap_errors >= 2)
        peer.listen(uplink.on_rtp, uplink.on_rtcp)
        first.show(3600)
        await until(lambda: relay.has_media and first.states[-1] is SessionState.LIVE)


async def test_nobody_watches_before_there_was_a_publisher(server: RtcServer) -> None:
    viewer = offer(changed(AUDIO, "sendonly", "recvonly"), changed(VIDEO, "sendonly", "recvonly"))

    with pytest.raises(StreamOffline):
        await server.play(Relay(), viewer)


async def test_there_is_room_for_so_many_viewers_and_publishers() -> None:
    viewer = offer(changed(AUDIO, "sendonly", "recvonly"), changed(VIDEO, "sendonly", "recvonly"))
    server = RtcServer("127.0.0.1", 0, limits=RtcLimits(publishers=1, viewers=2))
    await server.open()
    async with host(server, relay := Relay()) as first:
        await until(lambda: first.states == [SessionState.CONNECTED])
        sessions = [await server.play(relay, viewer) for _ in range(2)]

        with pytest.raises(TooManySessions) as refused:
            await server.play(relay, viewer)
        await server.publish(relay, offer())
        with pytest.raises(TooManySessions):
            await server.publish(relay, offer())

        assert refused.value.details["retry_after_s"] == 10
        assert len({session.id for session in sessions}) == 2
        await sessions[0].close()
        await server.play(relay, viewer)
    await server.close()
    assert server.stats().viewers == 0


async def test_many_joins_in_one_second_are_spread() -> None:
    viewer = offer(changed(AUDIO, "sendonly", "recvonly"), changed(VIDEO, "sendonly", "recvonly"))
    server = RtcServer("127.0.0.1", 0, limits=RtcLimits(joins_per_s=3))
    await server.open()
    async with host(server, relay := Relay()) as first:
        await until(lambda: first.states == [SessionState.CONNECTED])
        for _ in range(3):
            await server.play(relay, viewer)

        with pytest.raises(TooManySessions) as refused:
            await server.play(relay, viewer)

        assert refused.value.details["retry_after_s"] == 1
    await server.close()
