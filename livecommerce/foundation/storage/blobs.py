"""Blobs: images and recordings by key. A directory is the default; other stores fit the same Protocol."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, Protocol, TypeVar

from livecommerce.foundation.core.errors import Invalid, NotFound, StorageUnavailable

P = ParamSpec("P")
T = TypeVar("T")

KEY = re.compile(r"[0-9a-z][0-9a-z_-]{0,99}(/[0-9a-z][0-9a-z_-]{0,99}){0,3}(\.[0-9a-z]{1,8})?")
"""Up to four names, then an extension: nothing in it can climb out of a directory."""
CONTENT_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]{1,80}")


@dataclass(frozen=True, slots=True)
class Blob:
    """What was put under a key."""

    data: bytes
    content_type: str


class Blobs(Protocol):
    """Bytes by key. Whoever puts decides the key; putting again replaces."""

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        """Keep `data`; it is complete for every reader from the moment this returns."""

    async def get(self, key: str) -> Blob:
        """Return what was put, or raise `NotFound`."""

    async def exists(self, key: str) -> bool:
        """Whether there is something under the key."""

    async def delete(self, key: str) -> None:
        """Forget it; nothing happens when there is nothing."""


class DirectoryBlobs:
    """Blobs as files: `<key>` holds the bytes after one line with the content type. Disk work runs in threads."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        if not CONTENT_TYPE.fullmatch(content_type):
            raise Invalid("The content type is not usable.", field="content_type")
        await _in_thread(_write, self._file(key), content_type.encode() + b"\n" + data)

    async def get(self, key: str) -> Blob:
        content = await _in_thread(_read, self._file(key))
        if content is None:
            raise NotFound()
        content_type, _, data = content.partition(b"\n")
        return Blob(data, content_type.decode("ascii"))

    async def exists(self, key: str) -> bool:
        return await _in_thread(Path.is_file, self._file(key))

    async def delete(self, key: str) -> None:
        await _in_thread(_unlink, self._file(key))

    def _file(self, key: str) -> Path:
        if not KEY.fullmatch(key):
            raise NotFound()
        return self._path / key


async def _in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    try:
        return await asyncio.to_thread(work, *args, **kwargs)
    except OSError as exc:  # disk full, volume gone
        raise StorageUnavailable(retry_after_s=5) from exc


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f".{secrets.token_hex(8)}")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _unlink(path: Path) -> None:
    path.unlink(missing_ok=True)
