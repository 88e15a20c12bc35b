"""Pictures that people upload: decoded under limits and drawn anew, so that nothing but pixels is kept.

Decoding runs in threads, two at a time: a picture of 40 megapixels takes 160 MB while it is scaled down.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import re
import warnings

from PIL import Image, ImageOps

from livecommerce.foundation.core.errors import Invalid, NotFound
from livecommerce.foundation.storage.blobs import Blobs

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
MAX_BYTES = 8 * 1024 * 1024
MAX_PIXELS = 40_000_000
MAX_SIDE = 1600
"""Pixels. Twice what the largest card shows on a dense screen."""
QUALITY = 82
AT_ONCE = 2
CONTENT_TYPE = "image/webp"

_KEY = re.compile(r"[0-9a-f]{64}\.webp")


class Pictures:
    """Stores pictures under the hash of what they are now, and reads them back."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._turn = asyncio.Semaphore(AT_ONCE)

    async def put(self, data: bytes) -> str:
        """Re-encode and keep a picture; return its key. `Invalid` when it is not one we can read."""
        async with self._turn:
            encoded = await asyncio.to_thread(redrawn, data)
        key = f"{hashlib.sha256(encoded).hexdigest()}.webp"
        if not await self._blobs.exists(_blob(key)):
            await self._blobs.put(_blob(key), encoded, CONTENT_TYPE)
        return key

    async def get(self, key: str) -> bytes:
        """A stored picture; `NotFound` for any other key."""
        if _KEY.fullmatch(key) is None:
            raise NotFound()
        return (await self._blobs.get(_blob(key))).data


def redrawn(data: bytes) -> bytes:
    """The first frame as WebP: upright, at most `MAX_SIDE` long, without metadata, colour profile or tail."""
    if len(data) > MAX_BYTES:
        raise Invalid("A picture has at most 8 MB.", field="image")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # among others Pillow's DecompressionBombWarning
            picture = _decoded(data)
    except (OSError, ValueError, SyntaxError, Warning, MemoryError, Image.DecompressionBombError) as exc:
        raise Invalid("This picture cannot be read: send JPEG, PNG, WebP, GIF or AVIF.", field="image") from exc
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=QUALITY, method=4)
    return out.getvalue()


def _decoded(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
        width, height = opened.size
        if width * height > MAX_PIXELS or min(width, height) < 1:
            raise ValueError("too many pixels")
        opened.draft("RGB", (MAX_SIDE, MAX_SIDE))
        opened.load()
        upright = ImageOps.exif_transpose(opened)
        has_alpha = "A" in upright.getbands() or "transparency" in upright.info
        picture = upright.convert("RGBA" if has_alpha else "RGB")
    picture.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    picture.info.clear()
    return picture


def _blob(key: str) -> str:
    return f"images/{key}"
