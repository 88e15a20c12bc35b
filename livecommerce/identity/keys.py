"""The installation's own secrets: a ring of signing keys, and a root from which other keys are derived.

One file, `<data-dir>/secrets/keys.json`, mode 0600, made at first start. Several processes may start at once: the
first to link its file into place wins and the others read that one. A running process notices a rotation by the
file's time stamp, at most once per second.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from livecommerce.foundation.core.errors import ConfigurationError

KEY_BYTES = 32
KEEP_KEYS = 4
"""How many signing keys stay valid: a rotation every month keeps the longest session readable."""
RELOAD_EVERY_S = 1.0


class SigningKey(msgspec.Struct, frozen=True):
    """One HMAC-SHA256 key of the ring."""

    kid: str
    secret: bytes
    made_at: datetime


class _File(msgspec.Struct, frozen=True):
    root: bytes
    keys: list[SigningKey]
    """Newest first; the first one signs."""


class KeyRing:
    """Signing keys by id, and derived keys by purpose."""

    def __init__(self, path: Path, content: _File, modified_ns: int) -> None:
        self._path, self._content, self._modified_ns = path, content, modified_ns
        self._checked_at = time.monotonic()

    @classmethod
    def open(cls, data_dir: Path) -> KeyRing:
        """Read the ring, or make it; `ConfigurationError` when others could read the file."""
        folder = data_dir / "secrets"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / "keys.json"
        if not path.exists():
            _link_new(path, _File(secrets.token_bytes(KEY_BYTES), [_new_key()]))
        return cls(path, *_read(path))

    @property
    def current(self) -> SigningKey:
        """The key that signs now."""
        self._refresh()
        return self._content.keys[0]

    @property
    def all(self) -> list[SigningKey]:
        """The keys that may still verify, newest first."""
        self._refresh()
        return self._content.keys

    def derive(self, purpose: str) -> bytes:
        """A key for one purpose, the same in every process of this installation and unaffected by rotation."""
        return hmac.digest(self._content.root, b"livecommerce/" + purpose.encode(), hashlib.sha256)

    def rotate(self) -> SigningKey:
        """Put a new signing key in front; tokens of the last few keys stay valid."""
        content, _ = _read(self._path)
        renewed = _File(content.root, [_new_key(), *content.keys][:KEEP_KEYS])
        _write_beside(self._path, renewed).replace(self._path)
        self._content, self._modified_ns = _read(self._path)
        return self._content.keys[0]

    def _refresh(self) -> None:
        now = time.monotonic()
        if now - self._checked_at < RELOAD_EVERY_S:
            return
        self._checked_at = now
        if self._path.exists() and self._path.stat().st_mtime_ns != self._modified_ns:
            self._content, self._modified_ns = _read(self._path)


def _new_key() -> SigningKey:
    return SigningKey(secrets.token_hex(8), secrets.token_bytes(KEY_BYTES), datetime.now(UTC))


def _read(path: Path) -> tuple[_File, int]:
    status = path.stat()
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise ConfigurationError(f"{path} holds secrets and others may read it: chmod 600 {path}")
    try:
        content = msgspec.json.decode(path.read_bytes(), type=_File)
    except msgspec.DecodeError as exc:
        raise ConfigurationError(f"{path} cannot be read: restore it, or remove it to sign everybody out.") from exc
    if not content.keys or len(content.root) < KEY_BYTES:
        raise ConfigurationError(f"{path} holds no keys: restore it, or remove it to sign everybody out.")
    return content, status.st_mtime_ns


def _write_beside(path: Path, content: _File) -> Path:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(msgspec.json.encode(content))
        file.flush()
        os.fsync(file.fileno())
    return draft


def _link_new(path: Path, content: _File) -> None:
    draft = _write_beside(path, content)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass  # another process was first, and its keys count
    finally:
        draft.unlink()
