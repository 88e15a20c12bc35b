"""Offers as browsers and encoders write them."""

FINGERPRINT = "sha-256 " + ":".join(["AB"] * 32)
TRANSPORT = [
    "a=ice-ufrag:Ab1+",
    "a=ice-pwd:0123456789abcdefghijklmn",
    f"a=fingerprint:{FINGERPRINT}",
    "a=setup:actpass",
]
AUDIO = [
    "m=audio 9 UDP/TLS/RTP/SAVPF 111 0",
    "c=IN IP4 0.0.0.0",
    "a=mid:0",
    "a=sendonly",
    "a=rtcp-mux",
    "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid",
    "a=rtpmap:111 opus/48000/2",
    "a=fmtp:111 minptime=10;useinbandfec=1",
]
VIDEO = [
    "m=video 9 UDP/TLS/RTP/SAVPF 96 97 102 103 98",
    "c=IN IP4 0.0.0.0",
    "a=mid:1",
    "a=sendonly",
    "a=rtcp-mux",
    "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid",
    "a=rtpmap:96 VP8/90000",
    "a=rtpmap:97 rtx/90000",
    "a=fmtp:97 apt=96",
    "a=rtpmap:102 H264/90000",
    "a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
    "a=rtpmap:103 rtx/90000",
    "a=fmtp:103 apt=102",
    "a=rtpmap:98 VP9/90000",
    "a=ssrc-group:FID 1111 2222",
    "a=ssrc:1111 cname:x",
    "a=ssrc:2222 cname:x",
]


def offer(*sections: list[str], head: list[str] | None = None) -> str:
    """A description of the given sections (audio and video unless told), each with the transport."""
    blocks = sections or (AUDIO, VIDEO)
    mids = [line[6:] for block in blocks for line in block if line.startswith("a=mid:")]
    lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0"]
    lines += head if head is not None else ["a=group:BUNDLE " + " ".join(mids)]
    for block in blocks:
        lines += block + TRANSPORT
    return "\r\n".join(lines) + "\r\n"


def without(block: list[str], start: str) -> list[str]:
    return [line for line in block if not line.startswith(start)]


def changed(block: list[str], old: str, new: str) -> list[str]:
    return [line.replace(old, new) for line in block]
