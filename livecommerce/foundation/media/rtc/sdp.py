"""Session descriptions: a strict reader of what browsers and encoders offer (RFC 8866, RFC 9429, RFC 9725 4.2).

Everything read is bounded before it is looked at, and the result is frozen. Remote candidates are counted but only a
publishing client keeps them: an ICE-lite server has no use for them, so an offer cannot make it send anything anywhere.
"""

import ipaddress
import re
from dataclasses import dataclass
from typing import Literal

from livecommerce.foundation.core.errors import LiveCommerceError
from livecommerce.foundation.media.sink import Kind

MAX_BYTES, MAX_LINE_BYTES = 16 << 10, 1 << 10
MAX_SECTIONS, MAX_CODECS, MAX_EXTENSIONS, MAX_CANDIDATES, MAX_SOURCES = 2, 64, 32, 40, 16
MID_EXTENSION = "urn:ietf:params:rtp-hdrext:sdes:mid"
DIGEST_BYTES = {"sha-256": 32, "sha-384": 48, "sha-512": 64}

Direction = Literal["sendrecv", "sendonly", "recvonly", "inactive"]
_DIRECTIONS: dict[str, Direction] = {
    "sendrecv": "sendrecv",
    "sendonly": "sendonly",
    "recvonly": "recvonly",
    "inactive": "inactive",
}
_KINDS: dict[str, Kind] = {"audio": "audio", "video": "video"}
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`{|}~]{1,16}")
_ICE = re.compile(r"[A-Za-z0-9+/=_\-]{4,256}")
"""ice-char of RFC 8839 5.4, and the two characters that some encoders use beyond it."""
_HEX_PAIRS = re.compile(r"[0-9A-F]{2}(:[0-9A-F]{2})*")


class MalformedOffer(LiveCommerceError):
    """This is not a session description that can be read."""

    code, status = "sdp_malformed", 400


class WrongDirection(LiveCommerceError):
    """A publisher must offer to send, and a viewer must offer to receive."""

    code, status = "sdp_direction", 400


class UnsupportedOffer(LiveCommerceError):
    """The session description asks for something that this server does not do."""

    code, status = "sdp_unsupported", 422


class NoCommonCodec(LiveCommerceError):
    """There is no codec that both sides know."""

    code, status = "no_common_codec", 406


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The digest of a certificate; `value` is upper-case hex pairs."""

    algorithm: str
    value: str


@dataclass(frozen=True, slots=True)
class Codec:
    """One `a=rtpmap` with its `a=fmtp`."""

    payload_type: int
    name: str
    clock_rate: int
    channels: int = 1
    fmtp: str = ""

    @property
    def parameters(self) -> dict[str, str]:
        """`fmtp` as a mapping, keys in lower case."""
        pairs = (item.strip().partition("=") for item in self.fmtp.split(";") if item.strip())
        return {key.strip().lower(): value.strip() for key, _, value in pairs}

    @property
    def encoding(self) -> str:
        """What stands after the payload type in `a=rtpmap`."""
        return f"{self.name}/{self.clock_rate}" + (f"/{self.channels}" if self.channels > 1 else "")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A UDP host candidate of the other side (used by publishing clients only)."""

    address: str
    port: int


@dataclass(frozen=True, slots=True)
class Section:
    """One m-section."""

    kind: Kind
    mid: str
    direction: Direction
    codecs: tuple[Codec, ...]
    mid_extension_id: int | None = None
    ssrc: int | None = None
    """The media source that the description announces, if it does."""
    rtx_ssrc: int | None = None


@dataclass(frozen=True, slots=True)
class Description:
    """An offer or an answer: one bundled transport and at most one section per kind."""

    sections: tuple[Section, ...]
    ufrag: str
    password: str
    fingerprints: tuple[Fingerprint, ...]
    setup: str
    candidates: tuple[Candidate, ...] = ()

    def section(self, kind: Kind) -> Section | None:
        return next((section for section in self.sections if section.kind == kind), None)


def parse_description(text: str) -> Description:
    """Read an offer or answer.

    Raises MalformedOffer when it cannot be read and UnsupportedOffer when it can but is not for us: no BUNDLE, no
    rtcp-mux, another profile, data channels, two sections of one kind.
    """
    session, blocks = _split(text)
    groups = [values.split() for values in session.get("group", [])]
    sections = tuple(_section(block) for block in blocks)
    if len({section.kind for section in sections}) < len(sections):
        raise UnsupportedOffer("At most one audio and one video section.")
    if len({section.mid for section in sections}) < len(sections):
        raise MalformedOffer("Two sections have the same mid.")
    if len(sections) > 1 and not any(
        group[:1] == ["BUNDLE"] and {s.mid for s in sections} <= set(group[1:]) for group in groups
    ):
        raise UnsupportedOffer("Every section must be bundled (a=group:BUNDLE).")
    payload_types = [codec.payload_type for section in sections for codec in section.codecs]
    if len(set(payload_types)) < len(payload_types):
        raise UnsupportedOffer("A payload type stands for two codecs.")
    return _transport(session, blocks, sections)


Block = dict[str, list[str]]
"""Attribute name → values in order; the m-line itself is under `m=`."""


def _split(text: str) -> tuple[Block, list[Block]]:
    if len(text) > MAX_BYTES:
        raise MalformedOffer("The session description is too long.")
    if not text.isascii() or "\0" in text:
        raise MalformedOffer("A session description is ASCII.")
    lines = text.replace("\r\n", "\n").split("\n")
    if not lines or lines[0] != "v=0":
        raise MalformedOffer("A session description begins with v=0.")
    session: Block = {}
    blocks: list[Block] = []
    current = session
    for line in lines[1:]:
        if not line:
            continue
        if len(line) > MAX_LINE_BYTES or line[1:2] != "=" or not line.isprintable():
            raise MalformedOffer("A line is not of the form x=value.")
        if line[0] == "m":
            current = {"m=": [line[2:]]}
            blocks.append(current)
        elif line[0] == "a":
            name, _, value = line[2:].partition(":")
            current.setdefault(name, []).append(value)
    if not blocks:
        raise MalformedOffer("There is nothing to send or receive (no m-line).")
    if len(blocks) > MAX_SECTIONS:
        raise UnsupportedOffer("At most one audio and one video section.")
    return session, blocks


def _section(block: Block) -> Section:
    kind_text, port, profile, *formats = (block["m="][0] + " - - -").split()
    formats = formats[:-3]
    kind = _KINDS.get(kind_text)
    if kind is None or not profile.endswith("RTP/SAVPF"):
        raise UnsupportedOffer("Only audio and video over secure RTP.")
    if "rtcp-mux" not in block:
        raise UnsupportedOffer("RTP and RTCP must share a port (a=rtcp-mux).")
    if port == "0" and "bundle-only" not in block:
        raise UnsupportedOffer("A rejected section.")
    if not 1 <= len(formats) <= MAX_CODECS or len(block.get("rtpmap", [])) > MAX_CODECS:
        raise MalformedOffer("Too few or too many codecs.")
    mid = block.get("mid", [""])[0]
    if not _TOKEN.fullmatch(mid):
        raise MalformedOffer("A section has no usable mid.")
    directions = [_DIRECTIONS[name] for name in _DIRECTIONS if name in block]
    if len(directions) > 1:
        raise MalformedOffer("A section has two directions.")
    if len(block.get("candidate", [])) > MAX_CANDIDATES:
        raise MalformedOffer("Too many candidates.")
    ssrc, rtx_ssrc = _sources(block)
    direction = directions[0] if directions else "sendrecv"
    codecs = _codecs(block, formats)
    if not codecs:
        raise MalformedOffer("A section describes no codec (a=rtpmap).")
    return Section(kind, mid, direction, codecs, _mid_extension(block), ssrc, rtx_ssrc)


def _codecs(block: Block, formats: list[str]) -> tuple[Codec, ...]:
    maps = dict(_numbered(value) for value in block.get("rtpmap", []))
    formulas = dict(_numbered(value) for value in block.get("fmtp", [])[: 2 * MAX_CODECS])
    codecs = []
    for text in formats:
        payload_type = _number(text, 127)
        encoding = maps.get(payload_type)
        if encoding is None:
            continue
        name, _, rates = encoding.partition("/")
        rate, _, channels = rates.partition("/")
        formula = formulas.get(payload_type, "")
        codecs.append(Codec(payload_type, name, _number(rate, 192_000), _number(channels or "1", 8), formula))
    return tuple(codecs)


def _mid_extension(block: Block) -> int | None:
    maps = block.get("extmap", [])
    if len(maps) > MAX_EXTENSIONS:
        raise MalformedOffer("Too many header extensions.")
    for value in maps:
        number, _, uri = value.partition(" ")
        if uri.split(" ")[0] == MID_EXTENSION:
            identifier = _number(number.partition("/")[0], 255)
            # One-byte header extensions have identifiers 1 to 14 (RFC 8285 4.2).
            return identifier if 1 <= identifier <= 14 else None
    return None


def _sources(block: Block) -> tuple[int | None, int | None]:
    """The media SSRC and its retransmission SSRC (RFC 5576 4.2, RFC 4588 8.8)."""
    listed = [_number(value.split(" ")[0], 0xFFFFFFFF) for value in block.get("ssrc", [])[: 4 * MAX_SOURCES]]
    groups = [value.split() for value in block.get("ssrc-group", [])[:MAX_SOURCES]]
    for group in groups:
        if group[:1] == ["FID"] and len(group) == 3:
            return _number(group[1], 0xFFFFFFFF), _number(group[2], 0xFFFFFFFF)
    return (listed[0], None) if listed else (None, None)


def _transport(session: Block, blocks: list[Block], sections: tuple[Section, ...]) -> Description:
    """Read what the bundle shares from its first section, or from the session level (RFC 9143 7.3.3)."""

    def values(name: str) -> list[str]:
        return blocks[0].get(name) or session.get(name) or []

    ufrag, password = (values("ice-ufrag") or [""])[0], (values("ice-pwd") or [""])[0]
    if not _ICE.fullmatch(ufrag) or not _ICE.fullmatch(password) or len(password) < 22:
        raise MalformedOffer("ICE credentials are missing.")
    setup = (values("setup") or [""])[0]
    if setup not in {"actpass", "active", "passive"}:
        raise MalformedOffer("a=setup is missing.")
    fingerprints = tuple(_fingerprint(value) for value in values("fingerprint")[:8])
    known = tuple(item for item in fingerprints if item.algorithm in DIGEST_BYTES)
    if not known:
        raise UnsupportedOffer("A certificate fingerprint of SHA-256 or better is needed.")
    found = [_candidate(value) for block in blocks for value in block.get("candidate", [])]
    candidates = tuple(dict.fromkeys(item for item in found if item is not None))
    return Description(sections, ufrag, password, known, setup, candidates)


def _fingerprint(value: str) -> Fingerprint:
    algorithm, _, digest = value.partition(" ")
    algorithm, digest = algorithm.lower(), digest.strip().upper()
    length = DIGEST_BYTES.get(algorithm)
    if not _HEX_PAIRS.fullmatch(digest) or (length is not None and len(digest) != 3 * length - 1):
        raise MalformedOffer("A fingerprint is not a digest.")
    return Fingerprint(algorithm, digest)


def _candidate(value: str) -> Candidate | None:
    """A UDP candidate with a literal address; names (mDNS) are never resolved."""
    parts = value.split()
    if len(parts) < 8 or parts[1] != "1" or parts[2].lower() != "udp" or not parts[5].isdigit():
        return None
    try:
        address = ipaddress.ip_address(parts[4])
    except ValueError:
        return None
    port = int(parts[5][:6])
    return Candidate(str(address), port) if 0 < port < 65536 else None


def _numbered(value: str) -> tuple[int, str]:
    number, _, rest = value.partition(" ")
    return _number(number, 127), rest.strip()


def _number(text: str, highest: int) -> int:
    """A decimal number from 0 to `highest`."""
    if not text.isdigit() or len(text) > 10 or int(text) > highest:
        raise MalformedOffer("A number is missing or too large.")
    return int(text)
