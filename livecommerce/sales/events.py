"""What sales tell the world."""

from __future__ import annotations

from typing import ClassVar

from livecommerce.foundation.core.events import Event, Notice
from livecommerce.sales.views import FlashSaleView


class SaleScheduled(Event, frozen=True, kw_only=True):
    """A flash sale will open at its time."""

    type: ClassVar[str] = "sale.scheduled"
    sale: FlashSaleView


class SaleOpened(Event, frozen=True, kw_only=True):
    """A flash sale is open."""

    type: ClassVar[str] = "sale.opened"
    sale: FlashSaleView


class SaleClosed(Event, frozen=True, kw_only=True):
    """A flash sale is over, for the reason it says."""

    type: ClassVar[str] = "sale.closed"
    sale: FlashSaleView


class HoldExpiring(Notice, frozen=True, kw_only=True):
    """A hold ends soon."""

    type: ClassVar[str] = "hold.expiring"
    hold_id: str
    expires_in_ms: int


class WaitlistOffered(Notice, frozen=True, kw_only=True):
    """It is the person's turn: units are held for them, until the time is up."""

    type: ClassVar[str] = "waitlist.offered"
    hold_id: str
    expires_in_ms: int


class HoldExpired(Notice, frozen=True, kw_only=True):
    """A hold has ended and its units went back."""

    type: ClassVar[str] = "hold.expired"
    hold_id: str
