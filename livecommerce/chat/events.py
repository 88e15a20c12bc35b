"""What chat tells a show."""

from __future__ import annotations

from typing import ClassVar

from livecommerce.chat.views import MessageView
from livecommerce.foundation.core.events import Counter, Event, Scope


class ChatPosted(Event, frozen=True):
    """Somebody said something that everybody may see."""

    type: ClassVar[str] = "chat.posted"
    message: MessageView


class ChatHidden(Event, frozen=True):
    """A moderator took a message away."""

    type: ClassVar[str] = "chat.hidden"
    message_id: str


class ChatHeld(Event, frozen=True):
    """A message waits for a moderator."""

    type: ClassVar[str] = "chat.held"
    scope: ClassVar[Scope] = Scope.STAFF
    message: MessageView


class ChatReleased(Event, frozen=True):
    """A message no longer waits: it was shown or refused."""

    type: ClassVar[str] = "chat.released"
    scope: ClassVar[Scope] = Scope.STAFF
    message_id: str


class ReactionCounted(Counter, frozen=True):
    """How often each reaction was sent so far."""

    type: ClassVar[str] = "reaction.counted"
    counts: dict[str, int]
