"""Chat over the socket."""

from __future__ import annotations

from typing import Annotated

import msgspec

from livecommerce.chat.model import NONCE_MAX, NotInShow, ReactionKind
from livecommerce.chat.service import ChatService, Reactions
from livecommerce.chat.views import PostedView
from livecommerce.foundation.core.ids import MessageId, ShowId
from livecommerce.foundation.http.limits import Rate
from livecommerce.foundation.realtime.gateway import Connection, Gateway

Id = Annotated[str, msgspec.Meta(pattern="^[0-9a-z-]{1,36}$")]

REACTIONS = Rate(20, 5)
"""Messages per person; a page joins taps into one."""


class ChatPost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The same nonce again is the same message."""

    show_id: Id
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
    nonce: Annotated[str, msgspec.Meta(min_length=1, max_length=NONCE_MAX)]
    reply_to: Id | None = None


class ReactionSend(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    show_id: Id
    kind: ReactionKind
    count: Annotated[int, msgspec.Meta(ge=1, le=50)] = 1


def register(gateway: Gateway, chat: ChatService, reactions: Reactions) -> None:
    """Answer `chat.post` and `reaction.send` of people who have joined the show."""

    async def post(connection: Connection, body: ChatPost) -> PostedView:
        show_id = _joined(connection, body.show_id)
        reply_to = MessageId(body.reply_to) if body.reply_to else None
        return PostedView.of(
            await chat.post(connection.actor, show_id, text=body.text, nonce=body.nonce, reply_to=reply_to)
        )

    async def react(connection: Connection, body: ReactionSend) -> None:
        reactions.send(_joined(connection, body.show_id), body.kind, body.count)

    gateway.on("chat.post", body=ChatPost, handler=post)
    gateway.on("reaction.send", body=ReactionSend, handler=react, rate=REACTIONS)


def _joined(connection: Connection, show_id: str) -> ShowId:
    if show_id not in connection.shows:
        raise NotInShow()
    return ShowId(show_id)
