"""`demo.json`: what scripts and other programs need to use the running demo."""

from __future__ import annotations

from pathlib import Path

import msgspec


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """Bearer tokens of the shop's staff."""

    owner: str
    host: str
    moderator: str


class Pages(msgspec.Struct, frozen=True, kw_only=True):
    """Links to open in a browser; those of staff sign in once."""

    viewer: str
    studio: str
    control: str


class DemoRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The whole file. It holds keys to the demo, so only its owner may read it."""

    base_url: str
    show_id: str
    flash_sale_id: str | None
    tokens: Tokens
    pages: Pages


def write(data_dir: Path, record: DemoRecord) -> Path:
    """Replace `<data_dir>/demo.json` in one step, so that readers never see half of it."""
    path = data_dir / "demo.json"
    unfinished = data_dir / "demo.json.new"
    unfinished.touch(mode=0o600)
    unfinished.write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n")
    unfinished.replace(path)
    return path


def forget(data_dir: Path) -> None:
    """Remove what a demo of last time wrote, so that nobody waits for a show that is over."""
    (data_dir / "demo.json").unlink(missing_ok=True)
