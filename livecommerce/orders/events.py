"""What orders tell: the show that something was bought, and the buyer what became of it."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from livecommerce.foundation.core.events import Event, Notice


class BoughtProduct(msgspec.Struct, frozen=True):
    id: str
    title: str


class OrderPlaced(Event, frozen=True, kw_only=True):
    """Somebody has bought something: told once it is paid, so that every one of them is real."""

    type: ClassVar[str] = "order.placed"
    display_name: str | None
    product: BoughtProduct
    quantity: int


class OrderPaidNotice(Notice, frozen=True, kw_only=True):
    """Your order is paid."""

    type: ClassVar[str] = "order.paid"
    order_id: str


class OrderPlacedNotice(Notice, frozen=True, kw_only=True):
    """Your order waits for its payment."""

    type: ClassVar[str] = "order.placed"
    order_id: str


class OrderCancelledNotice(Notice, frozen=True, kw_only=True):
    """Your order was called off."""

    type: ClassVar[str] = "order.cancelled"
    order_id: str


class OrderRefundedNotice(Notice, frozen=True, kw_only=True):
    """Your money is on its way back."""

    type: ClassVar[str] = "order.refunded"
    order_id: str


class OrderDeliveredNotice(Notice, frozen=True, kw_only=True):
    """Your parcel has arrived."""

    type: ClassVar[str] = "order.delivered"
    order_id: str


class OrderShippedNotice(Notice, frozen=True, kw_only=True):
    """Your parcel is on its way."""

    type: ClassVar[str] = "order.shipped"
    order_id: str
