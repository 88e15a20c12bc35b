"""Where the servers' files lie: data, logs and sockets, each in directories that the server's account can enter."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from hashlib import sha256
from pathlib import Path

from livecommerce.foundation.storage.embedded.account import Account
from livecommerce.foundation.storage.embedded.binaries import SHARED
from livecommerce.foundation.storage.embedded.errors import EmbeddedServerError

SOCKET_PATH_BYTES = 107
"""`sun_path` of Linux holds 108 bytes with its closing zero (macOS 104, which our names stay under as well)."""
LONGEST_NAME = "/.s.PGSQL.5432"
LOG_BYTES = 8 * 1024 * 1024


def make_data_dir(data_dir: Path) -> Path:
    """Create the data directory; others may pass through root's, and do nothing with anybody else's."""
    try:
        data_dir.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
    except OSError as exc:
        raise EmbeddedServerError(f"The data directory {data_dir} cannot be created: {exc.strerror}.") from exc
    if not os.access(data_dir, os.W_OK | os.X_OK):
        raise EmbeddedServerError(f"The data directory {data_dir} is not writable; choose another one.")
    return data_dir.resolve()


def choose_home(data_dir: Path, account: Account, *, ephemeral: bool) -> Path:
    """Return where new data goes: the data directory, else a directory of root's that `account` can enter."""
    if account.can_enter(data_dir):
        return data_dir
    if ephemeral:
        home = Path(tempfile.mkdtemp(prefix="lc-data-", dir=_temporary(account)))
        home.chmod(0o711)
        return home
    name = sha256(f"{data_dir} {secrets.token_hex(8)}".encode()).hexdigest()[:16]
    try:
        for directory in (SHARED, SHARED / name):
            directory.mkdir(mode=0o711, parents=True, exist_ok=True)
    except OSError as exc:
        raise EmbeddedServerError(
            f"The account {account.name} cannot enter {data_dir}, and {SHARED} cannot be used instead "
            f"({exc.strerror}); choose a data directory outside of private homes."
        ) from exc
    return SHARED / name


def make_private(path: Path, account: Account) -> Path:
    """Create a directory that only `account` may enter."""
    path.mkdir(mode=0o700, exist_ok=True)
    account.own(path)
    return path


def make_socket_dir(account: Account) -> Path:
    """Create a 0700 folder for Unix sockets whose longest path still fits a socket address."""
    path = Path(tempfile.mkdtemp(prefix="lc-", dir=_temporary(account)))
    account.own(path)
    return path


def open_log(path: Path) -> Path:
    """Prepare a log file that neither grows for ever nor is read by others; the last one is kept beside it."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if path.exists() and path.stat().st_size > LOG_BYTES:
        path.replace(path.with_suffix(".old.log"))
    path.touch(mode=0o600)
    return path


def remove_sockets_of(text: str) -> None:
    """Remove the socket folder that an instance left which was killed together with its guard."""
    path = Path(text)
    if path.name.startswith("lc-") and path.parent in _temporary_candidates():
        shutil.rmtree(path, ignore_errors=True)


def remove(paths: list[Path]) -> None:
    """Remove files and folders, whether or not they are there."""
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _temporary_candidates() -> list[Path]:
    return [Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")]  # noqa: S108 - we only make 0700 folders there


def _temporary(account: Account) -> Path:
    room = SOCKET_PATH_BYTES - len(LONGEST_NAME) - len("/lc-data-xxxxxxxx")
    for path in _temporary_candidates():
        if len(os.fsencode(path)) <= room and path.is_dir() and account.can_enter(path) and os.access(path, os.W_OK):
            return path
    raise EmbeddedServerError("There is no temporary directory for sockets; set TMPDIR to a short path that exists.")
