"""Key frames: recognising them, asking for them, and keeping the newest group of pictures for those who join."""

from collections import Counter
from collections.abc import Callable

from livecommerce.foundation.media.outbound import Record

REQUEST_INTERVAL_S = 0.5
CACHE_MAX_AGE_S, CACHE_MAX_OCTETS = 2.5, 300_000
_H264_KEY_NALS = frozenset({5, 7})
"""IDR slice and sequence parameter set (RFC 6184 5.2, ITU-T H.264 table 7-1)."""


def is_key_start(codec: str, payload: bytes) -> bool:
    """True when this packet begins a picture that can be decoded on its own."""
    if not payload:
        return False
    return {"H264": _h264, "VP8": _vp8, "VP9": _vp9}[codec](payload)


def _h264(payload: bytes) -> bool:
    """Single NAL, STAP-A or first FU-A (RFC 6184 5.6, 5.7.1, 5.8)."""
    kind = payload[0] & 0x1F
    if kind == 24:
        return len(payload) > 3 and payload[3] & 0x1F in _H264_KEY_NALS
    if kind == 28:
        return len(payload) > 1 and payload[1] & 0x80 != 0 and payload[1] & 0x1F in _H264_KEY_NALS
    return kind in _H264_KEY_NALS


def _vp8(payload: bytes) -> bool:
    """Start of partition 0 whose frame header says key frame (RFC 7741 4.2, 4.3)."""
    first, at = payload[0], 1
    if not (first & 0x10 and first & 0x07 == 0):
        return False
    if first & 0x80 and len(payload) > 1:
        extension, at = payload[1], 2
        if extension & 0x80 and len(payload) > at:
            at += 2 if payload[at] & 0x80 else 1
        at += (extension >> 6 & 1) + (1 if extension & 0x30 else 0)
    return len(payload) > at and payload[at] & 0x01 == 0


def _vp9(payload: bytes) -> bool:
    """Beginning of a picture that is not inter-predicted, in the lowest layer (RFC 9628 4.2)."""
    first, at = payload[0], 1
    if first & 0x40 or not first & 0x08:
        return False
    if first & 0x80 and len(payload) > at:
        at += 2 if payload[at] & 0x80 else 1
    has_layers = first & 0x20 != 0
    return not has_layers or (len(payload) > at and payload[at] >> 1 & 0x07 == 0)


class KeyRequests:
    """The PLI arbiter: one request on its way, repeated every 500 ms until a key frame comes."""

    def __init__(self, send: Callable[[], None]) -> None:
        self._send = send
        self._asked_at = float("-inf")
        self._is_open = False
        self.reasons: Counter[str] = Counter()

    def ask(self, reason: str, now: float) -> None:
        """Somebody needs a key frame; the reason counts unless one is asked for already."""
        if not self._is_open:
            self.reasons[reason] += 1
        self._is_open = True
        self.tick(now)

    def tick(self, now: float) -> None:
        """Send the request again when it is due."""
        if self._is_open and now - self._asked_at >= REQUEST_INTERVAL_S:
            self._asked_at = now
            self._send()

    def seen(self) -> None:
        """A key frame has come."""
        self._is_open = False


class GopCache:
    """The packets since the newest key frame.

    `records` is a new list for each group of pictures, so a replay keeps walking the one it began with.
    """

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.began_at = float("-inf")
        self.interval_ms: int | None = None
        self._octets = 0

    def begin(self, record: Record, now: float) -> bool:
        """A key frame's first packet; False when it belongs to a key frame no newer than the one we begin with."""
        if self.records and (record.timestamp - self.records[0].timestamp - 1) & 0xFFFFFFFF >= 1 << 31:
            return False
        if self.began_at > 0:
            self.interval_ms = round((now - self.began_at) * 1000)
        self.records, self.began_at, self._octets = [], now, 0
        return True

    def add(self, record: Record) -> None:
        """Keep a packet; a group of pictures above the limit is not worth replaying and is kept no further."""
        self._octets += len(record.payload)
        if self._octets <= CACHE_MAX_OCTETS:
            self.records.append(record)

    @property
    def is_complete(self) -> bool:
        """Nothing since the key frame has been left out."""
        return self._octets <= CACHE_MAX_OCTETS

    def is_replayable(self, now: float) -> bool:
        """Rule of the instant join: young and small enough to send again."""
        return bool(self.records) and now - self.began_at <= CACHE_MAX_AGE_S and self.is_complete

    def clear(self) -> None:
        self.records, self._octets = [], 0
        self.began_at, self.interval_ms = float("-inf"), None
