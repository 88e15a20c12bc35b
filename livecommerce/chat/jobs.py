"""The pulse of reactions: one task per web process."""

from __future__ import annotations

import asyncio

import structlog

from livecommerce.chat.service import Reactions
from livecommerce.foundation.core.errors import StorageUnavailable

log = structlog.get_logger(__name__)

PULSE_S = 0.25


class ReactionPulse:
    """Tells reactions four times a second, until cancelled."""

    def __init__(self, reactions: Reactions) -> None:
        self._reactions = reactions

    async def run(self) -> None:
        while True:
            try:
                await self._reactions.flush()
            except StorageUnavailable:
                log.debug("reactions were lost: Redis does not answer")
            await asyncio.sleep(PULSE_S)
