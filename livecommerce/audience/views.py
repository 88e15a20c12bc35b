"""The state of a show, as `show.join` and `GET /shows/{id}/snapshot` give it."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from livecommerce.broadcast.model import Playback
from livecommerce.catalog.views import ProductView
from livecommerce.chat.views import MessageView, ReactionsView
from livecommerce.foundation.core.actors import Role
from livecommerce.foundation.realtime.wire import Envelope
from livecommerce.identity.views import YouView
from livecommerce.moderation.model import Sanction
from livecommerce.sales.views import FlashSaleView
from livecommerce.shows.views import ChatModeView, PinView, ShowView

FOR_GOOD = datetime(9999, 12, 31, tzinfo=UTC)
"""How a mute without an end is told where null means that there is none."""


class StockView(msgspec.Struct, frozen=True):
    """What a pool has left."""

    pool: str
    id: str
    available: int
    version: int


class AudienceView(msgspec.Struct, frozen=True):
    viewers: int
    version: int


class Snapshot(msgspec.Struct, frozen=True):
    """Everything a page needs to draw a show. `you` is null for who is not signed in."""

    show: ShowView
    lineup: list[ProductView]
    pins: list[PinView]
    sales: list[FlashSaleView]
    stock: list[StockView]
    chat_mode: ChatModeView
    messages: list[MessageView]
    audience: AudienceView
    reactions: ReactionsView
    playback: Playback
    you: YouView | None


class PlacedSnapshot(Snapshot, frozen=True, kw_only=True):
    """A snapshot with its place in the public log."""

    epoch: int
    seq: int
    now_ms: int


class Joined(msgspec.Struct, frozen=True, kw_only=True):
    """Where the log is, with either what was missed since, or the whole state."""

    epoch: int
    seq: int
    now_ms: int
    recovered: bool
    events: list[Envelope] | msgspec.UnsetType = msgspec.UNSET
    snapshot: Snapshot | msgspec.UnsetType = msgspec.UNSET


class Pong(msgspec.Struct, frozen=True):
    """The server's time."""

    now_ms: int


class PresentView(msgspec.Struct, frozen=True):
    """Somebody who is there, or who was removed."""

    id: str
    display_name: str
    role: Role
    muted_until: datetime | None
    is_banned: bool


class CrowdView(msgspec.Struct, frozen=True):
    """Who is there, for staff."""

    viewers: int
    peak: int
    people: list[PresentView]


def muted_until(mute: Sanction | None) -> datetime | None:
    """When a mute ends, for pages; null when nobody is muted."""
    return None if mute is None else mute.until or FOR_GOOD
