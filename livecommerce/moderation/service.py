"""What moderators do, and the verdicts that other rooms ask for."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from livecommerce.foundation.core.actors import Actor, ActorKind, Permission, Role, require
from livecommerce.foundation.core.clock import Clock
from livecommerce.foundation.core.errors import LiveCommerceError, RateLimited
from livecommerce.foundation.core.ids import PersonId, SanctionId, ShowId, new_id
from livecommerce.foundation.core.settings import ChatSettings
from livecommerce.foundation.core.text import clean_text
from livecommerce.foundation.http.limits import Rate, RateLimiter
from livecommerce.foundation.realtime.bus import Bus
from livecommerce.foundation.realtime.eventlog import EventLog, LogTransaction
from livecommerce.foundation.storage.postgres import Transaction
from livecommerce.identity.service import AuditTrail, Grants, People
from livecommerce.identity.views import AuditRow
from livecommerce.moderation.events import ChatModeChanged, ViewerBanned, ViewerMuted
from livecommerce.moderation.model import (
    Banned,
    Filters,
    Outranked,
    Sanction,
    SanctionKind,
    SanctionNotFound,
    SlowMode,
    Verdict,
    check_rank,
    is_staff,
    judge,
    until_of,
)
from livecommerce.moderation.store import SanctionStore
from livecommerce.moderation.views import ChatModeBody, YouBanned, YouMuted
from livecommerce.shows.model import ChatMode, Show
from livecommerce.shows.service import ShowService
from livecommerce.shows.views import ChatModeView

MODE_AGE_S = 1.0
"""The pace of a chat may be a second old; whether it is closed or held is read with every batch of posts."""
REASON_MAX = 500


@dataclass(frozen=True, slots=True)
class Draft:
    """A text that somebody wants to say."""

    author: Actor
    text: str


class ModerationService:
    """Sanctions, chat modes and verdicts."""

    def __init__(
        self,
        log: EventLog,
        store: SanctionStore,
        *,
        shows: ShowService,
        people: People,
        grants: Grants,
        audit: AuditTrail,
        bus: Bus,
        limiter: RateLimiter,
        clock: Clock,
        settings: ChatSettings,
    ) -> None:
        self._log, self._store, self._people, self._grants, self._audit = log, store, people, grants, audit
        self.shows, self._bus, self._limiter, self._clock = shows, bus, limiter, clock
        self._filters = Filters(settings.blocked_words, settings.hold_links)
        self._rate = Rate(settings.posts_per_5s, 5)
        self._modes: dict[ShowId, tuple[float, ChatMode]] = {}

    async def sanction(
        self,
        actor: Actor,
        show_id: ShowId,
        viewer_id: PersonId,
        *,
        kind: SanctionKind,
        seconds: int | None,
        reason: str,
    ) -> Sanction:
        """Mute or ban somebody; for good when `seconds` is None. Replaces an earlier one of the same kind."""
        require(actor, kind.permission, show_id)
        now = self._clock.now()
        until, reason = until_of(now, seconds), clean_text(reason, field="reason", limit=REASON_MAX)
        person = await self._people.get(viewer_id)
        check_rank(actor, show_id, await self._role_in(show_id, viewer_id))
        sanction = Sanction(
            id=SanctionId(new_id()),
            show_id=show_id,
            viewer_id=viewer_id,
            viewer_name=person.display_name,
            kind=kind,
            reason=reason,
            until=until,
            at=now,
            by_id=actor.id,
            by_name=actor.display_name,
        )
        async with self._log.transaction(show_id) as tx:
            await self._store.add(tx, sanction)
            await self._record(tx, actor, f"viewer.{kind}", sanction, seconds=seconds)
            self._tell(tx, sanction)
        await self._carry_out(sanction)
        return sanction

    async def lift(self, actor: Actor, sanction_id: SanctionId) -> None:
        """End a sanction before its time."""
        async with self._store.transaction() as tx:
            sanction = await self._store.lock(sanction_id, tx)
            if not actor.may(Permission.STAFF_READ, sanction.show_id):
                raise SanctionNotFound()
            require(actor, sanction.kind.permission, sanction.show_id)
            if sanction.viewer_id == actor.id:
                raise Outranked()
            lifted = _lifted(sanction, self._clock)
            await self._store.lift(tx, sanction.id, self._clock.now())
            await self._record(tx, actor, f"viewer.un{sanction.kind}", sanction)
            self._tell(self._log.join(tx, sanction.show_id), lifted)
        if sanction.kind is SanctionKind.MUTE:
            muted = YouMuted(show_id=sanction.show_id, until=lifted.until)
            await self._bus.notify(sanction.viewer_id, muted.type, muted)

    async def in_force(self, actor: Actor, show_id: ShowId) -> list[Sanction]:
        """The show's sanctions, for staff."""
        require(actor, Permission.STAFF_READ, show_id)
        return await self._store.of_show(show_id, self._clock.now())

    async def audit(
        self, actor: Actor, show_id: ShowId, *, limit: int, cursor: str | None
    ) -> tuple[Sequence[AuditRow], str | None]:
        """What staff did in the show, the newest first."""
        require(actor, Permission.STAFF_READ, show_id)
        return await self._audit.list(show_id, limit=limit, cursor=cursor)

    async def change_chat_mode(self, actor: Actor, show_id: ShowId, change: ChatModeBody) -> ChatMode:
        """Set slow mode, hold everything, or close the chat."""
        require(actor, Permission.CHAT_MODE, show_id)
        async with self._log.transaction(show_id) as tx:
            await self._store.one_at_a_time(tx, show_id)
            mode = change.over((await self.shows.get(show_id, tx)).chat_mode)
            await self.shows.set_chat_mode(tx, show_id, mode)
            view = ChatModeView.of(mode)
            tx.tell(ChatModeChanged(chat_mode=view))
            detail = {"slow_s": view.slow_s, "hold_all": view.hold_all, "closed": view.closed}
            await self._audit.record(tx, actor, "chat.mode", show_id=show_id, subject_kind="chat", detail=detail)
        self._modes.pop(show_id, None)
        return mode

    async def pace(self, actor: Actor, show_id: ShowId) -> None:
        """Count a post; raises `RateLimited` or `SlowMode`. Staff is not counted."""
        if is_staff(actor, show_id):
            return
        await self._limiter.hit("chat.post", actor.id, self._rate)
        mode = await self._recent_mode(show_id)
        if mode.slow_s:
            try:
                await self._limiter.hit("chat.slow", f"{show_id}:{actor.id}", Rate(1, mode.slow_s))
            except RateLimited as exc:
                raise SlowMode(None, **exc.details) from None

    async def verdicts(
        self, tx: Transaction, show_id: ShowId, drafts: Sequence[Draft]
    ) -> list[Verdict | LiveCommerceError]:
        """What becomes of each text, as things stand in this transaction: shown, held, or the refusal."""
        show = await self.shows.get(show_id, tx)
        authors = {draft.author.id for draft in drafts}
        sanctions = await self._store.of_people(show_id, authors, self._clock.now(), tx)
        return [self._verdict(draft, show, sanctions) for draft in drafts]

    def _verdict(self, draft: Draft, show: Show, sanctions: Collection[Sanction]) -> Verdict | LiveCommerceError:
        own = [sanction for sanction in sanctions if sanction.viewer_id == draft.author.id]
        try:
            return judge(draft.author, draft.text, show=show, filters=self._filters, sanctions=own)
        except LiveCommerceError as refusal:
            return refusal

    async def sanctions_of(self, show_id: ShowId, people: Collection[PersonId]) -> list[Sanction]:
        """What is in force for some people."""
        return await self._store.of_people(show_id, people, self._clock.now())

    async def admit(self, actor: Actor, show_id: ShowId) -> Sanction | None:
        """The mute that is in force for somebody who wants to watch; `Banned` when they may not."""
        own = {sanction.kind: sanction for sanction in await self.sanctions_of(show_id, [actor.id])}
        if SanctionKind.BAN in own:
            raise Banned()
        return own.get(SanctionKind.MUTE)

    async def _recent_mode(self, show_id: ShowId) -> ChatMode:
        read_at, mode = self._modes.get(show_id, (float("-inf"), ChatMode()))
        if time.monotonic() - read_at > MODE_AGE_S:
            mode = (await self.shows.get(show_id)).chat_mode
            if len(self._modes) >= 1000:
                self._modes.clear()
            self._modes[show_id] = time.monotonic(), mode
        return mode

    async def _role_in(self, show_id: ShowId, person_id: PersonId) -> Role:
        person = await self._people.get(person_id)
        granted = next((g.permissions for g in await self._grants.of_show(show_id) if g.person_id == person_id), None)
        role = Role.MODERATOR if granted and person.role is Role.VIEWER else person.role
        grants = {show_id: granted} if granted else {}
        return Actor(person_id, person.display_name, role, ActorKind(person.kind), grants=grants).role_in(show_id)

    async def _record(self, tx: Transaction, actor: Actor, action: str, sanction: Sanction, **detail: object) -> None:
        said = {"text": sanction.viewer_name, "reason": sanction.reason, **detail}
        await self._audit.record(
            tx,
            actor,
            action,
            show_id=sanction.show_id,
            subject_kind="person",
            subject_id=sanction.viewer_id,
            detail=said,
        )

    def _tell(self, tx: LogTransaction, sanction: Sanction) -> None:
        if sanction.kind is SanctionKind.MUTE:
            tx.tell(ViewerMuted(viewer_id=sanction.viewer_id, until=sanction.until))
        else:
            tx.tell(ViewerBanned(viewer_id=sanction.viewer_id, until=sanction.until))

    async def _carry_out(self, sanction: Sanction) -> None:
        """Tell the person; a banned one's sockets close on every node."""
        show_id, viewer_id = sanction.show_id, sanction.viewer_id
        if sanction.kind is SanctionKind.MUTE:
            await self._bus.notify(viewer_id, YouMuted.type, YouMuted(show_id=show_id, until=sanction.until))
        else:
            await self._bus.notify(viewer_id, YouBanned.type, YouBanned(show_id=show_id))
            await self._bus.disconnect(viewer_id, "banned", show_id)


def _lifted(sanction: Sanction, clock: Clock) -> Sanction:
    """The sanction as it is told after it was lifted: it ended now."""
    return replace(sanction, until=clock.now())
