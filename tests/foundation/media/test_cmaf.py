"""What the packager makes is what FFmpeg reads, and every playlist on the way keeps the rules."""

import random

import clip
import pytest
import rules

from livecommerce.foundation.media.origin import Origin, Reload
from livecommerce.foundation.media.packaging import Packaging
from livecommerce.foundation.media.sink import Track

VIDEO = Track("video", "H264", 96, 90_000)
AUDIO = Track("audio", "opus", 111, 48_000)


class Studio:
    """Feeds a clip to the packaging on a clock of its own and checks the playlist after every payload."""

    def __init__(self, *tracks, **options):
        self.now_ms = 1_700_000_000_000
        self.asked = []
        self.packaging = Packaging(now_ms=lambda: self.now_ms, ask_key=self.asked.append, **options)
        self.packaging.started(tracks or (VIDEO, AUDIO))
        self._origin_ms = self.now_ms

    @property
    def origin(self) -> Origin:
        assert self.packaging.origin is not None
        return self.packaging.origin

    async def play(self, timed, *, offset=0.0):
        for at, payload in timed:
            self.now_ms = self._origin_ms + round((at + offset) * 1000)
            before = self.origin_version()
            self.packaging.rtp(payload.kind, payload.rtp_timestamp, payload.marker, payload.payload, payload.codec)
            if self.packaging.origin and self.origin.is_ready and self.origin_version() != before:
                rules.check(await self.origin.playlist(Reload()))

    def origin_version(self):
        origin = self.packaging.origin
        return origin and (origin._next_msn, origin._next_start)

    async def files(self):
        """Per init segment: its bytes and those of every part that needs it, in order."""
        page = rules.check(await self.origin.playlist(Reload()))
        joined = {}
        for segment in page.segments:
            init = int(segment.map_uri.split("/i")[1].removesuffix(".mp4"))
            joined.setdefault(init, self.origin.init(init))
            found = self.origin._find(segment.msn)
            joined[init] += found.data
        return joined


async def test_ffmpeg_decodes_every_picture_and_all_sound():
    studio = Studio()

    await studio.play(clip.interleaved(clip.pictures(180, gop=60), seconds=6))
    studio.packaging.stopped()

    (file,) = (await studio.files()).values()
    frames, samples = clip.decoded(file)
    assert len(frames) == 180
    assert abs(samples - 6 * 48_000) <= 2 * 960
    assert [frame.pts for frame in frames] == [n * 3000 for n in range(180)]


async def test_every_part_is_decodable_from_its_segments_start():
    studio = Studio()
    await studio.play(clip.interleaved(clip.pictures(150, gop=60), seconds=5))

    page = rules.check(await studio.origin.playlist(Reload()))

    for segment in page.segments:
        init, joined, count = studio.origin.init(0), b"", 0
        for index in range(len(segment.parts)):
            joined += await studio.origin.part(segment.msn, index)
            frames, _ = clip.decoded(init + joined)
            assert len(frames) > count
            count = len(frames)


async def test_parts_are_half_a_second_and_segments_end_at_key_frames():
    studio = Studio()

    await studio.play(clip.interleaved(clip.pictures(200, gop=60), seconds=6.6))

    page = rules.check(await studio.origin.playlist(Reload()))
    closed = [segment.duration for segment in page.segments if segment.duration]
    assert closed == [2.0, 2.0, 2.0]
    assert [part[0] for part in page.parts] == [0.5] * 13


@pytest.mark.parametrize(
    "steps",
    [(3330, 5850, 3000, 4470), (9000,), (8000, 7000), (3000,) * 20 + (30_000,), (60_000, 3000), (100_000, 4500)],
    ids=["chromium", "10 fps", "11 fps", "short freeze", "long freeze", "longer than a part"],
)
async def test_part_rules_hold_at_variable_frame_rates(steps):
    studio = Studio()

    await studio.play(clip.interleaved(clip.pictures(300, gop=30), seconds=12, steps=steps))
    studio.packaging.stopped()

    page = rules.check(await studio.origin.playlist(Reload()))
    ((_, file),) = (await studio.files()).items()
    frames, _ = clip.decoded(file)
    assert len(page.segments) >= 3
    expected, at = [], 0
    while at < 12 * 90_000 and len(expected) < 300:
        expected.append(at)
        at += steps[(len(expected) - 1) % len(steps)]
    assert [frame.pts for frame in frames] == expected


async def test_playlist_checker_sees_a_part_that_is_too_long():
    studio = Studio()
    await studio.play(clip.interleaved(clip.pictures(150, gop=60), seconds=5))
    text = await studio.origin.playlist(Reload())

    with pytest.raises(AssertionError, match="exceeds PART-TARGET"):
        rules.check(text.replace("DURATION=0.50000", "DURATION=0.50300", 1))


async def test_key_frame_is_asked_for_before_the_segment_gets_long():
    studio = Studio()

    await studio.play(clip.interleaved(clip.pictures(200, gop=400), seconds=2.5))

    assert studio.asked
    assert set(studio.asked) == {"segment_age"}


async def test_publisher_that_ignores_key_frame_requests_still_gets_legal_segments():
    studio = Studio()

    await studio.play(clip.interleaved(clip.pictures(400, gop=400), seconds=13))

    page = rules.check(await studio.origin.playlist(Reload()))
    assert max(segment.duration for segment in page.segments if segment.duration) <= 4.49
    assert "#EXT-X-INDEPENDENT-SEGMENTS" not in page.text


async def test_new_sps_makes_a_new_init_segment_after_a_discontinuity():
    studio = Studio()
    small, large = clip.pictures(75, gop=30), clip.pictures(75, gop=30, width=640, height=360)

    await studio.play(clip.interleaved(small + large, seconds=5))
    studio.packaging.stopped()

    page = rules.check(await studio.origin.playlist(Reload()))
    files = await studio.files()
    sizes = [{(frame.width, frame.height) for frame in clip.decoded(file)[0]} for file in files.values()]
    assert sizes == [{(320, 240)}, {(640, 360)}]
    assert [segment.is_discontinuous for segment in page.segments].count(True) == 1
    assert sum(len(clip.decoded(file)[0]) for file in files.values()) == 150


async def test_returning_publisher_goes_on_after_a_discontinuity_with_honest_dates():
    studio = Studio()
    units = clip.pictures(90, gop=30)
    await studio.play(clip.interleaved(units, seconds=3))

    studio.packaging.stopped()
    studio.packaging.started((VIDEO, AUDIO))
    away = 7 * 90_000
    timed = clip.interleaved(units, seconds=3, video_base=1000 + away, audio_base=77 + 7 * 48_000)
    await studio.play(timed, offset=7.0)
    studio.packaging.stopped()

    page = rules.check(await studio.origin.playlist(Reload()))
    returned = next(segment for segment in page.segments if segment.is_discontinuous)
    assert returned.pdt == "2023-11-14T22:13:27.000Z"
    assert page.segments[0].pdt == "2023-11-14T22:13:20.000Z"
    frames, _ = clip.decoded((await studio.files())[0])
    assert len(frames) == 180


async def test_missing_sound_becomes_silence_so_that_players_go_on():
    studio = Studio()
    timed = clip.interleaved(clip.pictures(150, gop=30), seconds=5)
    muted = [(at, p) for at, p in timed if p.kind == "video" or not 1.0 < at < 4.0]

    await studio.play(muted)
    studio.packaging.stopped()

    _, samples = clip.decoded((await studio.files())[0])
    assert abs(samples - 5 * 48_000) <= 3 * 960


async def test_publisher_whose_microphone_never_sends_has_a_sound_track_of_silence():
    studio = Studio()
    timed = [(at, p) for at, p in clip.interleaved(clip.pictures(150, gop=30), seconds=5) if p.kind == "video"]

    await studio.play(timed)
    studio.packaging.stopped()

    _, samples = clip.decoded((await studio.files())[0])
    assert samples >= 4.5 * 48_000


async def test_sound_alone_is_packaged():
    studio = Studio(AUDIO)
    timed = [(at, p) for at, p in clip.interleaved((), seconds=7) if p.kind == "audio"]

    await studio.play(timed)

    page = rules.check(await studio.origin.playlist(Reload()))
    frames, samples = clip.decoded((await studio.files())[0])
    assert not frames
    assert [segment.duration for segment in page.segments if segment.duration] == [2.0, 2.0, 2.0]
    assert samples == 13 * 24_000 + 24_000 or samples >= 6.4 * 48_000


async def test_picture_alone_is_packaged():
    studio = Studio(VIDEO)
    timed = [(at, p) for at, p in clip.interleaved(clip.pictures(150, gop=30), seconds=5) if p.kind == "video"]

    await studio.play(timed)
    studio.packaging.stopped()

    frames, samples = clip.decoded((await studio.files())[0])
    assert (len(frames), samples) == (150, 0)


async def test_timestamps_that_wrap_change_nothing():
    studio = Studio()
    timed = clip.interleaved(
        clip.pictures(150, gop=30), seconds=5, video_base=2**32 - 90_000, audio_base=2**32 - 48_000
    )

    await studio.play(timed)
    studio.packaging.stopped()

    frames, _ = clip.decoded((await studio.files())[0])
    assert [frame.pts for frame in frames] == [n * 3000 for n in range(150)]


async def test_lost_packets_leave_a_hole_but_legal_playlists():
    studio = Studio()
    timed = clip.interleaved(clip.pictures(240, gop=30), seconds=8)
    for at, payload in timed:
        if payload.kind == "video" and 2.0 <= at < 2.03:
            studio.packaging.lost("video")
            continue
        await studio.play([(at, payload)])
    studio.packaging.stopped()

    frames, _ = clip.decoded((await studio.files())[0])
    assert 200 <= len(frames) < 240


async def test_sender_reports_put_sound_where_it_belongs():
    studio = Studio()
    units = clip.pictures(150, gop=30)
    studio.packaging.rtp("video", 1000, False, b"", "H264")

    studio.packaging.clock("video", 1000, studio.now_ms)
    studio.packaging.clock("audio", 77, studio.now_ms + 1000)
    await studio.play(clip.interleaved(units, seconds=5))

    assert studio.packaging.timeline.place("audio", 77, 0) == 48_000


async def test_vp8_makes_no_playlist_but_keeps_the_clock():
    studio = Studio(Track("video", "VP8", 97, 90_000), AUDIO)

    studio.packaging.rtp("video", 5, True, b"\x10\x00", "VP8")

    assert not studio.packaging.is_hls
    assert studio.packaging.origin is None
    assert studio.packaging.timeline.rtp_base == 5


async def test_ended_stream_has_an_end_and_no_hint():
    studio = Studio()
    await studio.play(clip.interleaved(clip.pictures(90, gop=30), seconds=3))

    studio.packaging.end()

    page = rules.check(await studio.origin.playlist(Reload()))
    assert page.is_ended


async def test_stream_that_begins_anew_counts_on_from_the_one_before():
    studio = Studio()
    studio.now_ms += 5_000
    await studio.play(clip.interleaved(clip.pictures(90, gop=30), seconds=3), offset=5)
    before = rules.check(await studio.origin.playlist(Reload()))

    again = Studio()
    again.now_ms += 9_000
    await again.play(clip.interleaved(clip.pictures(90, gop=30), seconds=3), offset=9)
    after = rules.check(await again.origin.playlist(Reload()))

    assert (before.media_sequence, after.media_sequence) == (5, 9)
    assert after.media_sequence > before.segments[-1].msn
    assert after.discontinuity_sequence > before.discontinuity_sequence
    assert not after.segments[0].is_discontinuous


@pytest.mark.parametrize("tracks", [(VIDEO, AUDIO), (AUDIO,), (VIDEO,)], ids=["both", "sound", "picture"])
async def test_hostile_packets_never_raise_and_never_make_an_illegal_playlist(tracks):
    chance = random.Random(7)
    studio = Studio(*tracks)
    good = [payload for _, payload in clip.interleaved(clip.pictures(90, gop=30), seconds=3)]
    kinds = {track.kind for track in tracks}
    for number in range(6000):
        payload = chance.choice(good)
        if payload.kind not in kinds:
            continue
        stamp = payload.rtp_timestamp if chance.random() < 0.7 else chance.getrandbits(32)
        data = payload.payload if chance.random() < 0.6 else chance.randbytes(chance.randrange(40))
        studio.now_ms += chance.randrange(20)
        studio.packaging.rtp(payload.kind, stamp, chance.random() < 0.5, data, payload.codec)
        if number % 500 == 0:
            studio.packaging.lost("video")
            studio.packaging.clock(chance.choice(["video", "audio"]), chance.getrandbits(32), studio.now_ms)
    origin = studio.packaging.origin
    if origin is not None and origin.is_ready:
        rules.check(await origin.playlist(Reload()))
