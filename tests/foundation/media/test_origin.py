"""The origin answers blocking reloads at the right moment, and refuses what the rules refuse."""

import asyncio

import pytest
import rules

from livecommerce.foundation.core.errors import Busy, NotFound
from livecommerce.foundation.media import origin as origin_module
from livecommerce.foundation.media.h264 import ParameterSets
from livecommerce.foundation.media.origin import BadReload, NotStreaming, Origin, Reload, ReloadTimedOut
from livecommerce.foundation.media.playlist import RATE, Part

PARAMETERS = ParameterSets(b"\x67\x42\xc0\x1f", b"\x68", 640, 360)
HALF = RATE // 2


def make(**options):
    origin = Origin("e1", pdt_base_ms=1_700_000_000_000, part_target=HALF, **options)
    origin.begin(b"init", PARAMETERS, has_audio=True, start=0)
    return origin


def add(origin, *, closes=False, key=False, data=b"part"):
    origin.add(Part(data, HALF, key), closes=closes)


def segment(origin, parts=4):
    for number in range(parts):
        add(origin, key=number == 0, closes=number == parts - 1)


async def started(awaitable):
    """A task that has had the chance to run until it waits."""
    task = asyncio.ensure_future(awaitable)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return task


async def test_no_playlist_before_the_first_complete_segment():
    origin = make()
    add(origin, key=True)

    with pytest.raises(NotStreaming):
        await origin.playlist(Reload())
    with pytest.raises(NotStreaming):
        origin.master()


async def test_reload_waits_for_its_part_and_not_longer():
    origin = make()
    segment(origin)
    reload = await started(origin.playlist(Reload(msn=1, part=1)))

    add(origin, key=True)
    await asyncio.sleep(0)
    assert not reload.done()
    add(origin)

    page = rules.check(await reload)
    assert [part[1] for part in page.segments[-1].parts] == ["e1/p1.0.m4s", "e1/p1.1.m4s"]
    assert page.hint == "e1/p1.2.m4s"


async def test_reload_of_what_is_there_answers_at_once():
    origin = make()
    segment(origin)

    async with asyncio.timeout(1):
        page = rules.check(await origin.playlist(Reload(msn=0, part=2)))

    assert page.hint == "e1/p1.0.m4s"


async def test_reload_without_part_waits_for_the_whole_segment():
    origin = make()
    segment(origin)
    reload = await started(origin.playlist(Reload(msn=1)))

    for number in range(4):
        assert not reload.done()
        add(origin, key=number == 0, closes=number == 3)
        await asyncio.sleep(0)

    assert len(rules.check(await reload).segments) == 2


async def test_part_past_the_last_of_a_closed_segment_means_part_0_of_the_next():
    origin = make()
    segment(origin)

    reload = await started(origin.playlist(Reload(msn=0, part=4)))
    assert not reload.done()
    add(origin, key=True)

    assert rules.check(await reload).hint == "e1/p1.1.m4s"


@pytest.mark.parametrize(
    "reload", [Reload(part=0), Reload(msn=4), Reload(msn=1, part=9), Reload(msn=99, part=0)], ids=str
)
async def test_reloads_too_far_ahead_or_without_msn_are_bad_requests(reload):
    origin = make()
    segment(origin)
    add(origin, key=True)

    with pytest.raises(BadReload):
        await origin.playlist(reload)


async def test_reload_of_a_stream_that_stands_still_ends_with_503(monkeypatch):
    monkeypatch.setattr(origin_module, "RELOAD_TIMEOUT_S", 0.01)
    origin = make()
    segment(origin)

    with pytest.raises(ReloadTimedOut) as refused:
        await origin.playlist(Reload(msn=1, part=0))

    assert refused.value.status == 503
    assert origin.waiting == 0


async def test_waiters_are_bounded(monkeypatch):
    monkeypatch.setattr(origin_module, "MAX_WAITERS", 3)
    origin = make()
    segment(origin)
    waiting = [await started(origin.playlist(Reload(msn=1, part=0))) for _ in range(3)]

    with pytest.raises(Busy):
        await origin.playlist(Reload(msn=1, part=0))

    add(origin, key=True)
    await asyncio.gather(*waiting)


async def test_no_reader_of_a_thousand_misses_its_wake_up():
    origin = make()
    segment(origin)
    missed = []

    async def follow(reader):
        msn, part = 1, 0
        while msn < 6:
            try:
                async with asyncio.timeout(5):
                    page = rules.check(await origin.playlist(Reload(msn=msn, part=part)))
            except TimeoutError:
                return missed.append((reader, msn, part))
            hint = page.hint.split("/p")[1].removesuffix(".m4s").split(".")
            msn, part = int(hint[0]), int(hint[1])
        return None

    async with asyncio.TaskGroup() as group:
        for reader in range(100):
            group.create_task(follow(reader))
        for _ in range(6):
            for number in range(4):
                await asyncio.sleep(0.001 if number % 2 else 0)
                add(origin, key=number == 0, closes=number == 3)

    assert not missed


async def test_preload_hint_is_held_back_until_the_part_is_there():
    origin = make()
    segment(origin)
    request = await started(origin.part(1, 0))

    assert not request.done()
    add(origin, key=True, data=b"the next")

    assert await request == b"the next"


async def test_hinted_part_of_a_segment_that_closes_early_is_not_found():
    origin = make()
    segment(origin)
    add(origin, key=True)
    request = await started(origin.part(1, 1))

    origin.begin(b"another init", PARAMETERS, has_audio=True, start=20 * RATE)

    with pytest.raises(NotFound):
        await request


@pytest.mark.parametrize("place", [(0, 4), (1, 1), (2, 0), (9, 0)])
async def test_other_unknown_parts_do_not_exist(place):
    origin = make()
    segment(origin)

    with pytest.raises(NotFound):
        await origin.part(*place)


async def test_window_forgets_old_segments_and_their_init_and_counts_discontinuities():
    origin = make(window_s=10)
    for _ in range(4):
        segment(origin)
    origin.begin(b"second init", PARAMETERS, has_audio=True, start=10 * RATE)
    for _ in range(12):
        segment(origin)

    page = rules.check(await origin.playlist(Reload()))

    assert page.media_sequence > 4
    assert page.discontinuity_sequence == 1
    assert len(page.segments) <= 7
    with pytest.raises(NotFound):
        origin.segment(0)
    with pytest.raises(NotFound):
        origin.init(0)
    assert origin.init(1) == b"second init"


async def test_delta_update_skips_what_is_older_than_the_boundary():
    origin = make()
    for _ in range(20):
        segment(origin)

    whole = rules.check(await origin.playlist(Reload()))
    delta = rules.check(await origin.playlist(Reload(skip=True)))

    assert delta.skipped == 8
    assert [s.msn for s in delta.segments] == [s.msn for s in whole.segments[8:]]
    assert delta.segments[0].map_uri == "e1/i0.mp4"
    assert len(delta.text) < len(whole.text)


async def test_young_stream_is_never_skipped():
    origin = make()
    segment(origin)

    assert rules.check(await origin.playlist(Reload(skip=True))).skipped == 0


async def test_parts_are_listed_only_near_the_end():
    origin = make()
    for _ in range(20):
        segment(origin)

    page = rules.check(await origin.playlist(Reload()))

    assert [bool(s.parts) for s in page.segments] == [False] * 14 + [True] * 6


async def test_end_wakes_everybody_with_the_final_playlist():
    origin = make()
    segment(origin)
    reload = await started(origin.playlist(Reload(msn=1, part=0)))

    origin.end()

    page = rules.check(await reload)
    assert page.is_ended
    assert page.hint is None


async def test_master_names_codecs_and_size():
    origin = make()
    segment(origin)

    text = origin.master()

    assert 'CODECS="avc1.42c01f,opus",RESOLUTION=640x360' in text
    assert text.endswith("media.m3u8\n")


async def test_target_duration_never_changes():
    origin = make()
    seen = set()
    for parts in (2, 4, 8, 3):
        segment(origin, parts)
        text = await origin.playlist(Reload())
        seen.update(line for line in text.splitlines() if line.startswith("#EXT-X-TARGETDURATION"))

    assert len(seen) == 1
