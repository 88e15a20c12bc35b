"""`livecommerce publish`: a test picture or a file, live in a show."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from livecommerce.foundation.core.errors import LiveCommerceError
from livecommerce.foundation.media.publisher import Encoding, MediaFile, Publisher, TestPattern, whip_url
from livecommerce.foundation.media.publisher_encoders import MediaSource

SAYINGS = {"connecting": "Connecting …", "live": "Live. Ctrl-C ends it.", "lost": "The connection is lost."}


def publish(
    source: Annotated[str, Parameter(help="`test` for a moving test picture, or a file with sound or picture.")],
    *,
    show: Annotated[str, Parameter(help="Id of the show.")],
    token: Annotated[str, Parameter(help="A token that may publish to it.", env_var="LIVECOMMERCE_TOKEN")],
    url: Annotated[str, Parameter(help="Where the server is.")] = "http://127.0.0.1:8080",
    caption: Annotated[Path | None, Parameter(help="A text file whose first line is shown; may change.")] = None,
    picture: Annotated[Path | None, Parameter(help="Background of the test picture.")] = None,
    size: Annotated[str, Parameter(help="Width x height of the test picture.")] = "640x360",
    fps: Annotated[int, Parameter(help="Pictures per second of the test picture.")] = 25,
    insecure: Annotated[bool, Parameter(help="Accept a self-signed certificate.")] = False,
) -> int:
    """Publish a test picture or a file to a show until Ctrl-C, and reconnect when the server was away."""
    console = Console(stderr=True, highlight=False)
    publisher = Publisher(
        whip_url(url, show),
        token,
        _source(source, caption=caption, picture=picture, encoding=_encoding(size, fps)),
        verify_tls=not insecure,
        on_state=lambda state: console.print(SAYINGS[state]),
    )
    try:
        asyncio.run(publisher.run())
    except KeyboardInterrupt:
        console.print("Ended.")
    return 0


def _source(source: str, *, caption: Path | None, picture: Path | None, encoding: Encoding) -> MediaSource:
    if source != "test":
        return MediaFile(Path(source))
    return TestPattern(encoding, picture=picture, caption=lambda: _first_line(caption))


def _first_line(path: Path | None) -> str:
    """The caption as it is now; an unreadable file shows nothing."""
    if path is None:
        return ""
    try:
        with path.open(encoding="utf-8", errors="replace") as lines:
            return lines.readline(200).strip()
    except OSError:
        return ""


def _encoding(size: str, fps: int) -> Encoding:
    """`640x360` as an encoding, sides rounded down to multiples of four. Raises InvalidSize."""
    width, _, height = size.partition("x")
    if not (width.isdigit() and height.isdigit() and 64 <= int(width) <= 1920 and 64 <= int(height) <= 1920):
        raise InvalidSize
    return Encoding(width=int(width) // 4 * 4, height=int(height) // 4 * 4, fps=min(max(fps, 1), 60))


class InvalidSize(LiveCommerceError):
    """The size must look like 640x360, each side from 64 to 1920."""

    code, status = "invalid_size", 422
