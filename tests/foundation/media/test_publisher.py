import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from aiohttp import web
from PIL import Image, ImageFont

from livecommerce.foundation.media.publisher import (
    Encoding,
    MediaFile,
    PublishRefused,
    TestPattern,
    UnreadableMedia,
    publish_file,
    publish_test,
    whip_url,
)
from livecommerce.foundation.media.publisher_encoders import Unit
from livecommerce.foundation.media.publisher_picture import TestPicture, _legible
from livecommerce.foundation.media.relay import Relay
from livecommerce.foundation.media.rtc.rtp import parse_rtp
from livecommerce.foundation.media.sessions import PublishSession, RtcServer, SessionState

SMALL = Encoding(width=160, height=96, fps=25, kbps=200)


async def until(condition: Callable[[], bool], seconds: float = 8.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


class Door:
    """The HTTP side of WHIP, and a media server that can die and come back."""

    def __init__(self) -> None:
        self.relay = Relay()
        self.server: RtcServer | None = None
        self.sessions: list[PublishSession] = []
        self.tokens: list[str | None] = []
        self.deleted: list[str] = []
        self.refusal: int | None = None
        self.url = ""

    async def start(self) -> None:
        self.server = RtcServer("127.0.0.1", 0)
        await self.server.open()

    async def whip(self, request: web.Request) -> web.Response:
        self.tokens.append(request.headers.get("Authorization"))
        if self.refusal is not None:
            return web.Response(status=self.refusal)
        if self.server is None:
            return web.Response(status=503, headers={"Retry-After": "0"})
        session = await self.server.publish(self.relay, await request.text())
        self.sessions.append(session)
        return web.Response(
            status=201,
            text=session.answer_sdp,
            content_type="application/sdp",
            headers={"Location": f"/session/{session.id}"},
        )

    async def delete(self, request: web.Request) -> web.Response:
        self.deleted.append(request.match_info["id"])
        return web.Response()


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    opened = Door()
    await opened.start()
    app = web.Application()
    app.add_routes([web.post("/api/v1/shows/show-1/whip", opened.whip), web.delete("/session/{id}", opened.delete)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    opened.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield opened
    if opened.server is not None:
        await opened.server.close()
    await runner.cleanup()


async def cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_the_test_picture_arrives_and_says_goodbye(door: Door) -> None:
    states: list[str] = []
    job = publish_test(door.url, "show-1", "secret", encoding=SMALL, on_state=states.append)
    task = asyncio.create_task(job)
    await until(lambda: door.relay.has_media)
    await until(lambda: door.sessions[0].state is SessionState.LIVE)

    await cancel(task)

    await until(lambda: door.sessions[0].state is SessionState.CLOSED)
    assert states == ["connecting", "live"]
    assert door.tokens == ["Bearer secret"]
    assert door.deleted == [door.sessions[0].id]
    assert [track.codec for track in door.relay.tracks] == ["opus", "H264"]


async def test_a_killed_media_server_has_its_picture_back_within_five_seconds(door: Door) -> None:
    task = asyncio.create_task(publish_test(door.url, "show-1", "secret", encoding=SMALL))
    await until(lambda: door.relay.has_media)
    assert door.server is not None
    dead, door.server = door.server, None
    await dead._opened().close()  # as a killed process: nothing is said to anybody

    await door.start()
    door.relay = Relay()
    await until(lambda: door.relay.has_media, seconds=5)

    await cancel(task)
    await dead.close()


async def test_a_refusal_ends_publishing_and_a_busy_server_does_not(door: Door) -> None:
    door.server, server = None, door.server
    task = asyncio.create_task(publish_test(door.url, "show-1", "secret", encoding=SMALL))
    await until(lambda: len(door.tokens) > 1)
    door.refusal = 403

    with pytest.raises(PublishRefused):
        await task
    door.server = server


async def test_a_request_for_a_key_frame_is_answered(door: Door) -> None:
    task = asyncio.create_task(publish_test(door.url, "show-1", "secret", encoding=SMALL))
    await until(lambda: door.relay.has_media)
    before = door.relay.stats().keyframe_interval_ms

    door.relay.request_key("test")
    await until(lambda: door.relay.stats().keyframe_interval_ms is not None, seconds=1.5)

    assert before is None
    await cancel(task)


async def test_packets_lost_on_the_way_are_sent_again(door: Door) -> None:
    task = asyncio.create_task(publish_test(door.url, "show-1", "secret", encoding=SMALL))
    await until(lambda: door.relay.has_media)
    uplink = door.sessions[0]._uplink
    assert uplink is not None
    network = door.sessions[0]._peer._ice
    receive, seen = network.receive, set[int]()

    def lossy(data: bytes) -> None:
        """Every tenth picture packet is lost once; RTP headers are readable on the wire."""
        packet = parse_rtp(data)
        if packet is not None and packet.payload_type == 102 and packet.sequence % 10 == 0:
            is_first_try = packet.sequence not in seen
            seen.add(packet.sequence)
            if is_first_try:
                return
        receive(data)

    network.receive = lossy  # type: ignore[method-assign]
    await until(lambda: uplink.stats().recovered >= 3, seconds=8)

    assert uplink.stats().rtt_ms is not None
    assert uplink.stats().lost <= 1
    await cancel(task)


def some_units(source: TestPattern | MediaFile, count: int) -> list[Unit]:
    stopping, units = threading.Event(), list[Unit]()
    for unit in source.units(stopping):
        units.append(unit)
        if len(units) >= count:
            stopping.set()
    return units


def test_the_pattern_is_one_key_frame_then_changes_with_sound_between() -> None:
    units = some_units(TestPattern(SMALL), 30)

    video, audio = [u for u in units if u.kind == "video"], [u for u in units if u.kind == "audio"]
    assert [unit.is_key for unit in video] == [True, *[False] * (len(video) - 1)]
    assert [unit.ticks for unit in audio] == [960 * index for index in range(len(audio))]
    assert [unit.ticks for unit in video] == [3600 * index for index in range(len(video))]


def test_the_caption_is_seen_in_the_picture_and_the_mark_leaves_no_trace() -> None:
    picture = TestPicture(320, 180)
    plain = picture.draw(0, caption="", clock="").to_ndarray()

    captioned = picture.draw(0, caption="Harbour mug", clock="").to_ndarray()
    for step in range(50):
        picture.draw(step / 10, caption="", clock="")
    again = picture.draw(0, caption="", clock="").to_ndarray()

    assert (captioned != plain).any()
    assert np.array_equal(again, plain)


def test_a_sign_that_the_font_lacks_is_spelled_out() -> None:
    font = ImageFont.load_default(20)

    assert _legible("Mug \u00b7 26.00 €\U0001f600", font) == "Mug \u00b7 26.00 EUR"


def test_a_background_picture_is_used(tmp_path: Path) -> None:
    path = tmp_path / "host.png"
    Image.new("RGB", (50, 90), (255, 0, 0)).save(path)

    frame = TestPicture(160, 96, path).draw(0, caption="", clock="")

    red, green, _ = frame.to_image().getpixel((80, 40))
    assert red > 200
    assert green < 60


def record(path: Path, *, seconds: float = 0.4) -> None:
    """A small file with a picture of 322 x 182 and no sound."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 322, 182, "yuv420p"
        for index in range(round(25 * seconds)):
            frame = av.VideoFrame.from_ndarray(np.full((182 * 3 // 2, 322), 40 + index, np.uint8), format="yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def test_a_file_is_looped_without_a_jump(tmp_path: Path) -> None:
    path = tmp_path / "show.mp4"
    record(path)

    source = MediaFile(path)
    units = some_units(source, 25)

    assert source.kinds == ("video",)
    assert [unit.ticks for unit in units] == [3600 * index for index in range(25)]


async def test_a_file_is_published(door: Door, tmp_path: Path) -> None:
    path = tmp_path / "show.mp4"
    record(path)

    task = asyncio.create_task(publish_file(door.url, "show-1", "secret", path))
    await until(lambda: door.relay.has_media)

    assert [track.kind for track in door.relay.tracks] == ["video"]
    await cancel(task)


def test_what_is_no_recording_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no picture here")

    with pytest.raises(UnreadableMedia):
        MediaFile(path)
    with pytest.raises(UnreadableMedia):
        MediaFile(tmp_path / "missing.mp4")


def test_the_endpoint_of_a_show_is_quoted() -> None:
    assert whip_url("http://host:1/", "a/b") == "http://host:1/api/v1/shows/a%2Fb/whip"


def test_a_machine_that_was_too_busy_skips_pictures_and_keeps_to_the_time_of_the_wall() -> None:
    units = TestPattern(Encoding(width=64, height=64, fps=10)).units(threading.Event())
    next(units)

    time.sleep(1.6)  # the machine was elsewhere
    began = time.monotonic()
    newest = 0.0
    for unit in units:
        newest = max(newest, unit.ticks / (90_000 if unit.kind == "video" else 48_000))
        if time.monotonic() - began > 0.5:
            break

    assert newest > 1.8
