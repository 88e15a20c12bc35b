"""A checker of media playlists against RFC 8216bis, written apart from the writer."""

import re
from dataclasses import dataclass, field


@dataclass
class Checked:
    """What a playlist says, after every rule was checked."""

    media_sequence: int
    segments: list["CheckedSegment"] = field(default_factory=list)
    hint: str | None = None
    skipped: int = 0
    is_ended: bool = False
    part_target: float = 0.0
    discontinuity_sequence: int = 0
    text: str = ""

    @property
    def parts(self):
        return [part for segment in self.segments for part in segment.parts]


@dataclass
class CheckedSegment:
    msn: int
    map_uri: str | None
    pdt: str | None
    is_discontinuous: bool
    parts: list[tuple[float, str, bool]]
    duration: float | None = None
    uri: str | None = None


def attributes(text):
    return {key: value.strip('"') for key, value in re.findall(r'([A-Z-]+)=("[^"]*"|[^,]*)', text)}


def check(text: str) -> Checked:
    """Parse strictly; raise AssertionError with the clause that is broken."""
    lines = text.splitlines()
    assert lines[0] == "#EXTM3U", "4.4.1.1"
    assert text.endswith("\n")
    tags = {
        line.split(":", 1)[0]: line.split(":", 1)[1] for line in lines if line.startswith("#EXT-X-") and ":" in line
    }
    target = int(tags["#EXT-X-TARGETDURATION"])
    part_target = float(attributes(tags["#EXT-X-PART-INF"])["PART-TARGET"])
    control = attributes(tags["#EXT-X-SERVER-CONTROL"])
    assert int(tags["#EXT-X-VERSION"]) >= 9, "4.4.5.2: SKIP needs version 9"
    assert control["CAN-BLOCK-RELOAD"] == "YES"
    assert float(control["PART-HOLD-BACK"]) >= 3 * part_target - 1e-9, "4.4.3.8"
    assert float(control["HOLD-BACK"]) >= 3 * target, "4.4.3.8"
    assert float(control["CAN-SKIP-UNTIL"]) >= 6 * target, "4.4.3.8"
    assert not any(line.startswith("#EXT-X-") and " " in line.split(":", 1)[0] for line in lines)
    checked = Checked(int(tags["#EXT-X-MEDIA-SEQUENCE"]), part_target=part_target, text=text)
    checked.discontinuity_sequence = int(tags.get("#EXT-X-DISCONTINUITY-SEQUENCE", 0))
    _segments(lines, checked)
    checked.is_ended = "#EXT-X-ENDLIST" in lines
    hints = [attributes(line) for line in lines if line.startswith("#EXT-X-PRELOAD-HINT")]
    assert not (hints and checked.is_ended), "PRELOAD-HINT never with ENDLIST"
    checked.hint = hints[0]["URI"] if hints else None
    _check_durations(checked, target)
    if "#EXT-X-INDEPENDENT-SEGMENTS" in lines:
        assert all(segment.parts[0][2] for segment in checked.segments if segment.parts)
    return checked


def _segments(lines, checked):
    msn, map_uri, seen_map = checked.media_sequence, None, False
    current = CheckedSegment(msn, None, None, False, [])
    duration = None
    for line in lines:
        name, _, value = line.partition(":")
        if name == "#EXT-X-SKIP":
            checked.skipped = int(attributes(value)["SKIPPED-SEGMENTS"])
            msn += checked.skipped
            current.msn = msn
        elif name in ("#EXT-X-MAP", "#EXT-X-PROGRAM-DATE-TIME", "#EXT-X-DISCONTINUITY"):
            assert not current.parts, f"{name} must stand before the first part of its segment"
            if name == "#EXT-X-MAP":
                map_uri, seen_map = attributes(value)["URI"], True
            elif name == "#EXT-X-PROGRAM-DATE-TIME":
                assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", value)
                current.pdt = value
            else:
                current.is_discontinuous = True
        elif name == "#EXT-X-PART":
            part = attributes(value)
            current.parts.append((float(part["DURATION"]), part["URI"], part.get("INDEPENDENT") == "YES"))
        elif name == "#EXTINF":
            duration = float(value.rstrip(","))
        elif line and not line.startswith("#"):
            assert seen_map, "4.4.4.5: MAP before the first fMP4 segment"
            current.duration, current.uri, current.map_uri = duration, line, map_uri
            checked.segments.append(current)
            msn += 1
            current, duration = CheckedSegment(msn, map_uri, None, False, []), None
    if current.parts:
        current.map_uri = map_uri
        checked.segments.append(current)


def _check_durations(checked, target):
    for segment in checked.segments:
        for index, (duration, _, independent) in enumerate(segment.parts):
            assert duration <= checked.part_target + 1e-5, f"part of {duration} s exceeds PART-TARGET"
            is_last = segment.duration is not None and index == len(segment.parts) - 1
            assert is_last or independent or duration >= 0.85 * checked.part_target - 1e-5, f"part of {duration} s"
        if segment.duration is not None:
            assert round(segment.duration) <= target, "4.4.3.1"
            if segment.parts:
                assert abs(segment.duration - sum(part[0] for part in segment.parts)) < 1e-3
    assert all(segment.duration is not None for segment in checked.segments[:-1]), "only the last one may be open"
