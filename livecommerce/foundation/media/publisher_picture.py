"""The moving picture of the test source: a still background, a caption, a clock and a mark that wanders.

Everything that stands still is drawn once. Per frame only the mark's small field changes, in place, in the encoder's
own pixel format; caption and clock are drawn again when their text changes.
"""

import math
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont, ImageOps

MAX_PIXELS = 40_000_000
MARK_PERIOD_S = 8.0
_INK, _PAPER = (255, 255, 255), (20, 22, 30)

FONTS = ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "LiberationSans-Regular.ttf", "Arial.ttf")
CODES = {"€": "EUR", "£": "GBP", "¥": "JPY"}

Plane = NDArray[np.uint8]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


class TestPicture:
    """Draws frames of one size; `width` and `height` are multiples of four."""

    __test__ = False

    def __init__(self, width: int, height: int, background: Path | None = None) -> None:
        self.width, self.height = width, height
        self._still = _load(background, width, height) if background is not None else _gradient(width, height)
        self._clean = _planar(self._still)
        self._canvas = self._clean.copy()
        self._unit = max(12, round(min(width, height) / 22)) // 4 * 4
        self._caption_text: str | None = None
        self._clock_text: str | None = None
        self._mark_box: tuple[int, int, int] | None = None

    def draw(self, seconds: float, *, caption: str, clock: str) -> av.VideoFrame:
        """The picture at `seconds` since the start."""
        if caption != self._caption_text:
            self._caption_text = caption
            self._write(caption[:60], bottom=self.height - 2 * self._unit, size=round(self._unit * 1.5))
        if clock != self._clock_text:
            self._clock_text = clock
            self._write(clock, bottom=3 * self._unit, size=self._unit)
        self._move_mark(seconds)
        return av.VideoFrame.from_ndarray(self._canvas, format="yuv420p")

    def _write(self, text: str, *, bottom: int, size: int) -> None:
        """Text on a dark band whose lower edge is `bottom`; it replaces what the band held before."""
        font = _font(size)
        text = _legible(text, font)
        band = 2 * size // 4 * 4
        left, top = self._unit, max(0, (bottom - band) // 4 * 4)
        strip = self._still.crop((0, top, self.width, top + band))
        if text:
            draw = ImageDraw.Draw(strip, "RGBA")
            wide = min(self.width - 2 * left, round(draw.textlength(text, font=font)) + size)
            draw.rounded_rectangle((left, 0, left + wide, band - 1), radius=size // 2, fill=(*_PAPER, 190))
            draw.text((left + size // 2, band // 2), text, font=font, fill=_INK, anchor="lm")
        _paste(self._clean, _planar(strip), top, self.height)
        _paste(self._canvas, _planar(strip), top, self.height)

    def _move_mark(self, seconds: float) -> None:
        """A bright square that goes back and forth along the lower edge."""
        size = self._unit // 2 * 2
        reach = self.width - 2 * self._unit - size
        swing = (1 - math.cos(2 * math.pi * seconds / MARK_PERIOD_S)) / 2
        left, top = (self._unit + round(swing * reach)) // 2 * 2, (self.height - size - size // 2) // 2 * 2
        luma, blue, red = _planes(self._canvas, self.height)
        if self._mark_box is not None:
            self._restore(*self._mark_box)
        luma[top : top + size, left : left + size] = 210
        blue[top // 2 : (top + size) // 2, left // 2 : (left + size) // 2] = 96
        red[top // 2 : (top + size) // 2, left // 2 : (left + size) // 2] = 168
        self._mark_box = (top, left, size)

    def _restore(self, top: int, left: int, size: int) -> None:
        for plane, clean, divisor in zip(
            _planes(self._canvas, self.height), _planes(self._clean, self.height), (1, 2, 2), strict=True
        ):
            rows = slice(top // divisor, (top + size) // divisor)
            columns = slice(left // divisor, (left + size) // divisor)
            plane[rows, columns] = clean[rows, columns]


def _font(size: int) -> Font:
    """A font of the system, because it knows more letters; else the one inside Pillow."""
    for name in FONTS:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return ImageFont.load_default(size)


def _legible(text: str, font: Font) -> str:
    """Text without what the font has no glyph for; currency signs become their codes."""
    missing = bytes(font.getmask("\uffff"))
    drawn = [sign if bytes(font.getmask(sign)) != missing else CODES.get(sign, "") for sign in text]
    return "".join(drawn)


def _planes(picture: Plane, height: int) -> tuple[Plane, Plane, Plane]:
    """Views of the three planes inside one yuv420p array."""
    width, quarter = picture.shape[1], height // 4
    blue = picture[height : height + quarter].reshape(height // 2, width // 2)
    red = picture[height + quarter :].reshape(height // 2, width // 2)
    return picture[:height], blue, red


def _paste(picture: Plane, strip: Plane, top: int, height: int) -> None:
    """Put a strip of the same width at row `top` (a multiple of four)."""
    rows = strip.shape[0] * 2 // 3
    for plane, part, divisor in zip(_planes(picture, height), _planes(strip, rows), (1, 2, 2), strict=True):
        plane[top // divisor : (top + rows) // divisor] = part


def _planar(image: Image.Image) -> Plane:
    """RGB as one yuv420p array of shape (height * 3 / 2, width)."""
    frame = av.VideoFrame.from_ndarray(np.asarray(image.convert("RGB")), format="rgb24")
    planar: Plane = frame.reformat(format="yuv420p").to_ndarray().astype(np.uint8)
    return planar.copy()


def _load(path: Path, width: int, height: int) -> Image.Image:
    """A picture cut to size. Raises OSError when it cannot be read, ValueError when it is enormous."""
    with Image.open(path) as image:
        if image.width * image.height > MAX_PIXELS:
            raise ValueError("the background picture is too large")
        return ImageOps.fit(image.convert("RGB"), (width, height))


def _gradient(width: int, height: int) -> Image.Image:
    """A calm background when no picture is given."""
    down, across = np.linspace(0, 1, height)[:, None], np.linspace(0, 1, width)[None, :]
    shade = (down + across) / 2
    colours = np.stack([40 + 70 * shade, 60 + 40 * (1 - shade), 110 + 60 * (1 - shade)], axis=-1)
    return Image.fromarray(colours.astype(np.uint8), "RGB")
