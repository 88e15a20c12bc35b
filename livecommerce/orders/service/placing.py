"""Orders from holds: placed, read, cancelled, shipped. Placing and the holds' change to `paying` are one COMMIT."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from livecommerce.foundation.core.actors import Actor, Permission, require
from livecommerce.foundation.core.errors import Invalid, LiveCommerceError, NotFound
from livecommerce.foundation.core.events import Notice
from livecommerce.foundation.core.ids import HoldId, OrderId, ShowId, VariantId, is_uuid, new_id
from livecommerce.foundation.core.money import Money
from livecommerce.foundation.realtime.bus import Bus
from livecommerce.foundation.storage.postgres import Database, Transaction
from livecommerce.identity.service import AuditTrail
from livecommerce.orders.events import OrderCancelledNotice, OrderPlacedNotice
from livecommerce.orders.model import MAX_HOLDS, PAY_WITHIN, Address, Order, OrderStatus, Priced
from livecommerce.orders.model.pricing import PriceChanged
from livecommerce.orders.service.pricing import Pricing, Wish
from livecommerce.orders.store import AlreadyOrdered, OrderStore
from livecommerce.orders.views import OrderView
from livecommerce.sales.service import Shelf
from livecommerce.sales.views import Goods
from livecommerce.stock.model import HoldNotOpen, KeyReused, check_key
from livecommerce.stock.service import StockService

MAX_PAGE = 100
GRACE_S = 15.0
"""An overdue order is called off only after this, so that an outage is made good for before."""


@dataclass(frozen=True, slots=True)
class Placement:
    """What a buyer sends to order: holds of one show, where to, how to pay, and the key of the intent."""

    hold_ids: Sequence[str]
    payment_method: str
    key: str
    address: Mapping[str, str | None] | None = None
    shipping_option: str | None = None
    coupon: str | None = None
    expected_total: Money | None = None
    """What the buyer was shown; anything else is refused with `price_changed`."""

    def holds(self) -> list[HoldId]:
        """The holds, each once."""
        distinct = list(dict.fromkeys(self.hold_ids))
        if not 1 <= len(distinct) <= MAX_HOLDS:
            raise Invalid(f"An order has 1 to {MAX_HOLDS} holds.", field="hold_ids")
        if not all(map(is_uuid, distinct)):
            raise NotFound()
        return [HoldId(text) for text in distinct]


class OrderService:
    """What buyers and staff do with orders. A foreign order cannot be told from an unknown one."""

    def __init__(
        self,
        database: Database,
        store: OrderStore,
        *,
        stock: StockService,
        shelf: Shelf,
        pricing: Pricing,
        bus: Bus,
        audit: AuditTrail,
        methods: Sequence[str],
    ) -> None:
        self._database, self._store, self._stock, self._shelf = database, store, stock, shelf
        self._pricing, self._bus, self._audit, self._methods = pricing, bus, audit, methods

    async def place(self, actor: Actor, placement: Placement) -> OrderView:
        """Make an order of the caller's holds; the same key, or the same holds, answer the same order."""
        check_key(placement.key)
        hold_ids = placement.holds()
        if placement.payment_method not in self._methods:
            raise Invalid("This method of payment is not offered.", field="payment_method")
        address = Address.checked(placement.address) if placement.address is not None else None
        if (known := await self._store.by_key(actor.id, placement.key)) is not None:
            return _same(known, hold_ids)
        goods, terms = await self._goods(actor, hold_ids), await self._pricing.terms()
        wish = Wish(address.country if address else None, placement.shipping_option, placement.coupon)
        try:
            async with self._database.transaction() as tx:
                holds = sorted(await self._stock.pay(tx, hold_ids, actor.id), key=lambda hold: hold.id)
                priced = await self._pricing.price(actor, holds, goods, wish=wish, terms=terms, tx=tx)
                order = await self._write(tx, actor, placement, priced, show_id=holds[0].show_id, address=address)
                self._notify_after(tx, order, OrderPlacedNotice(order_id=order.id))
        except (HoldNotOpen, AlreadyOrdered) as exc:
            return await self._placed_before(actor, placement.key, hold_ids, exc)
        return OrderView.of(order)

    async def _goods(self, actor: Actor, hold_ids: Sequence[HoldId]) -> dict[VariantId, Goods]:
        """What the holds are of: read before the transaction, which has one connection only."""
        holds = await self._stock.holds(hold_ids)
        if len(holds) != len(hold_ids) or any(hold.buyer != actor.id for hold in holds):
            raise NotFound()
        return {hold.variant_id: await self._shelf.goods(hold.variant_id) for hold in holds}

    async def _write(
        self,
        tx: Transaction,
        actor: Actor,
        placement: Placement,
        priced: Priced,
        *,
        show_id: ShowId,
        address: Address | None,
    ) -> Order:
        totals = priced.bill.totals
        if placement.expected_total not in (None, totals.total):
            raise PriceChanged()
        now = await self._store.now(tx)
        order = Order(
            id=OrderId(new_id()),
            number=0,
            show_id=show_id,
            buyer_id=actor.id,
            buyer_name=actor.display_name,
            status=OrderStatus.PLACED,
            lines=priced.lines,
            totals=totals,
            address=address,
            payment_method=placement.payment_method,
            placed_at=now,
            pay_by=now + PAY_WITHIN,
            shipping_option=priced.chosen.option.id if priced.chosen else None,
            coupon=priced.coupon.code if priced.coupon else None,
        )
        return await self._store.add(order, placement.key, tx)

    async def _placed_before(self, actor: Actor, key: str, hold_ids: Sequence[HoldId], refusal: Exception) -> OrderView:
        """The order that a racing or earlier request made of the same holds; else what was refused."""
        order = await self._store.by_key(actor.id, key) or await self._store.by_hold(actor.id, hold_ids[0])
        if order is None:
            raise refusal if isinstance(refusal, LiveCommerceError) else HoldNotOpen()
        return _same(order, hold_ids)

    async def get(self, actor: Actor, order_id: OrderId) -> OrderView:
        """One order, for its buyer and for who may read the show's orders."""
        return OrderView.of(await self.readable(actor, order_id))

    async def readable(self, actor: Actor, order_id: OrderId) -> Order:
        """The order, if the caller may know of it."""
        order = await self._store.get(order_id)
        if order.buyer_id != actor.id and not actor.may(Permission.ORDERS_READ, order.show_id):
            raise NotFound()
        return order

    async def mine(self, actor: Actor, *, cursor: str | None, limit: int) -> tuple[list[OrderView], str | None]:
        """A page of the caller's orders, newest first."""
        before, size = _page(cursor, limit)
        return _paged(await self._store.of_buyer(actor.id, before, size), size)

    async def of_show(
        self, actor: Actor, show_id: ShowId, *, cursor: str | None, limit: int
    ) -> tuple[list[OrderView], str | None]:
        """A page of a show's orders, newest first, for who may read them."""
        require(actor, Permission.ORDERS_READ, show_id)
        before, size = _page(cursor, limit)
        return _paged(await self._store.of_show(show_id, before, size), size)

    async def cancel(self, actor: Actor, order_id: OrderId) -> OrderView:
        """Call an unpaid order off, by its buyer or staff; its units go back."""
        order = await self.readable(actor, order_id)
        if order.buyer_id != actor.id:
            require(actor, Permission.ORDERS_MANAGE, order.show_id)
        async with self._database.transaction() as tx:
            order = await self._store.lock(order_id, tx)
            cancelled = order.cancel(await self._store.now(tx))
            await self._stock.release(tx, order.hold_ids, actor=actor.id)
            await self._store.save(cancelled, tx)
            if order.buyer_id != actor.id:
                await self._record(tx, actor, "order.cancel", order)
            self._notify_after(tx, order, OrderCancelledNotice(order_id=order.id))
        return OrderView.of(cancelled)

    async def overdue(self, limit: int) -> list[OrderId]:
        """Orders whose time to pay is over."""
        return await self._store.overdue(limit, GRACE_S)

    async def extended(self, tx: Transaction, payload: dict[str, Any]) -> None:
        """Nobody could pay for a while: unpaid orders get that time back, as holds did."""
        await self._store.extend(float(payload["gap_s"]), tx)

    async def _record(self, tx: Transaction, actor: Actor, action: str, order: Order) -> None:
        detail, show_id = {"text": order.label}, order.show_id
        await self._audit.record(
            tx, actor, action, show_id=show_id, subject_kind="order", subject_id=order.id, detail=detail
        )

    def _notify_after(self, tx: Transaction, order: Order, notice: Notice) -> None:
        tx.after_commit(lambda: self._bus.notify(order.buyer_id, notice.type, notice))


def _same(order: Order, hold_ids: Sequence[HoldId]) -> OrderView:
    if set(order.hold_ids) != set(hold_ids):
        raise KeyReused("This key, or one of the holds, belongs to another order.")
    return OrderView.of(order)


def _page(cursor: str | None, limit: int) -> tuple[str | None, int]:
    if cursor is not None and not is_uuid(cursor):
        raise Invalid("This cursor is not one of ours.", field="cursor")
    return cursor, max(1, min(limit, MAX_PAGE))


def _paged(orders: Sequence[Order], size: int) -> tuple[list[OrderView], str | None]:
    return [OrderView.of(order) for order in orders], orders[-1].id if len(orders) == size else None
