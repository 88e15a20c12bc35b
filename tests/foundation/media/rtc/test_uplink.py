import pytest

from livecommerce.foundation.media.rtc.answer import BitrateCaps, choose_for_publisher
from livecommerce.foundation.media.rtc.rtcp import (
    Feedback,
    SenderReport,
    ntp_from_ms,
    parse_rtcp,
    write_bye,
    write_sender_report,
)
from livecommerce.foundation.media.rtc.rtp import RtpPacket, write_rtp
from livecommerce.foundation.media.rtc.sdp import parse_description
from livecommerce.foundation.media.rtc.uplink import ABUSE_S, Uplink
from livecommerce.foundation.media.rtc.window import GIVE_UP_S
from livecommerce.foundation.media.sink import Kind

from .offers import offer

VIDEO_SSRC, RTX_SSRC, AUDIO_SSRC = 1111, 2222, 3333


class Publisher:
    """An uplink with a clock that the test moves, what it sent back, and what it handed on."""

    def __init__(self) -> None:
        self.now = 100.0
        self.sent: list[Feedback] = []
        self.arrived: list[tuple[Kind, int]] = []
        self.in_order: list[int | None] = []
        self.samples: list[tuple[Kind, int, int]] = []
        chosen = choose_for_publisher(parse_description(offer()))
        self.uplink = Uplink(chosen, self, send_rtcp=self._sent, caps=BitrateCaps(), clock=lambda: self.now)

    def _sent(self, data: bytes) -> None:
        self.sent.append(parse_rtcp(data))

    def packet(self, kind: Kind, number: int, packet: RtpPacket) -> None:
        self.arrived.append((kind, packet.sequence))

    def ordered(self, kind: Kind, number: int, packet: RtpPacket | None) -> None:
        self.in_order.append(packet.sequence if packet is not None else None)

    def sampled(self, kind: Kind, rtp_timestamp: int, ntp: int) -> None:
        self.samples.append((kind, rtp_timestamp, ntp))

    def video(self, sequence: int, *, ssrc: int = VIDEO_SSRC, size: int = 100) -> None:
        packet = RtpPacket(102, marker=True, sequence=sequence, timestamp=3000, ssrc=ssrc, payload=b"\x65" * size)
        self.uplink.on_rtp(write_rtp(packet))

    def rtx(self, original: int, sequence: int = 1) -> None:
        payload = original.to_bytes(2, "big") + b"\x65"
        self.uplink.on_rtp(write_rtp(RtpPacket(103, True, sequence, 3000, RTX_SSRC, payload)))

    @property
    def asked(self) -> list[int]:
        return [sequence for feedback in self.sent for _, sequence in feedback.nacks]


@pytest.fixture
def publisher() -> Publisher:
    return Publisher()


def test_a_gap_is_asked_for_at_once_and_again_after_the_round_trip(publisher: Publisher) -> None:
    publisher.video(65535)
    publisher.video(1)

    assert publisher.asked == [0]
    publisher.now += 0.01
    publisher.uplink.tick()
    assert publisher.asked == [0]
    publisher.now += 0.05
    publisher.uplink.tick()
    assert publisher.asked == [0, 0]


def test_a_retransmission_fills_the_gap_and_is_passed_on_at_once(publisher: Publisher) -> None:
    publisher.video(10)
    publisher.video(12)
    publisher.rtx(11)

    assert publisher.arrived == [("video", 10), ("video", 12), ("video", 11)]
    assert publisher.in_order == [10, 11, 12]
    assert publisher.uplink.stats().recovered == 1
    publisher.rtx(11, sequence=2)
    assert len(publisher.arrived) == 3


def test_what_is_lost_is_given_up_in_time(publisher: Publisher) -> None:
    publisher.video(10)
    publisher.video(12)

    publisher.now += GIVE_UP_S + 0.01
    publisher.uplink.tick()

    assert publisher.in_order == [10, None, 12]
    assert publisher.uplink.stats().lost == 1


def test_a_second_source_on_the_same_payload_type_is_ignored(publisher: Publisher) -> None:
    publisher.video(10)
    publisher.video(500, ssrc=9)

    assert publisher.arrived == [("video", 10)]
    assert publisher.asked == []


def test_payload_types_that_were_not_negotiated_are_dropped(publisher: Publisher) -> None:
    publisher.uplink.on_rtp(write_rtp(RtpPacket(96, True, 1, 1, VIDEO_SSRC, b"x")))
    publisher.uplink.on_rtp(b"\x80")

    assert publisher.arrived == []
    assert publisher.uplink.dropped == 2


def test_a_key_frame_is_asked_of_the_media_source_only(publisher: Publisher) -> None:
    publisher.rtx(1)
    publisher.video(10)

    publisher.uplink.request_key()

    assert publisher.sent[-1].key_requests == {VIDEO_SSRC}


def test_reports_tell_the_loss_and_cap_the_rate(publisher: Publisher) -> None:
    report = SenderReport(VIDEO_SSRC, ntp_from_ms(1_700_000_000_000), 3000)
    publisher.video(0)
    publisher.uplink.on_rtcp(write_sender_report(report, "x"))
    for sequence in range(1, 100):
        if sequence % 2:
            publisher.video(sequence)
    publisher.now += 1

    publisher.uplink.tick()

    blocks, remb = publisher.sent[-1].blocks, publisher.sent[-1].remb_bps
    assert [block.ssrc for block in blocks] == [VIDEO_SSRC]
    assert 120 <= blocks[0].fraction_lost <= 130
    assert blocks[0].lsr == report.ntp >> 16 & 0xFFFFFFFF
    assert blocks[0].dlsr == 65536
    assert remb is not None
    assert 2_200_000 < remb < 2_300_000
    assert publisher.samples == [("video", 3000, report.ntp)]


def test_a_publisher_far_above_the_agreed_rate_is_cut_and_then_reported(publisher: Publisher) -> None:
    for second in range(ABUSE_S + 2):
        publisher.now = 200.0 + second
        for index in range(1500):
            publisher.video(second * 1500 + index, size=1200)

    assert publisher.uplink.is_abusive
    assert publisher.uplink.dropped > 0


def test_a_publisher_within_the_rate_is_not_cut(publisher: Publisher) -> None:
    for second in range(ABUSE_S + 2):
        publisher.now = 200.0 + second
        for index in range(300):
            publisher.video(second * 300 + index, size=1200)

    assert not publisher.uplink.is_abusive
    assert publisher.uplink.dropped == 0


def test_silence_is_measured_and_a_goodbye_counts_as_silence(publisher: Publisher) -> None:
    publisher.video(1)
    publisher.now += 0.4
    assert publisher.uplink.silence_s() == pytest.approx(0.4)

    publisher.uplink.on_rtcp(write_bye(VIDEO_SSRC))

    assert publisher.uplink.silence_s() >= 1
