"""Rows of messages in PostgreSQL, counts of reactions in Redis."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import asyncpg

from livecommerce.chat.model import Author, Message, MessageNotFound, MessageState, Quote
from livecommerce.foundation.core.actors import ActorKind, Role
from livecommerce.foundation.core.ids import MessageId, PersonId, ShowId, is_uuid
from livecommerce.foundation.storage.postgres import Database, Row, Transaction
from livecommerce.foundation.storage.redis import Redis, scripts
from livecommerce.foundation.storage.sql import queries

Q = queries(__package__)

NEWEST = (1 << 63) - 1
REACTIONS_TTL_S = 30 * 24 * 3600


class NonceTaken(Exception):
    """One of the messages cannot be written: mostly, another process wrote its nonce at the same time."""


class MessageStore:
    """Messages."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """For a use case that learns from the row which show it is about."""
        return self._database.transaction()

    async def add(self, tx: Transaction, show_id: ShowId, messages: Sequence[tuple[Message, str]]) -> None:
        """Insert messages with their nonces in one statement."""
        columns = list(map(list, zip(*(_values(message, nonce) for message, nonce in messages), strict=True)))
        try:
            await tx.execute(Q.add_messages, show_id, *columns)
        except asyncpg.IntegrityConstraintViolationError as exc:
            raise NonceTaken from exc

    async def by_nonce(
        self, tx: Transaction, show_id: ShowId, asked: Collection[tuple[PersonId, str]]
    ) -> dict[tuple[PersonId, str], Message]:
        """Those that were written before."""
        authors, nonces = [author for author, _ in asked], [nonce for _, nonce in asked]
        rows = await tx.fetch(Q.messages_by_nonce, show_id, authors, nonces)
        return {(row["author_id"], row["nonce"]): _message(row) for row in rows}

    async def of_show(
        self, tx: Transaction, show_id: ShowId, messages: Collection[MessageId]
    ) -> dict[MessageId, Message]:
        """Those of the messages that belong to the show."""
        wanted = [message_id for message_id in messages if is_uuid(message_id)]
        rows = await tx.fetch(Q.messages_by_id, show_id, wanted) if wanted else []
        return {MessageId(row["id"]): _message(row) for row in rows}

    async def lock(self, tx: Transaction, message_id: MessageId) -> Message:
        row = await tx.fetchrow(Q.lock_message, message_id) if is_uuid(message_id) else None
        if row is None:
            raise MessageNotFound()
        return _message(row)

    async def set_state(self, tx: Transaction, message: Message) -> None:
        await tx.execute(Q.set_state, message.id, message.state, message.seq)

    async def shown(
        self, show_id: ShowId, *, before: int = NEWEST, limit: int = 50, tx: Transaction | None = None
    ) -> list[Message]:
        """A page of the chat, the newest line first."""
        return [_message(row) for row in await (tx or self._database).fetch(Q.shown_before, show_id, before, limit)]

    async def held(self, show_id: ShowId, *, limit: int = 200) -> list[Message]:
        """What waits, the oldest first."""
        return [_message(row) for row in await self._database.fetch(Q.held, show_id, limit)]

    async def how_many(self, show_id: ShowId) -> int:
        """How many lines are shown."""
        return int(await self._database.fetchval(Q.how_many, show_id))


class ReactionStore:
    """How often each reaction was sent, per show."""

    def __init__(self, redis: Redis) -> None:
        self._scripts = scripts(redis, __package__)

    async def add(self, show_id: ShowId, counts: Mapping[str, int]) -> tuple[int, dict[str, int]]:
        """Add to the counts; (version, all counts). Adding nothing reads them."""
        pairs = [part for kind, count in counts.items() for part in (kind, count)]
        answer: Sequence[Any] = await self._scripts.react([f"reactions:{{{show_id}}}"], [REACTIONS_TTL_S, *pairs])
        version, *fields = (part.decode() if isinstance(part, bytes) else str(part) for part in answer)
        return int(version), {kind: int(count) for kind, count in zip(fields[::2], fields[1::2], strict=True)}


def _values(message: Message, nonce: str) -> tuple[object, ...]:
    author = message.author
    return (
        message.id,
        author.id,
        author.display_name,
        author.role,
        author.kind,
        message.text,
        message.reply_to.id if message.reply_to else None,
        message.state,
        message.seq,
        nonce,
        message.at,
    )


def _message(row: Row) -> Message:
    quote = row["quote_id"]
    return Message(
        id=MessageId(row["id"]),
        show_id=ShowId(row["show_id"]),
        author=Author(
            PersonId(row["author_id"]), row["author_name"], Role(row["author_role"]), ActorKind(row["author_kind"])
        ),
        text=row["text"],
        at=row["at"],
        state=MessageState(row["state"]),
        reply_to=Quote(MessageId(quote), row["quote_name"], row["quote_text"][:100]) if quote else None,
        seq=row["seq"],
    )
