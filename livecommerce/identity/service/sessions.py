"""Sessions: from a token to the person who acts, within a second of what the database says.

Concurrency: every caller whose session is not in the cache joins one waiting batch; whoever gets the lock first reads
the whole batch in one query. So thousands of joins per second cost a few queries, and no task is started.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from livecommerce.foundation.core.actors import Actor, ActorKind
from livecommerce.foundation.core.clock import Clock
from livecommerce.foundation.core.errors import Unauthenticated
from livecommerce.foundation.core.ids import PersonId, SessionId
from livecommerce.foundation.core.settings import IdentitySettings
from livecommerce.foundation.storage.postgres import Database, Transaction
from livecommerce.identity.model import UPGRADE_GRACE, Person, Session
from livecommerce.identity.store import SessionStore
from livecommerce.identity.tokens import LEEWAY, Tokens

CACHE_S = 1.0
"""How stale the session of a viewer may be here: an ended one is refused everywhere within 2 s, even without Redis.
Sessions of staff, and of whoever has a grant, are never kept."""
CACHE_SESSIONS = 20_000
MAX_BATCH = 500
SIGNED_OUT = "signed_out"


class Disconnects(Protocol):
    """Closes sockets on every process: all of a person's, or those of one session."""

    async def disconnect(self, person_id: PersonId, code: str, *, session_id: str | None = None) -> None: ...


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session: its token (shown once) and whose it is."""

    token: str
    person: Person
    expires_at: datetime


class Identity:
    """Starts, reads and ends sessions. The `Authenticator` of the doors."""

    def __init__(
        self,
        database: Database,
        store: SessionStore,
        *,
        tokens: Tokens,
        clock: Clock,
        disconnects: Disconnects,
        settings: IdentitySettings,
    ) -> None:
        self._database, self._store, self._tokens, self._clock = database, store, tokens, clock
        self._disconnects, self._settings = disconnects, settings
        self._reader = _SessionReader(store, clock)

    async def authenticate(self, token: str) -> Actor:
        """The person a token speaks for; `Unauthenticated` when it is forged, expired or its session has ended."""
        claims = self._tokens.read(token)
        session = await self._reader.get(claims.session_id)
        if session is None or session.person.id != claims.person_id:
            raise Unauthenticated()
        return session.actor()

    async def start(self, tx: Transaction, person: Person) -> SignedIn:
        """A new session for somebody who has just proven who they are."""
        now = self._clock.now()
        hours = self._settings.guest_token_h if person.kind is ActorKind.GUEST else self._settings.session_h
        expires_at = datetime.fromtimestamp(int(now.timestamp()) + hours * 3600, tz=now.tzinfo)
        session_id = await self._store.add(tx, person.id, now, expires_at)
        return SignedIn(self._tokens.sign(session_id, person.id, expires_at), person, expires_at)

    async def end(self, actor: Actor) -> None:
        """Sign out: this session is over everywhere within 2 s, open sockets included."""
        if actor.session_id is None:
            return
        await self._store.revoke(actor.session_id, self._clock.now())
        self._reader.forget(actor.session_id)
        await self._disconnects.disconnect(actor.id, SIGNED_OUT, session_id=actor.session_id)

    async def end_all(self, tx: Transaction, person_id: PersonId) -> None:
        """End every session of a person, after the commit of `tx`."""
        await self._store.revoke_of(tx, person_id, self._clock.now())
        self.forget_after(tx, person_id)
        tx.after_commit(lambda: self._disconnects.disconnect(person_id, SIGNED_OUT))

    async def outgrow(self, tx: Transaction, session_id: SessionId) -> None:
        """Let the session of a guest who has become an account fade, so that open pages can change over."""
        await self._store.shorten(tx, session_id, self._clock.now() + UPGRADE_GRACE)
        self._reader.forget(session_id)

    def forget(self, person_id: PersonId) -> None:
        """Read this person's sessions anew in this process, because something about them has changed."""
        self._reader.forget_person(person_id)

    def forget_after(self, tx: Transaction, person_id: PersonId) -> None:
        """The same, once `tx` has committed: a session read in between would still be the old one."""

        async def forget() -> None:
            self.forget(person_id)

        tx.after_commit(forget)


class _SessionReader:
    """Reads sessions in batches and remembers them for `CACHE_S`."""

    def __init__(self, store: SessionStore, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._cache: OrderedDict[SessionId, tuple[float, Session]] = OrderedDict()
        self._waiting: dict[SessionId, asyncio.Future[Session | None]] = {}
        self._turn = asyncio.Lock()

    async def get(self, session_id: SessionId) -> Session | None:
        cached = self._cache.get(session_id)
        if cached and time.monotonic() - cached[0] < CACHE_S:
            return self._unless_expired(cached[1])
        asked = self._waiting.get(session_id)
        if asked is None:
            asked = self._waiting[session_id] = asyncio.get_running_loop().create_future()
        async with self._turn:
            if not asked.done():
                await self._read_batch(session_id, asked)
        session = asked.result()
        return self._unless_expired(session) if session else None

    def _unless_expired(self, session: Session) -> Session | None:
        return session if session.expires_at + LEEWAY > self._clock.now() else None

    async def _read_batch(self, session_id: SessionId, asked: asyncio.Future[Session | None]) -> None:
        """Read one session, and as many of the waiting ones as fit. Only under `_turn`."""
        batch = {session_id: asked}
        for other in list(self._waiting)[:MAX_BATCH]:
            # Whoever asks from here on may follow a change that this query does not see: they wait for the next one.
            batch.setdefault(other, self._waiting.pop(other))
        asked_at = time.monotonic()
        try:
            found = await self._store.load(list(batch), self._clock.now() - LEEWAY)
        except BaseException:
            # Failed or cancelled: the others have the lock next, and the first of them reads again.
            for other, future in batch.items():
                self._waiting.setdefault(other, future)
            raise
        for other, future in batch.items():
            session = found.get(other)
            if session:
                self._remember(session, asked_at)
            if not future.done():
                future.set_result(session)

    def _remember(self, session: Session, read_at: float) -> None:
        if session.grants or session.person.kind is ActorKind.STAFF:
            return  # those who run things are few, and what they have just been given counts at once
        self._cache[session.id] = (read_at, session)
        self._cache.move_to_end(session.id)
        while len(self._cache) > CACHE_SESSIONS:
            self._cache.popitem(last=False)

    def forget(self, session_id: SessionId) -> None:
        self._cache.pop(session_id, None)

    def forget_person(self, person_id: PersonId) -> None:
        for session_id in [key for key, (_, session) in self._cache.items() if session.person.id == person_id]:
            del self._cache[session_id]
