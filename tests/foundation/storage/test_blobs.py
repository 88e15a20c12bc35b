"""Blobs in a directory."""

from pathlib import Path

import pytest

from livecommerce.foundation.core.errors import Invalid, NotFound, StorageUnavailable
from livecommerce.foundation.storage.blobs import DirectoryBlobs


async def test_what_was_put_comes_back_with_its_content_type(tmp_path: Path) -> None:
    blobs = DirectoryBlobs(tmp_path)

    await blobs.put("images/ab12.png", b"\x89PNG\nrest", "image/png")
    await blobs.put("images/ab12.png", b"\x89PNG\nnew\n", "image/png")
    blob = await blobs.get("images/ab12.png")

    assert (blob.data, blob.content_type) == (b"\x89PNG\nnew\n", "image/png")
    assert await blobs.exists("images/ab12.png")
    assert [path.name for path in (tmp_path / "images").iterdir()] == ["ab12.png"]


async def test_what_was_deleted_or_never_put_is_not_found(tmp_path: Path) -> None:
    blobs = DirectoryBlobs(tmp_path)
    await blobs.put("a", b"", "text/plain")

    await blobs.delete("a")
    await blobs.delete("a")

    assert not await blobs.exists("a")
    with pytest.raises(NotFound):
        await blobs.get("a")


@pytest.mark.parametrize(
    "key", ["../secret", "/etc/passwd", "a/../b", ".hidden", "a//b", "", "a\0b", "A", "a/.b", "a\n"]
)
async def test_keys_that_could_leave_the_directory_are_unknown(tmp_path: Path, key: str) -> None:
    (tmp_path.parent / "secret").write_text("text/plain\nsecret")
    blobs = DirectoryBlobs(tmp_path)

    with pytest.raises(NotFound):
        await blobs.get(key)
    with pytest.raises(NotFound):
        await blobs.put(key, b"x", "text/plain")


async def test_a_content_type_cannot_smuggle_a_header(tmp_path: Path) -> None:
    with pytest.raises(Invalid):
        await DirectoryBlobs(tmp_path).put("a", b"", "text/plain\nx: y")


async def test_a_volume_that_is_not_there_is_a_domain_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(StorageUnavailable):
        await DirectoryBlobs(tmp_path / "file").put("a", b"x", "text/plain")
