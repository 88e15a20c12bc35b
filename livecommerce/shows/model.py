"""Rules of a show: its life, its lineup and its pins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from livecommerce.foundation.core.actors import Actor, ActorKind, Role
from livecommerce.foundation.core.errors import Conflict, Invalid
from livecommerce.foundation.core.ids import PersonId, ProductId, ShowId

MAX_TITLE = 120
MAX_DESCRIPTION = 2000
MAX_LINEUP = 200
MAX_PINS = 3
MAX_AHEAD = timedelta(days=366)
MAX_BEHIND = timedelta(days=1)
"""A show may be planned for a while ago, so that "now" survives a slow form."""
MAX_SLOW_S = 3600


class ShowStatus(StrEnum):
    SCHEDULED = "scheduled"
    LIVE = "live"
    PAUSED = "paused"
    ENDED = "ended"


class ShowKind(StrEnum):
    SHOW = "show"
    REHEARSAL = "rehearsal"


class Visibility(StrEnum):
    PUBLIC = "public"
    UNLISTED = "unlisted"
    """Everybody who has the link."""
    PRIVATE = "private"
    """Only who was invited; for everybody else it does not exist."""


class PauseReason(StrEnum):
    HOST = "host"
    STREAM_LOST = "stream_lost"


ON_AIR = frozenset({ShowStatus.LIVE, ShowStatus.PAUSED})


@dataclass(frozen=True, slots=True)
class Pin:
    """A product that is highlighted, since when, and where the picture was at that moment."""

    product_id: ProductId
    pinned_at: datetime
    media_ts: int | None = None


@dataclass(frozen=True, slots=True)
class ChatMode:
    """How the chat of a show works. The rule is kept here with the show; `moderation` sets and applies it."""

    slow_s: int = 0
    """Seconds between two messages of one viewer; 0 is off."""
    hold_all: bool = False
    closed: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.slow_s <= MAX_SLOW_S:
            raise Invalid(f"Slow mode is 0 to {MAX_SLOW_S} seconds.", field="slow_s")


@dataclass(frozen=True, slots=True)
class Show:
    """A live-shopping event and what its host controls."""

    id: ShowId
    title: str
    host_id: PersonId
    starts_at: datetime
    description: str = ""
    status: ShowStatus = ShowStatus.SCHEDULED
    kind: ShowKind = ShowKind.SHOW
    visibility: Visibility = Visibility.PUBLIC
    started_at: datetime | None = None
    paused_at: datetime | None = None
    ended_at: datetime | None = None
    pause_reason: PauseReason | None = None
    poster_key: str | None = None
    lineup: tuple[ProductId, ...] = ()
    pins: tuple[Pin, ...] = ()
    """Newest first: the first one is the primary card."""
    chat_mode: ChatMode = field(default_factory=ChatMode)
    version: int = 1
    """Of the fields that `show.*` events tell; lineup, pins and chat mode have events of their own."""

    def __post_init__(self) -> None:
        if self.kind is ShowKind.REHEARSAL and self.visibility is Visibility.PUBLIC:
            raise Invalid("A rehearsal is not public.", field="visibility")

    @property
    def is_on_air(self) -> bool:
        """Between start and end, also while paused."""
        return self.status in ON_AIR

    def may_be_watched_by(self, actor: Actor | None) -> bool:
        """Whether the caller may know of the show at all. A grant, even an empty one, is an invitation."""
        if self.visibility is not Visibility.PRIVATE:
            return True
        if actor is None:
            return False
        return actor.role is Role.OWNER or actor.kind is ActorKind.SYSTEM or self.id in actor.grants

    def start(self, at: datetime) -> Show:
        """Go live for the first time."""
        self._require(ShowStatus.SCHEDULED)
        return self._next(status=ShowStatus.LIVE, started_at=at)

    def pause(self, at: datetime, reason: PauseReason) -> Show:
        """Draw the curtain. A host's pause takes the place of a lost stream's, so that the stream does not end it."""
        if self.pause_reason is PauseReason.STREAM_LOST and reason is PauseReason.HOST:
            return self._next(pause_reason=reason)
        self._require(ShowStatus.LIVE)
        return self._next(status=ShowStatus.PAUSED, paused_at=at, pause_reason=reason)

    def resume(self) -> Show:
        """Go on."""
        self._require(ShowStatus.PAUSED)
        return self._next(status=ShowStatus.LIVE, paused_at=None, pause_reason=None)

    def end(self, at: datetime) -> Show:
        """Close for ever; nothing stays pinned."""
        self._require(*ON_AIR)
        return self._next(status=ShowStatus.ENDED, ended_at=at, paused_at=None, pause_reason=None, pins=())

    def _require(self, *statuses: ShowStatus) -> None:
        if self.status not in statuses:
            raise NotNow(f"The show is {self.status}.")

    def _next(self, **changes: Any) -> Show:
        return replace(self, version=self.version + 1, **changes)

    def with_lineup(self, products: Sequence[ProductId]) -> Show:
        """The show with these products in this order; what is no longer among them is unpinned."""
        if self.status is ShowStatus.ENDED:
            raise NotNow(f"The show is {self.status}.")
        if len(products) > MAX_LINEUP:
            raise Invalid(f"A lineup has at most {MAX_LINEUP} products.", field="lineup")
        if len(set(products)) < len(products):
            raise Invalid("A product is in the lineup once.", field="lineup")
        kept = set(products)
        return replace(self, lineup=tuple(products), pins=tuple(pin for pin in self.pins if pin.product_id in kept))

    def pin(self, product_id: ProductId, at: datetime, media_ts: int | None) -> Show:
        """The show with a product of its lineup in front. Beyond `MAX_PINS` the oldest pin gives way."""
        if not self.is_on_air:
            raise ShowNotLive()
        if product_id not in self.lineup:
            raise NotInLineup()
        others = [pin for pin in self.pins if pin.product_id != product_id]
        return replace(self, pins=(Pin(product_id, at, media_ts), *others[: MAX_PINS - 1]))

    def unpin(self, product_id: ProductId) -> Show:
        """The show without that pin; nothing happens when there is none."""
        return replace(self, pins=tuple(pin for pin in self.pins if pin.product_id != product_id))

    def edited(self, **changes: Any) -> Show:
        """The show with another title, description, visibility or poster; another time only before it has begun."""
        if self.status is ShowStatus.ENDED:
            raise NotNow(f"The show is {self.status}.")
        if changes.get("starts_at", self.starts_at) != self.starts_at and self.status is not ShowStatus.SCHEDULED:
            raise NotNow("The show has already begun.")
        return self._next(**changes)


class NotNow(Conflict):
    """The show is in a state that does not allow this."""

    code = "illegal_transition"


class ShowNotLive(Conflict):
    """The show is not live."""

    code = "show_not_live"


class NotInLineup(Conflict):
    """The product is not part of this show's lineup."""

    code = "not_in_lineup"


class NotForSale(Conflict):
    """A product is unknown or archived."""

    code = "not_for_sale"


def check_start(starts_at: datetime, now: datetime) -> datetime:
    """The time, if somebody can mean it."""
    if not now - MAX_BEHIND <= starts_at <= now + MAX_AHEAD:
        raise Invalid("A show starts within a year from now.", field="starts_at")
    return starts_at
