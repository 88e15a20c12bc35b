"""What viewers are told of a stream, and what happens to the show with it."""

from datetime import timedelta

import msgspec
import pytest

from livecommerce.broadcast import jobs
from livecommerce.broadcast.jobs import StreamJanitor
from livecommerce.broadcast.model import Broadcast, BroadcastState, Playback
from livecommerce.foundation.core.ids import new_id
from livecommerce.shows.model import PauseReason, ShowStatus

LIVE, INTERRUPTED, ENDED = BroadcastState.LIVE, BroadcastState.INTERRUPTED, BroadcastState.ENDED
PDT = 1_700_000_000_123


def broadcast(show, state, *, stream_id="", is_hls=True):
    return Broadcast(show.id, stream_id or show.id, state, 4_000_000_000, PDT, is_hls)


def applied(playback, envelope):
    """What the page's reducer does."""
    data = envelope.data if isinstance(envelope.data, dict) else msgspec.json.decode(envelope.data)
    if envelope.type == "stream.started":
        at = data.pop("started_at_ms")
        from livecommerce.broadcast.model import rfc3339

        return {"state": "live", "stream_started_at": rfc3339(at), **data}
    return {**playback, "state": data["reason"]}


async def test_old_snapshot_and_events_make_the_new_snapshot(room):
    show = await room.show()
    playback = msgspec.to_builtins(await room.service.playback(show.id))
    assert playback["state"] == "waiting"
    seen = 0

    for state in (LIVE, INTERRUPTED, LIVE, INTERRUPTED, ENDED):
        await room.announcer.announce(broadcast(show, state))
        told = await room.told(show.id)
        for envelope in told[seen:]:
            playback = applied(playback, envelope)
        seen = len(told)

        assert playback == msgspec.to_builtins(await room.service.playback(show.id))

    assert [envelope.type for envelope in told] == [
        "stream.started",
        "stream.stopped",
        "stream.started",
        "stream.stopped",
        "stream.stopped",
    ]


async def test_playback_names_both_ways_to_watch(room):
    show = await room.show()

    await room.announcer.announce(broadcast(show, LIVE))

    assert await room.service.playback(show.id) == Playback(
        state=LIVE,
        whep_url=f"/api/v1/shows/{show.id}/whep",
        hls_url=f"/api/v1/shows/{show.id}/hls/index.m3u8",
        stream_started_at="2023-11-14T22:13:20.123Z",
        rtp_base=4_000_000_000,
        pdt_base_ms=PDT,
    )


async def test_stream_that_cannot_be_packaged_has_no_hls_address(room):
    show = await room.show()

    await room.announcer.announce(broadcast(show, LIVE, is_hls=False))

    assert (await room.service.playback(show.id)).hls_url is None


async def test_same_state_is_told_once(room):
    show = await room.show()

    for _ in range(3):
        await room.announcer.announce(broadcast(show, LIVE))

    assert len(await room.told(show.id)) == 1


async def test_lost_picture_pauses_the_show_and_its_return_resumes_it(room):
    show = await room.show()
    await room.announcer.announce(broadcast(show, LIVE))

    await room.announcer.announce(broadcast(show, INTERRUPTED))
    paused = room.shows.shows[show.id]
    assert (paused.status, paused.pause_reason) == (ShowStatus.PAUSED, PauseReason.STREAM_LOST)

    await room.announcer.announce(broadcast(show, LIVE))
    assert room.shows.shows[show.id].status is ShowStatus.LIVE


async def test_pause_by_the_host_outlasts_the_stream(room):
    show = await room.show()
    await room.announcer.announce(broadcast(show, LIVE))
    room.shows.shows[show.id] = show.pause(room.shows.clock.now(), PauseReason.HOST)

    for state in (INTERRUPTED, LIVE, INTERRUPTED, ENDED):
        await room.announcer.announce(broadcast(show, state))
        assert room.shows.shows[show.id].pause_reason is PauseReason.HOST


async def test_show_that_waited_too_long_for_its_picture_ends(room):
    show = await room.show()
    for state in (LIVE, INTERRUPTED, ENDED):
        await room.announcer.announce(broadcast(show, state))

    assert room.shows.shows[show.id].status is ShowStatus.ENDED


async def test_stream_before_the_show_changes_nothing_about_it(room):
    show = await room.show(status=ShowStatus.SCHEDULED)

    for state in (LIVE, INTERRUPTED, ENDED):
        await room.announcer.announce(broadcast(show, state))

    assert room.shows.shows[show.id].status is ShowStatus.SCHEDULED


async def test_late_word_of_an_older_stream_does_not_count(room):
    show = await room.show()
    older, newer = new_id(), new_id()
    await room.announcer.announce(broadcast(show, LIVE, stream_id=older))
    await room.announcer.announce(broadcast(show, LIVE, stream_id=newer))

    await room.announcer.announce(broadcast(show, ENDED, stream_id=older))

    assert (await room.service.playback(show.id)).state is LIVE
    assert room.shows.shows[show.id].status is ShowStatus.LIVE


async def test_stream_whose_process_died_is_interrupted_and_later_ended(room, clock):
    show = await room.show()
    await room.announcer.announce(broadcast(show, LIVE))
    clock.advance((room.shows.clock.now() - clock.now()) / timedelta(seconds=1) + 1)
    janitor = _janitor(room, clock)

    for _ in range(jobs.MISSED - 1):
        await janitor.look()
    assert (await room.service.playback(show.id)).state is LIVE
    await janitor.look()
    assert (await room.service.playback(show.id)).state is INTERRUPTED
    assert room.shows.shows[show.id].pause_reason is PauseReason.STREAM_LOST

    clock.advance(301)
    await janitor.look()
    assert (await room.service.playback(show.id)).state is ENDED
    assert room.shows.shows[show.id].status is ShowStatus.ENDED


async def test_stream_whose_clock_moves_is_left_alone(room, clock):
    show = await room.show()
    await room.announcer.announce(broadcast(show, LIVE))
    clock.advance((room.shows.clock.now() - clock.now()) / timedelta(seconds=1) + 1)
    janitor = _janitor(room, clock)
    await room.registry.keep_clock(show.id, PDT)

    for _ in range(jobs.MISSED + 2):
        await janitor.look()

    assert (await room.service.playback(show.id)).state is LIVE


async def test_stream_of_an_ended_show_is_ended(room, clock):
    show = await room.show()
    await room.announcer.announce(broadcast(show, LIVE))
    clock.advance((room.shows.clock.now() - clock.now()) / timedelta(seconds=1) + 1)
    room.shows.shows[show.id] = show.end(room.shows.clock.now())

    await _janitor(room, clock).look()

    assert (await room.service.playback(show.id)).state is ENDED


def _janitor(room, clock):
    return StreamJanitor(
        room.store, room.announcer, room.shows, room.registry, media=room.node, clock=clock, end_s=300.0
    )


@pytest.mark.parametrize("shift_s", [0, 900, 1800])
def test_path_key_is_good_for_its_period_and_the_next(shift_s):
    from livecommerce.broadcast.service import PathKeys

    keys, at = PathKeys(b"secret"), 1_700_000_100_000
    key = keys.current("show", at)

    assert keys.is_valid("show", key, at + shift_s * 1000) is (shift_s < 1800)
    assert not keys.is_valid("another", key, at)
    assert not PathKeys(b"other").is_valid("show", key, at)
    assert not keys.is_valid("show", "", at)


async def test_hls_viewers_are_counted_over_processes_and_forgotten(room, redis, clock):
    from livecommerce.broadcast.service.viewers import HlsViewers
    from livecommerce.broadcast.store import HlsCounts

    show = await room.show()
    processes = [HlsViewers(HlsCounts(redis), clock) for _ in range(2)]
    for process in processes:
        await process.saw(show.id, address="10.0.0.9", browser="before")
        clock.advance(3)
        for number in range(3):
            await process.saw(show.id, address=f"10.0.0.{number}", browser="x")
        clock.advance(2)
        await process.saw(show.id, address="10.0.0.1", browser="x")

    assert await processes[0].total(show.id) == 8
    clock.advance(30)
    assert await processes[0].total(show.id) == 0
