"""What a child process of the supervisor runs: `python -m livecommerce.processes.child web-0`.

Standard input carries the order (one JSON line: settings, listening socket, the descriptor to report on) and then
stays open: when it ends, the supervisor is gone, and so are we.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable

import msgspec

from livecommerce.foundation.core.errors import LiveCommerceError
from livecommerce.foundation.core.settings import Settings
from livecommerce.processes import logs
from livecommerce.processes.lifetime import Lifetime


class Order(msgspec.Struct, frozen=True):
    """What the supervisor asks of a child."""

    role: str
    index: int
    settings: Settings
    ready_fd: int
    listen_fd: int | None = None


def read_order() -> Order:
    """Read the one line, byte by byte, so that nothing behind it is swallowed."""
    line = bytearray()
    while (byte := os.read(0, 1)) not in (b"", b"\n"):
        line += byte
    return msgspec.json.decode(bytes(line), type=Order)


async def _run(order: Order) -> None:
    lifetime = Lifetime(order.ready_fd)
    lifetime.listen_to_signals()
    if order.role == "media":
        from livecommerce.processes import media  # noqa: PLC0415 - a web process never loads codecs

        await media.run(order.settings, lifetime)
    else:
        from livecommerce.processes import web  # noqa: PLC0415

        assert order.listen_fd is not None  # noqa: S101
        await web.run(order.settings, lifetime, listen_fd=order.listen_fd, index=order.index)


def _loop_runner() -> Callable[[Awaitable[None]], None]:
    try:
        import uvloop  # noqa: PLC0415 - not on every platform
    except ImportError:
        return asyncio.run  # type: ignore[return-value]
    return uvloop.run  # type: ignore[return-value]


def main() -> int:
    order = read_order()
    logs.configure(order.settings.server.log_level, process=f"{order.role}-{order.index}")
    try:
        _loop_runner()(_run(order))
    except LiveCommerceError as exc:
        sys.stderr.write(f"{exc.message}\n")
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
