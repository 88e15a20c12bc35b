"""How many watch by HLS. There is no session to count, so a web process counts who asked for a playlist lately."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections import OrderedDict

from livecommerce.broadcast.store import HlsCounts
from livecommerce.foundation.core.clock import Clock
from livecommerce.foundation.core.errors import StorageUnavailable
from livecommerce.foundation.core.ids import ShowId

SEEN_MS = 10_000
REPORT_EVERY_MS = 2_000
REPORT_WAIT_S = 0.25
"""Somebody's playlist waits for the report: a Redis that hangs must not hold up the picture."""
MAX_SEEN = 50_000
MAX_SHOWS = 1_000


class HlsViewers:
    """Counts by address and kind of browser, kept as a salted hash for ten seconds."""

    def __init__(self, counts: HlsCounts, clock: Clock) -> None:
        self._counts, self._clock = counts, clock
        self._process = secrets.token_hex(4)
        self._salt = secrets.token_bytes(16)
        self._seen: dict[ShowId, OrderedDict[bytes, int]] = {}
        self._reported: dict[ShowId, int] = {}

    async def saw(self, show_id: ShowId, *, address: str, browser: str) -> None:
        """Somebody asked for the playlist of a show."""
        if show_id not in self._seen and len(self._seen) >= MAX_SHOWS:
            return
        now = self._clock.now_ms()
        seen = self._seen.setdefault(show_id, OrderedDict())
        viewer = hashlib.blake2b(f"{address}\n{browser[:300]}".encode(), key=self._salt, digest_size=12).digest()
        seen[viewer] = now
        seen.move_to_end(viewer)
        while seen and (len(seen) > MAX_SEEN or next(iter(seen.values())) < now - SEEN_MS):
            seen.popitem(last=False)
        if now - self._reported.get(show_id, 0) >= REPORT_EVERY_MS:
            self._reported[show_id] = now
            self._forget_quiet_shows(now)
            await self._report(show_id, len(seen), now)

    async def total(self, show_id: ShowId) -> int:
        """Over all web processes; zero when Redis does not answer."""
        try:
            return await self._counts.total(show_id, self._clock.now_ms())
        except StorageUnavailable:
            return 0

    async def _report(self, show_id: ShowId, viewers: int, now: int) -> None:
        try:
            async with asyncio.timeout(REPORT_WAIT_S):
                await self._counts.report(show_id, self._process, viewers, now)
        except (StorageUnavailable, TimeoutError):
            return

    def _forget_quiet_shows(self, now: int) -> None:
        for show_id in [show_id for show_id, at in self._reported.items() if at < now - 2 * SEEN_MS]:
            self._reported.pop(show_id, None)
            self._seen.pop(show_id, None)
