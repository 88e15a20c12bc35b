"""One WHIP session of our own publisher, from the offer to the hang-up (RFC 9725 4).

Concurrency: one thread encodes (`MediaSource.units`) and hands frames to the event loop through a bounded queue; when
the queue is full, frames are dropped up to the next key frame. One task sends them. The session ends when the server
says so, stops answering checks for two seconds, or the source ends.
"""

import asyncio
import secrets
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urljoin

import aiohttp
import structlog
from yarl import URL

from livecommerce.foundation.core.errors import LiveCommerceError
from livecommerce.foundation.media.publisher_encoders import MediaSource, Unit
from livecommerce.foundation.media.rtc.caller import IceCaller
from livecommerce.foundation.media.rtc.dtls import HandshakeFailed, SecureChannel, fingerprint, make_certificate
from livecommerce.foundation.media.rtc.offer import OfferedTrack, write_offer
from livecommerce.foundation.media.rtc.sdp import MAX_BYTES, Description, MalformedOffer, parse_description
from livecommerce.foundation.media.rtc.sender import MediaSender

log = structlog.get_logger(__name__)

QUEUE_UNITS = 100
CONNECT_S, HTTP_S = 5.0, 5.0
PACKETS_AT_ONCE, PAUSE_S = 12, 0.002
"""A key frame leaves in small bursts, so that it fits the buffers on its way."""
FINAL_STATUSES = frozenset({400, 401, 403, 404, 406, 410, 415, 422})


class PublishRefused(LiveCommerceError):
    """The server does not want this stream."""

    code, status = "publish_refused", 403


class ConnectionLost(Exception):
    """The session ended from outside; another attempt may work. `retry_after_s` is what the server asked for."""

    def __init__(self, retry_after_s: float = 0.0) -> None:
        super().__init__()
        self.retry_after_s = retry_after_s


class WhipCall:
    """Publishes one source once."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        url: str,
        *,
        token: str,
        source: MediaSource,
        verify_tls: bool,
        on_live: Callable[[], None],
    ) -> None:
        self._http, self._url, self._source, self._on_live = http, url, source, on_live
        self._verify_tls = verify_tls
        self._headers = {"Authorization": f"Bearer {token}"}
        self._cname = secrets.token_hex(8)
        self._tracks = [OfferedTrack(kind, str(index)) for index, kind in enumerate(source.kinds)]
        self.has_connected = False

    async def run(self) -> None:
        """Connect and send until the source ends. Raises PublishRefused and ConnectionLost."""
        ice, certificate = IceCaller(), make_certificate()
        await ice.open()
        location: str | None = None
        channel: SecureChannel | None = None
        try:
            offer = write_offer(
                self._tracks,
                ufrag=ice.ufrag,
                password=ice.password,
                fingerprint=fingerprint(certificate),
                cname=self._cname,
            )
            answer, location = await self._post(offer)
            channel = SecureChannel(ice, certificate, role="server" if answer.setup == "active" else "client")
            await self._connect(ice, channel, answer)
            self.has_connected = True
            self._on_live()
            await self._send(ice, channel)
        finally:
            if channel is not None:
                await channel.close()
            await ice.close()
            await self._hang_up(location)

    async def _post(self, offer: str) -> tuple[Description, str]:
        """Offer the stream. Gives the answer and the session's URL."""
        headers = {**self._headers, "Content-Type": "application/sdp"}
        try:
            async with self._http.post(
                self._url, data=offer.encode(), headers=headers, ssl=self._verify_tls
            ) as response:
                if response.status != 201:
                    raise await _refusal(response)
                body = await response.content.read(MAX_BYTES + 1)
                location = urljoin(str(response.url), response.headers.get("Location", ""))
                return parse_description(body.decode("ascii", "replace")), location
        except (aiohttp.ClientError, TimeoutError, MalformedOffer) as exc:
            raise ConnectionLost from exc

    async def _connect(self, ice: IceCaller, channel: SecureChannel, answer: Description) -> None:
        ice.call(answer.ufrag, answer.password, answer.candidates)
        try:
            async with asyncio.timeout(CONNECT_S):
                await ice.connected.wait()
                await channel.start(answer.fingerprints)
        except (TimeoutError, HandshakeFailed) as exc:
            raise ConnectionLost from exc

    async def _send(self, ice: IceCaller, channel: SecureChannel) -> None:
        closed = asyncio.Event()
        channel.on_closed(closed.set)

        def send(plain: bytes) -> None:
            cipher = channel.protect(plain)
            if cipher is not None and ice.address is not None:
                ice.send(cipher, ice.address)

        def send_rtcp(plain: bytes) -> None:
            cipher = channel.protect_rtcp(plain)
            if cipher is not None and ice.address is not None:
                ice.send(cipher, ice.address)

        sender = MediaSender(
            self._tracks, send=send, send_rtcp=send_rtcp, on_key_request=self._source.request_key, cname=self._cname
        )
        channel.listen(lambda data: None, sender.on_rtcp)
        async with _units(self._source) as units:
            async for unit in units:
                if closed.is_set() or ice.is_lost(time.monotonic()):
                    raise ConnectionLost
                packets = sender.packets(unit.kind, unit.ticks, unit.data)
                for start in range(0, len(packets), PACKETS_AT_ONCE):
                    if start:
                        await asyncio.sleep(PAUSE_S)
                    for packet in packets[start : start + PACKETS_AT_ONCE]:
                        send(packet)
                sender.report(time.monotonic())
        sender.leave()

    async def _hang_up(self, location: str | None) -> None:
        """End the session on the server; it ends by itself when this does not arrive."""
        if location is None or URL(location).origin() != URL(self._url).origin():
            return  # the token is for our server only
        try:
            async with self._http.delete(location, headers=self._headers, ssl=self._verify_tls):
                pass
        except (aiohttp.ClientError, TimeoutError):
            log.debug("the server did not hear the hang-up")


async def _refusal(response: aiohttp.ClientResponse) -> Exception:
    """What a status other than 201 means for the next attempt."""
    if response.status in FINAL_STATUSES:
        return PublishRefused(f"The server answered {response.status}.", answered=response.status)
    after = response.headers.get("Retry-After", "")
    return ConnectionLost(retry_after_s=min(30.0, float(after)) if after.isdigit() else 0.0)


@asynccontextmanager
async def _units(source: MediaSource) -> AsyncIterator[AsyncIterator[Unit]]:
    """Run the source in a thread for as long as the block lasts; its failure ends the iteration and is raised."""
    loop, stopping = asyncio.get_running_loop(), threading.Event()
    queue: asyncio.Queue[Unit | None] = asyncio.Queue(QUEUE_UNITS)
    is_behind = False

    def put(unit: Unit | None) -> None:
        nonlocal is_behind
        if unit is None and queue.full():
            queue.get_nowait()
        elif queue.full():
            is_behind = True
            source.request_key()
        if unit is not None and unit.kind == "video":
            is_behind = is_behind and not unit.is_key
        if not queue.full() and not (is_behind and unit is not None and unit.kind == "video"):
            queue.put_nowait(unit)

    def encode() -> None:
        try:
            for unit in source.units(stopping):
                loop.call_soon_threadsafe(put, unit)
        finally:
            loop.call_soon_threadsafe(put, None)

    async def units() -> AsyncIterator[Unit]:
        while (unit := await queue.get()) is not None:
            yield unit

    thread = asyncio.ensure_future(asyncio.to_thread(encode))
    try:
        yield units()
    finally:
        stopping.set()
        await thread
