"""However many viewers ask, the origin is asked once."""

import asyncio

import pytest

from livecommerce.foundation.core.errors import Busy, NotFound
from livecommerce.foundation.media import edge as edge_module
from livecommerce.foundation.media.door import File
from livecommerce.foundation.media.edge import Edge


class Source:
    """An origin that answers when told to."""

    def __init__(self, **files):
        self.asked = []
        self.gate = asyncio.Event()
        self.error = None
        self.file = File(b"x" * 100, "video/mp4", None)

    async def fetch(self, show_id, path):
        self.asked.append((show_id, path))
        await self.gate.wait()
        if self.error:
            raise self.error
        return self.file


async def test_a_hundred_concurrent_readers_make_one_origin_request():
    source = Source()
    async with Edge(source.fetch) as edge:
        readers = [asyncio.ensure_future(edge.get("show", "e1/p1.0.m4s")) for _ in range(100)]
        await asyncio.sleep(0)
        source.gate.set()

        files = await asyncio.gather(*readers)

        assert len(source.asked) == 1
        assert {file.body for file in files} == {source.file.body}
        await edge.get("show", "e1/p1.0.m4s")
        assert len(source.asked) == 1, "an immutable file is kept"


async def test_without_the_edge_the_origin_would_be_asked_a_hundred_times():
    source = Source()
    source.gate.set()

    await asyncio.gather(*(source.fetch("show", "e1/p1.0.m4s") for _ in range(100)))

    assert len(source.asked) == 100


async def test_shows_and_paths_are_kept_apart():
    source = Source()
    source.gate.set()
    async with Edge(source.fetch) as edge:
        await asyncio.gather(edge.get("a", "x"), edge.get("b", "x"), edge.get("a", "y"))

    assert len(source.asked) == 3


async def test_a_viewer_who_leaves_does_not_take_the_flight_from_the_others():
    source = Source()
    async with Edge(source.fetch) as edge:
        first, second = (asyncio.ensure_future(edge.get("show", "p")) for _ in range(2))
        await asyncio.sleep(0)

        first.cancel()
        await asyncio.sleep(0)
        source.gate.set()

        assert (await second).body == source.file.body
        assert len(source.asked) == 1


async def test_refusals_reach_everybody_and_are_not_kept():
    source = Source()
    source.error = NotFound()
    source.gate.set()
    async with Edge(source.fetch) as edge:
        results = await asyncio.gather(*(edge.get("show", "p") for _ in range(5)), return_exceptions=True)
        assert [type(result) for result in results] == [NotFound] * 5

        source.error = None
        assert (await edge.get("show", "p")).body == source.file.body


async def test_plain_playlists_are_kept_for_their_age_only():
    source, now = Source(), [0.0]
    source.file = File(b"#EXTM3U", "application/vnd.apple.mpegurl", 0.25)
    source.gate.set()
    async with Edge(source.fetch, monotonic=lambda: now[0]) as edge:
        await edge.get("show", "media.m3u8")
        now[0] = 0.2
        await edge.get("show", "media.m3u8")
        assert len(source.asked) == 1

        now[0] = 0.3
        await edge.get("show", "media.m3u8")
        assert len(source.asked) == 2


async def test_bytes_are_bounded_and_the_oldest_goes_first():
    source = Source()
    source.gate.set()
    async with Edge(source.fetch, max_bytes=250) as edge:
        for path in ("1", "2", "1", "3"):
            await edge.get("show", path)

        assert edge.held_bytes == 200
        assert [path for _, path in source.asked] == ["1", "2", "3"]
        await edge.get("show", "1")
        await edge.get("show", "2")
        assert [path for _, path in source.asked] == ["1", "2", "3", "2"]


async def test_flights_are_bounded(monkeypatch):
    monkeypatch.setattr(edge_module, "MAX_FLIGHTS", 2)
    source = Source()
    async with Edge(source.fetch) as edge:
        flying = [asyncio.ensure_future(edge.get("show", str(n))) for n in range(2)]
        await asyncio.sleep(0)

        with pytest.raises(Busy):
            await edge.get("show", "3")

        source.gate.set()
        await asyncio.gather(*flying)


async def test_closing_answers_those_who_wait():
    source = Source()
    async with Edge(source.fetch) as edge:
        reader = asyncio.ensure_future(edge.get("show", "p"))
        await asyncio.sleep(0)

    with pytest.raises(Busy):
        await reader
