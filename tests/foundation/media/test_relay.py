import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livecommerce.foundation.media.outbound import Mapping, OutTrack
from livecommerce.foundation.media.relay import Relay
from livecommerce.foundation.media.rtc.rtcp import ntp_from_ms, parse_rtcp, write_nack, write_pli
from livecommerce.foundation.media.rtc.rtp import RtpPacket, parse_rtp
from livecommerce.foundation.media.sink import Kind, Track
from livecommerce.foundation.media.source import Source
from livecommerce.foundation.media.viewers import Address, Viewer

VIDEO, AUDIO = Track("video", "H264", 96, 90_000), Track("audio", "opus", 111, 48_000)
KEY, DELTA = b"\x65key", b"\x41delta"


@dataclass
class Wire:
    """A viewer's peer that writes down what it is given."""

    plain: list[bytes] = field(default_factory=list)
    control: list[bytes] = field(default_factory=list)
    backlog: int = 0

    def send(self, plain: bytes) -> None:
        self.plain.append(plain)

    def send_rtcp(self, plain: bytes) -> None:
        self.control.append(plain)

    @property
    def packets(self) -> list[RtpPacket]:
        return [packet for packet in map(parse_rtp, self.plain) if packet is not None]

    @property
    def sequences(self) -> list[int]:
        return [packet.sequence for packet in self.packets]


@dataclass
class Tape:
    """A sink that writes down what it is given."""

    heard: list[tuple[object, ...]] = field(default_factory=list)

    def started(self, tracks: tuple[Track, ...]) -> None:
        self.heard.append(("started", *[track.codec for track in tracks]))

    def rtp(self, kind: Kind, rtp_timestamp: int, marker: bool, payload: bytes, codec: str) -> None:
        self.heard.append(("rtp", kind, rtp_timestamp, payload))

    def lost(self, kind: Kind) -> None:
        self.heard.append(("lost", kind))

    def clock(self, kind: Kind, rtp_timestamp: int, wall_ms: int) -> None:
        self.heard.append(("clock", kind, rtp_timestamp, wall_ms))

    def stopped(self) -> None:
        self.heard.append(("stopped",))


class Studio:
    """A relay with a clock that the test moves, and a publisher who counts requests for key frames."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.tape = Tape()
        self.asked = 0
        self.relay = Relay(sink=self.tape, clock=lambda: self.now, wall=lambda: self.now)
        self.source: Source = self.publish()

    def publish(self, *tracks: Track) -> Source:
        self.source = self.relay.attach(tracks or (AUDIO, VIDEO), self._asked)
        return self.source

    def _asked(self) -> None:
        self.asked += 1

    def video(self, number: int, payload: bytes = DELTA, *, timestamp: int | None = None) -> None:
        at = 3000 * number if timestamp is None else timestamp
        packet = RtpPacket(96, True, number & 0xFFFF, at & 0xFFFFFFFF, 7, payload)
        self.source.packet("video", number, packet)
        self.source.ordered("video", number, packet)

    def audio(self, number: int) -> None:
        packet = RtpPacket(111, False, number & 0xFFFF, 960 * number, 8, b"opus")
        self.source.packet("audio", number, packet)
        self.source.ordered("audio", number, packet)

    def viewer(
        self, *, on_unplayable: Callable[[], None] = lambda: None, payload_type: int = 102
    ) -> tuple[Viewer, Wire]:
        wire = Wire()
        addresses: dict[Kind, Address] = {"audio": Address(111, b""), "video": Address(payload_type, b"")}
        viewer = Viewer(wire, addresses, codecs={"audio": "opus", "video": "H264"}, on_unplayable=on_unplayable)
        self.relay.join(viewer)
        return viewer, wire

    def watching(self) -> tuple[Viewer, Wire]:
        """A viewer who follows the live stream, with nothing received yet."""
        viewer, wire = self.viewer()
        self.video(100, KEY)
        wire.plain.clear()
        return viewer, wire


@pytest.fixture
def studio() -> Studio:
    return Studio()


def steps(numbers: list[int]) -> list[int]:
    return [(following - number) & 0xFFFF for number, following in pairwise(numbers)]


def test_numbers_stay_consecutive_across_both_wraps(studio: Studio) -> None:
    _, wire = studio.viewer()
    studio.video(65530, KEY, timestamp=2**32 - 6000)
    for offset in range(1, 20):
        studio.video(65530 + offset, timestamp=2**32 - 6000 + 3000 * offset)

    times = [packet.timestamp for packet in wire.packets]
    assert steps(wire.sequences) == [1] * 19
    assert [(b - a) % 2**32 for a, b in pairwise(times)] == [3000] * 19


def test_a_late_packet_keeps_its_own_number(studio: Studio) -> None:
    _, wire = studio.watching()

    for number in (101, 104, 102, 103):
        studio.video(number)

    first = wire.sequences[0]
    assert [sequence - first for sequence in wire.sequences] == [0, 3, 1, 2]


def test_probes_leave_no_hole(studio: Studio) -> None:
    _, wire = studio.watching()

    for number in range(101, 120):
        studio.video(number, b"" if number % 3 == 0 else DELTA)

    assert steps(wire.sequences) == [1] * (len(wire.sequences) - 1)
    assert len(wire.sequences) == 13


def test_without_knowing_of_the_probes_there_would_be_holes(studio: Studio) -> None:
    _, wire = studio.watching()

    for number in range(101, 120):
        if number % 3:
            studio.video(number)

    assert set(steps(wire.sequences)) == {1, 2}


def test_a_late_probe_fills_the_hole_it_has_left(studio: Studio) -> None:
    _, wire = studio.watching()

    for number, payload in ((101, DELTA), (103, DELTA), (102, b"")):
        studio.video(number, payload)

    filler = wire.packets[-1]
    assert filler.payload == b""
    assert sorted(wire.sequences) == list(range(wire.sequences[0], wire.sequences[0] + 3))


@settings(max_examples=60, deadline=None)
@given(st.permutations(range(30)), st.sets(st.integers(0, 29)))
def test_no_number_is_ever_used_twice(order: list[int], probes: set[int]) -> None:
    out = OutTrack("video")
    first = RtpPacket(96, True, 0, 0, 7, KEY)
    mapping = Mapping(out, first, 1000, 0.0)
    mapping.place(1000, first, 0.0)

    records = [
        mapping.place(1001 + index, first._replace(payload=b"" if index in probes else DELTA), 0.0) for index in order
    ]

    used = [record.sequence for record in records if record is not None]
    assert len(set(used)) == len(used)


def test_a_new_publisher_continues_the_numbers_and_the_time(studio: Studio) -> None:
    _, wire = studio.watching()
    studio.video(101)
    last = wire.packets[-1]
    studio.now += 2.0

    studio.publish()
    studio.video(40_000, DELTA, timestamp=5)
    studio.video(40_001, KEY, timestamp=9)
    studio.video(40_002, timestamp=9 + 3000)

    fresh = wire.packets[-2:]
    assert [packet.sequence - last.sequence for packet in fresh] == [1, 2]
    assert [(packet.timestamp - last.timestamp) % 2**32 for packet in fresh] == [180_000, 183_000]
    assert {packet.ssrc for packet in wire.packets} == {last.ssrc}


def test_the_publisher_who_was_replaced_is_not_heard(studio: Studio) -> None:
    _, wire = studio.watching()
    old = studio.source
    studio.publish()

    old.packet("video", 101, RtpPacket(96, True, 101, 1, 7, KEY))
    studio.relay.detach(old)

    assert wire.plain == []
    assert ("stopped",) not in studio.tape.heard


def test_video_begins_with_a_key_frame_and_sound_does_not_wait(studio: Studio) -> None:
    _, wire = studio.viewer()

    studio.audio(1)
    studio.video(1)
    studio.video(2, KEY)

    assert [packet.payload for packet in wire.packets] == [b"opus", KEY]


async def test_a_viewer_who_joins_gets_the_newest_pictures_then_the_live_ones(studio: Studio) -> None:
    studio.video(1, KEY)
    for number in range(2, 30):
        studio.video(number)
    studio.now += 1

    _, wire = studio.viewer()
    studio.video(30)
    async with asyncio.timeout(2):
        while len(wire.plain) < 30:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.02)  # one more pace, in which the viewer enters the live group
    studio.video(31)

    assert wire.packets[0].payload == KEY
    assert steps(wire.sequences) == [1] * 30
    assert studio.asked == 0


def test_a_viewer_who_joins_an_old_group_of_pictures_waits_for_a_key_frame(studio: Studio) -> None:
    studio.video(1, KEY)
    studio.now += 2.6

    _, wire = studio.viewer()
    studio.video(2)

    assert studio.asked == 1
    assert wire.plain == []
    studio.video(3, KEY)
    assert [packet.payload for packet in wire.packets] == [KEY]


def test_requests_for_key_frames_are_one_at_a_time_and_repeated(studio: Studio) -> None:
    for _ in range(10):
        studio.relay.request_key("join")
    assert studio.asked == 1
    studio.now += 0.3
    studio.relay.tick(0)
    assert studio.asked == 1
    studio.now += 0.3
    studio.relay.tick(0)
    assert studio.asked == 2

    studio.video(1, KEY)
    studio.now += 5
    studio.relay.tick(0)

    assert studio.asked == 2
    assert studio.relay.stats().plis == {"join": 1}


def test_a_resend_is_the_very_same_packet(studio: Studio) -> None:
    viewer, wire = studio.watching()
    for number in range(101, 106):
        studio.video(number, DELTA + bytes([number]))
    lost = wire.plain[2]
    ssrc = wire.packets[2].ssrc

    studio.relay.on_rtcp(viewer, write_nack(1, ssrc, [wire.sequences[2]]))

    assert wire.plain[-1] == lost
    assert studio.relay.stats().resent == 1


def test_a_viewer_cannot_ask_for_more_than_the_limit(studio: Studio) -> None:
    viewer, wire = studio.watching()
    for number in range(101, 301):
        studio.video(number)
    sequences, ssrc = wire.sequences, wire.packets[0].ssrc
    studio.now += 0.5

    for _ in range(10):
        studio.relay.on_rtcp(viewer, write_nack(1, ssrc, sequences[:100]))
    for _ in range(100):
        studio.relay.on_rtcp(viewer, write_pli(1, ssrc))

    assert studio.relay.stats().resent == 200
    assert studio.asked == 2  # one for joining, one for a hundred requests


def test_viewers_with_equal_labels_share_one_packet(studio: Studio) -> None:
    wires = [studio.viewer()[1], studio.viewer()[1], studio.viewer(payload_type=98)[1]]

    studio.video(1, KEY)

    assert wires[0].plain[0] is wires[1].plain[0]
    assert wires[2].packets[0].payload_type == 98
    assert wires[2].sequences == wires[0].sequences


def test_a_stuck_socket_stops_video_until_the_next_key_frame_and_not_the_sound(studio: Studio) -> None:
    _, wire = studio.watching()
    wire.backlog = 10 << 20

    studio.video(101)
    studio.audio(1)
    wire.backlog = 0
    studio.video(102)
    studio.video(103, KEY)

    assert [packet.payload for packet in wire.packets] == [b"opus", KEY]
    assert studio.relay.stats().dropped == 1


def test_viewers_hear_the_publishers_clock_once_a_second(studio: Studio) -> None:
    _, wire = studio.watching()
    studio.audio(1)
    studio.source.sampled("video", 300_000, ntp_from_ms(5_000_000))
    studio.source.sampled("audio", 960, ntp_from_ms(5_000_040))

    studio.relay.tick(0)
    studio.relay.tick(0)

    assert len(wire.control) == 1
    audio, video = parse_rtcp(wire.control[0]).sender_reports
    sent = {packet.payload: packet.timestamp for packet in wire.packets}
    # The sound's first sample is 40 ms younger than the picture, by the publisher's own clock.
    assert (audio.rtp_timestamp - sent[b"opus"]) % 2**32 == (-40 * 48) % 2**32
    assert audio.ntp == video.ntp


def test_sinks_get_everything_in_order_on_the_outgoing_timeline(studio: Studio) -> None:
    studio.video(1, KEY)
    studio.source.ordered("video", 2, None)
    studio.video(3)

    base = studio.relay.rtp_base
    assert base is not None
    assert studio.tape.heard == [
        ("started", "opus", "H264"),
        ("rtp", "video", base, KEY),
        ("lost", "video"),
        ("rtp", "video", (base + 6000) % 2**32, DELTA),
    ]
    assert studio.asked == 1


def test_a_sink_that_fails_is_removed_and_the_viewers_go_on(studio: Studio) -> None:
    class Broken(Tape):
        def rtp(self, kind: Kind, rtp_timestamp: int, marker: bool, payload: bytes, codec: str) -> None:
            raise ValueError

    broken = Broken()
    studio.relay.add_sink(broken)
    _, wire = studio.watching()

    studio.video(101)

    assert broken.heard == [("started", "opus", "H264")]
    assert len(wire.plain) == 1


def test_media_ts_counts_from_the_first_picture(studio: Studio) -> None:
    assert studio.relay.media_ts() is None
    studio.video(1, KEY)
    studio.now += 1
    studio.video(31)
    studio.now += 0.25

    assert studio.relay.media_ts() == 1250
    assert studio.relay.started_at_ms == 1_000_000


def test_viewers_of_another_codec_must_ask_again(studio: Studio) -> None:
    asked: list[str] = []
    studio.viewer(on_unplayable=lambda: asked.append("again"))

    studio.publish(AUDIO, VIDEO)
    assert asked == []
    studio.publish(AUDIO, Track("video", "VP8", 97, 90_000))

    assert asked == ["again"]
