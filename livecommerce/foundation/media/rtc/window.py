"""The receive window of one source: order, gaps, retransmission requests and reception statistics."""

from dataclasses import dataclass

from livecommerce.foundation.media.rtc.rtp import RtpPacket

SIZE = 512
"""Packets kept while waiting for a missing one; about 3 s of a usual stream."""
RETRY_S = 0.02
MAX_TRIES = 10
GIVE_UP_S = 0.4
FIRST_RTT_S = 0.05


@dataclass(slots=True)
class _Missing:
    since: float
    due: float
    tries: int = 0
    asked_at: float = 0.0


class ReceiveWindow:
    """Puts packets in order by their extended sequence number.

    Guarantee: `take` hands out every accepted packet once and in order; None stands for packets that are gone for good.
    Times are `time.monotonic()` seconds.
    """

    def __init__(self) -> None:
        self.rtt_s = FIRST_RTT_S
        self.is_rtt_known = False
        self.recovered = self.lost = self.asked = 0
        self._next: int | None = None
        self._highest = 0
        self._packets: dict[int, RtpPacket] = {}
        self._missing: dict[int, _Missing] = {}
        self._ready: list[tuple[int, RtpPacket | None]] = []

    @property
    def missing(self) -> int:
        """Packets that are still waited for."""
        return len(self._missing)

    def add(self, number: int, packet: RtpPacket, now: float) -> bool:
        """Accept a packet; False for a duplicate and for one that comes after it was given up."""
        if self._next is None:
            self._next, self._highest = number, number - 1
        if number < self._next or number in self._packets:
            return False
        if number - self._next >= SIZE:
            self._skip_to(number)
        for gap in range(max(self._highest + 1, self._next), number):
            self._missing[gap] = _Missing(since=now, due=now)
        self._arrived(number, now)
        self._packets[number] = packet
        self._highest = max(self._highest, number)
        self._drain()
        return True

    def _arrived(self, number: int, now: float) -> None:
        missing = self._missing.pop(number, None)
        if missing is None or not missing.tries:
            return
        self.recovered += 1
        if missing.tries == 1:  # with more tries it is unknown which one was answered (Karn)
            sample = now - missing.asked_at
            self.rtt_s = 0.875 * self.rtt_s + 0.125 * sample if self.is_rtt_known else sample
            self.is_rtt_known = True

    def _drain(self) -> None:
        if self._next is None:
            return
        while (packet := self._packets.pop(self._next, None)) is not None:
            self._ready.append((self._next, packet))
            self._next += 1

    def _skip_to(self, number: int) -> None:
        """Give up everything before `number` that has not come."""
        for gap in [gap for gap in self._missing if gap < number]:
            self._give_up(gap)
        if self._next is not None and self._next < number:
            self.lost += number - self._next
            self._ready.append((self._next, None))
            self._next = number

    def expire(self, now: float) -> bool:
        """Give up what has been missing for too long; True when something was.

        Gaps are found in ascending order, so the first of `_missing` is both the oldest and the one `_next` waits for.
        """
        given_up = False
        while self._missing:
            gap, missing = next(iter(self._missing.items()))
            if now - missing.since <= GIVE_UP_S and missing.tries <= MAX_TRIES:
                break
            self._give_up(gap)
            given_up = True
        return given_up

    def _give_up(self, gap: int) -> None:
        del self._missing[gap]
        self.lost += 1
        self._ready.append((gap, None))
        self._next = gap + 1
        self._drain()

    def due(self, now: float) -> list[int]:
        """Sequence numbers to ask for now, ascending; each is asked again every max(20 ms, RTT)."""
        numbers = sorted(gap for gap, missing in self._missing.items() if missing.due <= now)
        for gap in numbers:
            missing = self._missing[gap]
            missing.tries += 1
            missing.asked_at, missing.due = now, now + max(RETRY_S, self.rtt_s)
        self.asked += len(numbers)
        return numbers

    def take(self) -> list[tuple[int, RtpPacket | None]]:
        """What has become ready since the last call."""
        ready, self._ready = self._ready, []
        return ready
