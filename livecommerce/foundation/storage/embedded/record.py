"""`server.json`: which servers wrote the data of a data directory. On-disk formats clash, so we keep to them."""

from __future__ import annotations

from pathlib import Path

import msgspec

from livecommerce.foundation.storage.embedded.errors import EmbeddedServerError


class ServerRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One server that the data directory has been used with."""

    product: str
    """"PostgreSQL", "Valkey" or "Redis"."""
    major: int
    path: str
    """The server's executable."""
    data: str
    """Where its data lies; outside the data directory when the server's account cannot enter that."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """The content of `server.json`."""

    postgres: ServerRecord | None = None
    valkey: ServerRecord | None = None


def read(data_dir: Path) -> Record:
    """Return what is recorded in a data directory; an empty record when nothing is.

    Raises:
        EmbeddedServerError: the file is not ours or damaged.
    """
    path = data_dir / "server.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=Record)
    except FileNotFoundError:
        return Record()
    except (msgspec.DecodeError, OSError) as exc:
        raise EmbeddedServerError(
            f"{path} cannot be read ({exc}); restore it or choose another data directory."
        ) from exc


def write(data_dir: Path, record: Record) -> None:
    """Replace `server.json` in one step."""
    temporary = data_dir / "server.json.new"
    temporary.write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n")
    temporary.replace(data_dir / "server.json")
