"""Shows on the wire, as every room shows them."""

from __future__ import annotations

from datetime import datetime

import msgspec

from livecommerce.catalog.views import image_url
from livecommerce.identity.views import PersonName
from livecommerce.shows.model import ChatMode, PauseReason, Pin, Show, ShowKind, ShowStatus, Visibility


class ChatModeView(msgspec.Struct, frozen=True):
    """How the chat works; `slow_s` 0 is off."""

    slow_s: int
    hold_all: bool
    closed: bool

    @classmethod
    def of(cls, mode: ChatMode) -> ChatModeView:
        return cls(mode.slow_s, mode.hold_all, mode.closed)


class PinView(msgspec.Struct, frozen=True):
    """A highlighted product; `media_ts` is where the stream was (ms) when the host pinned it."""

    product_id: str
    media_ts: int | None
    pinned_at: datetime

    @classmethod
    def of(cls, pin: Pin) -> PinView:
        return cls(pin.product_id, pin.media_ts, pin.pinned_at)


class ShowView(msgspec.Struct, frozen=True):
    """A show as viewers and staff see it."""

    id: str
    title: str
    description: str
    status: ShowStatus
    kind: ShowKind
    visibility: Visibility
    starts_at: datetime
    started_at: datetime | None
    paused_at: datetime | None
    ended_at: datetime | None
    pause_reason: PauseReason | None
    host: PersonName
    shop_name: str
    poster_url: str | None
    lineup: list[str]
    pins: list[PinView]
    chat_mode: ChatModeView
    version: int

    @classmethod
    def of(cls, show: Show, *, host_name: str, shop_name: str) -> ShowView:
        return cls(
            id=show.id,
            title=show.title,
            description=show.description,
            status=show.status,
            kind=show.kind,
            visibility=show.visibility,
            starts_at=show.starts_at,
            started_at=show.started_at,
            paused_at=show.paused_at,
            ended_at=show.ended_at,
            pause_reason=show.pause_reason,
            host=PersonName(show.host_id, host_name),
            shop_name=shop_name,
            poster_url=image_url(show.poster_key) if show.poster_key else None,
            lineup=list(show.lineup),
            pins=[PinView.of(pin) for pin in show.pins],
            chat_mode=ChatModeView.of(show.chat_mode),
            version=show.version,
        )
