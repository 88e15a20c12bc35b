"""The outbox: what a room leaves, in its own transaction, for a higher room to do.

`put` writes a row with the state it belongs to. `Outbox.consume` runs in the higher room's `jobs.py`, one task per
topic and process: it takes the oldest row that nobody else has (`FOR UPDATE SKIP LOCKED`), hands it to the handler
inside the same transaction and deletes it, so the work and its row go together. A row whose handler fails stays and is
tried again later, behind the others; after a crash a handler sees the same row again, never half of one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import structlog

from livecommerce.foundation.core.errors import LiveCommerceError, StorageUnavailable
from livecommerce.foundation.storage.postgres import Database, Transaction
from livecommerce.foundation.storage.sql import queries

log = structlog.get_logger(__name__)

Q = queries(__package__, "outbox.sql")

Handler = Callable[[Transaction, dict[str, Any]], Awaitable[None]]

POLL_S = 0.5
"""How long a row waits at most while nothing else happens."""
PAUSE_AFTER_TROUBLE_S = 1.0
RETRY_AFTER_S = 5.0
LONGEST_RETRY_S = 300.0


async def put(tx: Transaction, topic: str, payload: dict[str, Any]) -> None:
    """Leave something to do. It becomes visible with the commit of `tx`."""
    await tx.execute(Q.put, topic, msgspec.json.encode(payload).decode())


class Outbox:
    """Takes what was left and hands it on."""

    def __init__(self, database: Database, *, poll_s: float = POLL_S) -> None:
        self._database = database
        self._poll_s = poll_s

    async def consume(self, topic: str, handler: Handler) -> None:
        """Hand on every row of a topic until cancelled; one at a time per caller."""
        while True:
            try:
                worked = await self.take(topic, handler)
            except StorageUnavailable:
                await asyncio.sleep(PAUSE_AFTER_TROUBLE_S)
                continue
            if not worked:
                await asyncio.sleep(self._poll_s)

    async def take(self, topic: str, handler: Handler) -> bool:
        """Hand on one row; False when there is none to take now."""
        row_id = None
        try:
            async with self._database.transaction() as tx:
                row = await tx.fetchrow(Q.take, topic)
                if row is None:
                    return False
                row_id = row["id"]
                await handler(tx, msgspec.json.decode(row["payload"]))
                await tx.execute(Q.done, row_id)
        except (asyncio.CancelledError, StorageUnavailable):
            raise
        except Exception as exc:
            await self._postpone(topic, row_id, exc)
        return True

    async def _postpone(self, topic: str, row_id: int | None, error: Exception) -> None:
        if isinstance(error, LiveCommerceError):
            log.warning("outbox row is refused and waits", topic=topic, row=row_id, code=error.code)
        else:
            log.exception("outbox row fails and waits", topic=topic, row=row_id)
        await self._database.execute(Q.postpone, row_id, RETRY_AFTER_S, LONGEST_RETRY_S)
