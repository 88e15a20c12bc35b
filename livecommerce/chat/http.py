"""Doors to chat."""

from __future__ import annotations

from typing import Annotated

import msgspec

from livecommerce.chat.service import ChatService
from livecommerce.chat.views import MessageView, PostedView
from livecommerce.foundation.core.ids import MessageId, new_id
from livecommerce.foundation.http.routes import Call, Routes


class MessageBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
    reply_to: Annotated[str, msgspec.Meta(pattern="^[0-9a-z-]{1,36}$")] | None = None


class PageQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    limit: Annotated[int, msgspec.Meta(ge=1, le=200)] = 50
    cursor: Annotated[str, msgspec.Meta(max_length=64)] | None = None


class MessageList(msgspec.Struct, frozen=True):
    items: list[MessageView]
    next: str | None = None


def routes(chat: ChatService) -> Routes:
    table = Routes("chat")

    @table.post("/shows/{show_id}/messages", body=MessageBody, answer=PostedView, status=201)
    async def post(call: Call[MessageBody]) -> PostedView:
        """Say something. The same Idempotency-Key again is the same message"""
        reply_to = MessageId(call.body.reply_to) if call.body.reply_to else None
        nonce = call.idempotency_key or new_id()
        return PostedView.of(
            await chat.post(call.actor, call.id("show_id"), text=call.body.text, nonce=nonce, reply_to=reply_to)
        )

    @table.get("/shows/{show_id}/messages", query=PageQuery, answer=MessageList, auth="optional")
    async def messages(call: Call[None]) -> MessageList:
        """The chat, the newest line first"""
        query: PageQuery = call.query
        page, cursor = await chat.page(call.maybe_actor, call.id("show_id"), limit=query.limit, cursor=query.cursor)
        return MessageList([MessageView.of(message) for message in page], cursor)

    @table.delete("/messages/{message_id}")
    async def hide(call: Call[None]) -> None:
        """Take a line away, or refuse a held one"""
        await chat.hide(call.actor, call.id("message_id"))

    @table.get("/shows/{show_id}/held-messages", answer=MessageList)
    async def held(call: Call[None]) -> MessageList:
        """What waits for a moderator, the oldest first"""
        return MessageList([MessageView.of(m) for m in await chat.held(call.actor, call.id("show_id"))])

    @table.post("/held-messages/{message_id}/release", answer=MessageView)
    async def release(call: Call[None]) -> MessageView:
        """Show a held line, or a hidden one again"""
        return MessageView.of(await chat.release(call.actor, call.id("message_id")))

    return table
