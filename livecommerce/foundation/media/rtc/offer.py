"""The offer of our own publisher (RFC 9725 4.2): H.264 and Opus, sendonly, bundled."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from livecommerce.foundation.media.rtc.sdp import MID_EXTENSION, Fingerprint
from livecommerce.foundation.media.sink import Kind

H264_PAYLOAD_TYPE, OPUS_PAYLOAD_TYPE = 102, 111
MID_EXTENSION_ID = 1
_CODECS: dict[Kind, tuple[int, list[str]]] = {
    "audio": (
        OPUS_PAYLOAD_TYPE,
        ["a=rtpmap:111 opus/48000/2", "a=fmtp:111 minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1"],
    ),
    "video": (
        H264_PAYLOAD_TYPE,
        [
            "a=rtpmap:102 H264/90000",
            "a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
            "a=rtcp-fb:102 nack",
            "a=rtcp-fb:102 nack pli",
        ],
    ),
}


@dataclass(frozen=True, slots=True)
class OfferedTrack:
    """One track to send."""

    kind: Kind
    mid: str
    ssrc: int = field(default_factory=lambda: secrets.randbits(32))

    @property
    def payload_type(self) -> int:
        return _CODECS[self.kind][0]


def write_offer(
    tracks: Sequence[OfferedTrack], *, ufrag: str, password: str, fingerprint: Fingerprint, cname: str
) -> str:
    """The offer as text. It names no candidates: the server learns our address from our checks."""
    lines = [
        "v=0",
        f"o=- {secrets.randbits(62)} 1 IN IP4 0.0.0.0",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE " + " ".join(track.mid for track in tracks),
        "a=msid-semantic: WMS *",
    ]
    for track in tracks:
        lines += [
            f"m={track.kind} 9 UDP/TLS/RTP/SAVPF {track.payload_type}",
            "c=IN IP4 0.0.0.0",
            f"a=mid:{track.mid}",
            "a=sendonly",
            "a=rtcp-mux",
            "a=rtcp-rsize",
            f"a=extmap:{MID_EXTENSION_ID} {MID_EXTENSION}",
            f"a=msid:{cname} {track.kind}",
            *_CODECS[track.kind][1],
            f"a=ssrc:{track.ssrc} cname:{cname}",
            f"a=ice-ufrag:{ufrag}",
            f"a=ice-pwd:{password}",
            "a=ice-options:trickle",
            f"a=fingerprint:{fingerprint.algorithm} {fingerprint.value}",
            "a=setup:actpass",
        ]
    return "\r\n".join(lines) + "\r\n"
