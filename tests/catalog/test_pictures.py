from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from livecommerce.catalog.pictures import MAX_SIDE, Pictures, redrawn
from livecommerce.foundation.core.errors import Invalid, NotFound
from livecommerce.foundation.storage.blobs import DirectoryBlobs


def _encoded(kind: str, size: tuple[int, int] = (40, 30), mode: str = "RGB", **options: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, "red" if mode == "RGB" else 0).save(out, kind, **options)  # type: ignore[arg-type]
    return out.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_pictures_become_webp(kind: str) -> None:
    with Image.open(io.BytesIO(redrawn(_encoded(kind)))) as picture:
        assert (picture.format, picture.size) == ("WEBP", (40, 30))


def test_large_pictures_are_scaled_down() -> None:
    with Image.open(io.BytesIO(redrawn(_encoded("JPEG", (4000, 1000))))) as picture:
        assert picture.size == (MAX_SIDE, MAX_SIDE // 4)


def test_where_and_with_what_it_was_taken_is_forgotten() -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Camera of Maja", 6  # maker; rotate by 90 degrees
    data = _encoded("JPEG", (40, 30), exif=exif) + b"<?php evil(); ?>"

    drawn = redrawn(data)

    with Image.open(io.BytesIO(drawn)) as picture:
        assert picture.size == (30, 40)
        assert not dict(picture.getexif())
    assert b"Maja" not in drawn
    assert b"php" not in drawn


def _bomb(width: int, height: int) -> bytes:
    """A PNG that says it is huge and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack("!I", len(data)) + kind + data + struct.pack("!I", zlib.crc32(kind + data))

    header = struct.pack("!IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a picture",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        _encoded("PNG")[:60],
        _encoded("BMP"),
        _encoded("PDF"),
        _bomb(50_000, 50_000),
        _bomb(7_000, 7_000),
        b"GIF89a" + b"\xff" * 40,
    ],
    ids=["empty", "text", "svg", "cut off", "bmp", "pdf", "bomb", "large bomb", "broken gif"],
)
def test_what_is_no_picture_or_too_large_is_refused(data: bytes) -> None:
    with pytest.raises(Invalid):
        redrawn(data)


async def test_a_picture_is_stored_once_under_what_it_shows(tmp_path: Path) -> None:
    pictures = Pictures(DirectoryBlobs(tmp_path))

    keys = {await pictures.put(_encoded("PNG")), await pictures.put(_encoded("PNG"))}

    assert len(keys) == 1
    assert (await pictures.get(keys.pop()))[8:12] == b"WEBP"


@pytest.mark.parametrize("key", ["", "..", "../secrets/keys.json", "a" * 64, "A" * 64 + ".webp", "0" * 64 + ".webp"])
async def test_other_keys_find_nothing(tmp_path: Path, key: str) -> None:
    with pytest.raises(NotFound):
        await Pictures(DirectoryBlobs(tmp_path)).get(key)
