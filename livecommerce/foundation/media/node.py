"""The media node: every stream of this process, and the `MediaDoor` to them.

Concurrency: `run` owns one task that advances the states of all streams (every 100 ms), one heartbeat to the registry
(every second), and one task per stream that tells the listener. Doors are called from handler tasks of the internal
HTTP server. All on one event loop; nothing here does work between a look and a change that depends on it, except
negotiation, after which it looks again.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from livecommerce.foundation.core.clock import Clock
from livecommerce.foundation.core.errors import Busy, LiveCommerceError
from livecommerce.foundation.core.ids import PersonId, ShowId
from livecommerce.foundation.media.door import (
    File,
    Negotiated,
    NoStream,
    NotPlayable,
    PublishedByAnother,
    SessionNotFound,
    SessionTag,
    StreamNumbers,
    StreamState,
)
from livecommerce.foundation.media.files import hls_file
from livecommerce.foundation.media.origin import NotStreaming
from livecommerce.foundation.media.packaging import Packaging
from livecommerce.foundation.media.registry import Node, NodeRegistry
from livecommerce.foundation.media.relay import Relay
from livecommerce.foundation.media.report import StreamListener, StreamReport
from livecommerce.foundation.media.sessions import PlaySession, PublishSession, RtcServer, SessionState
from livecommerce.foundation.media.stream import Stream

log = structlog.get_logger(__name__)

WATCH_S = 0.1
HEARTBEAT_S = 1.0
TELL_S, TELL_AGAIN_S, DRAIN_S = 10.0, 1.0, 3.0
UNUSED_MS = 30_000
"""A stream that was offered but never sent a packet is forgotten after this time."""
ENDED_KEPT_MS = 60_000
"""For so long an ended stream's playlist can still be read to its end."""
MAX_STREAMS = 16
SESSIONS_PER_VIEWER = 3
"""A person's oldest session makes room for the newest: a reload must not be refused because of the page before it."""


@dataclass(frozen=True, slots=True)
class NodeOptions:
    """What an operator can set."""

    end_s: float = 300.0
    part_ms: int = 500
    window_s: float = 60.0


class MediaNode:
    """Implements `MediaDoor` in the media process."""

    def __init__(
        self,
        node: Node,
        rtc: RtcServer,
        registry: NodeRegistry,
        listener: StreamListener,
        clock: Clock,
        *,
        options: NodeOptions | None = None,
        monotonic_ms: Callable[[], int] = lambda: time.monotonic_ns() // 1_000_000,
    ) -> None:
        self._node, self._rtc, self._registry, self._listener = node, rtc, registry, listener
        self._clock = clock
        self._options = options or NodeOptions()
        self._monotonic_ms = monotonic_ms
        self._streams: dict[ShowId, Stream] = {}
        self._group: asyncio.TaskGroup | None = None
        self._is_draining = False

    async def run(self) -> None:
        """Serve until cancelled."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            group.create_task(self._watch(), name="media states")
            group.create_task(self._beat(), name="media heartbeat")

    async def drain(self) -> None:
        """Take no more sessions, interrupt the streams, and say so. Publishers come back to the next process."""
        self._is_draining = True
        try:
            await self._registry.withdraw(self._node)
        except LiveCommerceError:
            log.info("the registry could not be told that this node leaves")
        live = [stream for stream in self._streams.values() if stream.is_published]
        for stream in live:
            for session in stream.publishers.values():
                session.stop("shut_down")
            stream.has_left = True
            stream.advance(end_ms=self._end_ms)
        try:
            async with asyncio.timeout(DRAIN_S):
                await asyncio.gather(*(stream.settled.wait() for stream in live))
        except TimeoutError:
            log.warning("not every interruption could be told in time")

    # MediaDoor

    async def publish(self, show_id: ShowId, owner: PersonId, sdp: str) -> Negotiated:
        """See `MediaDoor`."""
        if self._is_draining:
            raise Busy(retry_after_s=2)
        stream = self._stream_for(show_id, owner)
        session = await self._rtc.publish(
            stream.relay, sdp, on_change=lambda state: self._publisher_changed(stream, state)
        )
        if self._stream_for(show_id, owner, or_this=stream) is not stream:
            await session.close("replaced")
            raise PublishedByAnother()
        self._keep(stream)
        stream.owner = owner
        stream.publishers[session.id] = session
        await self._registry.hold(show_id, self._node.id)
        return Negotiated(session.id, session.etag, session.answer_sdp)

    async def play(self, show_id: ShowId, viewer: PersonId, sdp: str) -> Negotiated:
        """See `MediaDoor`."""
        stream = self._streams.get(show_id)
        if self._is_draining or stream is None or stream.state in (StreamState.WAITING, StreamState.ENDED):
            raise NotPlayable(retry_after_s=2)
        own = [each.session for each in stream.viewers.values() if each.person == viewer]
        for old in own[: max(0, len(own) - SESSIONS_PER_VIEWER + 1)]:
            old.stop("replaced")
        session = await self._rtc.play(stream.relay, sdp)
        stream.watch(viewer, session)
        return Negotiated(session.id, session.etag, session.answer_sdp)

    async def find_session(self, show_id: ShowId, session_id: str, person: PersonId) -> SessionTag:
        """See `MediaDoor`."""
        session = self._session(show_id, session_id, person)
        return SessionTag(session.id, session.etag)

    async def close_session(self, show_id: ShowId, session_id: str, person: PersonId) -> None:
        """See `MediaDoor`."""
        session = self._session(show_id, session_id, person)
        stream = self._streams[show_id]
        await session.close("left")
        if session_id in stream.publishers and len(stream.publishers) == 1:
            stream.has_left = True
            stream.advance(end_ms=self._end_ms)

    async def disconnect(self, show_id: ShowId, person: PersonId) -> None:
        """See `MediaDoor`."""
        stream = self._streams.get(show_id)
        if stream is not None:
            await asyncio.gather(*(session.close("disconnected") for session in stream.sessions_of(person)))

    async def disconnect_everywhere(self, person: PersonId) -> None:
        """End every session of a person in every show of this node."""
        for show_id in [*self._streams]:
            await self.disconnect(show_id, person)

    async def end(self, show_id: ShowId) -> None:
        """See `MediaDoor`."""
        stream = self._streams.get(show_id)
        if stream is not None:
            self._end(stream)

    async def file(self, show_id: ShowId, path: str) -> File:
        """See `MediaDoor`."""
        stream = self._streams.get(show_id)
        if stream is None:
            raise NoStream(retry_after_s=2)
        if stream.packaging.origin is None:
            raise NotStreaming(retry_after_s=1)
        return await hls_file(stream.packaging.origin, path)

    async def numbers(self, show_id: ShowId) -> StreamNumbers:
        """See `MediaDoor`."""
        stream = self._streams.get(show_id)
        return stream.numbers() if stream is not None else StreamNumbers()

    # figures

    @property
    def requests_waiting(self) -> int:
        """Blocking reloads held back, over all streams."""
        origins = [stream.packaging.origin for stream in self._streams.values()]
        return sum(origin.waiting for origin in origins if origin is not None)

    def streams_by_state(self) -> Counter[StreamState]:
        """How many streams are live, interrupted, …"""
        return Counter(stream.state for stream in self._streams.values())

    # inside

    @property
    def _end_ms(self) -> int:
        return round(self._options.end_s * 1000)

    def _stream_for(self, show_id: ShowId, owner: PersonId, *, or_this: Stream | None = None) -> Stream:
        """The stream that this person may publish to; a new one when there is none, or only an ended one."""
        stream = self._streams.get(show_id)
        if stream is not None and stream.state is not StreamState.ENDED:
            if stream.is_published and stream.owner != owner:
                raise PublishedByAnother()
            return stream
        if stream is None and len(self._streams) >= MAX_STREAMS:
            raise Busy(retry_after_s=5)
        return or_this or self._new_stream(show_id, owner)

    def _keep(self, stream: Stream) -> None:
        """Serve this stream from now on, and tell the listener of it."""
        if self._streams.get(stream.show_id) is stream:
            return
        if self._group is None:
            raise RuntimeError("the media node is not running")
        self._streams[stream.show_id] = stream
        self._group.create_task(self._tell(stream), name="media listener")

    def _new_stream(self, show_id: ShowId, owner: PersonId) -> Stream:
        relay = Relay()
        packaging = Packaging(
            now_ms=self._clock.now_ms,
            ask_key=relay.request_key,
            part_ms=self._options.part_ms,
            window_s=self._options.window_s,
            monotonic_ms=self._monotonic_ms,
        )
        relay.add_sink(packaging)
        return Stream(show_id, owner, packaging, relay, self._monotonic_ms, entered_ms=self._monotonic_ms())

    def _publisher_changed(self, stream: Stream, state: SessionState) -> None:
        if state is SessionState.CONNECTED and not self._is_draining:
            stream.has_left = False
        stream.touch()
        stream.advance(end_ms=self._end_ms)

    def _session(self, show_id: ShowId, session_id: str, person: PersonId) -> PublishSession | PlaySession:
        stream = self._streams.get(show_id)
        found = stream.sessions_of(person) if stream is not None else []
        session = next((session for session in found if session.id == session_id), None)
        if session is None or session.state is SessionState.CLOSED:
            raise SessionNotFound()
        return session

    async def _watch(self) -> None:
        while True:
            for stream in [*self._streams.values()]:
                self._look_at(stream)
            await asyncio.sleep(WATCH_S)

    def _look_at(self, stream: Stream) -> None:
        was = stream.state
        stream.advance(end_ms=self._end_ms)
        if self._is_unused(stream) or (stream.state is StreamState.ENDED and was is not StreamState.ENDED):
            self._end(stream)
        is_old = self._monotonic_ms() - stream.entered_ms > ENDED_KEPT_MS
        if stream.state is StreamState.ENDED and is_old and self._streams.get(stream.show_id) is stream:
            del self._streams[stream.show_id]

    def _is_unused(self, stream: Stream) -> bool:
        age = self._monotonic_ms() - stream.entered_ms
        return stream.state is StreamState.WAITING and not stream.publishers and age > UNUSED_MS

    def _end(self, stream: Stream) -> None:
        """Close everything; the playlist with its end stays readable for a minute."""
        stream.packaging.end()
        stream.enter(StreamState.ENDED)
        for session in stream.sessions():
            session.stop("ended")

    async def _tell(self, stream: Stream) -> None:
        """Tell the listener the newest state until it has heard of the end; what fails is tried again."""
        told: StreamReport | None = None
        while told is None or told.state is not StreamState.ENDED:
            await stream.changed.wait()
            stream.changed.clear()
            report = stream.report()
            if report is None and stream.state is StreamState.ENDED:
                return
            if report is None or report == told:
                stream.settled.set()
                continue
            try:
                async with asyncio.timeout(TELL_S):
                    await self._listener.stream_changed(report)
                told = report
                stream.touch()
            except (LiveCommerceError, TimeoutError) as exc:
                log.warning("the change of a stream could not be told yet", error=type(exc).__name__)
                await asyncio.sleep(TELL_AGAIN_S)
                stream.touch()
            except Exception:
                log.exception("the change of a stream could not be told")
                told = report

    async def _beat(self) -> None:
        while True:
            try:
                await self._announce()
            except LiveCommerceError:
                log.debug("the registry does not answer")
            await asyncio.sleep(HEARTBEAT_S)

    async def _announce(self) -> None:
        if self._is_draining:
            return
        load = sum(1 + len(stream.viewers) for stream in self._streams.values())
        await self._registry.announce(Node(self._node.id, self._node.url, load))
        for stream in [*self._streams.values()]:
            await self._registry.hold(stream.show_id, self._node.id)
            media_ts = stream.relay.media_ts() if stream.is_published else None
            if media_ts is not None:
                await self._registry.keep_clock(stream.show_id, self._clock.now_ms() - media_ts)
            elif stream.state in (StreamState.INTERRUPTED, StreamState.ENDED):
                await self._registry.stop_clock(stream.show_id)
