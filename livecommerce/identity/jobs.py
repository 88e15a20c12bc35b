"""Background work: one loop that forgets sessions and codes that have expired."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog

from livecommerce.foundation.core.clock import Clock
from livecommerce.foundation.core.errors import StorageUnavailable
from livecommerce.identity.store import CodeStore, SessionStore

log = structlog.get_logger(__name__)

EVERY_S = 600.0
KEEP = timedelta(days=7)
"""Ended sessions stay readable this long for whoever looks into an incident."""


class ExpiryJob:
    """Deletes expired sessions and codes. Several processes may run it; each delete stands alone."""

    def __init__(self, sessions: SessionStore, codes: CodeStore, clock: Clock) -> None:
        self._sessions, self._codes, self._clock = sessions, codes, clock

    async def run(self) -> None:
        """Loop until cancelled."""
        while True:
            try:
                await self.once()
            except StorageUnavailable:
                log.warning("expired sessions stay for now: no database")
            await asyncio.sleep(EVERY_S)

    async def once(self) -> None:
        now = self._clock.now()
        await self._codes.forget_expired(now)
        await self._sessions.forget_expired(now - KEEP)
