"""Somebody who is connected, as rooms see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from livecommerce.foundation.core.actors import Actor
from livecommerce.foundation.core.events import Scope
from livecommerce.foundation.core.ids import ShowId
from livecommerce.foundation.realtime.eventlog import Head
from livecommerce.foundation.realtime.gateway.closing import Closing
from livecommerce.foundation.realtime.gateway.socket import Socket
from livecommerce.foundation.realtime.wire import Envelope, Frames, Parser

if TYPE_CHECKING:
    from livecommerce.foundation.realtime.hub import Hub

SHOWS_MAX = 8
"""Shows that one connection may be in at a time."""


class Connection:
    """A connected person: one of possibly several connections they have."""

    __slots__ = ("_hub", "_token", "actor", "address", "deliver", "shows", "socket")

    def __init__(self, actor: Actor, socket: Socket, *, token: str, hub: Hub) -> None:
        self.actor, self.socket = actor, socket
        self.address = socket.handshake.address
        self.shows: dict[ShowId, set[Scope]] = {}
        self.deliver = socket.deliver
        self._token, self._hub = token, hub

    @property
    def parser(self) -> Parser:
        return self.socket.parser or Parser.JSON

    @property
    def token(self) -> str:
        """What the person signed in with, checked again from time to time."""
        return self._token

    async def enter(self, show_id: ShowId, scope: Scope) -> Head:
        """Receive every event of the show after the returned head. Enter first, then read the state."""
        self.shows.setdefault(show_id, set()).add(scope)
        head = await self._hub.enter(self, show_id, scope)
        if not self.socket.is_open:
            self.leave(show_id)
        return head

    def missed(self, show_id: ShowId, scope: Scope, since: Head) -> list[Envelope] | None:
        """What the person missed since, if this process remembers all of it."""
        return self._hub.missed(show_id, scope, since)

    def catch_up(self, show_id: ShowId, moment: float) -> None:
        """Send the counters that changed after a moment: a shared snapshot may be that old."""
        if counters := self._hub.counted_since(show_id, moment):
            self.deliver(Frames(counters), None)

    def leave(self, show_id: ShowId) -> None:
        """Receive no more of the show."""
        for scope in self.shows.pop(show_id, ()):
            self._hub.leave(self, show_id, scope)

    def leave_all(self) -> None:
        for show_id in tuple(self.shows):
            self.leave(show_id)

    def notice(self, type: str, data: Any) -> None:
        """Tell this connection something."""
        self.socket.emit("notice", {"type": type, "data": data})

    def close(self, code: Closing) -> None:
        """Close with a disconnect code."""
        self.socket.close(code)
