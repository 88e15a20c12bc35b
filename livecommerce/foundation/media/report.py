"""What the media node tells the rest of the product about a stream."""

from dataclasses import dataclass
from typing import Protocol

from livecommerce.foundation.core.ids import ShowId
from livecommerce.foundation.media.door import StreamState


@dataclass(frozen=True, slots=True)
class StreamReport:
    """The state of a stream; absolute, so that telling it twice changes nothing."""

    show_id: ShowId
    stream_id: str
    state: StreamState
    """LIVE, INTERRUPTED or ENDED."""
    rtp_base: int | None
    pdt_base_ms: int
    is_hls: bool


class StreamListener(Protocol):
    """Implemented by `broadcast`. Called by one task per stream, one call at a time, again when it fails."""

    async def stream_changed(self, report: StreamReport) -> None:
        """The stream started, was interrupted, came back, or ended."""
