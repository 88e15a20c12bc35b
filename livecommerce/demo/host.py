"""The demo's host on camera: the test publisher with her picture, which makes way for a person in the studio.

Concurrency: one task, and the publisher's thread that encodes. When somebody else publishes to the show, this one waits
until the show has been without a picture for a moment; when the server was only restarted, it returns at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import structlog

from livecommerce.demo.client import Client, Refused, Unreachable
from livecommerce.foundation.media.publisher import Encoding, Publisher, PublishRefused, TestPattern, whip_url

log = structlog.get_logger(__name__)

PICTURE = Path(__file__).with_name("images") / "host-maja.jpg"
ENCODING = Encoding(width=540, height=960, kbps=1000)
"""Upright, as a phone films."""
LOOK_EVERY_S = 1.0
EMPTY_FOR_LOOKS = 3
SETTLE_S = 0.5
AFTER_REFUSAL_S = 5.0


class HostOnCamera:
    """Publishes to one show until cancelled."""

    def __init__(self, host: Client, show_id: str, *, caption: Callable[[], str]) -> None:
        self._host, self._show_id, self._caption = host, show_id, caption
        self.is_live = asyncio.Event()
        """Set while the picture is on the air."""

    async def run(self) -> None:
        """Publish; make way for a person; come back when they have left."""
        while True:
            try:
                await self._publish_once()
            except PublishRefused as refusal:
                log.warning("the show takes no picture", reason=refusal.message)
                await asyncio.sleep(AFTER_REFUSAL_S)
            await asyncio.sleep(SETTLE_S)
            if await self._is_taken_over():
                log.info("a person is on the air; the demo's host makes way")
                await self._until_free()

    async def _publish_once(self) -> None:
        """Stay on the air until the connection is lost."""
        lost = asyncio.Event()

        def changed(state: str) -> None:
            if state == "live":
                self.is_live.set()
            elif state == "lost":
                self.is_live.clear()
                lost.set()

        publisher = Publisher(
            whip_url(self._host.base_url, self._show_id),
            self._host.token,
            TestPattern(ENCODING, picture=PICTURE, caption=self._caption),
            verify_tls=not self._host.certificate,
            on_state=changed,
        )
        publishing = asyncio.create_task(publisher.run(), name="publisher")
        losing = asyncio.create_task(lost.wait(), name="publisher lost")
        try:
            await asyncio.wait({publishing, losing}, return_when=asyncio.FIRST_COMPLETED)
            if publishing.done():
                publishing.result()
        finally:
            self.is_live.clear()
            for task in (publishing, losing):
                task.cancel()
            await asyncio.wait({publishing, losing})

    async def _until_free(self) -> None:
        looks = 0
        while looks < EMPTY_FOR_LOOKS:
            await asyncio.sleep(LOOK_EVERY_S)
            looks = 0 if await self._is_taken_over() else looks + 1

    async def _is_taken_over(self) -> bool:
        """Whether somebody's picture reaches the show while ours does not."""
        try:
            stream = await self._host.get(f"/shows/{self._show_id}/stream")
        except (Refused, Unreachable):
            return False
        return bool(stream["state"] == "live")
