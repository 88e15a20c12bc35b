"""One show's stream: its relay, its packaging, its sessions, and its state."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from livecommerce.foundation.core.ids import PersonId, ShowId, new_id
from livecommerce.foundation.media.door import StreamNumbers, StreamState, StreamViewers
from livecommerce.foundation.media.packaging import Packaging
from livecommerce.foundation.media.relay import Relay
from livecommerce.foundation.media.report import StreamReport
from livecommerce.foundation.media.sessions import PlaySession, PublishSession, SessionState

STALLED_MS, INTERRUPTED_MS = 1000, 2500
TOLD_AS_LIVE = (StreamState.LIVE, StreamState.STALLED)


def next_state(
    state: StreamState, *, silence_ms: int | None, interrupted_ms: int, has_left: bool, end_ms: int
) -> StreamState:
    """The rule of MEDIA.md 5.5. `silence_ms` is None before the first packet; `interrupted_ms` counts since then."""
    if state is StreamState.ENDED or silence_ms is None:
        return state
    if state is StreamState.INTERRUPTED and interrupted_ms >= end_ms:
        return StreamState.ENDED
    if silence_ms < STALLED_MS and not has_left:
        return StreamState.LIVE
    if silence_ms >= INTERRUPTED_MS or has_left:
        return StreamState.INTERRUPTED
    return state if state is StreamState.INTERRUPTED else StreamState.STALLED


@dataclass(slots=True)
class _Watching:
    person: PersonId
    session: PlaySession


@dataclass(slots=True)
class Stream:
    """A stream lasts from the first WHIP offer until it ends; publishers may come and go."""

    show_id: ShowId
    owner: PersonId
    packaging: Packaging
    relay: Relay
    monotonic_ms: Callable[[], int]
    id: str = field(default_factory=new_id)
    state: StreamState = StreamState.WAITING
    publishers: dict[str, PublishSession] = field(default_factory=dict)
    viewers: dict[str, _Watching] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    """The listener knows everything there is to know."""
    entered_ms: int = 0
    heard_ms: int | None = None
    has_left: bool = False
    """The publisher said goodbye; nobody needs to wait for the silence to be long enough."""

    def advance(self, *, end_ms: int) -> None:
        """Look at the clock and change the state if it is time."""
        now, silence = self.monotonic_ms(), self.packaging.meter.silence_ms()
        if silence is not None and self.packaging.timeline is not None:
            self.heard_ms = max(self.heard_ms or 0, now - silence)
        self._forget_closed()
        self.enter(
            next_state(
                self.state,
                silence_ms=None if self.heard_ms is None else now - self.heard_ms,
                interrupted_ms=now - self.entered_ms,
                has_left=self.has_left,
                end_ms=end_ms,
            )
        )

    def enter(self, state: StreamState) -> None:
        """Change the state; the listener is told by the stream's task."""
        if state is not self.state:
            self.state, self.entered_ms = state, self.monotonic_ms()
            self.touch()

    def touch(self) -> None:
        """There may be something to tell."""
        self.settled.clear()
        self.changed.set()

    @property
    def is_published(self) -> bool:
        """Somebody is sending right now."""
        return self.state in TOLD_AS_LIVE

    def report(self) -> StreamReport | None:
        """What to tell; None before the first packet."""
        timeline = self.packaging.timeline
        if timeline is None or self.state is StreamState.WAITING:
            return None
        return StreamReport(
            show_id=self.show_id,
            stream_id=self.id,
            state=StreamState.LIVE if self.state in TOLD_AS_LIVE else self.state,
            rtp_base=timeline.rtp_base if timeline.leading == "video" else None,
            pdt_base_ms=timeline.pdt_base_ms,
            is_hls=self.packaging.is_hls,
        )

    def sessions(self) -> list[PublishSession | PlaySession]:
        """Everybody connected."""
        return [*self.publishers.values(), *(watching.session for watching in self.viewers.values())]

    def sessions_of(self, person: PersonId) -> list[PublishSession | PlaySession]:
        """Those of one person."""
        watching = [each.session for each in self.viewers.values() if each.person == person]
        return [*(self.publishers.values() if person == self.owner else ()), *watching]

    def watch(self, person: PersonId, session: PlaySession) -> None:
        """Remember a viewer's session."""
        self.viewers[session.id] = _Watching(person, session)

    def numbers(self) -> StreamNumbers:
        """For the host's console."""
        uplink = next((stats for s in self.publishers.values() if (stats := s.stats()) is not None), None)
        meter = self.packaging.meter
        parameters = meter.parameters
        codec = next((track.codec for track in self.packaging.tracks if track.kind == "video"), None)
        return StreamNumbers(
            state=self.state,
            codec=codec or next((track.codec for track in self.packaging.tracks), None),
            width=parameters.width if parameters else None,
            height=parameters.height if parameters else None,
            fps=meter.fps or (uplink.fps if uplink else None),
            bitrate_kbps=meter.kbps,
            keyframe_interval_ms=meter.key_interval_ms or self.relay.stats().keyframe_interval_ms,
            loss_percent=uplink.loss_percent if uplink else None,
            rtt_ms=uplink.rtt_ms if uplink else None,
            viewers=StreamViewers(whep=len(self.viewers)),
        )

    def _forget_closed(self) -> None:
        for name in [name for name, session in self.publishers.items() if session.state is SessionState.CLOSED]:
            del self.publishers[name]
        for name in [name for name, each in self.viewers.items() if each.session.state is SessionState.CLOSED]:
            del self.viewers[name]
