"""Joining a show: enter the hub first, then read, so that nothing falls between."""

from __future__ import annotations

from typing import Any, cast

from livecommerce.audience.service.admissions import Admissions
from livecommerce.audience.service.presence import Presence
from livecommerce.audience.service.snapshots import Cut, Snapshots
from livecommerce.audience.views import CrowdView, Joined, PlacedSnapshot, PresentView, muted_until
from livecommerce.foundation.core.actors import Actor, Permission, Role, require
from livecommerce.foundation.core.clock import Clock
from livecommerce.foundation.core.events import Scope
from livecommerce.foundation.core.ids import ShowId
from livecommerce.foundation.realtime.eventlog import EventLog, Head
from livecommerce.foundation.realtime.gateway import Connection
from livecommerce.foundation.realtime.wire import Envelope, Shared, plain
from livecommerce.identity.views import YouView
from livecommerce.moderation.model import Sanction, SanctionKind
from livecommerce.moderation.service import ModerationService
from livecommerce.shows.service import ShowService

RECOVERY_MAX_BYTES = 128 * 1024
"""More missed events than this are not worth sending one by one: the snapshot is smaller."""


class AudienceService:
    """Who comes in, and what they are given."""

    def __init__(
        self,
        log: EventLog,
        *,
        shows: ShowService,
        moderation: ModerationService,
        snapshots: Snapshots,
        presence: Presence,
        clock: Clock,
    ) -> None:
        self._log, self._shows, self._moderation, self._snapshots = log, shows, moderation, snapshots
        self._presence, self._clock = presence, clock
        self._admissions = Admissions(moderation)

    async def join(self, connection: Connection, show_id: ShowId, *, scope: Scope, since: Head | None) -> Joined:
        """Let somebody in, with what they missed since or the whole state. Raises `ShowNotFound`, `Banned`."""
        actor = connection.actor
        await self._shows.watchable(actor, show_id)
        if scope is Scope.STAFF:
            require(actor, Permission.STAFF_READ, show_id)
        try:
            head = await connection.enter(show_id, scope)
            mute = await self._admissions.admit(actor, show_id)
            missed = await self._missed(connection, show_id, scope, since) if since else None
            if missed is not None and since is not None:
                return self._resumed(missed, since)
            return await self._entered(connection, show_id, scope, head, mute)
        except BaseException:
            connection.leave(show_id)
            raise

    async def snapshot(self, actor: Actor | None, show_id: ShowId) -> PlacedSnapshot:
        """The state of a show with its place in the log."""
        await self._shows.watchable(actor, show_id)
        mute = await self._admissions.admit(actor, show_id) if actor else None
        cut = await self._snapshots.get(show_id, at_least=await self._log.head(show_id, Scope.PUBLIC))
        you = YouView.of(actor, show_id, muted_until=muted_until(mute)) if actor else None
        parts = {name: part.value for name, part in cut.parts.items()}
        return PlacedSnapshot(
            **cast(Any, parts), you=you, epoch=cut.head.epoch, seq=cut.head.seq, now_ms=self._clock.now_ms()
        )

    async def crowd(self, actor: Actor, show_id: ShowId) -> CrowdView:
        """Who is there, and who was removed, for staff."""
        await self._shows.watchable(actor, show_id)
        require(actor, Permission.STAFF_READ, show_id)
        watching = await self._presence.watching(show_id)
        people = {p.id: (p.display_name, p.role) for p in await self._presence.people(show_id)}
        sanctions = await self._moderation.in_force(actor, show_id)
        for sanction in sanctions:
            people.setdefault(sanction.viewer_id, (sanction.viewer_name, Role.VIEWER))
        mutes = {s.viewer_id: s for s in sanctions if s.kind is SanctionKind.MUTE}
        banned = {s.viewer_id for s in sanctions if s.kind is SanctionKind.BAN}
        return CrowdView(
            viewers=watching.viewers,
            peak=await self._presence.peak(show_id),
            people=[
                PresentView(person_id, name, role, muted_until(mutes.get(person_id)), person_id in banned)
                for person_id, (name, role) in people.items()
            ],
        )

    async def _missed(
        self, connection: Connection, show_id: ShowId, scope: Scope, since: Head
    ) -> tuple[list[Envelope], Shared] | None:
        """What happened since, if all of it is known and it is little enough."""
        events = connection.missed(show_id, scope, since)
        if events is None:
            events = await self._log.since(show_id, scope, since.epoch, since.seq)
        if events is None:
            return None
        shared = Shared(events)
        return (events, shared) if len(memoryview(shared.raw(connection.parser))) <= RECOVERY_MAX_BYTES else None

    def _resumed(self, missed: tuple[list[Envelope], Shared], since: Head) -> Joined:
        events, shared = missed
        return Joined(
            epoch=since.epoch,
            seq=events[-1].seq or 0 if events else since.seq,
            now_ms=self._clock.now_ms(),
            recovered=True,
            events=cast(Any, shared),
        )

    async def _entered(
        self, connection: Connection, show_id: ShowId, scope: Scope, head: Head, mute: Sanction | None
    ) -> Joined:
        cut: Cut = await self._snapshots.get(show_id, at_least=head if scope is Scope.PUBLIC else None)
        place = cut.head if scope is Scope.PUBLIC else head
        connection.catch_up(show_id, cut.read_at)
        you = plain(YouView.of(connection.actor, show_id, muted_until=muted_until(mute)))
        return Joined(
            epoch=place.epoch,
            seq=place.seq,
            now_ms=self._clock.now_ms(),
            recovered=False,
            snapshot=cast(Any, {**cut.parts, "you": you}),
        )
