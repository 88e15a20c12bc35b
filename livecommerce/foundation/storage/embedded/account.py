"""The operating-system account that the embedded servers run as: ours, or an ordinary one when we are root."""

from __future__ import annotations

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from livecommerce.foundation.storage.embedded.errors import EmbeddedServerError

UNPRIVILEGED = ("postgres", "nobody")
"""PostgreSQL refuses to run as root, so root hands it to the first of these that exists."""


@dataclass(frozen=True, slots=True)
class Account:
    """A user of this machine, and whether running as them means dropping root."""

    name: str
    uid: int
    gid: int
    is_dropped_to: bool

    def can_enter(self, path: Path) -> bool:
        """Whether this account can open things below the directory `path` (mode bits; ACLs are not consulted)."""
        if not self.is_dropped_to:
            return os.access(path, os.X_OK)
        path = path.resolve()
        return all(self._has(directory.stat(), stat.S_IXOTH) for directory in (path, *path.parents))

    def can_read(self, path: Path) -> bool:
        """Whether this account can read and execute the file or directory `path` and reach it."""
        if not self.is_dropped_to:
            return os.access(path, os.R_OK | os.X_OK)
        return self._has(path.stat(), stat.S_IROTH | stat.S_IXOTH) and self.can_enter(path.resolve().parent)

    def own(self, path: Path) -> None:
        """Give `path` to this account."""
        if self.is_dropped_to:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def _has(self, status: os.stat_result, bits: int) -> bool:
        if status.st_uid == self.uid:
            bits <<= 6
        elif status.st_gid == self.gid:
            bits <<= 3
        return status.st_mode & bits == bits


def choose_account(existing_data: Path | None = None) -> Account:
    """Return the account for the servers; data that exists already decides it when we are root.

    Raises:
        EmbeddedServerError: no usable account; PostgreSQL looks its user up, so an entry in passwd is necessary.
    """
    if os.geteuid() != 0:
        return _current()
    owner = existing_data.lstat().st_uid if existing_data and existing_data.exists() else 0
    candidates: tuple[str | int, ...] = (owner,) if owner else UNPRIVILEGED
    for candidate in candidates:
        try:
            entry = pwd.getpwuid(candidate) if isinstance(candidate, int) else pwd.getpwnam(candidate)
        except KeyError:
            continue
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, is_dropped_to=True)
    raise EmbeddedServerError(
        "PostgreSQL does not run as root and this machine has no account to run it as; "
        "set DATABASE_URL and REDIS_URL to servers of your own."
    )


def _current() -> Account:
    uid = os.geteuid()
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise EmbeddedServerError(
            f"User id {uid} has no entry in passwd, which PostgreSQL needs; "
            "set DATABASE_URL and REDIS_URL to servers of your own."
        ) from None
    return Account(entry.pw_name, uid, os.getegid(), is_dropped_to=False)


def our_name() -> str:
    """Return the name of the account that connects to the servers: the one that we run as."""
    return pwd.getpwuid(os.geteuid()).pw_name
