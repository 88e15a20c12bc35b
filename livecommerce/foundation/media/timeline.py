"""One axis for picture and sound.

`media_ts` 0 is the first video packet of the stream; its RTP timestamp is `rtp_base` and its wall clock `pdt_base_ms`.
The relay keeps outgoing timestamps running by wall time when the publisher changes, so the axis lasts as long as the
stream.
Sound is placed by the publisher's sender reports (RFC 3550 6.4.1), and by arrival until both kinds have one.
"""

from dataclasses import dataclass

from livecommerce.foundation.media.sink import Kind

RATES: dict[Kind, int] = {"video": 90_000, "audio": 48_000}
_WRAP = 1 << 32
_FIRST_ADJUST_MS, _ADJUST_MS = 20, 80
"""The first pair of sender reports corrects the guess by arrival. Later ones move the sound only when it is off by more
than people notice (ITU-R BT.1359), so that a publisher's imprecise reports never cut it."""


class Unwrapper:
    """Makes 32-bit RTP timestamps monotonic integers that may step back by reordering but never wrap."""

    def __init__(self) -> None:
        self._last: int | None = None

    def unwrap(self, rtp_timestamp: int) -> int:
        """The timestamp nearest to the previous one."""
        if self._last is None:
            self._last = rtp_timestamp
        step = (rtp_timestamp - self._last + _WRAP // 2) % _WRAP - _WRAP // 2
        self._last += step
        return self._last


@dataclass(slots=True)
class _Reference:
    ticks: int
    wall_ms: float
    is_reported: bool


class Timeline:
    """Places the timestamps of one stream, in ticks of the kind's own clock since `media_ts` 0."""

    def __init__(self, first_kind: Kind, rtp_base: int, pdt_base_ms: int) -> None:
        self.rtp_base = rtp_base
        self.pdt_base_ms = pdt_base_ms
        self.leading = first_kind
        self._unwrap: dict[Kind, Unwrapper] = {kind: Unwrapper() for kind in RATES}
        self._reference: dict[Kind, _Reference] = {}
        self._base = self._unwrap[first_kind].unwrap(rtp_base)
        self._other_base: int | None = None
        self._is_exact = False

    def renew(self) -> None:
        """Another publisher: its reports and arrivals say nothing about those of the one before."""
        self._reference.clear()
        self._is_exact = False

    def place(self, kind: Kind, rtp_timestamp: int, arrived_ms: int) -> int | None:
        """Ticks since media_ts 0 (negative: before the first picture); None while sound cannot be placed yet."""
        ticks = self._unwrap[kind].unwrap(rtp_timestamp)
        self._reference.setdefault(kind, _Reference(ticks, arrived_ms, is_reported=False))
        if kind == self.leading:
            return ticks - self._base
        if self._other_base is None:
            self._align(kind)
        return None if self._other_base is None else ticks - self._other_base

    def report(self, kind: Kind, rtp_timestamp: int, wall_ms: int) -> None:
        """A sender report: `rtp_timestamp` was sampled at `wall_ms`."""
        self._reference[kind] = _Reference(self._unwrap[kind].unwrap(rtp_timestamp), wall_ms, is_reported=True)
        other = next((each for each in self._reference if each != self.leading), None)
        if other is not None:
            self._align(other)

    def _align(self, kind: Kind) -> None:
        """Find the tick of `kind` that was sampled together with media_ts 0."""
        first, other = self._reference.get(self.leading), self._reference.get(kind)
        if first is None or other is None:
            return
        is_exact = first.is_reported and other.is_reported
        if self._other_base is not None and not is_exact:
            return
        origin_ms = first.wall_ms - (first.ticks - self._base) * 1000 / RATES[self.leading]
        base = round(other.ticks - (other.wall_ms - origin_ms) * RATES[kind] / 1000)
        tolerated_ms = _ADJUST_MS if self._is_exact else _FIRST_ADJUST_MS
        self._is_exact = is_exact
        if self._other_base is None or abs(base - self._other_base) * 1000 > tolerated_ms * RATES[kind]:
            self._other_base = base
