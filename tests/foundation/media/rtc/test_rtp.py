from hypothesis import given, settings
from hypothesis import strategies as st

from livecommerce.foundation.media.rtc import rtcp
from livecommerce.foundation.media.rtc.packetize import h264_payloads, nal_units
from livecommerce.foundation.media.rtc.rtp import (
    MAX_PAYLOAD,
    RtpPacket,
    Unwrapper,
    mid_extension,
    parse_rtp,
    unwrap_rtx,
    write_rtp,
)

packets = st.builds(
    RtpPacket,
    st.integers(0, 127),
    st.booleans(),
    st.integers(0, 0xFFFF),
    st.integers(0, 0xFFFFFFFF),
    st.integers(0, 0xFFFFFFFF),
    st.binary(max_size=64),
)


@settings(deadline=None)
@given(packets, st.sampled_from([None, 1, 14]), st.sampled_from(["0", "video", "a" * 16]))
def test_a_packet_survives_being_written_and_read(packet: RtpPacket, extension_id: int | None, mid: str) -> None:
    assert parse_rtp(write_rtp(packet, mid_extension(extension_id, mid))) == packet


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=80))
def test_hostile_rtp_never_raises(data: bytes) -> None:
    packet = parse_rtp(data)

    assert packet is None or len(packet.payload) <= len(data) - 12


@settings(max_examples=300, deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=3), st.sampled_from([200, 201, 203, 205, 206]))
def test_hostile_rtcp_never_raises(chunks: list[bytes], kind: int) -> None:
    data = b"".join(bytes([0x80 | len(c) % 32, kind]) + (len(c) // 4).to_bytes(2, "big") + c for c in chunks)

    feedback = rtcp.parse_rtcp(data)

    assert len(feedback.nacks) <= rtcp.MAX_NACKED


def test_a_packet_with_lying_lengths_is_not_read() -> None:
    header = bytes.fromhex("b0600001 00000001 00000001".replace(" ", ""))

    assert parse_rtp(header + b"\xbe\xde\xff\xff") is None  # an extension longer than the packet
    assert parse_rtp(b"\xa0" + header[1:] + b"\xff") is None  # more padding than payload
    assert parse_rtp(b"\xa0" + header[1:] + b"\x00") is None  # no padding length


def test_a_padding_packet_has_no_payload() -> None:
    packet = RtpPacket(96, marker=False, sequence=7, timestamp=9, ssrc=1, payload=b"")
    padded = bytes([0xA0, *write_rtp(packet)[1:], 0, 0, 3])

    assert parse_rtp(padded) == packet


@settings(deadline=None)
@given(st.integers(0, 0xFFFF), st.lists(st.integers(-500, 500), max_size=60))
def test_extended_numbers_follow_the_source_across_the_wrap(start: int, steps: list[int]) -> None:
    unwrapper, truth = Unwrapper(16), start + 65536

    assert unwrapper.extend(start) == truth
    for step in steps:
        highest = unwrapper.highest
        assert highest is not None
        truth = highest + step
        assert unwrapper.extend(truth & 0xFFFF) == truth


@settings(deadline=None)
@given(st.integers(0, 0xFFFF), st.sets(st.integers(0, 300), min_size=1, max_size=80))
def test_every_asked_for_number_arrives(start: int, offsets: set[int]) -> None:
    sequences = [(start + offset) & 0xFFFF for offset in sorted(offsets)]

    feedback = rtcp.parse_rtcp(rtcp.write_nack(1, 42, sequences))

    assert feedback.nacks == [(42, sequence) for sequence in sequences]


def test_one_nack_cannot_ask_for_more_than_a_hundred_packets() -> None:
    feedback = rtcp.parse_rtcp(rtcp.write_nack(1, 42, list(range(1000))))

    assert len(feedback.nacks) == rtcp.MAX_NACKED


def test_a_compound_of_reports_and_requests_is_read() -> None:
    report = rtcp.SenderReport(5, rtcp.ntp_from_ms(1_700_000_000_123), 90_000, 3, 4)
    block = rtcp.ReportBlock(9, 25, 3, 70_000, 12, 0x11112222, 65536)
    compound = (
        rtcp.write_sender_report(report, "live")
        + rtcp.write_receiver_report(1, [block])
        + rtcp.write_remb(1, [9], 2_500_000)
        + rtcp.write_pli(1, 9)
        + rtcp.write_bye(5)
    )

    feedback = rtcp.parse_rtcp(compound)

    assert feedback.sender_reports == [report]
    assert feedback.blocks == [block]
    assert feedback.remb_bps is not None
    assert 2_490_000 < feedback.remb_bps <= 2_500_000
    assert (feedback.key_requests, feedback.bye) == ({9}, {5})
    assert abs(rtcp.ms_from_ntp(report.ntp) - 1_700_000_000_123) < 0.01
    assert all(len(part) % 4 == 0 for part in [compound, rtcp.write_sdes(1, "abc"), rtcp.write_sdes(1, "ab")])


def test_a_retransmission_is_unwrapped_and_an_empty_probe_is_not() -> None:
    wrapped = RtpPacket(97, marker=True, sequence=500, timestamp=9, ssrc=2, payload=b"\x00\x07data")

    assert unwrap_rtx(wrapped, 96, 1) == RtpPacket(96, True, 7, 9, 1, b"data")
    assert unwrap_rtx(wrapped._replace(payload=b""), 96, 1) is None


def test_a_picture_is_split_and_can_be_put_together_again() -> None:
    parameters, slice_ = [b"\x67sps", b"\x68pps"], b"\x65" + bytes(range(1, 256)) * 20
    annex_b = b"".join(b"\0\0\0\1" + unit for unit in [*parameters, slice_])

    payloads = h264_payloads(annex_b)

    assert list(nal_units(annex_b)) == [*parameters, slice_]
    assert all(len(payload) <= MAX_PAYLOAD for payload in payloads)
    assert payloads[0] == b"\x78\x00\x04\x67sps\x00\x04\x68pps"
    fragments = payloads[1:]
    assert b"\x65" + b"".join(fragment[2:] for fragment in fragments) == slice_
    assert [fragment[1] & 0xC0 for fragment in fragments] == [0x80, *[0] * (len(fragments) - 2), 0x40]
