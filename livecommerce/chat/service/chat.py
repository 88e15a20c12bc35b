"""Talking, and keeping the talk in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from livecommerce.chat.events import ChatHidden, ChatPosted, ChatReleased
from livecommerce.chat.model import Message, MessageNotFound, MessageState, clean_message
from livecommerce.chat.service.posting import Post, Posting
from livecommerce.chat.store import NEWEST, MessageStore
from livecommerce.chat.views import MessageView
from livecommerce.foundation.core.actors import Actor, Permission, require
from livecommerce.foundation.core.clock import Clock
from livecommerce.foundation.core.errors import Invalid
from livecommerce.foundation.core.ids import MessageId, ShowId
from livecommerce.foundation.core.settings import ChatSettings
from livecommerce.foundation.realtime.eventlog import EventLog, Told
from livecommerce.foundation.storage.postgres import Transaction
from livecommerce.identity.service import AuditTrail
from livecommerce.moderation.service import ModerationService
from livecommerce.shows.service import ShowService

RECENT = 50
PAGE_MAX = 200
AUDIT_TEXT_MAX = 100


class ChatService:
    """Posting, reading, hiding, releasing."""

    def __init__(
        self,
        log: EventLog,
        store: MessageStore,
        *,
        moderation: ModerationService,
        shows: ShowService,
        audit: AuditTrail,
        clock: Clock,
        settings: ChatSettings,
    ) -> None:
        self._log, self._store, self._moderation, self._shows, self._audit = log, store, moderation, shows, audit
        self._text_max = settings.text_max
        self._posting = Posting(log, store, moderation=moderation, clock=clock)

    async def post(
        self, actor: Actor, show_id: ShowId, *, text: str, nonce: str, reply_to: MessageId | None = None
    ) -> Message:
        """Say something; returns after COMMIT with the message, shown or held. Raises the refusal."""
        cleaned = clean_message(text, self._text_max)
        await self._moderation.pace(actor, show_id)
        return await self._posting.post(show_id, Post(actor, cleaned, nonce, reply_to))

    async def recent(self, show_id: ShowId, tx: Transaction | None = None) -> list[Message]:
        """The last lines in the order they were said, for a snapshot."""
        return (await self._store.shown(show_id, limit=RECENT, tx=tx))[::-1]

    async def page(
        self, actor: Actor | None, show_id: ShowId, *, limit: int, cursor: str | None
    ) -> tuple[Sequence[Message], str | None]:
        """A page of the chat, the newest line first, and the cursor of the older ones."""
        await self._shows.watchable(actor, show_id)
        limit = max(1, min(limit, PAGE_MAX))
        messages = await self._store.shown(show_id, before=_place(cursor), limit=limit)
        return messages, str(messages[-1].seq) if len(messages) == limit else None

    async def held(self, actor: Actor, show_id: ShowId) -> list[Message]:
        """What waits for a moderator, the oldest first."""
        require(actor, Permission.STAFF_READ, show_id)
        return await self._store.held(show_id)

    async def hide(self, actor: Actor, message_id: MessageId) -> None:
        """Take a line away, or refuse one that is held."""
        async with self._store.transaction() as plain:
            message = await self._mine_to_moderate(actor, message_id, plain)
            was_held = message.state is MessageState.HELD
            hidden = message.hide()
            await self._store.set_state(plain, hidden)
            tx = self._log.join(plain, message.show_id)
            tx.tell(ChatReleased(message_id=message.id) if was_held else ChatHidden(message_id=message.id))
            await self._record(tx, actor, "chat.refuse" if was_held else "chat.hide", message)

    async def release(self, actor: Actor, message_id: MessageId) -> Message:
        """Show a held line, or a hidden one again: it is said now."""
        async with self._store.transaction() as plain:
            found = await self._mine_to_moderate(actor, message_id, plain)
            was_held, message = found.state is MessageState.HELD, found.release()
            tx = self._log.join(plain, message.show_id)
            told = tx.tell(ChatPosted(message=MessageView.of(message)))
            if was_held:
                tx.tell(ChatReleased(message_id=message.id))
            await self._record(tx, actor, "chat.release" if was_held else "chat.show", message)
            tx.before_commit(lambda: self._keep(tx, message, told))
        return message

    async def how_many(self, show_id: ShowId) -> int:
        """Lines shown so far."""
        return await self._store.how_many(show_id)

    async def _keep(self, tx: Transaction, message: Message, told: Told) -> None:
        await self._store.set_state(tx, replace(message, seq=told.seq))

    async def _mine_to_moderate(self, actor: Actor, message_id: MessageId, tx: Transaction) -> Message:
        """The message, locked. One that others cannot see does not exist for them."""
        message = await self._store.lock(tx, message_id)
        if message.state is not MessageState.SHOWN and not actor.may(Permission.STAFF_READ, message.show_id):
            raise MessageNotFound()
        require(actor, Permission.CHAT_HIDE, message.show_id)
        return message

    async def _record(self, tx: Transaction, actor: Actor, action: str, message: Message) -> None:
        detail = {"text": message.text[:AUDIT_TEXT_MAX], "author": message.author.display_name}
        await self._audit.record(
            tx, actor, action, show_id=message.show_id, subject_kind="message", subject_id=message.id, detail=detail
        )


def _place(cursor: str | None) -> int:
    if cursor is None:
        return NEWEST
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 18:
        raise Invalid("This cursor is not one of ours.", field="cursor")
    return int(cursor)
