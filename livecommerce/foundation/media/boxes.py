"""ISO base media boxes of CMAF: the init segment and one moof + mdat (ISO 14496-12, 14496-15; Opus in ISOBMFF)."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from livecommerce.foundation.media.h264 import ParameterSets

VIDEO_TRACK, AUDIO_TRACK = 1, 2
VIDEO_RATE, AUDIO_RATE = 90_000, 48_000
_MATRIX = struct.pack("!9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_OPUS_PRE_SKIP = 312
_SYNC, _NON_SYNC = 0x02000000, 0x01010000  # sample_depends_on=2 | =1 and sample_is_non_sync_sample (8.8.3.1)
_TRUN_FLAGS = 0x000701  # data offset; duration, size and flags per sample


@dataclass(frozen=True, slots=True)
class Sample:
    """One access unit: decode time and duration in ticks of its track."""

    time: int
    ticks: int
    data: bytes
    is_key: bool = True


@dataclass(frozen=True, slots=True)
class Run:
    """The samples of one track in one part; `time` is its tfdt, also when there is no sample."""

    track: int
    time: int
    samples: Sequence[Sample]


def init_segment(parameters: ParameterSets | None, *, has_audio: bool) -> bytes:
    """ftyp + moov for the tracks there are: H.264 as `avc1`, stereo Opus."""
    tracks, extends = [], []
    if parameters:
        entry = _avc1(parameters)
        header = _full(b"vmhd", 0, 1, bytes(8))
        size = (parameters.width, parameters.height)
        tracks.append(_trak(VIDEO_TRACK, b"vide", VIDEO_RATE, header, entry, size=size))
        extends.append(_trex(VIDEO_TRACK))
    if has_audio:
        tracks.append(_trak(AUDIO_TRACK, b"soun", AUDIO_RATE, _full(b"smhd", 0, 0, bytes(4)), _opus(), size=(0, 0)))
        extends.append(_trex(AUDIO_TRACK))
    times = struct.pack("!IIIIIh10x", 0, 0, 1000, 0, 0x10000, 0x100)
    mvhd = _full(b"mvhd", 0, 0, times, _MATRIX, bytes(24), _u32(AUDIO_TRACK + 1))
    ftyp = _box(b"ftyp", b"iso6", _u32(0), b"iso6cmfcmp41")
    return ftyp + _box(b"moov", mvhd, *tracks, _box(b"mvex", *extends))


def fragment(sequence: int, runs: Sequence[Run]) -> bytes:
    """moof + mdat: data offsets are relative to the moof (default-base-is-moof, 8.8.7)."""
    size = len(_moof(sequence, runs, [0] * len(runs)))
    offsets, at = [], size + 8
    for run in runs:
        offsets.append(at)
        at += sum(len(sample.data) for sample in run.samples)
    payload = b"".join(sample.data for run in runs for sample in run.samples)
    return _moof(sequence, runs, offsets) + _box(b"mdat", payload)


def _moof(sequence: int, runs: Sequence[Run], offsets: Sequence[int]) -> bytes:
    trafs = [_traf(run, offset) for run, offset in zip(runs, offsets, strict=True)]
    return _box(b"moof", _full(b"mfhd", 0, 0, _u32(sequence)), *trafs)


def _traf(run: Run, offset: int) -> bytes:
    rows = b"".join(
        struct.pack("!III", sample.ticks, len(sample.data), _SYNC if sample.is_key else _NON_SYNC)
        for sample in run.samples
    )
    return _box(
        b"traf",
        _full(b"tfhd", 0, 0x020000, _u32(run.track)),
        _full(b"tfdt", 1, 0, struct.pack("!Q", run.time)),
        _full(b"trun", 0, _TRUN_FLAGS, _u32(len(run.samples)), _u32(offset), rows),
    )


def _trak(track: int, handler: bytes, rate: int, header: bytes, entry: bytes, *, size: tuple[int, int]) -> bytes:
    width, height = size
    volume = 0 if width else 0x100
    tkhd = struct.pack("!IIIII8xhhhH", 0, 0, track, 0, 0, 0, 0, volume, 0)
    tables = [
        _full(b"stsd", 0, 0, _u32(1), entry),
        _full(b"stts", 0, 0, _u32(0)),
        _full(b"stsc", 0, 0, _u32(0)),
        _full(b"stsz", 0, 0, _u32(0), _u32(0)),
        _full(b"stco", 0, 0, _u32(0)),
    ]
    references = _box(b"dinf", _full(b"dref", 0, 0, _u32(1), _full(b"url ", 0, 1)))
    media = _box(
        b"mdia",
        _full(b"mdhd", 0, 0, struct.pack("!IIIIHH", 0, 0, rate, 0, 0x55C4, 0)),
        _full(b"hdlr", 0, 0, _u32(0), handler, bytes(12), b"livecommerce\0"),
        _box(b"minf", header, references, _box(b"stbl", *tables)),
    )
    return _box(b"trak", _full(b"tkhd", 0, 7, tkhd, _MATRIX, struct.pack("!II", width << 16, height << 16)), media)


def _avc1(parameters: ParameterSets) -> bytes:
    sps, pps = parameters.sps, parameters.pps
    configuration = bytes([1, sps[1], sps[2], sps[3], 0xFF, 0xE1])  # four-byte lengths, one SPS
    avcc = _box(b"avcC", configuration, _u16(len(sps)), sps, b"\1", _u16(len(pps)), pps, _avcc_extension(sps))
    shape = struct.pack("!H16xHHIIIH32xHh", 1, parameters.width, parameters.height, 0x480000, 0x480000, 0, 1, 24, -1)
    return _box(b"avc1", bytes(6), shape, avcc)


def _avcc_extension(sps: bytes) -> bytes:
    """High profiles carry chroma format and bit depth (14496-15 5.3.3.1.2); WebRTC sends 4:2:0 of 8 bits."""
    return b"\xfd\xf8\xf8\0" if sps[1] in (100, 110, 122, 144) else b""


def _opus() -> bytes:
    specific = _box(b"dOps", struct.pack("!BBHIhB", 0, 2, _OPUS_PRE_SKIP, AUDIO_RATE, 0, 0))
    return _box(b"Opus", bytes(6), struct.pack("!H8xHHHHI", 1, 2, 16, 0, 0, AUDIO_RATE << 16), specific)


def _trex(track: int) -> bytes:
    return _full(b"trex", 0, 0, struct.pack("!IIIII", track, 1, 0, 0, 0))


def _box(name: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return _u32(len(body) + 8) + name + body


def _full(name: bytes, version: int, flags: int, *content: bytes) -> bytes:
    return _box(name, _u32(version << 24 | flags), *content)


def _u32(value: int) -> bytes:
    return struct.pack("!I", value)


def _u16(value: int) -> bytes:
    return struct.pack("!H", value)
