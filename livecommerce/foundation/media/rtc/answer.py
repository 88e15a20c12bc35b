"""Choosing codecs and writing the answer of an ICE-lite server (RFC 9429 5.3, RFC 9725 4.2, RFC 8839)."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from livecommerce.foundation.media.rtc.sdp import (
    MID_EXTENSION,
    Codec,
    Description,
    Fingerprint,
    NoCommonCodec,
    Section,
    WrongDirection,
)
from livecommerce.foundation.media.sink import Kind, Track

VIDEO_CODECS = ("H264", "VP8", "VP9")
"""In order of preference: only H.264 can be packaged for every browser without transcoding."""
_H264_PROFILES = {"42e0": 0, "42c0": 0, "4200": 1, "4d00": 2, "4d40": 2, "6400": 3, "640c": 3}
_UNRANKED = 99


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was agreed for one section; without a codec the section stays inactive."""

    section: Section
    codec: Codec | None
    rtx: Codec | None = None
    ssrc: int | None = None
    """The source that we send (viewers only)."""


@dataclass(frozen=True, slots=True)
class Transport:
    """Our side of the bundled transport."""

    ufrag: str
    password: str
    addresses: tuple[str, ...]
    port: int
    fingerprint: Fingerprint
    setup: Literal["active", "passive"]


@dataclass(frozen=True, slots=True)
class BitrateCaps:
    """What a publisher is asked to send for video, in kbit/s."""

    start_kbps: int = 1500
    max_kbps: int = 3000


def choose_for_publisher(offer: Description) -> tuple[Chosen, ...]:
    """One codec per section: H.264 before VP8 before VP9, and Opus. Raises WrongDirection, NoCommonCodec."""
    return tuple(_choose_sent(section) for section in offer.sections)


def _choose_sent(section: Section) -> Chosen:
    if section.direction not in {"sendonly", "sendrecv"}:
        raise WrongDirection("A publisher must offer to send (a=sendonly).")
    ranked = sorted((_publisher_rank(codec, section.kind), index) for index, codec in enumerate(section.codecs))
    if not ranked or ranked[0][0] >= _UNRANKED:
        raise _no_common(section)
    codec = section.codecs[ranked[0][1]]
    return Chosen(section, codec, _rtx_of(section, codec))


def _publisher_rank(codec: Codec, kind: Kind) -> int:
    name = codec.name.upper()
    if kind == "audio":
        return 0 if name == "OPUS" and codec.clock_rate == 48_000 else _UNRANKED
    if codec.clock_rate != 90_000:
        return _UNRANKED
    if name == "H264":
        # Mode 0 cannot split a large slice; it is taken only when nothing else is offered (RFC 6184 6.2).
        return _h264_profile(codec) + (0 if codec.parameters.get("packetization-mode") == "1" else 10)
    if name == "VP9" and codec.parameters.get("profile-id", "0") != "0":
        return _UNRANKED
    return 20 + VIDEO_CODECS.index(name) if name in VIDEO_CODECS else _UNRANKED


def _h264_profile(codec: Codec) -> int:
    return _H264_PROFILES.get(codec.parameters.get("profile-level-id", "42e01f").lower()[:4], 4)


def _rtx_of(section: Section, codec: Codec) -> Codec | None:
    """The retransmission format of a codec (RFC 4588 8.1)."""
    wanted = str(codec.payload_type)
    return next((c for c in section.codecs if c.name.lower() == "rtx" and c.parameters.get("apt") == wanted), None)


def _no_common(section: Section) -> NoCommonCodec:
    offered = sorted({codec.name for codec in section.codecs})
    return NoCommonCodec(f"No common codec for {section.kind}.", offered=offered)


def tracks_of(chosen: Sequence[Chosen]) -> tuple[Track, ...]:
    """The tracks that a publisher will send."""
    return tuple(
        Track(
            item.section.kind, _plain_name(item.codec), item.codec.payload_type, item.codec.clock_rate, item.codec.fmtp
        )
        for item in chosen
        if item.codec is not None
    )


def _plain_name(codec: Codec) -> str:
    return "opus" if codec.name.lower() == "opus" else codec.name.upper()


def choose_for_viewer(offer: Description, tracks: Sequence[Track], ssrcs: dict[str, int]) -> tuple[Chosen, ...]:
    """Match a viewer's sections to what the stream already is; a kind that the stream lacks stays inactive.

    Raises WrongDirection, and NoCommonCodec when the viewer cannot decode a track or nothing would be sent at all.
    """
    chosen = tuple(_choose_received(section, tracks, ssrcs) for section in offer.sections)
    if all(item.codec is None for item in chosen):
        raise NoCommonCodec("The stream has none of the kinds of media that were asked for.")
    return chosen


def _choose_received(section: Section, tracks: Sequence[Track], ssrcs: dict[str, int]) -> Chosen:
    if section.direction not in {"recvonly", "sendrecv"}:
        raise WrongDirection("A viewer must offer to receive (a=recvonly).")
    track = next((track for track in tracks if track.kind == section.kind), None)
    if track is None:
        return Chosen(section, None)
    ranked = sorted((_viewer_rank(codec, track), index) for index, codec in enumerate(section.codecs))
    if not ranked or ranked[0][0] >= _UNRANKED:
        raise _no_common(section)
    return Chosen(section, section.codecs[ranked[0][1]], ssrc=ssrcs[section.kind])


def _viewer_rank(codec: Codec, track: Track) -> int:
    if codec.name.upper() != track.codec.upper() or codec.clock_rate != track.clock_rate:
        return _UNRANKED
    if track.codec != "H264":
        return 0 if codec.parameters.get("profile-id", "0") == "0" else _UNRANKED
    if codec.parameters.get("packetization-mode") != "1":
        return _UNRANKED
    # Packets pass through unchanged and every decoder takes baseline, so any profile will do; the same one is nicer.
    published = track.parameters.get("profile-level-id", "42e01f").lower()[:4]
    same = codec.parameters.get("profile-level-id", "42e01f").lower()[:4] == published
    return 0 if same else 1 + _h264_profile(codec)


def write_answer(chosen: Sequence[Chosen], transport: Transport, *, caps: BitrateCaps | None = None) -> str:
    """The answer as text; with `caps` to a publisher, who may send that much, without to a viewer."""
    mids = " ".join(item.section.mid for item in chosen)
    lines = [
        "v=0",
        f"o=- {secrets.randbits(62)} 1 IN IP4 0.0.0.0",
        "s=-",
        "t=0 0",
        "a=ice-lite",
        f"a=group:BUNDLE {mids}",
        "a=msid-semantic: WMS *",
    ]
    for item in chosen:
        lines += _media(item, caps)
        lines += _codec(item, caps)
        lines += _transport(transport)
    return "\r\n".join(lines) + "\r\n"


def _media(item: Chosen, caps: BitrateCaps | None) -> list[str]:
    codec = item.codec or item.section.codecs[0]
    formats = [codec.payload_type] + ([item.rtx.payload_type] if item.rtx else [])
    direction = "inactive" if item.codec is None else "recvonly" if caps is not None else "sendonly"
    bandwidth = [f"b=AS:{caps.max_kbps}"] if caps is not None and item.section.kind == "video" else []
    lines = [
        f"m={item.section.kind} 9 UDP/TLS/RTP/SAVPF {' '.join(map(str, formats))}",
        "c=IN IP4 0.0.0.0",
        *bandwidth,
        f"a=mid:{item.section.mid}",
        f"a={direction}",
        "a=rtcp-mux",
        "a=rtcp-rsize",
        "a=rtcp:9 IN IP4 0.0.0.0",
    ]
    if item.section.mid_extension_id is not None:
        lines.append(f"a=extmap:{item.section.mid_extension_id} {MID_EXTENSION}")
    if item.ssrc is not None:
        lines += [f"a=msid:live {item.section.kind}", f"a=ssrc:{item.ssrc} cname:live"]
    return lines


def _codec(item: Chosen, caps: BitrateCaps | None) -> list[str]:
    codec = item.codec or item.section.codecs[0]
    number = codec.payload_type
    lines = [f"a=rtpmap:{number} {codec.encoding}"]
    formula = _formula(codec, caps)
    if formula:
        lines.append(f"a=fmtp:{number} {formula}")
    if item.section.kind == "video":
        feedback = ["nack", "nack pli", "ccm fir", "goog-remb"]
        lines += [f"a=rtcp-fb:{number} {name}" for name in feedback]
    if item.rtx is not None:
        lines += [
            f"a=rtpmap:{item.rtx.payload_type} {item.rtx.encoding}",
            f"a=fmtp:{item.rtx.payload_type} apt={number}",
        ]
    return lines


def _formula(codec: Codec, caps: BitrateCaps | None) -> str:
    """The offer's parameters, plus Chrome's bitrate hints for a publisher and stereo for a viewer's Opus."""
    parts = [part.strip() for part in codec.fmtp.split(";") if part.strip() and not part.strip().startswith("x-google")]
    name = codec.name.upper()
    if caps is not None and name in VIDEO_CODECS:
        parts += [f"x-google-start-bitrate={caps.start_kbps}", f"x-google-max-bitrate={caps.max_kbps}"]
    elif caps is None and name == "OPUS":
        # Without this a browser plays two channels as one.
        parts += [hint for hint in ("stereo=1", "sprop-stereo=1") if hint not in parts]
    return ";".join(parts)


def _transport(transport: Transport) -> list[str]:
    """Repeated in every section: some clients read the last one only."""
    lines = [
        f"a=ice-ufrag:{transport.ufrag}",
        f"a=ice-pwd:{transport.password}",
        f"a=fingerprint:{transport.fingerprint.algorithm} {transport.fingerprint.value}",
        f"a=setup:{transport.setup}",
    ]
    for index, address in enumerate(transport.addresses):
        # RFC 8445 5.1.2.1: type preference 126 (host), local preference by order, component 1.
        priority = 126 << 24 | (65535 - index) << 8 | 255
        lines.append(f"a=candidate:{index + 1} 1 udp {priority} {address} {transport.port} typ host")
    return [*lines, "a=end-of-candidates"]
