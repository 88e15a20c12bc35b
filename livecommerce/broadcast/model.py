"""The newest stream of a show as its viewers know it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import msgspec

from livecommerce.foundation.core.ids import ShowId


class BroadcastState(StrEnum):
    """What viewers are told; a stall shorter than 2.5 s is not worth telling."""

    WAITING = "waiting"
    LIVE = "live"
    INTERRUPTED = "interrupted"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Broadcast:
    """One row of `streams`. `stream_id` changes when a stream has ended and another one begins."""

    show_id: ShowId
    stream_id: str
    state: BroadcastState
    rtp_base: int | None
    pdt_base_ms: int
    is_hls: bool


class Playback(msgspec.Struct, frozen=True, kw_only=True):
    """How to play a show. `media_ts` 0 is RTP timestamp `rtp_base` (90 kHz) and PROGRAM-DATE-TIME `pdt_base_ms`."""

    state: BroadcastState = BroadcastState.WAITING
    whep_url: str | None = None
    hls_url: str | None = None
    stream_started_at: str | None = None
    rtp_base: int | None = None
    pdt_base_ms: int | None = None

    @classmethod
    def of(cls, broadcast: Broadcast | None) -> Playback:
        """What a snapshot says; the same that a page computes from `stream.started` and `stream.stopped`."""
        if broadcast is None:
            return cls()
        return cls(
            state=broadcast.state,
            whep_url=whep_url(broadcast.show_id),
            hls_url=hls_url(broadcast.show_id) if broadcast.is_hls else None,
            stream_started_at=rfc3339(broadcast.pdt_base_ms),
            rtp_base=broadcast.rtp_base,
            pdt_base_ms=broadcast.pdt_base_ms,
        )


def whep_url(show_id: ShowId) -> str:
    """The WHEP endpoint."""
    return f"/api/v1/shows/{show_id}/whep"


def hls_url(show_id: ShowId) -> str:
    """The multivariant playlist."""
    return f"/api/v1/shows/{show_id}/hls/index.m3u8"


def rfc3339(epoch_ms: int) -> str:
    """UTC with milliseconds, as browsers write it."""
    return datetime.fromtimestamp(epoch_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
