"""Chat on the wire."""

from __future__ import annotations

from datetime import datetime

import msgspec

from livecommerce.chat.model import Message, MessageState
from livecommerce.identity.views import PersonView


class QuoteView(msgspec.Struct, frozen=True):
    """What a reply shows of the message it answers."""

    id: str
    author_name: str
    text: str


class MessageView(msgspec.Struct, frozen=True):
    """One line; the author's role tells the badge."""

    id: str
    show_id: str
    author: PersonView
    text: str
    reply_to: QuoteView | None
    at: datetime
    state: MessageState

    @classmethod
    def of(cls, message: Message) -> MessageView:
        author, quote = message.author, message.reply_to
        return cls(
            id=message.id,
            show_id=message.show_id,
            author=PersonView(author.id, author.display_name, author.role, author.kind),
            text=message.text,
            reply_to=QuoteView(quote.id, quote.author_name, quote.text) if quote else None,
            at=message.at,
            state=message.state,
        )


class PostedView(msgspec.Struct, frozen=True):
    """What became of a message: shown, or held for a moderator."""

    id: str
    state: MessageState
    seq: int | None
    message: MessageView

    @classmethod
    def of(cls, message: Message) -> PostedView:
        return cls(message.id, message.state, message.seq, MessageView.of(message))


class ReactionsView(msgspec.Struct, frozen=True):
    """How often each reaction was sent in a show."""

    counts: dict[str, int]
    version: int
