"""LL-HLS playlists (RFC 8216bis): values of the window, and how they are written.

Times are ticks of 90 kHz on the stream's timeline, so that the durations in a playlist add up exactly.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

RATE = 90_000
TARGET_DURATION_S = 4
"""Fixed for the life of the playlist (4.4.3.1). Segments last about 2 s; the rest is for publishers that ignore PLI."""
MAX_SEGMENT = int((TARGET_DURATION_S + 0.49) * RATE)
"""EXTINF rounded to whole seconds must not exceed the target duration."""
PART_HOLD_BACK = 3  # part targets; 4.4.3.8: at least two, should be three
SKIP_UNTIL_S = 6 * TARGET_DURATION_S  # 4.4.3.8: the smallest skip boundary allowed
PARTS_LISTED_S = 3 * TARGET_DURATION_S  # 6.2.2: older parts should be removed
VERSION = 9
MASTER = "index.m3u8"
MEDIA = "media.m3u8"


@dataclass(frozen=True, slots=True)
class Part:
    """One partial segment: a moof + mdat that never changes."""

    data: bytes
    ticks: int
    is_independent: bool


@dataclass(frozen=True, slots=True)
class Init:
    """One init segment and the CODECS of what follows it."""

    number: int
    data: bytes
    codecs: str
    width: int
    height: int


@dataclass(slots=True)
class Segment:
    """A media segment as it grows; closed, it never changes again."""

    msn: int
    init: Init
    start: int
    is_discontinuous: bool
    parts: list[Part] = field(default_factory=list)
    is_closed: bool = False

    @property
    def ticks(self) -> int:
        """Duration: exactly the sum of its parts."""
        return sum(part.ticks for part in self.parts)

    @property
    def is_independent(self) -> bool:
        """It can be decoded without another segment."""
        return bool(self.parts) and self.parts[0].is_independent

    @property
    def data(self) -> bytes:
        """The whole segment is its parts joined."""
        return b"".join(part.data for part in self.parts)


@dataclass(frozen=True, slots=True)
class Page:
    """What one media playlist is written from: at least one segment, each with parts, only the last one may be open."""

    epoch: str
    segments: Sequence[Segment]
    discontinuity_sequence: int
    pdt_base_ms: int
    part_target: int
    is_ended: bool = False


def advance_part_limit(part_target: int) -> int:
    """How many parts ahead of the newest a client may ask for (6.2.5.2)."""
    return math.ceil(3 * RATE / part_target) if part_target < RATE else 3


def part_uri(epoch: str, msn: int, index: int) -> str:
    """Path of a part below the playlist; the epoch keeps a restarted stream from hitting an old cache entry."""
    return f"{epoch}/p{msn}.{index}.m4s"


def segment_uri(epoch: str, msn: int) -> str:
    """Path of a closed segment below the playlist."""
    return f"{epoch}/s{msn}.m4s"


def init_uri(epoch: str, number: int) -> str:
    """Path of an init segment below the playlist."""
    return f"{epoch}/i{number}.mp4"


def media_playlist(page: Page, *, skip: bool = False) -> str:
    """The media playlist; with `skip` a delta update, when anything is old enough to be skipped (6.2.5.1)."""
    skipped = _skippable(page) if skip else 0
    lines = [*_header(page), *_body(page, skipped), *_tail(page)]
    return "\n".join(lines) + "\n"


def master_playlist(init: Init, *, bandwidth: int) -> str:
    """One muxed rendition with its CODECS (4.4.6.2)."""
    size = f",RESOLUTION={init.width}x{init.height}" if init.width else ""
    return (
        f"#EXTM3U\n#EXT-X-VERSION:{VERSION}\n#EXT-X-INDEPENDENT-SEGMENTS\n"
        f'#EXT-X-STREAM-INF:BANDWIDTH={bandwidth},CODECS="{init.codecs}"{size}\n{MEDIA}\n'
    )


def _header(page: Page) -> Iterator[str]:
    yield "#EXTM3U"
    yield f"#EXT-X-VERSION:{VERSION}"
    if all(segment.is_independent for segment in page.segments):
        yield "#EXT-X-INDEPENDENT-SEGMENTS"
    yield f"#EXT-X-TARGETDURATION:{TARGET_DURATION_S}"
    yield (
        f"#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL={SKIP_UNTIL_S:.1f},"
        f"PART-HOLD-BACK={PART_HOLD_BACK * page.part_target / RATE:.3f},HOLD-BACK={3 * TARGET_DURATION_S:.1f}"
    )
    yield f"#EXT-X-PART-INF:PART-TARGET={page.part_target / RATE:.3f}"
    yield f"#EXT-X-MEDIA-SEQUENCE:{page.segments[0].msn}"
    yield f"#EXT-X-DISCONTINUITY-SEQUENCE:{page.discontinuity_sequence}"


def _body(page: Page, skipped: int) -> Iterator[str]:
    if skipped:
        yield f"#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}"
    listed_from = page.segments[-1].start + page.segments[-1].ticks - PARTS_LISTED_S * RATE
    previous: Segment | None = None
    for segment in page.segments[skipped:]:
        yield from _segment(page, segment, previous, has_parts=segment.start + segment.ticks > listed_from)
        previous = segment


def _segment(page: Page, segment: Segment, previous: Segment | None, *, has_parts: bool) -> Iterator[str]:
    """Tags that apply to a segment stand before its first part (4.4.4.9)."""
    if segment.is_discontinuous:
        yield "#EXT-X-DISCONTINUITY"
    if previous is None or previous.init is not segment.init:
        yield f'#EXT-X-MAP:URI="{init_uri(page.epoch, segment.init.number)}"'
    yield f"#EXT-X-PROGRAM-DATE-TIME:{_date_time(page.pdt_base_ms + segment.start * 1000 / RATE)}"
    if has_parts:
        for index, part in enumerate(segment.parts):
            independent = ",INDEPENDENT=YES" if part.is_independent else ""
            uri = part_uri(page.epoch, segment.msn, index)
            yield f'#EXT-X-PART:DURATION={part.ticks / RATE:.5f},URI="{uri}"{independent}'
    if segment.is_closed:
        yield f"#EXTINF:{segment.ticks / RATE:.5f},"
        yield segment_uri(page.epoch, segment.msn)


def _tail(page: Page) -> Iterator[str]:
    if page.is_ended:
        yield "#EXT-X-ENDLIST"
        return
    last = page.segments[-1]
    msn, index = (last.msn + 1, 0) if last.is_closed else (last.msn, len(last.parts))
    yield f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="{part_uri(page.epoch, msn, index)}"'


def _skippable(page: Page) -> int:
    """Closed segments further from the end than the skip boundary; at least one segment stays."""
    boundary = page.segments[-1].start + page.segments[-1].ticks - SKIP_UNTIL_S * RATE
    return sum(1 for segment in page.segments[:-1] if segment.start + segment.ticks <= boundary)


def _date_time(epoch_ms: float) -> str:
    moment = datetime.fromtimestamp(round(epoch_ms) / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
