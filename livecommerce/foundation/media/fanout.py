"""Who gets which packet: viewers in groups of equal labels, those who wait for a key frame, and paced replays.

Concurrency: synchronous, except for one replay task per joining viewer. It sends the newest group of pictures at a pace
that a home connection takes and then puts the viewer into its group; it is owned here and ends with the viewer.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from livecommerce.foundation.media.keyframes import GopCache
from livecommerce.foundation.media.outbound import OutTrack, Record
from livecommerce.foundation.media.sink import Kind
from livecommerce.foundation.media.viewers import Address, Viewer

BACKLOG_OCTETS = 256 << 10
"""Bytes that the kernel may owe us before video is dropped until the next key frame."""
REPLAY_MIN_KBPS, REPLAY_STEP_S = 6_000, 0.01


@dataclass(slots=True)
class _Group:
    """Viewers who get the same bytes before encryption."""

    address: Address
    viewers: dict[Viewer, None] = field(default_factory=dict)


class FanOut:
    """The viewers of one stream. `request_key` is called when somebody cannot go on without a key frame."""

    def __init__(self, out: dict[Kind, OutTrack], gop: GopCache, request_key: Callable[[str], None]) -> None:
        self.viewers: dict[Viewer, None] = {}
        self.sent = self.dropped = 0
        self.pace_kbps = 0
        self._out, self._gop, self._request_key = out, gop, request_key
        self._groups: dict[Kind, dict[Address, _Group]] = {"audio": {}, "video": {}}
        self._waiting: dict[Viewer, None] = {}
        self._replays: dict[Viewer, asyncio.Task[None]] = {}

    def send(self, kind: Kind, record: Record) -> None:
        """One packet to every viewer who follows this kind."""
        out = self._out[kind]
        for group in [*self._groups[kind].values()]:
            if kind == "video" and self._is_stuck(group):
                continue
            plain, viewers = group.address.write(out, record), group.viewers
            for viewer in viewers:
                viewer.send(plain)
            self.sent += len(viewers)

    def _is_stuck(self, group: _Group) -> bool:
        """The kernel takes no more: the group's video stops until the next key frame."""
        if next(iter(group.viewers)).peer.backlog <= BACKLOG_OCTETS:
            return False
        self.dropped += len(group.viewers)
        for viewer in [*group.viewers]:
            self.wait_for_key(viewer)
        self._request_key("backlog")
        return True

    def join(self, viewer: Viewer, *, may_replay: bool) -> None:
        """Sound at once; video from the newest group of pictures, or from the next key frame."""
        self.viewers[viewer] = None
        self._enter(viewer, "audio")
        if "video" not in viewer.addresses:
            return
        if may_replay:
            self.replay(viewer)
        else:
            self.wait_for_key(viewer)
            self._request_key("join")

    def leave(self, viewer: Viewer) -> None:
        """Send nothing more to this viewer."""
        self.viewers.pop(viewer, None)
        self._waiting.pop(viewer, None)
        self._stop_replay(viewer)
        for kind in viewer.addresses:
            self._exit(viewer, kind)

    def key_began(self) -> None:
        """A key frame's first packet is about to be sent: those who wait follow from here."""
        waiting, self._waiting = self._waiting, {}
        for viewer in waiting:
            self._enter(viewer, "video")

    def wait_for_key(self, viewer: Viewer) -> None:
        """Hold back video until the next key frame."""
        if "video" in viewer.addresses:
            self._stop_replay(viewer)
            self._exit(viewer, "video")
            self._waiting[viewer] = None

    def follows(self, viewer: Viewer) -> bool:
        """True when the viewer gets live video, neither replaying nor waiting."""
        return viewer in self.viewers and viewer not in self._replays and viewer not in self._waiting

    def replay(self, viewer: Viewer) -> None:
        """Send the newest group of pictures, then follow."""
        self._exit(viewer, "video")
        self._stop_replay(viewer)
        self._replays[viewer] = asyncio.create_task(self._replay(viewer), name="replay group of pictures")

    async def _replay(self, viewer: Viewer) -> None:
        """The last look at the list and entering the group happen without a wait between them: nothing is skipped."""
        records, position = self._gop.records, 0
        budget = max(REPLAY_MIN_KBPS, 2 * self.pace_kbps) * 125 * REPLAY_STEP_S
        out, address = self._out["video"], viewer.addresses["video"]
        while True:
            octets = 0
            while position < len(records) and octets < budget:
                viewer.send(address.write(out, records[position]))
                octets += len(records[position].payload)
                position += 1
            if position >= len(records):
                if records is self._gop.records:
                    break
                records, position = self._gop.records, 0
            await asyncio.sleep(REPLAY_STEP_S)
        self._replays.pop(viewer, None)
        if self._gop.is_complete:
            self._enter(viewer, "video")
        else:
            self._waiting[viewer] = None
            self._request_key("join")

    def _stop_replay(self, viewer: Viewer) -> None:
        replay = self._replays.pop(viewer, None)
        if replay is not None:
            replay.cancel()

    def _enter(self, viewer: Viewer, kind: Kind) -> None:
        address = viewer.addresses.get(kind)
        if address is not None:
            self._groups[kind].setdefault(address, _Group(address)).viewers[viewer] = None

    def _exit(self, viewer: Viewer, kind: Kind) -> None:
        address = viewer.addresses.get(kind)
        group = self._groups[kind].get(address) if address is not None else None
        if group is not None and address is not None:
            group.viewers.pop(viewer, None)
            if not group.viewers:
                del self._groups[kind][address]

    async def close(self) -> None:
        """Let go of everybody."""
        replays = [*self._replays.values()]
        for viewer in [*self.viewers]:
            self.leave(viewer)
        await asyncio.gather(*replays, return_exceptions=True)
