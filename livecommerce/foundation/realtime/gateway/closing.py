"""Why the server closes a connection, and whether the client should come back."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from livecommerce.foundation.core.events import Notice


class Closing(StrEnum):
    """A disconnect code. Terminal ones mean: do not reconnect."""

    BANNED = "banned"
    SIGNED_OUT = "signed_out"
    SHOW_NOT_FOUND = "show_not_found"
    PROTOCOL = "protocol"
    SLOW = "slow"
    DRAINING = "draining"
    OVERLOADED = "overloaded"
    SILENT = "silent"

    @property
    def is_terminal(self) -> bool:
        return self in _TERMINAL

    @property
    def status(self) -> int:
        """The WebSocket close code (RFC 6455 7.4.2: 4000-4999 are ours); its reason is the code's name."""
        return 4000 + list(Closing).index(self)


_TERMINAL = frozenset({Closing.BANNED, Closing.SIGNED_OUT, Closing.SHOW_NOT_FOUND})


class ConnectionClosing(Notice, frozen=True, kw_only=True):
    """The last thing a connection hears. After a terminal code do not connect again."""

    type: ClassVar[str] = "connection.closing"
    code: Closing
    is_terminal: bool
