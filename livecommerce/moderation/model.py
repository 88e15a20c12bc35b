"""The rules: what a sanction is, whom one may sanction, and what happens to a text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from livecommerce.foundation.core.actors import Actor, Permission, Role
from livecommerce.foundation.core.errors import Conflict, Forbidden, Invalid, NotFound, RateLimited
from livecommerce.foundation.core.ids import PersonId, SanctionId, ShowId
from livecommerce.foundation.realtime.eventlog import ShowNotFound
from livecommerce.shows.model import Show, ShowStatus

MAX_SANCTION_S = 365 * 24 * 3600


class SanctionKind(StrEnum):
    """A muted person watches and does not speak; a banned one is out."""

    MUTE = "mute"
    BAN = "ban"

    @property
    def permission(self) -> Permission:
        return Permission.VIEWER_MUTE if self is SanctionKind.MUTE else Permission.VIEWER_BAN


@dataclass(frozen=True, slots=True)
class Sanction:
    """What a moderator did to a viewer in one show. `until` None means for good."""

    id: SanctionId
    show_id: ShowId
    viewer_id: PersonId
    viewer_name: str
    kind: SanctionKind
    reason: str
    until: datetime | None
    at: datetime
    by_id: PersonId
    by_name: str

    def is_in_force(self, now: datetime) -> bool:
        return self.until is None or self.until > now


@dataclass(frozen=True, slots=True)
class Filters:
    """What is held for a look whoever wrote it, viewers at least."""

    blocked_words: tuple[str, ...] = ()
    hold_links: bool = True


class Verdict(StrEnum):
    """What becomes of a text that is not refused."""

    SHOWN = "shown"
    HELD = "held"


class Outranked(Forbidden):
    """You cannot do this to somebody of your own rank or above."""

    code = "outranked"


class SanctionNotFound(NotFound):
    """There is no such sanction in force."""

    code = "sanction_not_found"


class Muted(Forbidden):
    """You cannot write in this show at the moment."""

    code = "muted"


class Banned(Forbidden):
    """You have been removed from this show."""

    code = "banned"


class ChatClosed(Conflict):
    """The chat is closed at the moment."""

    code = "chat_closed"


class SlowMode(RateLimited):
    """The chat is in slow mode; wait a moment."""

    code = "slow_mode"


def until_of(now: datetime, seconds: int | None) -> datetime | None:
    """When a sanction of so many seconds ends; None never does."""
    if seconds is None:
        return None
    if not 1 <= seconds <= MAX_SANCTION_S:
        raise Invalid("A sanction lasts from a second to a year, or for good.", field="seconds")
    return now + timedelta(seconds=seconds)


def check_rank(actor: Actor, show_id: ShowId, other: Role) -> None:
    """Nobody sanctions an equal or higher role."""
    if not actor.role_in(show_id).outranks(other):
        raise Outranked()


def is_staff(actor: Actor, show_id: ShowId) -> bool:
    """Whether modes, filters and rates pass the person by in this show."""
    return actor.role_in(show_id) is not Role.VIEWER


def judge(actor: Actor, text: str, *, show: Show, filters: Filters, sanctions: Sequence[Sanction]) -> Verdict:
    """Whether a text is shown or held; raises the refusal. `sanctions` are those in force for its author."""
    kinds: Mapping[SanctionKind, Sanction] = {sanction.kind: sanction for sanction in sanctions}
    if not show.may_be_watched_by(actor):
        raise ShowNotFound()
    if SanctionKind.BAN in kinds:
        raise Banned()
    if SanctionKind.MUTE in kinds:
        raise Muted()
    if is_staff(actor, show.id):
        return Verdict.SHOWN
    if show.chat_mode.closed or show.status is ShowStatus.ENDED:
        raise ChatClosed()
    return Verdict.HELD if show.chat_mode.hold_all or needs_a_look(text, filters) else Verdict.SHOWN


_LINK = re.compile(
    r"https?\s*:\s*/\s*/|\bwww\s*\.\s*\w|\b[\w-]{2,}\.(?:com|net|org|info|biz|shop|store|online|site|link|top|xyz|app|io|co"
    r"|me|tv|gg|ly|de|at|ch|fr|it|es|nl|pl|eu|uk|us|ru|cn|su)\b(?!\.?\w)",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+")


def needs_a_look(text: str, filters: Filters) -> bool:
    """Whether the text holds a link or a blocked word, also in another case, width or with accents."""
    if filters.hold_links and _LINK.search(text):
        return True
    if not filters.blocked_words:
        return False
    words = _WORD.findall(_folded(text))
    return any(_holds(words, _WORD.findall(_folded(blocked))) for blocked in filters.blocked_words)


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def _holds(words: Sequence[str], phrase: Collection[str]) -> bool:
    """Whether the words of the phrase stand in the text one after another."""
    sought = list(phrase)
    return bool(sought) and any(list(words[i : i + len(sought)]) == sought for i in range(len(words)))
