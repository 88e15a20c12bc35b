"""A host publishes over WebRTC; the node serves segments, keeps the clock, and tells what happens to the stream."""

import asyncio
from contextlib import asynccontextmanager

import clip
import pytest
import rules
import studio

from livecommerce.foundation.core.clock import SystemClock
from livecommerce.foundation.core.errors import NotFound, StorageUnavailable
from livecommerce.foundation.core.ids import PersonId, ShowId, new_id
from livecommerce.foundation.media.door import NoStream, NotPlayable, PublishedByAnother, SessionNotFound, StreamState
from livecommerce.foundation.media.files import parse_reload
from livecommerce.foundation.media.node import MediaNode, NodeOptions
from livecommerce.foundation.media.origin import BadReload, NotStreaming, Reload
from livecommerce.foundation.media.registry import Node, NodeRegistry, RedisStreamClock
from livecommerce.foundation.media.sessions import RtcServer
from livecommerce.foundation.media.stream import next_state

SHOW, HOST, OTHER = ShowId(new_id()), PersonId(new_id()), PersonId(new_id())
WAITING, LIVE, STALLED, INTERRUPTED, ENDED = StreamState


@pytest.fixture(autouse=True)
def loopback(monkeypatch):
    studio.use_loopback(monkeypatch)


class Listener:
    def __init__(self):
        self.reports = []
        self.fail = 0

    async def stream_changed(self, report):
        if self.fail:
            self.fail -= 1
            raise StorageUnavailable()
        self.reports.append(report)

    @property
    def states(self):
        return [report.state for report in self.reports]


@asynccontextmanager
async def running(redis, listener, **options):
    rtc = RtcServer("127.0.0.1", 0)
    await rtc.open()
    registry = NodeRegistry(redis, SystemClock())
    node = MediaNode(
        Node("n1", "http://127.0.0.1:1"), rtc, registry, listener, SystemClock(), options=NodeOptions(**options)
    )
    task = asyncio.ensure_future(node.run())
    await asyncio.sleep(0)
    try:
        yield node, registry
    finally:
        await rtc.close()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def publish(node, *, owner=HOST):
    pc, offer = await studio.sending()
    session = await node.publish(SHOW, owner, offer)
    await studio.accept(pc, session.sdp)
    return pc, session


@pytest.mark.parametrize(
    ("state", "silence", "since", "has_left", "expected"),
    [
        (WAITING, None, 0, False, WAITING),
        (WAITING, 0, 0, False, LIVE),
        (LIVE, 999, 0, False, LIVE),
        (LIVE, 1000, 0, False, STALLED),
        (STALLED, 2499, 0, False, STALLED),
        (STALLED, 500, 0, False, LIVE),
        (STALLED, 2500, 0, False, INTERRUPTED),
        (LIVE, 10, 0, True, INTERRUPTED),
        (INTERRUPTED, 10, 9_000, False, LIVE),
        (INTERRUPTED, 1500, 9_000, False, INTERRUPTED),
        (INTERRUPTED, 9_000, 299_999, False, INTERRUPTED),
        (INTERRUPTED, 300_000, 300_000, False, ENDED),
        (ENDED, 10, 0, False, ENDED),
    ],
)
def test_states_follow_the_silence(state, silence, since, has_left, expected):
    found = next_state(state, silence_ms=silence, interrupted_ms=since, has_left=has_left, end_ms=300_000)

    assert found is expected


async def test_published_stream_becomes_segments_that_ffmpeg_decodes(redis):
    listener = Listener()
    async with running(redis, listener) as (node, registry):
        with pytest.raises(NoStream):
            await node.file(SHOW, "index.m3u8")
        pc, session = await publish(node)
        with pytest.raises(NotStreaming):
            await node.file(SHOW, "media.m3u8")
        await studio.until(lambda: INTERRUPTED not in listener.states and LIVE in listener.states)
        origin = node._streams[SHOW].packaging.origin
        await studio.until(lambda: origin.is_ready)

        master = (await node.file(SHOW, "index.m3u8")).body.decode()
        page = rules.check((await node.file(SHOW, "media.m3u8?_HLS_msn=1&_HLS_part=1")).body.decode())
        init = (await node.file(SHOW, page.segments[0].map_uri)).body
        parts = [(await node.file(SHOW, part[1])).body for part in page.parts]
        frames, _ = clip.decoded(init + b"".join(parts))
        numbers = await node.numbers(SHOW)

        assert len(frames) >= 30
        assert 'CODECS="avc1.42' in master
        assert (numbers.state, numbers.codec, numbers.width, numbers.height) == (LIVE, "H264", 320, 240)
        assert numbers.fps
        assert numbers.bitrate_kbps
        stream_clock = RedisStreamClock(registry, SystemClock())
        async with asyncio.timeout(10):
            while (media_ts := await stream_clock.media_ts(SHOW)) is None:
                await asyncio.sleep(0.05)
        assert abs(media_ts - node._streams[SHOW].relay.media_ts()) < 1000
        assert listener.reports[0].rtp_base == node._streams[SHOW].relay.rtp_base
        await node.close_session(SHOW, session.session_id, HOST)
        await pc.close()


async def test_viewer_sees_the_picture_over_whep(redis):
    async with running(redis, Listener()) as (node, _):
        viewer, offer, seen = await studio.receiving()
        with pytest.raises(NotPlayable):
            await node.play(SHOW, OTHER, offer)
        pc, _ = await publish(node)
        await studio.until(lambda: node._streams[SHOW].is_published)

        session = await node.play(SHOW, OTHER, offer)
        await studio.accept(viewer, session.sdp)
        await asyncio.wait_for(seen.wait(), 30)

        assert (await node.numbers(SHOW)).viewers.whep == 1
        assert (await node.find_session(SHOW, session.session_id, OTHER)).etag == session.etag
        with pytest.raises(SessionNotFound):
            await node.close_session(SHOW, session.session_id, HOST)
        await node.disconnect(SHOW, OTHER)
        with pytest.raises(SessionNotFound):
            await node.find_session(SHOW, session.session_id, OTHER)
        await viewer.close()
        await pc.close()


async def test_host_who_leaves_interrupts_and_who_returns_resumes_after_a_discontinuity(redis):
    listener = Listener()
    async with running(redis, listener) as (node, _):
        pc, session = await publish(node)
        await studio.until(lambda: LIVE in listener.states)
        await studio.until(lambda: node._streams[SHOW].packaging.origin.is_ready)
        await node.close_session(SHOW, session.session_id, HOST)
        await pc.close()
        await studio.until(lambda: listener.states == [LIVE, INTERRUPTED])

        pc, _ = await publish(node)
        await studio.until(lambda: listener.states == [LIVE, INTERRUPTED, LIVE])
        origin = node._streams[SHOW].packaging.origin
        await studio.until(lambda: any(segment.is_discontinuous for segment in origin._segments))

        rules.check(await origin.playlist(Reload()))
        first, _, third = listener.reports
        assert (first.rtp_base, first.pdt_base_ms, first.stream_id) == (
            third.rtp_base,
            third.pdt_base_ms,
            third.stream_id,
        )
        await pc.close()


async def test_silent_host_is_noticed_and_the_stream_ends_after_its_time(redis):
    listener = Listener()
    async with running(redis, listener, end_s=0.5) as (node, registry):
        pc, _ = await publish(node)
        await studio.until(
            lambda: node._streams[SHOW].packaging.origin and node._streams[SHOW].packaging.origin.is_ready
        )
        pc.getSenders()[0].track.stop()
        await pc.close()

        await studio.until(lambda: listener.states == [LIVE, INTERRUPTED, ENDED])

        assert "#EXT-X-ENDLIST" in (await node.file(SHOW, "media.m3u8")).body.decode()
        assert await registry.clock_base(SHOW) is None or not node._streams[SHOW].is_published


async def test_same_host_takes_over_and_another_person_is_refused(redis):
    async with running(redis, Listener()) as (node, _):
        first, _ = await publish(node)
        await studio.until(lambda: node._streams[SHOW].is_published)

        other, offer = await studio.sending()
        with pytest.raises(PublishedByAnother):
            await node.publish(SHOW, OTHER, offer)
        second, session = await publish(node)
        await studio.until(lambda: list(node._streams[SHOW].publishers) == [session.session_id])

        assert node._streams[SHOW].is_published
        for pc in (first, second, other):
            await pc.close()


async def test_listener_that_fails_is_told_again(redis, monkeypatch):
    monkeypatch.setattr("livecommerce.foundation.media.node.TELL_AGAIN_S", 0.05)
    listener = Listener()
    listener.fail = 3
    async with running(redis, listener) as (node, _):
        pc, _ = await publish(node)
        await studio.until(lambda: listener.states == [LIVE])
        await pc.close()


async def test_draining_node_interrupts_its_streams_and_leaves_the_registry(redis):
    listener = Listener()
    async with running(redis, listener) as (node, registry):
        pc, _ = await publish(node)
        await studio.until(lambda: listener.states == [LIVE])

        await node.drain()

        assert listener.states == [LIVE, INTERRUPTED]
        assert await registry.nodes() == []
        await pc.close()


async def test_show_that_ends_disconnects_everybody(redis):
    listener = Listener()
    async with running(redis, listener) as (node, _):
        pc, session = await publish(node)
        await studio.until(lambda: listener.states == [LIVE])

        await node.end(SHOW)

        await studio.until(lambda: listener.states == [LIVE, ENDED])
        with pytest.raises(SessionNotFound):
            await node.find_session(SHOW, session.session_id, HOST)
        await pc.close()


@pytest.mark.parametrize(
    "query",
    ["_HLS_msn=x", "_HLS_msn=-1", "_HLS_part=1e3&_HLS_msn=1", "_HLS_skip=perhaps", "_HLS_msn=²", "a=" + "b" * 300],
)
def test_unreadable_directives_are_bad_requests(query):
    with pytest.raises(BadReload):
        parse_reload(query)


def test_directives_are_read_and_unknown_ones_ignored():
    assert parse_reload("_HLS_msn=3&_HLS_part=2&_HLS_skip=YES&_HLS_report=x&a=b") == Reload(3, 2, skip=True)
    assert parse_reload("") == Reload()


@pytest.mark.parametrize("path", ["../secrets", "e1/p1.1.m4s", "deadbeef/p1.m4s", "deadbeef/p1.1.m4s", "x", ""])
async def test_paths_that_are_not_of_this_stream_do_not_exist(path):
    from livecommerce.foundation.media.files import hls_file
    from livecommerce.foundation.media.origin import Origin

    with pytest.raises(NotFound):
        await hls_file(Origin("0badcafe", pdt_base_ms=0, part_target=45_000), path)
