"""Only our own processes get through the internal door, and what they ask arrives as it was meant."""

import asyncio
import time
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from livecommerce.foundation.core.clock import SystemClock
from livecommerce.foundation.core.errors import Busy, StorageUnavailable
from livecommerce.foundation.core.ids import PersonId, ShowId, new_id
from livecommerce.foundation.media import remote as remote_module
from livecommerce.foundation.media.door import (
    File,
    MediaUnavailable,
    Negotiated,
    NoStream,
    PublishedByAnother,
    SessionNotFound,
    SessionTag,
    StreamNumbers,
    StreamState,
)
from livecommerce.foundation.media.edge import Edge
from livecommerce.foundation.media.internal import InternalDoor
from livecommerce.foundation.media.registry import Node, NodeRegistry, RedisStreamClock
from livecommerce.foundation.media.remote import RemoteMedia
from livecommerce.foundation.media.signing import MAX_SKEW_MS, BadSignature, Signer

SHOW, PERSON = ShowId(new_id()), PersonId(new_id())
KEY = b"k" * 32


class Door:
    """A media process in miniature."""

    def __init__(self):
        self.calls = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.error = None

    async def _called(self, *call):
        self.calls.append(call)
        await self.gate.wait()
        if self.error:
            raise self.error

    async def publish(self, show_id, owner, sdp):
        await self._called("publish", show_id, owner, sdp)
        return Negotiated("s1", '"e"', "answer")

    async def play(self, show_id, viewer, sdp):
        await self._called("play", show_id, viewer, sdp)
        return Negotiated("s2", '"e"', "answer")

    async def find_session(self, show_id, session_id, person):
        await self._called("find", session_id, person)
        return SessionTag(session_id, '"tag"')

    async def close_session(self, show_id, session_id, person):
        await self._called("close", session_id, person)

    async def disconnect(self, show_id, person):
        await self._called("disconnect", person)

    async def end(self, show_id):
        await self._called("end", show_id)

    async def file(self, show_id, path):
        await self._called("file", show_id, path)
        return File(b"\0\1", "video/mp4", None if path.endswith(".m4s") else 0.25)

    async def numbers(self, show_id):
        return StreamNumbers(state=StreamState.LIVE, codec="H264", fps=29.9)


@asynccontextmanager
async def running(redis, door, *, key=KEY):
    clock = SystemClock()
    registry = NodeRegistry(redis, clock)
    async with TestServer(InternalDoor(door, Signer(KEY), clock).application()) as server:
        await registry.announce(Node("n1", str(server.make_url("")).rstrip("/")))
        async with RemoteMedia(registry, Signer(key), clock) as media:
            yield media, registry, server


async def test_every_operation_arrives_as_it_was_meant(redis):
    door = Door()
    async with running(redis, door) as (media, _, _):
        assert await media.publish(SHOW, PERSON, "v=0 offer") == Negotiated("s1", '"e"', "answer")
        assert await media.play(SHOW, PERSON, "v=0 offer") == Negotiated("s2", '"e"', "answer")
        assert await media.find_session(SHOW, "s-1_x", PERSON) == SessionTag("s-1_x", '"tag"')
        await media.close_session(SHOW, "s1", PERSON)
        await media.disconnect(SHOW, PERSON)
        file = await media.file(SHOW, "media.m3u8?_HLS_msn=3&_HLS_part=1")
        part = await media.file(SHOW, "e1/p3.1.m4s")
        numbers = await media.numbers(SHOW)
        await media.end(SHOW)

    assert door.calls == [
        ("publish", SHOW, PERSON, "v=0 offer"),
        ("play", SHOW, PERSON, "v=0 offer"),
        ("find", "s-1_x", PERSON),
        ("close", "s1", PERSON),
        ("disconnect", PERSON),
        ("file", SHOW, "media.m3u8?_HLS_msn=3&_HLS_part=1"),
        ("file", SHOW, "e1/p3.1.m4s"),
        ("end", SHOW),
    ]
    assert file == File(b"\0\1", "video/mp4", 0.25)
    assert part.max_age_s is None
    assert numbers.fps == 29.9


async def test_refusals_come_back_as_the_same_domain_errors(redis):
    door = Door()
    async with running(redis, door) as (media, _, _):
        await media.publish(SHOW, PERSON, "v=0")
        for error in (PublishedByAnother(), NoStream(retry_after_s=2), Busy("Full.", retry_after_s=3)):
            door.error = error
            with pytest.raises(type(error)) as refused:
                await media.play(SHOW, PERSON, "v=0")
            assert (refused.value.code, refused.value.status) == (error.code, error.status)
            assert refused.value.message == error.message
            assert refused.value.details.get("retry_after_s") == error.details.get("retry_after_s")


async def test_process_with_another_key_is_refused(redis):
    door = Door()
    async with running(redis, door, key=b"x" * 32) as (media, _, _):
        with pytest.raises(BadSignature):
            await media.publish(SHOW, PERSON, "v=0")

    assert door.calls == []


@pytest.mark.parametrize("spoiled", ["address", "body", "method", "time", "late", "early", "missing", "garbage"])
async def test_request_that_was_changed_or_kept_is_refused(redis, spoiled):
    door, now = Door(), time.time_ns() // 1_000_000
    path = f"/internal/v1/shows/{SHOW}/whip?person={PERSON}"
    stamp = {"late": now - MAX_SKEW_MS - 1000, "early": now + MAX_SKEW_MS + 1000}.get(spoiled, now)
    headers = Signer(KEY).sign("POST", path, b"v=0", now_ms=stamp)
    if spoiled == "time":
        headers["X-LC-Time"] = str(now - 1)
    elif spoiled == "missing":
        headers = {}
    elif spoiled == "garbage":
        headers["X-LC-Time"] = "²³"
    address = path.replace(PERSON, new_id()) if spoiled == "address" else path
    method = "GET" if spoiled == "method" else "POST"
    async with running(redis, door) as (_, _, server), aiohttp.ClientSession() as session:
        body = b"v=1" if spoiled == "body" else b"v=0"
        async with session.request(method, server.make_url(address), data=body, headers=headers) as response:
            assert response.status in (401, 405)

    assert door.calls == []


async def test_the_same_request_unspoiled_is_accepted(redis):
    door, now = Door(), time.time_ns() // 1_000_000
    path = f"/internal/v1/shows/{SHOW}/whip?person={PERSON}"
    headers = Signer(KEY).sign("POST", path, b"v=0", now_ms=now)
    async with (
        running(redis, door) as (_, _, server),
        aiohttp.ClientSession() as session,
        session.post(server.make_url(path), data=b"v=0", headers=headers) as response,
    ):
        assert response.status == 201


async def test_a_hundred_waiting_viewers_hold_one_internal_request(redis):
    door = Door()
    async with running(redis, door) as (media, _, _), Edge(media.file) as edge:
        await media.publish(SHOW, PERSON, "v=0")
        door.calls.clear()
        door.gate.clear()
        waiting = [asyncio.ensure_future(edge.get(SHOW, "media.m3u8?_HLS_msn=3&_HLS_part=1")) for _ in range(100)]
        async with asyncio.timeout(5):
            while not door.calls:
                await asyncio.sleep(0.01)
        door.gate.set()
        await asyncio.gather(*waiting)

    assert len(door.calls) == 1


async def test_show_without_a_node_has_no_stream(redis):
    async with running(redis, Door()) as (media, _, _):
        with pytest.raises(NoStream):
            await media.file(SHOW, "media.m3u8")
        with pytest.raises(SessionNotFound):
            await media.close_session(SHOW, "s1", PERSON)
        assert (await media.numbers(SHOW)).state is StreamState.WAITING


async def test_lost_media_process_is_busy_and_no_other_error(redis):
    async with running(redis, Door()) as (media, _, server):
        await media.publish(SHOW, PERSON, "v=0")
        await server.close()

        with pytest.raises(MediaUnavailable) as refused:
            await media.play(SHOW, PERSON, "v=0")

    assert refused.value.status == 503


async def test_no_node_at_all_is_busy(redis, monkeypatch):
    monkeypatch.setattr(remote_module, "NODE_WAIT_S", 0.0)
    clock = SystemClock()
    async with RemoteMedia(NodeRegistry(redis, clock), Signer(KEY), clock) as media:
        with pytest.raises(MediaUnavailable):
            await media.publish(SHOW, PERSON, "v=0")


async def test_host_who_returns_while_the_media_process_is_replaced_waits_for_the_new_one(redis):
    old, new = Door(), Door()
    async with running(redis, old) as (media, registry, server):
        await media.publish(SHOW, PERSON, "v=0")
        await server.close()
        returning = asyncio.ensure_future(media.publish(SHOW, PERSON, "v=0 again"))
        async with asyncio.timeout(5):
            while await registry.nodes():
                await asyncio.sleep(0.02)
        assert not returning.done()

        clock = SystemClock()
        async with TestServer(InternalDoor(new, Signer(KEY), clock).application()) as replacement:
            await registry.announce(Node("n2", str(replacement.make_url("")).rstrip("/")))
            await asyncio.wait_for(returning, 5)

    assert new.calls == [("publish", SHOW, PERSON, "v=0 again")]


async def test_show_stays_on_its_node_and_new_ones_go_to_the_least_loaded(redis):
    registry = NodeRegistry(redis, SystemClock())
    await registry.announce(Node("busy", "http://a", load=9))
    first = await registry.assign(SHOW)
    await registry.announce(Node("idle", "http://b", load=0))

    assert first.id == "busy"
    assert (await registry.assign(SHOW)).id == "busy"
    assert (await registry.assign(ShowId(new_id()))).id == "idle"
    await registry.withdraw(first)
    assert (await registry.assign(SHOW)).id == "idle"


async def test_a_show_stays_on_its_node_while_redis_is_lost(redis, monkeypatch):
    registry = NodeRegistry(redis, SystemClock())
    await registry.announce(Node("n1", "http://a"))
    await registry.assign(SHOW)
    monkeypatch.setattr("livecommerce.foundation.media.registry.LOOKED_UP_S", 0.0)
    found = await registry.find(SHOW)

    async def lost(*_):
        raise StorageUnavailable()

    async def hangs(*_):
        await asyncio.sleep(30)

    with monkeypatch.context() as outage:
        outage.setattr(registry, "_assigned", hangs)
        assert await asyncio.wait_for(registry.find(SHOW), 5) == found
        outage.setattr(registry, "_assigned", lost)
        assert await registry.find(SHOW) == found
        with pytest.raises(StorageUnavailable):
            await registry.find(ShowId(new_id()))

    await registry.hold(SHOW, "n2")
    await registry.announce(Node("n2", "http://b"))
    assert (await registry.find(SHOW)).id == "n2"


async def test_stream_clock_counts_from_the_base_and_stops_with_the_stream(redis, clock):
    registry = NodeRegistry(redis, clock)
    stream_clock = RedisStreamClock(registry, clock)
    assert await stream_clock.media_ts(SHOW) is None

    await registry.keep_clock(SHOW, clock.now_ms() - 5000)
    clock.advance(1)
    assert await stream_clock.media_ts(SHOW) == 6000

    await registry.stop_clock(SHOW)
    assert await stream_clock.media_ts(SHOW) is None
