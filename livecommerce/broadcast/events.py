"""What the room tells the world."""

from __future__ import annotations

from typing import ClassVar, Literal

from livecommerce.foundation.core.events import Event


class StreamStarted(Event, frozen=True, kw_only=True):
    """The picture is there, for the first time or again. `rtp_base` and `pdt_base_ms` are `media_ts` 0."""

    type: ClassVar[str] = "stream.started"
    started_at_ms: int
    rtp_base: int | None
    pdt_base_ms: int
    whep_url: str
    hls_url: str | None


class StreamStopped(Event, frozen=True, kw_only=True):
    """The picture is lost (it may come back), or over."""

    type: ClassVar[str] = "stream.stopped"
    reason: Literal["interrupted", "ended"]
