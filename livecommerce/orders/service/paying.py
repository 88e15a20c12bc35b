"""Payment: what was begun stands in PostgreSQL before the provider hears of it, and what was decided in one COMMIT
with the holds and the show's log.

    placed → paying (COMMIT) → provider → paid, holds sold, told (COMMIT)
                                        → placed again, when it was declined

A crash in between leaves an open attempt: repeating the request, or the job, asks the provider about the same attempt.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from livecommerce.foundation.core.actors import SYSTEM, Actor, Permission, require
from livecommerce.foundation.core.errors import Forbidden, LiveCommerceError
from livecommerce.foundation.core.events import Notice
from livecommerce.foundation.core.ids import OrderId, new_id
from livecommerce.foundation.realtime.bus import Bus
from livecommerce.foundation.realtime.eventlog import EventLog, LogTransaction
from livecommerce.foundation.storage.postgres import Database, Transaction
from livecommerce.identity.service import AuditTrail
from livecommerce.orders.events import BoughtProduct, OrderPaidNotice, OrderPlaced, OrderRefundedNotice
from livecommerce.orders.model import Attempt, Order, OrderStatus, PaymentStatus, Refund
from livecommerce.orders.payment import Outcome, PaymentProvider, PaymentUnavailable
from livecommerce.orders.service.placing import OrderService
from livecommerce.orders.store import OrderStore
from livecommerce.orders.views import OrderView
from livecommerce.stock.service import StockService

log = structlog.get_logger(__name__)

ASK_AFTER_S = 30.0
"""An attempt that is open for so long was left behind by a crash, or its buyer went away."""
PER_ROUND = 50


class PaymentService:
    """Moves the money of orders."""

    def __init__(
        self,
        database: Database,
        store: OrderStore,
        *,
        orders: OrderService,
        log: EventLog,
        stock: StockService,
        bus: Bus,
        audit: AuditTrail,
        providers: Sequence[PaymentProvider],
    ) -> None:
        self._database, self._store, self._orders, self._log = database, store, orders, log
        self._stock, self._bus, self._audit = stock, bus, audit
        self._providers = {provider.method: provider for provider in providers}

    async def pay(self, actor: Actor, order_id: OrderId, wish: str | None = None) -> OrderView:
        """Pay one's own order. A second click during the first one is the same attempt; a paid order stays paid."""
        order = await self._orders.readable(actor, order_id)
        if order.buyer_id != actor.id:
            raise Forbidden()
        attempt = await self._begin(order_id)
        if attempt is None:
            return await self._orders.get(actor, order_id)
        outcome = await self._provider(attempt.method).charge(attempt, wish)
        return OrderView.of(await self.decide(attempt, outcome))

    async def _begin(self, order_id: OrderId) -> Attempt | None:
        """Write the attempt down, or find the one that is open; None when the order is paid already."""
        async with self._database.transaction() as tx:
            order = await self._store.lock(order_id, tx)
            if order.paid_at is not None:
                return None
            if order.payment is not None and order.payment.status is PaymentStatus.OPEN:
                return order.payment
            paying = order.pay()
            attempt = Attempt(new_id(), order.id, order.payment_method, order.totals.total, PaymentStatus.OPEN)
            await self._store.add_attempt(attempt, tx)
            await self._store.save(paying, tx)
        return attempt

    async def decide(self, attempt: Attempt, outcome: Outcome) -> Order:
        """Write down what the provider says. Saying it again changes nothing."""
        order = await self._store.get(attempt.order_id)
        async with self._log.transaction(order.show_id) as tx:
            order = await self._store.lock(attempt.order_id, tx)
            known = await self._store.attempt(attempt.id, tx)
            if known.status is not PaymentStatus.OPEN:
                await self._came_late(tx, known, outcome)
                return order
            await self._store.decide_attempt(attempt.id, outcome.status, outcome.redirect_url, tx)
            if outcome.status is PaymentStatus.SUCCEEDED:
                await self._paid(tx, order)
            elif outcome.status is PaymentStatus.DECLINED:
                await self._store.save(order.declined(), tx)
        return await self._store.get(attempt.order_id)

    async def _came_late(self, tx: Transaction, attempt: Attempt, outcome: Outcome) -> None:
        """Money that was captured after we had given the attempt up goes back."""
        if attempt.status is PaymentStatus.DECLINED and outcome.status is PaymentStatus.SUCCEEDED:
            refund = Refund(new_id(), attempt.order_id, attempt.id, attempt.method, attempt.amount)
            await self._store.add_refund(refund, tx)

    async def _paid(self, tx: LogTransaction, order: Order) -> None:
        paid = order.paid(await self._store.now(tx))
        await self._stock.sell(tx, order.hold_ids)
        await self._store.save(paid, tx)
        for line in order.lines:
            product = BoughtProduct(line.product_id, line.title)
            tx.tell(OrderPlaced(display_name=order.buyer_name, product=product, quantity=line.quantity))
        self._notify_after(tx, order, OrderPaidNotice(order_id=order.id))

    async def refund(self, actor: Actor, order_id: OrderId) -> OrderView:
        """Send the money back; units that have not left the house go back to stock."""
        order = await self._orders.readable(actor, order_id)
        require(actor, Permission.ORDERS_MANAGE, order.show_id)
        async with self._database.transaction() as tx:
            order = await self._store.lock(order_id, tx)
            refunded = order.refund(await self._store.now(tx))
            refund_id = new_id()
            if order.status is OrderStatus.PAID:
                await self._stock.take_back(tx, order.hold_ids, refund=refund_id, actor=actor.id)
            if order.payment is not None and order.totals.total.minor > 0:
                total = order.totals.total
                refund = Refund(refund_id, order.id, order.payment.id, order.payment.method, total)
                await self._store.add_refund(refund, tx)
            await self._store.save(refunded, tx)
            await self._audit.record(
                tx, actor, "order.refund", show_id=order.show_id, subject_kind="order", subject_id=order.id,
                detail={"text": order.label, "amount": order.totals.total.amount},
            )  # fmt: skip
            self._notify_after(tx, order, OrderRefundedNotice(order_id=order.id))
        await self.send_refunds()
        return await self._orders.get(actor, order_id)

    async def send_refunds(self) -> None:
        """Ask providers to send back what is due. What fails stays due."""
        for refund in await self._store.refunds_due(PER_ROUND):
            try:
                await self._provider(refund.method).refund(refund)
            except LiveCommerceError as exc:
                log.warning("a refund waits", refund_id=refund.id, code=exc.code)
                continue
            await self._store.refund_done(refund.id)

    async def reconcile(self) -> None:
        """Ask about attempts that were left open."""
        for order_id in await self._store.undecided(ASK_AFTER_S, PER_ROUND):
            attempt = (await self._store.get(order_id)).payment
            if attempt is None:
                continue
            try:
                await self.decide(attempt, await self._provider(attempt.method).look_up(attempt))
            except LiveCommerceError as exc:
                log.warning("a payment stays undecided", attempt_id=attempt.id, code=exc.code)

    async def cancel_overdue(self) -> None:
        """Call off orders that were not paid in time."""
        for order_id in await self._orders.overdue(PER_ROUND):
            try:
                await self._orders.cancel(SYSTEM, order_id)
            except LiveCommerceError as exc:
                log.info("an overdue order goes on", order_id=order_id, code=exc.code)

    def _provider(self, method: str) -> PaymentProvider:
        try:
            return self._providers[method]
        except KeyError:
            raise PaymentUnavailable() from None

    def _notify_after(self, tx: Transaction, order: Order, notice: Notice) -> None:
        tx.after_commit(lambda: self._bus.notify(order.buyer_id, notice.type, notice))
