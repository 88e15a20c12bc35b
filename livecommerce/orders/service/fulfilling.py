"""What becomes of paid orders: bundled into parcels, shipped, delivered. What is in one parcel goes together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from livecommerce.foundation.core.actors import Actor, Permission, require
from livecommerce.foundation.core.errors import NotFound
from livecommerce.foundation.core.events import Notice
from livecommerce.foundation.core.ids import OrderId, is_uuid, new_id
from livecommerce.foundation.realtime.bus import Bus
from livecommerce.foundation.storage.postgres import Database, Transaction
from livecommerce.identity.service import AuditTrail
from livecommerce.orders.events import OrderDeliveredNotice, OrderShippedNotice
from livecommerce.orders.model import Order, bundle
from livecommerce.orders.service.placing import OrderService
from livecommerce.orders.store import OrderStore
from livecommerce.orders.views import OrderView


class FulfilmentService:
    """What staff does until a parcel has arrived."""

    def __init__(
        self, database: Database, store: OrderStore, *, orders: OrderService, bus: Bus, audit: AuditTrail
    ) -> None:
        self._database, self._store, self._orders = database, store, orders
        self._bus, self._audit = bus, audit

    async def bundle(self, actor: Actor, order_ids: Sequence[str]) -> list[OrderView]:
        """Put paid orders of one buyer, show and address into one parcel."""
        wanted = [OrderId(text) for text in dict.fromkeys(order_ids)]
        if not all(map(is_uuid, wanted)):
            raise NotFound()
        async with self._database.transaction() as tx:
            orders = await self._store.lock_all(wanted, tx)
            for order in orders:
                self._require(actor, order)
            bundled = bundle(orders, new_id())
            for order in bundled:
                await self._store.save(order, tx)
                await self._record(tx, actor, "order.bundle", order)
        return [OrderView.of(order) for order in bundled]

    async def ship(self, actor: Actor, order_id: OrderId) -> OrderView:
        """Say that a paid order is on its way, and with it what is in the same parcel."""
        return await self._move(actor, order_id, Order.ship, "order.ship", lambda id_: OrderShippedNotice(order_id=id_))

    async def deliver(self, actor: Actor, order_id: OrderId) -> OrderView:
        """Say that a shipped order has arrived, and with it what is in the same parcel."""
        return await self._move(
            actor, order_id, Order.deliver, "order.deliver", lambda id_: OrderDeliveredNotice(order_id=id_)
        )

    async def _move(
        self,
        actor: Actor,
        order_id: OrderId,
        step: Callable[[Order, datetime], Order],
        action: str,
        notice: Callable[[OrderId], Notice],
    ) -> OrderView:
        order = await self._orders.readable(actor, order_id)
        require(actor, Permission.ORDERS_MANAGE, order.show_id)
        together = await self._store.of_parcel(order.parcel_id) if order.parcel_id else [order_id]
        async with self._database.transaction() as tx:
            orders = await self._store.lock_all(together, tx)
            [named] = [order for order in orders if order.id == order_id]
            now = await self._store.now(tx)
            moved = {order.id: step(order, now) for order in orders if order.status is named.status}
            for order in moved.values():
                await self._store.save(order, tx)
                await self._record(tx, actor, action, order)
                self._notify_after(tx, order, notice(order.id))
        return OrderView.of(moved[order_id])

    def _require(self, actor: Actor, order: Order) -> None:
        if not actor.may(Permission.ORDERS_READ, order.show_id):
            raise NotFound()
        require(actor, Permission.ORDERS_MANAGE, order.show_id)

    async def _record(self, tx: Transaction, actor: Actor, action: str, order: Order) -> None:
        await self._audit.record(
            tx, actor, action, show_id=order.show_id, subject_kind="order", subject_id=order.id,
            detail={"text": order.label},
        )  # fmt: skip

    def _notify_after(self, tx: Transaction, order: Order, notice: Notice) -> None:
        tx.after_commit(lambda: self._bus.notify(order.buyer_id, notice.type, notice))
