"""Messages and reactions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from livecommerce.foundation.core.actors import Actor, ActorKind, Role
from livecommerce.foundation.core.errors import Conflict, NotFound
from livecommerce.foundation.core.ids import MessageId, PersonId, ShowId
from livecommerce.foundation.core.text import clean_line

TEXT_HARD_LIMIT = 500
"""Characters, whatever the operator sets: the column's limit, and eight bytes a character fit any frame."""
NONCE_MAX = 64
QUOTE_MAX = 100
"""Characters of a message that a reply shows."""


class MessageState(StrEnum):
    SHOWN = "shown"
    HELD = "held"
    """Waits for a moderator; only staff and its author know of it."""
    HIDDEN = "hidden"
    """Taken away by a moderator, or refused by one."""


class ReactionKind(StrEnum):
    HEART = "heart"
    CLAP = "clap"
    FIRE = "fire"
    WOW = "wow"
    LAUGH = "laugh"


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a message, as they were then: names and roles change, lines already written do not."""

    id: PersonId
    display_name: str
    role: Role
    kind: ActorKind

    @classmethod
    def of(cls, actor: Actor, show_id: ShowId) -> Author:
        return cls(actor.id, actor.display_name, actor.role_in(show_id), actor.kind)


@dataclass(frozen=True, slots=True)
class Quote:
    """What a reply shows of the message it answers."""

    id: MessageId
    author_name: str
    text: str


@dataclass(frozen=True, slots=True)
class Message:
    """One line of a chat."""

    id: MessageId
    show_id: ShowId
    author: Author
    text: str
    at: datetime
    state: MessageState
    reply_to: Quote | None = None
    seq: int | None = None
    """Where the line stands in the show's public log."""

    def quoted(self) -> Quote:
        return Quote(self.id, self.author.display_name, self.text[:QUOTE_MAX])

    def hide(self) -> Message:
        """Take the line away; once."""
        if self.state is MessageState.HIDDEN:
            raise MessageNotFound()
        return replace(self, state=MessageState.HIDDEN)

    def release(self) -> Message:
        """Show a line that is held, or one that was taken away by mistake."""
        if self.state is MessageState.SHOWN:
            raise NotHeld()
        return replace(self, state=MessageState.SHOWN)


class MessageNotFound(NotFound):
    """There is no such message."""

    code = "message_not_found"


class NotHeld(Conflict):
    """This message does not wait for anybody."""

    code = "not_held"


class NotInShow(Conflict):
    """Join the show first."""

    code = "not_joined"


def clean_message(text: str, limit: int) -> str:
    """The text as everybody will see it: one line, nothing invisible; `Invalid` when empty or too long."""
    return clean_line(text, field="text", limit=min(limit, TEXT_HARD_LIMIT))
