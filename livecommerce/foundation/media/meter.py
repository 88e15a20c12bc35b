"""What a host sees of their own stream: bit rate, frame rate, size, distance of key frames."""

from collections import deque
from collections.abc import Callable

from livecommerce.foundation.media.h264 import ParameterSets
from livecommerce.foundation.media.sink import Kind

WINDOW_MS = 3000
_MAX_MARKS = 600


class Meter:
    """Rates over the last three seconds. Bytes are summed in steps of 100 ms, so that the window stays small."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self.restart()

    def restart(self) -> None:
        """Another publisher: nothing of the one before counts."""
        self._bytes: deque[list[int]] = deque(maxlen=WINDOW_MS // 100 + 2)
        self._pictures: deque[int] = deque(maxlen=_MAX_MARKS)
        self._last_packet: dict[Kind, int] = {}
        self._key_at: int | None = None
        self.key_interval_ms: int | None = None
        self.parameters: ParameterSets | None = None

    def packet(self, kind: Kind, size: int) -> None:
        """One RTP payload arrived."""
        now = self._now_ms()
        self._last_packet[kind] = now
        step = now // 100
        if self._bytes and self._bytes[-1][0] == step:
            self._bytes[-1][1] += size
        else:
            self._bytes.append([step, size])

    def picture(self) -> None:
        """One picture is complete."""
        self._pictures.append(self._now_ms())

    def key_frame(self, parameters: ParameterSets) -> None:
        """The picture is a key frame with these parameter sets."""
        now = self._now_ms()
        if self._key_at is not None:
            self.key_interval_ms = now - self._key_at
        self._key_at, self.parameters = now, parameters

    @property
    def kbps(self) -> int:
        """Payload bit rate."""
        oldest = (self._now_ms() - WINDOW_MS) // 100
        return sum(size for step, size in self._bytes if step > oldest) * 8 // WINDOW_MS

    @property
    def fps(self) -> float:
        """Pictures per second."""
        oldest = self._now_ms() - WINDOW_MS
        return round(sum(1 for at in self._pictures if at > oldest) * 1000 / WINDOW_MS, 1)

    def silence_ms(self) -> int | None:
        """Since the last packet of any kind; None before the first."""
        return self._now_ms() - max(self._last_packet.values()) if self._last_packet else None
