"""Tells the world what happens to a stream, and pauses and resumes the show with it."""

from __future__ import annotations

from livecommerce.broadcast.events import StreamStarted, StreamStopped
from livecommerce.broadcast.model import Broadcast, BroadcastState, hls_url, whep_url
from livecommerce.broadcast.service.shows import Shows
from livecommerce.broadcast.store import StreamStore
from livecommerce.foundation.core.actors import SYSTEM
from livecommerce.foundation.core.clock import Clock
from livecommerce.foundation.core.events import Event
from livecommerce.foundation.media.report import StreamReport
from livecommerce.foundation.realtime.eventlog import EventLog
from livecommerce.shows.model import PauseReason, ShowStatus


class StreamAnnouncer:
    """A `StreamListener`. Every step may be repeated: what was told already is not told again."""

    def __init__(self, store: StreamStore, log: EventLog, shows: Shows, clock: Clock) -> None:
        self._store, self._log, self._shows, self._clock = store, log, shows, clock

    async def stream_changed(self, report: StreamReport) -> None:
        """The stream started, was interrupted, came back, or ended."""
        state = BroadcastState(report.state.value)
        await self.announce(
            Broadcast(report.show_id, report.stream_id, state, report.rtp_base, report.pdt_base_ms, report.is_hls)
        )

    async def announce(self, broadcast: Broadcast) -> None:
        """Write the state and tell it in one transaction; then the show follows its picture."""
        async with self._log.transaction(broadcast.show_id) as tx:
            if await self._store.save(broadcast, tx, self._clock.now()):
                tx.tell(_event(broadcast))
        current = await self._store.get(broadcast.show_id)
        if current is not None and (current.stream_id, current.state) == (broadcast.stream_id, broadcast.state):
            await self._follow(broadcast)

    async def _follow(self, broadcast: Broadcast) -> None:
        show = await self._shows.get(broadcast.show_id)
        is_waiting = show.status is ShowStatus.PAUSED and show.pause_reason is PauseReason.STREAM_LOST
        match broadcast.state:
            case BroadcastState.LIVE if is_waiting:
                await self._shows.stream_back(show.id)
            case BroadcastState.INTERRUPTED if show.status is ShowStatus.LIVE:
                await self._shows.stream_lost(show.id)
            case BroadcastState.ENDED if is_waiting:
                await self._shows.end(SYSTEM, show.id)


def _event(broadcast: Broadcast) -> Event:
    if broadcast.state is not BroadcastState.LIVE:
        return StreamStopped(reason="ended" if broadcast.state is BroadcastState.ENDED else "interrupted")
    return StreamStarted(
        started_at_ms=broadcast.pdt_base_ms,
        rtp_base=broadcast.rtp_base,
        pdt_base_ms=broadcast.pdt_base_ms,
        whep_url=whep_url(broadcast.show_id),
        hls_url=hls_url(broadcast.show_id) if broadcast.is_hls else None,
    )
