import string
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livecommerce.foundation.core.errors import LiveCommerceError
from livecommerce.foundation.media.rtc.answer import (
    BitrateCaps,
    Transport,
    choose_for_publisher,
    choose_for_viewer,
    tracks_of,
    write_answer,
)
from livecommerce.foundation.media.rtc.sdp import (
    Fingerprint,
    MalformedOffer,
    NoCommonCodec,
    UnsupportedOffer,
    WrongDirection,
    parse_description,
)
from livecommerce.foundation.media.sink import Track

from .offers import AUDIO, TRANSPORT, VIDEO, changed, offer, without

OURS = Transport("uf", "pw", ("192.0.2.1", "2001:db8::1"), 4000, Fingerprint("sha-256", "AB"), "passive")
H264 = Track("video", "H264", 102, 90_000, "packetization-mode=1;profile-level-id=42e01f")
OPUS = Track("audio", "opus", 111, 48_000)
SSRCS = {"audio": 1, "video": 2}


def test_a_browsers_offer_is_read() -> None:
    description = parse_description(offer())

    video = description.section("video")
    assert video is not None
    assert (video.mid, video.direction, video.mid_extension_id) == ("1", "sendonly", 4)
    assert (video.ssrc, video.rtx_ssrc) == (1111, 2222)
    assert [codec.name for codec in video.codecs] == ["VP8", "rtx", "H264", "rtx", "VP9"]
    assert (description.ufrag, description.setup) == ("Ab1+", "actpass")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("hello", id="not sdp"),
        pytest.param("v=0\r\n", id="no section"),
        pytest.param(offer() + "x" * 16384, id="too long"),
        pytest.param(offer([*AUDIO, "a=x:" + "y" * 1024]), id="long line"),
        pytest.param(offer([*AUDIO, "a=x:\u00e9"]), id="not ascii"),
        pytest.param(offer([*AUDIO, "a=x:\0"]), id="null byte"),
        pytest.param(offer([*AUDIO, "nonsense"]), id="not a field"),
        pytest.param(offer(without(AUDIO, "a=mid")), id="no mid"),
        pytest.param(offer(AUDIO, changed(VIDEO, "a=mid:1", "a=mid:0")), id="two equal mids"),
        pytest.param(offer([*AUDIO, "a=recvonly"]), id="two directions"),
        pytest.param(offer(without(AUDIO, "a=rtpmap")), id="no codec"),
        pytest.param(offer(changed(AUDIO, "opus/48000/2", "opus/fast/2")), id="rate is a word"),
        pytest.param(offer(changed(AUDIO, "SAVPF 111", "SAVPF 300")), id="payload type above 127"),
        pytest.param(offer(changed(AUDIO, "SAVPF 111", "SAVPF " + "111 " * 65)), id="65 codecs"),
        pytest.param(offer(AUDIO + [f"a=extmap:{n} urn:x" for n in range(33)]), id="33 extensions"),
        pytest.param(offer(AUDIO + ["a=candidate:1 1 udp 1 192.0.2.9 9 typ host"] * 41), id="41 candidates"),
        pytest.param(offer().replace("a=ice-pwd:0123456789abcdefghijklmn", "a=ice-pwd:short"), id="short password"),
        pytest.param(offer().replace("a=ice-ufrag:Ab1+", "a=ice-ufrag:"), id="no ufrag"),
        pytest.param(offer().replace("a=setup:actpass", "a=setup:holdconn"), id="no setup"),
        pytest.param(offer().replace("sha-256 AB:", "sha-256 "), id="short digest"),
        pytest.param(offer().replace("sha-256 AB", "sha-256 ZZ"), id="digest is no hex"),
    ],
)
def test_what_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(MalformedOffer) as refused:
        parse_description(text)

    assert (refused.value.status, refused.value.code) == (400, "sdp_malformed")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(offer(head=[]), id="no bundle"),
        pytest.param(offer(head=["a=group:BUNDLE 0"]), id="one section not bundled"),
        pytest.param(offer(AUDIO, VIDEO, changed(AUDIO, "a=mid:0", "a=mid:2")), id="three sections"),
        pytest.param(offer(AUDIO, changed(AUDIO, "a=mid:0", "a=mid:2")), id="two audio sections"),
        pytest.param(offer(["m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "a=mid:0"]), id="data channel"),
        pytest.param(offer(changed(AUDIO, "UDP/TLS/RTP/SAVPF", "RTP/AVP")), id="not encrypted"),
        pytest.param(offer(without(AUDIO, "a=rtcp-mux")), id="no rtcp-mux"),
        pytest.param(offer(AUDIO, changed(VIDEO, "102", "111")), id="payload type used twice"),
        pytest.param(offer().replace("sha-256 AB:", "sha-1 AB:"), id="weak digest"),
    ],
)
def test_what_we_do_not_do_is_refused(text: str) -> None:
    with pytest.raises(UnsupportedOffer) as refused:
        parse_description(text)

    assert refused.value.status == 422


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(offer(AUDIO + [f"a=extmap:{n} urn:x" for n in range(31)]), id="32 extensions"),
        pytest.param(offer(AUDIO + ["a=candidate:1 1 udp 1 192.0.2.9 9 typ host"] * 40), id="40 candidates"),
        pytest.param(offer([*AUDIO, "a=x:" + "y" * 1000]), id="long line"),
        pytest.param(offer(AUDIO, head=[]), id="one section needs no bundle"),
        pytest.param(offer().replace("\r\n", "\n"), id="bare newlines"),
    ],
)
def test_the_limits_let_through_what_lies_within_them(text: str) -> None:
    parse_description(text)


def test_names_in_candidates_are_never_resolved() -> None:
    lines = ["a=candidate:1 1 udp 1 abc.local 9 typ host", "a=candidate:1 1 udp 1 192.0.2.9 9 typ host"]

    description = parse_description(offer(AUDIO + lines))

    assert [candidate.address for candidate in description.candidates] == ["192.0.2.9"]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_mangled_offer_raises_nothing_but_our_own_errors(data: st.DataObject) -> None:
    lines = offer().split("\r\n")
    for _ in range(data.draw(st.integers(1, 4))):
        index = data.draw(st.integers(0, len(lines) - 1))
        junk = data.draw(st.text(string.printable, max_size=40))
        at = data.draw(st.integers(0, len(lines[index])))
        action = data.draw(st.sampled_from(["replace", "insert", "delete", "double"]))
        if action == "replace":
            lines[index] = lines[index][:at] + junk
        elif action == "insert":
            lines[index] = lines[index][:at] + junk + lines[index][at:]
        elif action == "delete" and len(lines) > 1:
            del lines[index]
        else:
            lines.insert(index, lines[index])

    with suppress(LiveCommerceError):
        answer = write_answer(choose_for_publisher(parse_description("\r\n".join(lines))), OURS, caps=BitrateCaps())
        assert answer.replace("\r\n", "").isprintable()


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=400))
def test_any_text_is_refused_politely(text: str) -> None:
    with pytest.raises(LiveCommerceError):
        parse_description("v=0\nm=audio 9 UDP/TLS/RTP/SAVPF 111\n" + text)


def test_h264_is_chosen_before_vp8_and_comes_with_its_retransmission() -> None:
    chosen = choose_for_publisher(parse_description(offer()))

    video = chosen[1]
    assert video.codec is not None
    assert video.rtx is not None
    assert (video.codec.name, video.codec.payload_type, video.rtx.payload_type) == ("H264", 102, 103)
    assert [track.codec for track in tracks_of(chosen)] == ["opus", "H264"]


def test_vp8_is_chosen_before_vp9_when_there_is_no_h264() -> None:
    chosen = choose_for_publisher(parse_description(offer(changed(VIDEO, "H264", "AV1"))))

    assert chosen[0].codec is not None
    assert chosen[0].codec.name == "VP8"


def test_no_common_codec_says_what_was_offered() -> None:
    with pytest.raises(NoCommonCodec) as refused:
        choose_for_publisher(parse_description(offer(changed(AUDIO, "opus/48000", "speex/16000"))))

    assert refused.value.status == 406
    assert refused.value.details["offered"] == ["speex"]


def test_a_codec_in_the_wrong_kind_of_section_is_not_common() -> None:
    with pytest.raises(NoCommonCodec):
        choose_for_publisher(parse_description(offer(changed(AUDIO, "opus/48000/2", "H264/48000"))))


def test_a_publisher_must_send_and_a_viewer_must_receive() -> None:
    receiving = parse_description(offer(changed(AUDIO, "sendonly", "recvonly")))
    sending = parse_description(offer(AUDIO))

    with pytest.raises(WrongDirection):
        choose_for_publisher(receiving)
    with pytest.raises(WrongDirection):
        choose_for_viewer(sending, (OPUS,), SSRCS)


def test_the_answer_repeats_the_candidates_in_every_section() -> None:
    answer = write_answer(choose_for_publisher(parse_description(offer())), OURS, caps=BitrateCaps(1200, 2500))

    sections = answer.split("m=")[1:]
    assert "a=ice-lite" in answer
    for section in sections:
        assert "192.0.2.1 4000 typ host" in section
        assert "2001:db8::1 4000 typ host" in section
        assert "a=setup:passive" in section
        assert "a=recvonly" in section
    assert "b=AS:2500" in sections[1]
    assert "x-google-max-bitrate=2500" in sections[1]
    assert "a=fmtp:103 apt=102" in sections[1]
    assert "x-google" not in sections[0]


def test_our_answer_can_be_read_by_our_reader() -> None:
    answer = write_answer(choose_for_publisher(parse_description(offer())), OURS, caps=BitrateCaps())

    readable = answer.replace("sha-256 AB", "sha-256 " + ":".join(["AB"] * 32)).replace("uf\r", "ufrag\r")
    description = parse_description(readable.replace("ice-pwd:pw", "ice-pwd:" + "p" * 22))

    assert [candidate.port for candidate in description.candidates] == [4000, 4000]


def test_a_viewer_gets_what_the_stream_is_and_a_missing_kind_stays_inactive() -> None:
    viewer = parse_description(offer(changed(AUDIO, "sendonly", "recvonly"), changed(VIDEO, "sendonly", "recvonly")))

    answer = write_answer(choose_for_viewer(viewer, (H264,), SSRCS), OURS)

    audio, video = answer.split("m=")[1:]
    assert "a=inactive" in audio
    assert "a=sendonly" in video
    assert "a=ssrc:2 cname:live" in video
    assert "x-google" not in video
    assert "rtx" not in video


def test_a_viewer_who_cannot_decode_the_stream_is_told() -> None:
    viewer = parse_description(offer(changed(changed(VIDEO, "sendonly", "recvonly"), "H264", "AV1")))

    with pytest.raises(NoCommonCodec):
        choose_for_viewer(viewer, (H264,), SSRCS)


def test_a_transport_described_once_for_the_session_is_read() -> None:
    lines = offer(head=["a=group:BUNDLE 0 1", *TRANSPORT]).split("\r\n")
    head, sections = lines[:9], [line for line in lines[9:] if line not in TRANSPORT]

    description = parse_description("\r\n".join(head + sections))

    assert (description.ufrag, len(description.fingerprints)) == ("Ab1+", 1)


def test_a_passive_encoder_is_read_as_such() -> None:
    assert parse_description(offer().replace("a=setup:actpass", "a=setup:passive")).setup == "passive"
