"""A real clip for the packager: encoded by PyAV, cut into RTP payloads here (RFC 6184), read back by PyAV."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import av
import numpy as np

MTU = 1100
STAP_A, FU_A = 24, 28


@dataclass(frozen=True)
class Payload:
    """One RTP payload as the relay's sink sees it."""

    kind: str
    rtp_timestamp: int
    marker: bool
    payload: bytes

    @property
    def codec(self) -> str:
        return "H264" if self.kind == "video" else "opus"


@lru_cache(maxsize=8)
def pictures(count: int, *, gop: int = 60, width: int = 320, height: int = 240) -> tuple[bytes, ...]:
    """`count` Annex B access units, a key frame every `gop`."""
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.framerate, encoder.gop_size = Fraction(1, 30), Fraction(30, 1), gop
    encoder.profile = "Baseline"
    encoder.options = {"tune": "zerolatency", "preset": "ultrafast", "x264-params": "scenecut=0:repeat-headers=1"}
    units = []
    for number in range(count):
        picture = np.full((height * 3 // 2, width), (number * 5) % 200 + 20, dtype=np.uint8)
        picture[: height // 2, : width // 3] = np.random.default_rng(number).integers(0, 255, (height // 2, width // 3))
        frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
        frame.pts, frame.time_base = number, Fraction(1, 30)
        units += [bytes(packet) for packet in encoder.encode(frame)]
    units += [bytes(packet) for packet in encoder.encode(None)]
    return tuple(units)


@lru_cache(maxsize=2)
def sounds(count: int) -> tuple[bytes, ...]:
    """`count` Opus packets of 20 ms."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 48_000, "stereo", "s16"
    encoder.time_base = Fraction(1, 48_000)
    packets: list[bytes] = []
    at = np.arange(960) / 48_000
    for number in range(count + 2):
        wave = (np.sin(2 * np.pi * 440 * (at + number * 0.02)) * 8000).astype("int16")
        frame = av.AudioFrame.from_ndarray(np.repeat(wave, 2).reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, number * 960, Fraction(1, 48_000)
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    return tuple(packets[:count])


def nals(unit: bytes) -> list[bytes]:
    """NAL units of an Annex B access unit."""
    return [nal for part in unit.split(b"\0\0\1") if (nal := part.rstrip(b"\0"))]


def video_payloads(unit: bytes, rtp_timestamp: int) -> list[Payload]:
    """STAP-A for the parameter sets, single NAL units when they fit, FU-A else; the marker on the last."""
    units = nals(unit)
    small = [nal for nal in units if nal[0] & 31 in (7, 8)]
    payloads = []
    if small:
        payloads.append(bytes([STAP_A | 0x60]) + b"".join(len(nal).to_bytes(2, "big") + nal for nal in small))
    for nal in units:
        if nal[0] & 31 not in (7, 8):
            payloads += [nal] if len(nal) <= MTU else list(fragments(nal))
    last = len(payloads) - 1
    return [Payload("video", rtp_timestamp % (1 << 32), index == last, data) for index, data in enumerate(payloads)]


def fragments(nal: bytes) -> Iterator[bytes]:
    """FU-A (5.8)."""
    body = [nal[at : at + MTU] for at in range(1, len(nal), MTU)]
    for index, piece in enumerate(body):
        flags = (0x80 if index == 0 else 0) | (0x40 if index == len(body) - 1 else 0)
        yield bytes([nal[0] & 0xE0 | FU_A, flags | nal[0] & 31]) + piece


def interleaved(
    units: tuple[bytes, ...],
    *,
    seconds: float,
    video_base: int = 1000,
    audio_base: int = 77,
    steps: tuple[int, ...] = (3000,),
) -> list[tuple[float, Payload]]:
    """Payloads of picture and sound in the order of their time; `steps` are the cycled frame durations."""
    timed: list[tuple[float, Payload]] = []
    at = 0
    for number, unit in enumerate(units):
        if at >= seconds * 90_000:
            break
        timed += [(at / 90_000, each) for each in video_payloads(unit, video_base + at)]
        at += steps[number % len(steps)]
    for number, packet in enumerate(sounds(int(seconds * 50))):
        stamp = (audio_base + number * 960) % (1 << 32)
        timed.append((number * 0.02, Payload("audio", stamp, True, packet)))
    return sorted(timed, key=lambda each: each[0])


def decoded(data: bytes) -> tuple[list[av.VideoFrame], int]:
    """Every picture, and the number of sound samples, that FFmpeg finds in an init segment and what follows it."""
    frames, samples = [], 0
    with av.open(io.BytesIO(data), format="mp4") as container:
        for packet in container.demux():
            for frame in packet.decode():
                if isinstance(frame, av.VideoFrame):
                    frames.append(frame)
                elif isinstance(frame, av.AudioFrame):
                    samples += frame.samples
    return frames, samples
