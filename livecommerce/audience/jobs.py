"""The pulse of the audience: one task per web process."""

from __future__ import annotations

import asyncio

import structlog

from livecommerce.audience.model import Crowd
from livecommerce.audience.service.presence import PULSE_S, Presence
from livecommerce.foundation.core.errors import StorageUnavailable
from livecommerce.foundation.core.ids import ShowId
from livecommerce.foundation.realtime.gateway import Connection
from livecommerce.foundation.realtime.hub import Hub

log = structlog.get_logger(__name__)


class AudiencePulse:
    """Counts who watches in this process, until cancelled."""

    def __init__(self, hub: Hub, presence: Presence) -> None:
        self._hub, self._presence = hub, presence

    async def run(self) -> None:
        while True:
            await self._beat()
            await asyncio.sleep(PULSE_S)

    async def _beat(self) -> None:
        try:
            await self._presence.pulse({show_id: self._crowd(show_id) for show_id in self._hub.viewers()})
        except StorageUnavailable:
            log.debug("nobody is counted: storage does not answer")

    def _crowd(self, show_id: ShowId) -> Crowd:
        members = self._hub.members(show_id)
        return Crowd.of((member.actor for member in members if isinstance(member, Connection)), show_id)
