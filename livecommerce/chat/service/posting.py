"""Writing messages, many in one COMMIT.

Group commit without a task of its own: per show and process one post at a time leads. While a batch commits, later
posts gather; the first of them waits for the batch, then leads all that gathered. So a quiet chat adds no delay and
a busy one makes larger batches, never more transactions. At most `WAITING_MAX` posts gather per show; more are
answered `busy`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from livecommerce.chat.events import ChatHeld, ChatPosted
from livecommerce.chat.model import Author, Message, MessageState
from livecommerce.chat.store import MessageStore, NonceTaken
from livecommerce.chat.views import MessageView
from livecommerce.foundation.core.actors import Actor
from livecommerce.foundation.core.clock import Clock
from livecommerce.foundation.core.errors import Busy, Invalid, LiveCommerceError
from livecommerce.foundation.core.ids import MessageId, PersonId, ShowId, new_id
from livecommerce.foundation.realtime.eventlog import EventLog, LogTransaction, Told
from livecommerce.moderation.model import Verdict
from livecommerce.moderation.service import Draft, ModerationService

WAITING_MAX = 1000
BATCH_MAX = 200


@dataclass(frozen=True, slots=True)
class Post:
    """What somebody wants to say. The same nonce of the same author is the same post."""

    author: Actor
    text: str
    nonce: str
    reply_to: MessageId | None = None


Outcome = Message | LiveCommerceError
Key = tuple[PersonId, str]
"""Author and nonce: what makes a post the same post."""


@dataclass(slots=True, eq=False)
class _Waiting:
    post: Post
    done: asyncio.Future[Message]


@dataclass(slots=True)
class _Lane:
    """The posts of one show in this process."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    gathered: list[_Waiting] = field(default_factory=list)
    has_leader: bool = False


class Posting:
    """Commits posts in batches."""

    def __init__(self, log: EventLog, store: MessageStore, *, moderation: ModerationService, clock: Clock) -> None:
        self._log, self._store, self._moderation, self._clock = log, store, moderation, clock
        self._lanes: dict[ShowId, _Lane] = {}

    async def post(self, show_id: ShowId, post: Post) -> Message:
        """Write the post; returns after COMMIT. Raises the refusal of the moderation."""
        lane = self._lanes.setdefault(show_id, _Lane())
        if len(lane.gathered) >= WAITING_MAX:
            raise Busy(retry_after_ms=1000)
        waiting = _Waiting(post, asyncio.get_running_loop().create_future())
        lane.gathered.append(waiting)
        if not lane.has_leader:
            await self._lead(show_id, lane)
        return await waiting.done

    async def _lead(self, show_id: ShowId, lane: _Lane) -> None:
        lane.has_leader = True
        batch: list[_Waiting] = []
        try:
            async with lane.turn:
                lane.has_leader = False
                batch, lane.gathered = lane.gathered, []
                for start in range(0, len(batch), BATCH_MAX):
                    await self._commit(show_id, batch[start : start + BATCH_MAX])
        except BaseException:
            # The leader was cancelled, perhaps while it waited: whoever gathered behind it must not wait for ever.
            if not batch:
                lane.has_leader = False
                batch, lane.gathered = lane.gathered, []
            for waiting in batch:
                _settle(waiting, Busy(retry_after_ms=500))
            raise
        finally:
            if not lane.gathered and not lane.has_leader and not lane.turn.locked():
                self._lanes.pop(show_id, None)

    async def _commit(self, show_id: ShowId, batch: Sequence[_Waiting]) -> None:
        try:
            outcomes: Sequence[Outcome] = await self._write(show_id, [waiting.post for waiting in batch])
        except NonceTaken:
            # A retry reached another process at the same instant. Alone, each finds what the other wrote.
            outcomes = [await self._write_alone(show_id, waiting.post) for waiting in batch]
        except LiveCommerceError as exc:
            outcomes = [exc] * len(batch)
        for waiting, outcome in zip(batch, outcomes, strict=True):
            _settle(waiting, outcome)

    async def _write_alone(self, show_id: ShowId, post: Post) -> Outcome:
        for _ in range(3):
            try:
                return (await self._write(show_id, [post]))[0]
            except NonceTaken:
                continue
            except LiveCommerceError as exc:
                return exc
        return Busy(retry_after_ms=500)

    async def _write(self, show_id: ShowId, posts: Sequence[Post]) -> list[Outcome]:
        """One transaction: verdicts, messages, events. What was written before is answered again."""
        async with self._log.transaction(show_id) as tx:
            keys = [(post.author.id, post.nonce) for post in posts]
            outcomes: dict[Key, Outcome] = dict(await self._store.by_nonce(tx, show_id, set(keys)))
            fresh = {key: post for key, post in zip(keys, posts, strict=True) if key not in outcomes}
            outcomes.update(await self._judged(tx, show_id, fresh))
            told = {key: _tell(tx, outcomes[key]) for key in fresh if isinstance(outcomes[key], Message)}
            written: list[tuple[Message, str]] = []

            async def write() -> None:
                # Runs after the log has given out its numbers: a shown line is kept with its own.
                for key, one in told.items():
                    outcomes[key] = message = _numbered(outcomes[key], one)
                    written.append((message, key[1]))
                await self._store.add(tx, show_id, written)

            if told:
                tx.before_commit(write)
        return [outcomes[key] for key in keys]

    async def _judged(self, tx: LogTransaction, show_id: ShowId, fresh: dict[Key, Post]) -> dict[Key, Outcome]:
        """What the fresh posts become, if they are not refused."""
        if not fresh:
            return {}
        drafts = [Draft(post.author, post.text) for post in fresh.values()]
        verdicts = await self._moderation.verdicts(tx, show_id, drafts)
        answered = await self._store.of_show(tx, show_id, {post.reply_to for post in fresh.values() if post.reply_to})
        now = self._clock.now()
        outcomes: dict[Key, Outcome] = {}
        for (key, post), verdict in zip(fresh.items(), verdicts, strict=True):
            quoted = answered.get(post.reply_to) if post.reply_to else None
            if isinstance(verdict, LiveCommerceError):
                outcomes[key] = verdict
            elif post.reply_to and (quoted is None or quoted.state is not MessageState.SHOWN):
                outcomes[key] = Invalid("The message that this answers is not there.", field="reply_to")
            else:
                outcomes[key] = Message(
                    id=MessageId(new_id()),
                    show_id=show_id,
                    author=Author.of(post.author, show_id),
                    text=post.text,
                    at=now,
                    state=MessageState.SHOWN if verdict is Verdict.SHOWN else MessageState.HELD,
                    reply_to=quoted.quoted() if quoted else None,
                )
        return outcomes


def _tell(tx: LogTransaction, message: Outcome) -> Told:
    assert isinstance(message, Message)  # noqa: S101 - narrows the type
    view = MessageView.of(message)
    return tx.tell(ChatPosted(message=view) if message.state is MessageState.SHOWN else ChatHeld(message=view))


def _numbered(message: Outcome, told: Told) -> Message:
    assert isinstance(message, Message)  # noqa: S101 - narrows the type
    return replace(message, seq=told.seq) if message.state is MessageState.SHOWN else message


def _settle(waiting: _Waiting, outcome: Outcome) -> None:
    if waiting.done.done():
        return
    if isinstance(outcome, Message):
        waiting.done.set_result(outcome)
    else:
        waiting.done.set_exception(outcome)
        waiting.done.exception()  # Marks it as seen: whoever asked may have gone.
