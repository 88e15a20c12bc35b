"""The media process as the supervisor runs it, reached through its internal door as a web process does."""

import asyncio
import sys
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from livecommerce.broadcast.model import BroadcastState
from livecommerce.broadcast.store import StreamStore
from livecommerce.foundation.core.actors import Role
from livecommerce.foundation.core.errors import ConfigurationError, NotFound
from livecommerce.foundation.core.ids import PersonId, ShowId
from livecommerce.foundation.core.settings import (
    DatabaseSettings,
    DataSettings,
    MediaSettings,
    RedisSettings,
    ServerSettings,
    Settings,
)
from livecommerce.foundation.media.door import StreamState
from livecommerce.foundation.media.edge import Edge
from livecommerce.foundation.media.registry import RedisStreamClock
from livecommerce.foundation.media.remote import RemoteMedia
from livecommerce.foundation.media.signing import Signer
from livecommerce.identity.service import IdentityRoom
from livecommerce.processes import media
from livecommerce.processes.resources import Resources, open_resources
from livecommerce.processes.rooms import INTERNAL_KEY, open_lower_rooms
from livecommerce.shows.model import PauseReason, ShowStatus
from livecommerce.shows.service import ShowService

sys.path.insert(0, str(Path(__file__).parents[1] / "foundation" / "media"))
import clip
import rules
import studio


class Lifetime:
    def __init__(self):
        self.stopping = asyncio.Event()
        self.started = asyncio.Event()

    def ready(self):
        self.started.set()


@dataclass
class Web:
    """A web process, as far as media is concerned."""

    resources: Resources
    identity: IdentityRoom
    shows: ShowService
    media: RemoteMedia
    edge: Edge

    async def show(self):
        """A show on the air, and the host whose it is."""
        person, _ = await self.identity.staff.add(Role.HOST, "mara@example.org", "Mara", "a long enough password")
        signed_in = await self.identity.staff.sign_in("mara@example.org", "a long enough password", address="x")
        actor = await self.identity.identity.authenticate(signed_in.token)
        starts_at = self.resources.clock.now() + timedelta(minutes=1)
        show = await self.shows.create(actor, title="Pots", starts_at=starts_at)
        actor = await self.identity.identity.authenticate(signed_in.token)
        await self.shows.start(actor, ShowId(show.id))
        return ShowId(show.id), PersonId(person.id)


@pytest.fixture
def settings(database_url, redis_url, tmp_path):
    return Settings(
        database=DatabaseSettings(url=database_url),
        redis=RedisSettings(url=redis_url),
        data=DataSettings(dir=str(tmp_path)),
        media=MediaSettings(interrupted_end_s=0.6),
    )


@asynccontextmanager
async def processes(settings):
    lifetime = Lifetime()
    running = asyncio.ensure_future(media.run(settings, lifetime))
    await asyncio.wait({running, asyncio.ensure_future(lifetime.started.wait())}, return_when="FIRST_COMPLETED")
    if running.done():
        running.result()
    async with AsyncExitStack() as stack:
        resources = await stack.enter_async_context(open_resources(settings))
        rooms = await open_lower_rooms(resources, stack)
        identity, shows = rooms.identity, rooms.shows
        signer = Signer(identity.keys.derive(INTERNAL_KEY))
        remote = await stack.enter_async_context(RemoteMedia(resources.nodes, signer, resources.clock))
        edge = await stack.enter_async_context(Edge(remote.file))
        yield Web(resources, identity, shows, remote, edge)
        lifetime.stopping.set()
        await asyncio.wait_for(running, 15)


async def publish(web, show_id, host):
    pc, offer = await studio.sending()
    session = await web.media.publish(show_id, host, offer)
    await studio.accept(pc, session.sdp)
    return pc, session


async def eventually(found, wanted, *, within=30.0):
    """Wait until an async question has the wanted answer."""
    async with asyncio.timeout(within):
        while await found() != wanted:
            await asyncio.sleep(0.05)


async def test_from_a_hosts_camera_to_segments_and_a_curtain(settings, monkeypatch):
    studio.use_loopback(monkeypatch)
    async with processes(settings) as web:
        store = StreamStore(web.resources.database)
        show_id, host = await web.show()

        async def state():
            found = await store.get(show_id)
            return found.state if found else None

        async def status():
            show = await web.shows.get(show_id)
            return show.status, show.pause_reason

        pc, session = await publish(web, show_id, host)
        await eventually(state, BroadcastState.LIVE)

        page = None
        while page is None:
            try:
                page = rules.check((await web.edge.get(show_id, "media.m3u8")).body.decode())
            except NotFound:
                await asyncio.sleep(0.1)
        files = [await web.edge.get(show_id, path) for path in (page.segments[0].map_uri, *(p[1] for p in page.parts))]
        frames, _ = clip.decoded(b"".join(file.body for file in files))
        assert len(frames) >= 30
        assert (await web.media.numbers(show_id)).state is StreamState.LIVE
        stream_clock = RedisStreamClock(web.resources.nodes, web.resources.clock)
        async with asyncio.timeout(10):
            while (media_ts := await stream_clock.media_ts(show_id)) is None:
                await asyncio.sleep(0.05)
        assert media_ts > 500

        await web.media.close_session(show_id, session.session_id, host)
        await pc.close()
        await eventually(status, (ShowStatus.PAUSED, PauseReason.STREAM_LOST))
        assert await state() is BroadcastState.INTERRUPTED

        await eventually(status, (ShowStatus.ENDED, None))
        assert await state() is BroadcastState.ENDED
        head = await web.resources.log.head(show_id, "public")
        told = await web.resources.log.since(show_id, "public", head.epoch, 0)
        assert [each.type for each in told] == [
            "show.started",
            "stream.started",
            "stream.stopped",
            "show.paused",
            "stream.stopped",
            "show.ended",
        ]


async def test_returning_host_resumes_the_show(settings, monkeypatch):
    studio.use_loopback(monkeypatch)
    patient = msgspec.structs.replace(settings, media=MediaSettings(interrupted_end_s=60.0))
    async with processes(patient) as web:
        show_id, host = await web.show()

        async def status():
            return (await web.shows.get(show_id)).status

        pc, session = await publish(web, show_id, host)
        await studio.until(lambda: pc.connectionState == "connected")
        await eventually(lambda: _live(web, show_id), True)
        await web.media.close_session(show_id, session.session_id, host)
        await pc.close()
        await eventually(status, ShowStatus.PAUSED)

        pc, _ = await publish(web, show_id, host)
        await eventually(status, ShowStatus.LIVE)
        await pc.close()


async def _live(web, show_id):
    return (await web.media.numbers(show_id)).state is StreamState.LIVE


async def test_stopping_process_interrupts_its_streams_so_that_pages_show_the_curtain(settings, monkeypatch):
    studio.use_loopback(monkeypatch)
    patient = msgspec.structs.replace(settings, media=MediaSettings(interrupted_end_s=60.0))
    async with processes(patient) as web:
        store = StreamStore(web.resources.database)
        show_id, host = await web.show()
        pc, _ = await publish(web, show_id, host)
        await eventually(lambda: _live(web, show_id), True)

        async def state():
            found = await store.get(show_id)
            return found.state if found else None

        await eventually(state, BroadcastState.LIVE)
    async with open_resources(patient) as resources:
        assert (await StreamStore(resources.database).get(show_id)).state is BroadcastState.INTERRUPTED
        assert await resources.nodes.nodes() == []
    await pc.close()


async def test_taken_ports_are_told_in_one_sentence(settings):
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        blocked = msgspec.structs.replace(settings, media=MediaSettings(udp_port=port))

        with pytest.raises(ConfigurationError, match=f"Cannot open UDP port {port}"):
            await media.run(blocked, Lifetime())


async def test_figures_are_served_for_prometheus(settings):
    import aiohttp

    with_metrics = msgspec.structs.replace(settings, server=ServerSettings(metrics_port=19_464))
    async with (
        processes(with_metrics),
        aiohttp.ClientSession() as session,
        session.get("http://127.0.0.1:19465/metrics") as response,
    ):
        text = await response.text()

    assert "livecommerce_media_sessions_publishing 0.0" in text
    assert "livecommerce_media_loop_lag_seconds" in text
