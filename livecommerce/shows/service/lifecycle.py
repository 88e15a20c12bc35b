"""Scheduled → live → paused → ended. The media process draws and lifts the curtain through here too."""

from __future__ import annotations

from collections.abc import Callable

from livecommerce.foundation.core.actors import SYSTEM, Actor, Permission
from livecommerce.foundation.core.ids import ShowId
from livecommerce.shows.events import ShowEnded, ShowPaused, ShowResumed, ShowStarted
from livecommerce.shows.model import PauseReason, Show, ShowStatus
from livecommerce.shows.service.desk import ShowDesk
from livecommerce.shows.views import ShowView

LifeEvent = type[ShowStarted] | type[ShowPaused] | type[ShowResumed] | type[ShowEnded]


class Lifecycle(ShowDesk):
    """Starts, pauses, resumes and ends shows."""

    async def start(self, actor: Actor, show_id: ShowId) -> ShowView:
        """Go live; `NotNow` unless the show is scheduled."""
        return await self._live(actor, show_id, lambda show: show.start(self._clock.now()), ShowStarted)

    async def pause(self, actor: Actor, show_id: ShowId) -> ShowView:
        """Draw the curtain by the host's hand; only their hand lifts it."""
        return await self._live(
            actor, show_id, lambda show: show.pause(self._clock.now(), PauseReason.HOST), ShowPaused
        )

    async def resume(self, actor: Actor, show_id: ShowId) -> ShowView:
        """Go on."""
        return await self._live(actor, show_id, Show.resume, ShowResumed)

    async def end(self, actor: Actor, show_id: ShowId) -> ShowView:
        """Close the show for ever."""
        return await self._live(actor, show_id, lambda show: show.end(self._clock.now()), ShowEnded)

    async def stream_lost(self, show_id: ShowId) -> ShowView:
        """The publisher has vanished. Changes nothing unless the show is live, so it may be said twice."""

        def rule(show: Show) -> Show:
            is_live = show.status is ShowStatus.LIVE
            return show.pause(self._clock.now(), PauseReason.STREAM_LOST) if is_live else show

        return await self._live(SYSTEM, show_id, rule, ShowPaused)

    async def stream_back(self, show_id: ShowId) -> ShowView:
        """The publisher is here again. Lifts the curtain only where its own loss had drawn it."""

        def rule(show: Show) -> Show:
            return show.resume() if show.pause_reason is PauseReason.STREAM_LOST else show

        return await self._live(SYSTEM, show_id, rule, ShowResumed)

    async def _live(self, actor: Actor, show_id: ShowId, rule: Callable[[Show], Show], event: LifeEvent) -> ShowView:
        async with self._changing(actor, show_id, Permission.SHOW_RUN, rule) as change:
            view = await self.view(change.new, change.tx)
            if change.is_any:
                change.tx.tell(event(show=view))
                reason = {"reason": change.new.pause_reason} if change.new.pause_reason else {}
                await self._record(change.tx, actor, _ACTIONS[event], change.new, **reason)
        return view


_ACTIONS = {ShowStarted: "show.start", ShowPaused: "show.pause", ShowResumed: "show.resume", ShowEnded: "show.end"}
