"""Sales on the wire, as every room shows them."""

from __future__ import annotations

from datetime import datetime

import msgspec

from livecommerce.foundation.core.ids import ProductId, VariantId
from livecommerce.foundation.core.money import Money, MoneyView
from livecommerce.sales.model import FlashSale, Offer, WaitlistEntry
from livecommerce.stock.model import Decision, Hold, Pool, PoolKind


class FlashSaleView(msgspec.Struct, frozen=True):
    """A flash sale as everybody sees it."""

    id: str
    show_id: str
    product_id: str
    variant_id: str
    price: MoneyView
    struck_price: MoneyView
    quantity: int
    per_buyer_limit: int | None
    state: str
    opens_at: datetime
    closes_at: datetime
    closed_reason: str | None
    hold_s: int
    available: int
    stock_version: int

    @classmethod
    def of(cls, sale: FlashSale, level: Pool | None) -> FlashSaleView:
        return cls(
            id=sale.id,
            show_id=sale.show_id,
            product_id=sale.product_id,
            variant_id=sale.variant_id,
            price=MoneyView.of(sale.price),
            struck_price=MoneyView.of(sale.struck_price),
            quantity=sale.quantity,
            per_buyer_limit=sale.per_buyer_limit,
            state=sale.state.value,
            opens_at=sale.opens_at,
            closes_at=sale.closes_at,
            closed_reason=sale.closed_reason.value if sale.closed_reason else None,
            hold_s=sale.hold_s,
            available=level.available if level else 0,
            stock_version=level.version if level else 0,
        )


class Goods(msgspec.Struct, frozen=True):
    """What a variant is called, and what it usually costs."""

    product_id: ProductId
    variant_id: VariantId
    title: str
    variant_title: str
    image_url: str | None
    price: Money
    tax_inclusive: bool
    tax_rate: str


class HoldView(msgspec.Struct, frozen=True):
    """Units promised to a buyer, as the buyer sees them. Count down by `expires_in_ms`."""

    id: str
    status: str
    show_id: str
    flash_sale_id: str | None
    product_id: str
    variant_id: str
    title: str
    variant_title: str
    image_url: str | None
    quantity: int
    price: MoneyView
    expires_at: datetime | None
    expires_in_ms: int
    extended: bool

    @classmethod
    def decided(cls, decision: Decision, offer: Offer, quantity: int) -> HoldView:
        """The hold that the ledger has just made."""
        return cls(
            id=decision.hold_id,
            status=decision.state.value,
            show_id=offer.show_id,
            flash_sale_id=offer.flash_sale_id,
            product_id=offer.product_id,
            variant_id=offer.variant_id,
            title=offer.title,
            variant_title=offer.variant_title,
            image_url=offer.image_url,
            quantity=quantity,
            price=MoneyView.of(decision.price),
            expires_at=decision.expires_at,
            expires_in_ms=decision.expires_in_ms,
            extended=decision.extended,
        )

    @classmethod
    def of(cls, hold: Hold, goods: Goods) -> HoldView:
        """A hold that was made earlier."""
        return cls(
            id=hold.id,
            status=hold.state.value,
            show_id=hold.show_id,
            flash_sale_id=hold.pool_id if hold.kind is PoolKind.FLASH_SALE else None,
            product_id=goods.product_id,
            variant_id=hold.variant_id,
            title=goods.title,
            variant_title=goods.variant_title,
            image_url=goods.image_url,
            quantity=hold.quantity,
            price=MoneyView.of(hold.price),
            expires_at=hold.expires_at,
            expires_in_ms=hold.expires_in_ms,
            extended=hold.extended,
        )


class WaitView(msgspec.Struct, frozen=True):
    """A place in the line for what is sold out; `hold_id` and `expires_in_ms` once it is the person's turn."""

    id: str
    status: str
    show_id: str
    flash_sale_id: str | None
    product_id: str
    variant_id: str
    title: str
    variant_title: str
    image_url: str | None
    quantity: int
    position: int
    joined_at: datetime
    hold_id: str | None
    expires_in_ms: int | None

    @classmethod
    def of(cls, entry: WaitlistEntry, goods: Goods, pool: Pool, *, position: int, hold: Hold | None) -> WaitView:
        return cls(
            id=entry.id,
            status=entry.state.value,
            show_id=entry.show_id,
            flash_sale_id=pool.id if pool.kind is PoolKind.FLASH_SALE else None,
            product_id=goods.product_id,
            variant_id=goods.variant_id,
            title=goods.title,
            variant_title=goods.variant_title,
            image_url=goods.image_url,
            quantity=hold.quantity if hold else entry.quantity,
            position=0 if hold else position,
            joined_at=entry.joined_at,
            hold_id=hold.id if hold else None,
            expires_in_ms=hold.expires_in_ms if hold else None,
        )


class HeldView(msgspec.Struct, frozen=True):
    """The answer to a click: said only after COMMIT."""

    status: str
    hold_id: str
    expires_in_ms: int
    price: MoneyView
    hold: HoldView

    @classmethod
    def of(cls, hold: HoldView) -> HeldView:
        return cls(hold.status, hold.id, hold.expires_in_ms, hold.price, hold)
