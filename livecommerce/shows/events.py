"""What shows tell the world. Each event carries the whole of what it is about."""

from __future__ import annotations

from typing import ClassVar

from livecommerce.catalog.views import ProductView
from livecommerce.foundation.core.events import Event
from livecommerce.shows.views import PinView, ShowView


class ShowStarted(Event, frozen=True, kw_only=True):
    """The show is live for the first time."""

    type: ClassVar[str] = "show.started"
    show: ShowView


class ShowPaused(Event, frozen=True, kw_only=True):
    """The curtain is drawn; `pause_reason` says by whom."""

    type: ClassVar[str] = "show.paused"
    show: ShowView


class ShowResumed(Event, frozen=True, kw_only=True):
    """The show goes on."""

    type: ClassVar[str] = "show.resumed"
    show: ShowView


class ShowEnded(Event, frozen=True, kw_only=True):
    """The show is over."""

    type: ClassVar[str] = "show.ended"
    show: ShowView


class ShowChanged(Event, frozen=True, kw_only=True):
    """Title, text, time, visibility or poster are other ones now."""

    type: ClassVar[str] = "show.changed"
    show: ShowView


class ProductPinned(Event, frozen=True, kw_only=True):
    """A product came to the front; `pins` are all there are, the primary card first."""

    type: ClassVar[str] = "product.pinned"
    product_id: str
    pins: list[PinView]


class ProductUnpinned(Event, frozen=True, kw_only=True):
    """A product is no longer highlighted; `pins` are those that are left."""

    type: ClassVar[str] = "product.unpinned"
    product_id: str
    pins: list[PinView]


class LineupChanged(Event, frozen=True, kw_only=True):
    """Other products, another order, or something about a product of the lineup has changed."""

    type: ClassVar[str] = "lineup.changed"
    lineup: list[ProductView]
