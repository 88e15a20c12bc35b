"""Publishing to a show without a browser: a test picture or a file, over WHIP, again and again until told to stop.

Concurrency: `Publisher.run` is one task. It holds one `WhipCall` at a time; a lost one is followed by another after 0.5
to 4 s, so a media process that was killed and restarted has its picture back within five seconds.
"""

import asyncio
import random
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import structlog

from livecommerce.foundation.http.outgoing import internal_session
from livecommerce.foundation.media.publisher_call import HTTP_S, ConnectionLost, PublishRefused, WhipCall
from livecommerce.foundation.media.publisher_encoders import Encoding, MediaSource
from livecommerce.foundation.media.publisher_file import MediaFile, UnreadableMedia
from livecommerce.foundation.media.publisher_pattern import TestPattern

__all__ = [
    "Encoding",
    "MediaFile",
    "PublishRefused",
    "Publisher",
    "TestPattern",
    "UnreadableMedia",
    "publish_file",
    "publish_test",
    "whip_url",
]

log = structlog.get_logger(__name__)

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 4.0


def whip_url(url: str, show_id: str) -> str:
    """The WHIP endpoint of a show on the server at `url`."""
    return f"{url.rstrip('/')}/api/v1/shows/{quote(show_id, safe='')}/whip"


class Publisher:
    """Keeps one source on the air. `on_state` hears `connecting`, `live` and `lost`."""

    def __init__(
        self,
        endpoint: str,
        token: str,
        source: MediaSource,
        *,
        verify_tls: bool = True,
        on_state: Callable[[str], None] | None = None,
    ) -> None:
        self._endpoint, self._token, self._source = endpoint, token, source
        self._verify_tls, self._on_state = verify_tls, on_state or _silent

    async def run(self) -> None:
        """Publish until cancelled. Raises PublishRefused when the server will not have it, UnreadableMedia."""
        async with internal_session(timeout_s=HTTP_S, connections=2) as http:
            pause_s = FIRST_PAUSE_S
            while True:
                self._on_state("connecting")
                call = WhipCall(
                    http,
                    self._endpoint,
                    token=self._token,
                    source=self._source,
                    verify_tls=self._verify_tls,
                    on_live=self._live,
                )
                asked_s = await self._attempt(call)
                pause_s = FIRST_PAUSE_S if call.has_connected else pause_s
                self._on_state("lost")
                await asyncio.sleep(max(asked_s, pause_s * random.uniform(0.8, 1.2)))
                pause_s = min(LONGEST_PAUSE_S, 2 * pause_s)

    def _live(self) -> None:
        self._on_state("live")

    async def _attempt(self, call: WhipCall) -> float:
        """One session; gives the pause that the server asked for."""
        try:
            await call.run()
        except ConnectionLost as lost:
            log.info("publishing was interrupted", has_connected=call.has_connected)
            return lost.retry_after_s
        return 0.0


def _silent(state: str) -> None:
    """Nobody listens."""


async def publish_test(
    url: str,
    show_id: str,
    token: str,
    *,
    picture: Path | None = None,
    caption: Callable[[], str] = str,
    encoding: Encoding | None = None,
    on_state: Callable[[str], None] | None = None,
) -> None:
    """Publish the test picture to a show until cancelled.

    `picture` is a background file; `caption` is asked five times a second, from another thread, for the text to show.
    """
    source = TestPattern(encoding, picture=picture, caption=caption)
    await Publisher(whip_url(url, show_id), token, source, on_state=on_state).run()


async def publish_file(
    url: str, show_id: str, token: str, path: Path, *, on_state: Callable[[str], None] | None = None
) -> None:
    """Publish a file to a show, looped, until cancelled. Raises UnreadableMedia."""
    await Publisher(whip_url(url, show_id), token, MediaFile(path), on_state=on_state).run()
