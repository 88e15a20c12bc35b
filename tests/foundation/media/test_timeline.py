"""Picture and sound share one axis, whatever the RTP timestamps begin with."""

from livecommerce.foundation.media.meter import Meter
from livecommerce.foundation.media.timeline import Timeline

WRAP = 1 << 32


def test_picture_begins_at_zero_and_survives_the_wrap():
    timeline = Timeline("video", WRAP - 3000, 1_000_000)

    assert [timeline.place("video", stamp % WRAP, 0) for stamp in range(WRAP - 3000, WRAP + 9000, 3000)] == [
        0,
        3000,
        6000,
        9000,
    ]


def test_sound_is_placed_by_arrival_until_reports_say_better():
    timeline = Timeline("video", 0, 1_000_000)
    timeline.place("video", 0, 1_000_000)
    assert timeline.place("audio", 5000, 1_000_100) == 4800

    timeline.report("video", 90_000, 1_001_000)
    assert timeline.place("audio", 5960, 1_000_120) == 5760, "one report alone says nothing"
    timeline.report("audio", 5000 + 48_000, 1_001_050)

    assert timeline.place("audio", 5960, 1_000_120) == 50 * 48 + 960


def test_imprecise_reports_do_not_shake_the_sound():
    timeline = Timeline("video", 0, 1_000_000)
    timeline.place("video", 0, 1_000_000)
    timeline.place("audio", 0, 1_000_000)
    timeline.report("video", 0, 1_000_000)
    timeline.report("audio", 0, 1_000_000)
    places = []
    for second in range(1, 20):
        timeline.report("video", second * 90_000, 1_000_000 + second * 1000 + (30 if second % 2 else -30))
        timeline.report("audio", second * 48_000, 1_000_000 + second * 1000)
        places.append(timeline.place("audio", second * 48_000, 0))

    assert places == [second * 48_000 for second in range(1, 20)]


def test_sound_that_has_drifted_noticeably_is_moved():
    timeline = Timeline("video", 0, 1_000_000)
    timeline.place("video", 0, 1_000_000)
    timeline.place("audio", 0, 1_000_000)
    timeline.report("video", 0, 1_000_000)
    timeline.report("audio", 0, 1_000_000)

    timeline.report("audio", 0, 1_000_120)

    assert timeline.place("audio", 0, 0) == 120 * 48


def test_sound_before_the_first_picture_lies_before_zero():
    timeline = Timeline("video", 0, 1_000_000)
    timeline.place("video", 0, 1_000_000)
    timeline.place("audio", 9600, 1_000_000)

    assert timeline.place("audio", 0, 1_000_000) == -9600


def test_sound_waits_when_nothing_is_known_of_the_picture():
    timeline = Timeline("video", 0, 1_000_000)

    assert timeline.place("audio", 0, 1_000_000) is None


def test_meter_counts_the_last_three_seconds():
    now = [10_000]
    meter = Meter(lambda: now[0])
    assert meter.silence_ms() is None
    for _ in range(90):
        meter.packet("video", 1250)
        meter.picture()
        now[0] += 33

    assert 280 <= meter.kbps <= 320
    assert 29 <= meter.fps <= 31
    now[0] += 5000
    assert (meter.kbps, meter.fps, meter.silence_ms()) == (0, 0.0, 5033)
    meter.restart()
    assert meter.silence_ms() is None
