"""RTP payloads become access units; holes never do."""

import clip
import pytest

from livecommerce.foundation.media import frames, h264, opus
from livecommerce.foundation.media.frames import H264Depacketiser
from livecommerce.foundation.media.h264 import MalformedParameterSets, ParameterSets


def feed(depacketiser, payloads):
    return [picture for p in payloads for picture in depacketiser.add(p.rtp_timestamp, p.marker, p.payload)]


def stored(unit):
    """What a Picture of this Annex B unit must hold."""
    return b"".join(len(nal).to_bytes(4, "big") + nal for nal in clip.nals(unit) if nal[0] & 31 not in (7, 8, 9, 12))


def test_every_picture_of_a_clip_comes_back_byte_for_byte():
    units = clip.pictures(40, gop=20)
    depacketiser = H264Depacketiser()

    pictures = [p for n, unit in enumerate(units) for p in feed(depacketiser, clip.video_payloads(unit, n * 3000))]

    assert [picture.data for picture in pictures] == [stored(unit) for unit in units]
    assert [picture.is_key for picture in pictures] == [n % 20 == 0 for n in range(40)]
    assert any(len(unit) > clip.MTU for unit in units), "the clip must exercise FU-A"


def test_sps_tells_the_picture_size():
    unit = clip.pictures(2, width=322, height=182)[0]
    sps, pps = (next(nal for nal in clip.nals(unit) if nal[0] & 31 == kind) for kind in (7, 8))

    parameters = ParameterSets.of(sps, pps)

    assert (parameters.width, parameters.height) == (322, 182)
    assert parameters.codec.startswith("avc1.42")


def test_parameter_sets_that_are_cut_short_are_refused():
    unit = clip.pictures(2)[0]
    sps = next(nal for nal in clip.nals(unit) if nal[0] & 31 == 7)

    for length in range(8):
        with pytest.raises(MalformedParameterSets):
            ParameterSets.of(sps[:length], b"\x68")


def test_picture_with_a_lost_packet_is_dropped_and_nothing_comes_until_a_key_frame():
    units = clip.pictures(40, gop=20)
    depacketiser = H264Depacketiser()
    feed(depacketiser, clip.video_payloads(units[0], 0))

    depacketiser.lost()
    pictures = [p for n in range(1, 40) for p in feed(depacketiser, clip.video_payloads(units[n], n * 3000))]

    assert [picture.rtp_timestamp // 3000 for picture in pictures] == list(range(20, 40))


def test_without_the_loss_announcement_the_picture_would_pass():
    units = clip.pictures(40, gop=20)
    depacketiser = H264Depacketiser()
    feed(depacketiser, clip.video_payloads(units[0], 0))

    assert feed(depacketiser, clip.video_payloads(units[1], 3000))


def test_fragment_without_its_start_never_makes_a_picture():
    unit = next(unit for unit in clip.pictures(40, gop=20) if len(unit) > 3 * clip.MTU)
    payloads = clip.video_payloads(unit, 0)
    start = next(n for n, p in enumerate(payloads) if p.payload[0] & 31 == clip.FU_A)

    assert feed(H264Depacketiser(), payloads[:start] + payloads[start + 1 :]) == []


def test_lost_marker_is_made_up_for_by_the_next_timestamp():
    units = clip.pictures(40, gop=20)
    depacketiser = H264Depacketiser()
    first = [clip.Payload(p.kind, p.rtp_timestamp, False, p.payload) for p in clip.video_payloads(units[0], 0)]

    pictures = feed(depacketiser, first + clip.video_payloads(units[1], 3000))

    assert [picture.rtp_timestamp for picture in pictures] == [0, 3000]


def test_absurdly_long_picture_is_refused():
    depacketiser = H264Depacketiser()
    piece = bytes(60_000)

    pictures = feed(
        depacketiser,
        [clip.Payload("video", 0, n == 39, bytes([0x7C, 0x85 if n == 0 else 5]) + piece) for n in range(40)],
    )

    assert pictures == []
    assert depacketiser.needs_key


@pytest.mark.parametrize("payload", [b"", b"\x18", b"\x18\xff\xff\x01", b"\x7c", b"\x1d\0\0", b"\x78\0\0\0"])
def test_hostile_payloads_are_swallowed(payload):
    assert H264Depacketiser().add(0, True, payload) == []


def test_opus_durations_follow_the_toc_byte():
    assert opus.packet_ticks(opus.SILENCE) == opus.SILENCE_TICKS
    assert opus.packet_ticks(b"\x08") == 960  # SILK narrow band, 20 ms
    assert opus.packet_ticks(b"\x03\x83") == 3 * 480  # three frames of 10 ms
    assert all(frames.sound(0, packet).ticks == 960 for packet in clip.sounds(20))
    assert frames.sound(0, b"") is None
    assert frames.sound(0, b"\x1b\x3f") is None  # 63 frames of 60 ms


def test_h264_names_of_nal_types_are_those_of_table_7_1():
    assert (h264.SLICE, h264.IDR, h264.SPS, h264.PPS) == (1, 5, 7, 8)
