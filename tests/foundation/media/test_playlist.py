"""How playlists are written, beside what every other test checks on the way."""

import rules

from livecommerce.foundation.media.playlist import (
    RATE,
    Init,
    Page,
    Part,
    Segment,
    advance_part_limit,
    master_playlist,
    media_playlist,
)

INIT = Init(0, b"", "avc1.42c01f,opus", 640, 360)


def page(*segments, **fields):
    return Page("cafe0001", segments, 3, 1_700_000_000_500, RATE // 2, **fields)


def segment(msn, start, ticks, **fields):
    parts = [Part(b"", RATE // 2, index == 0) for index in range(ticks // (RATE // 2))]
    return Segment(msn, fields.pop("init", INIT), start, fields.pop("is_discontinuous", False), parts, **fields)


def test_playlist_to_the_letter():
    closed = segment(7, 0, RATE, is_closed=True)
    opened = segment(8, 9 * RATE, RATE, init=Init(1, b"", "avc1.42c01f,opus", 960, 540), is_discontinuous=True)

    assert media_playlist(page(closed, opened)) == (
        "#EXTM3U\n"
        "#EXT-X-VERSION:9\n"
        "#EXT-X-INDEPENDENT-SEGMENTS\n"
        "#EXT-X-TARGETDURATION:4\n"
        "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=24.0,PART-HOLD-BACK=1.500,HOLD-BACK=12.0\n"
        "#EXT-X-PART-INF:PART-TARGET=0.500\n"
        "#EXT-X-MEDIA-SEQUENCE:7\n"
        "#EXT-X-DISCONTINUITY-SEQUENCE:3\n"
        '#EXT-X-MAP:URI="cafe0001/i0.mp4"\n'
        "#EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:13:20.500Z\n"
        '#EXT-X-PART:DURATION=0.50000,URI="cafe0001/p7.0.m4s",INDEPENDENT=YES\n'
        '#EXT-X-PART:DURATION=0.50000,URI="cafe0001/p7.1.m4s"\n'
        "#EXTINF:1.00000,\n"
        "cafe0001/s7.m4s\n"
        "#EXT-X-DISCONTINUITY\n"
        '#EXT-X-MAP:URI="cafe0001/i1.mp4"\n'
        "#EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:13:29.500Z\n"
        '#EXT-X-PART:DURATION=0.50000,URI="cafe0001/p8.0.m4s",INDEPENDENT=YES\n'
        '#EXT-X-PART:DURATION=0.50000,URI="cafe0001/p8.1.m4s"\n'
        '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="cafe0001/p8.2.m4s"\n'
    )


def test_ended_playlist_hints_at_nothing():
    text = media_playlist(page(segment(7, 0, RATE, is_closed=True), is_ended=True))

    assert rules.check(text).is_ended
    assert "PRELOAD-HINT" not in text


def test_independent_segments_are_not_promised_when_one_is_not():
    dependent = Segment(8, INIT, RATE, False, [Part(b"", RATE // 2, False)])

    text = media_playlist(page(segment(7, 0, RATE, is_closed=True), dependent))

    assert "INDEPENDENT-SEGMENTS" not in text
    rules.check(text)


def test_hint_after_a_closed_segment_is_part_0_of_the_next():
    text = media_playlist(page(segment(7, 0, RATE, is_closed=True)))

    assert rules.check(text).hint == "cafe0001/p8.0.m4s"


def test_master_of_sound_alone_has_no_resolution():
    text = master_playlist(Init(0, b"", "opus", 0, 0), bandwidth=64_000)

    assert 'BANDWIDTH=64000,CODECS="opus"\n' in text


def test_advance_part_limit_is_three_seconds_of_parts():
    assert advance_part_limit(RATE // 2) == 6
    assert advance_part_limit(RATE) == 3
