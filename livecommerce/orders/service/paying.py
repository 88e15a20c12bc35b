"""Payment: what was begun stands in PostgreSQL before the provider hears of it, and what was decided in one COMMIT
with the holds and the show's log.

    placed → paying (COMMIT) → provider → paid, holds sold, told (COMMIT)
                                        → placed again, when it was declined
                             → the buyer is sent to the provider; its webhook, the buyer's return or the job decides

Whoever hears first decides, under the order's lock; the others find it done. A crash in between leaves an open attempt,
which no clock ends: repeating the request, the return, the webhook or the job asks about the same attempt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import structlog

from livecommerce.foundation.core.actors import SYSTEM, Actor, Permission, require
from livecommerce.foundation.core.errors import Forbidden, LiveCommerceError, NotFound
from livecommerce.foundation.core.events import Notice
from livecommerce.foundation.core.ids import OrderId, ShowId, new_id
from livecommerce.foundation.realtime.bus import Bus
from livecommerce.foundation.realtime.eventlog import EventLog, LogTransaction
from livecommerce.foundation.storage.postgres import Database, Transaction
from livecommerce.identity.service import AuditTrail
from livecommerce.orders.events import BoughtProduct, OrderPaidNotice, OrderPlaced, OrderRefundedNotice
from livecommerce.orders.model import Attempt, Order, OrderStatus, PaymentStatus, Refund
from livecommerce.orders.model.refunding import RefundWish, amount_of, units_of
from livecommerce.orders.payment import Outcome, PaymentProvider, PaymentUnavailable
from livecommerce.orders.service.placing import OrderService
from livecommerce.orders.store import OrderStore
from livecommerce.orders.views import OrderView
from livecommerce.stock.model import NotEnoughStock
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

    async def pay(
        self, actor: Actor, order_id: OrderId, wish: str | None = None, *, key: str | None = None
    ) -> OrderView:
        """Pay one's own order. A second click during the first one is the same attempt; a paid order stays paid.

        Under a known key nothing is charged again: another card is another key.
        """
        order = await self._orders.readable(actor, order_id)
        if order.buyer_id != actor.id:
            raise Forbidden()
        attempt = await self._begin(order_id, key)
        if attempt is None:
            return await self._orders.get(actor, order_id)
        return OrderView.of(await self.decide(attempt, await self._charge(attempt, wish)))

    async def _charge(self, attempt: Attempt, wish: str | None) -> Outcome:
        if attempt.amount.minor == 0:  # a coupon paid for everything: there is nothing to ask anybody
            return Outcome(PaymentStatus.SUCCEEDED)
        return await self._provider(attempt.method).charge(attempt, wish)

    async def _begin(self, order_id: OrderId, key: str | None = None) -> Attempt | None:
        """Write the attempt down, or find the one that is open; None when there is nothing to charge any more."""
        async with self._database.transaction() as tx:
            order = await self._store.lock(order_id, tx)
            if order.paid_at is not None:
                return None
            if order.payment is not None and order.payment.status is PaymentStatus.OPEN:
                return order.payment
            if key is not None and await self._store.attempt_by_key(order_id, key, tx) is not None:
                return None
            paying = order.pay()
            attempt = Attempt(new_id(), order.id, order.payment_method, order.totals.total, PaymentStatus.OPEN)
            await self._store.add_attempt(attempt, key, tx)
            await self._store.save(paying, tx)
        return attempt

    async def receive(self, method: str, headers: Mapping[str, str], body: bytes) -> None:
        """Take a provider's webhook: its id and what it changes are one COMMIT; a second telling changes nothing."""
        if method not in self._providers:
            raise NotFound()
        event = self._providers[method].read_event(headers, body)
        attempt = await self._store.find_attempt(event.attempt_id) if event is not None else None
        if event is None or attempt is None or attempt.method != method:
            log.info("an event of a provider is not about a payment of ours", method=method)
            return
        await self.decide(attempt, event.outcome, event_id=f"{method}:{event.id}")

    async def returned(self, attempt_id: str) -> ShowId:
        """The buyer comes back from the provider's page, before or after the webhook: ask; the show to go back to."""
        attempt = await self._store.find_attempt(attempt_id)
        if attempt is None:
            raise NotFound()
        if attempt.status is PaymentStatus.OPEN:
            await self.decide(attempt, await self._provider(attempt.method).look_up(attempt))
        return (await self._store.get(attempt.order_id)).show_id

    async def decide(self, attempt: Attempt, outcome: Outcome, *, event_id: str | None = None) -> Order:
        """Write down what the provider says. Saying it again changes nothing."""
        show_id = (await self._store.get(attempt.order_id)).show_id
        try:
            async with self._log.transaction(show_id) as tx:
                await self._decide(tx, attempt, outcome, event_id)
        except NotEnoughStock:
            async with self._log.transaction(show_id) as tx:
                await self._decide(tx, attempt, outcome, event_id, may_sell_again=False)
        return await self._store.get(attempt.order_id)

    async def _decide(
        self,
        tx: LogTransaction,
        attempt: Attempt,
        outcome: Outcome,
        event_id: str | None,
        *,
        may_sell_again: bool = True,
    ) -> None:
        order = await self._store.lock(attempt.order_id, tx)
        if event_id is not None and not await self._store.remember_event(event_id, attempt.id, tx):
            return
        known = await self._store.attempt(attempt.id, tx)
        if known.status is PaymentStatus.OPEN:
            said = replace(known, status=outcome.status, redirect_url=outcome.redirect_url, reference=outcome.reference)
            await self._store.decide_attempt(said, tx)
            if outcome.status is PaymentStatus.SUCCEEDED:
                await self._stock.sell(tx, order.hold_ids)
                await self._paid(tx, order.paid(await self._store.now(tx)), known)
            elif outcome.status is PaymentStatus.DECLINED:
                await self._store.save(order.declined(), tx)
        elif known.status is PaymentStatus.DECLINED and outcome.status is PaymentStatus.SUCCEEDED:
            await self._came_late(tx, order, known, may_sell_again=may_sell_again)

    async def _came_late(self, tx: LogTransaction, order: Order, attempt: Attempt, *, may_sell_again: bool) -> None:
        """Money was captured after we had given the attempt up: sell after all while that is possible, else return it.

        While another attempt is under way, or has paid, the money goes back.
        """
        await self._store.accept_attempt(attempt.id, tx)
        if order.status is OrderStatus.PLACED:
            await self._stock.sell(tx, order.hold_ids)
            await self._paid(tx, order.paid_late(await self._store.now(tx)), attempt)
        elif order.status is OrderStatus.CANCELLED and may_sell_again:
            again = await self._stock.sell_again(tx, order.hold_ids)
            await self._store.relink(again, tx)
            await self._paid(tx, order.paid_late(await self._store.now(tx)), attempt)
        else:
            refund = Refund(new_id(), order.id, attempt.id, attempt.method, attempt.amount)
            await self._store.add_refund(refund, tx)
            self._notify_after(tx, order, OrderRefundedNotice(order_id=order.id))
            log.warning("money came for a payment that was given up, and goes back", attempt_id=attempt.id)

    async def _paid(self, tx: LogTransaction, order: Order, attempt: Attempt) -> None:
        await self._store.save(order, tx)
        await self._store.paid_by(order.id, attempt.id, tx)
        for line in order.lines:
            product = BoughtProduct(line.product_id, line.title)
            tx.tell(OrderPlaced(display_name=order.buyer_name, product=product, quantity=line.quantity))
        self._notify_after(tx, order, OrderPaidNotice(order_id=order.id))

    async def refund(self, actor: Actor, order_id: OrderId, wish: RefundWish | None = None) -> OrderView:
        """Send money back, all that is left unless `wish` says what; a known key refunds nothing again.

        Without a wish, units that have not left the house go back to stock; a wish says so itself.
        """
        order = await self._orders.readable(actor, order_id)
        require(actor, Permission.ORDERS_MANAGE, order.show_id)
        async with self._database.transaction() as tx:
            order = await self._store.lock(order_id, tx)
            if wish is None or wish.key is None or not await self._store.is_refunded_under(order_id, wish.key, tx):
                await self._refund(tx, actor, order, wish)
        await self.send_refunds()
        return await self._orders.get(actor, order_id)

    async def _refund(self, tx: Transaction, actor: Actor, order: Order, wish: RefundWish | None) -> None:
        units = units_of(order, wish)
        amount, refund_id = amount_of(order, wish, units), new_id()
        refunded = order.refund(await self._store.now(tx), amount)
        if units and (wish.restock if wish is not None else order.status is OrderStatus.PAID):
            await self._stock.return_units(tx, units, refund=refund_id, actor=actor.id)
        if order.payment is not None and amount.minor > 0:
            refund = Refund(refund_id, order.id, order.payment.id, order.payment.method, amount)
            await self._store.add_refund(refund, tx, key=wish.key if wish is not None else None)
        await self._store.add_refunded(units, tx)
        await self._store.save(refunded, tx)
        await self._audit.record(
            tx, actor, "order.refund", show_id=order.show_id, subject_kind="order", subject_id=order.id,
            detail={"text": order.label, "amount": amount.amount},
        )  # fmt: skip
        self._notify_after(tx, order, OrderRefundedNotice(order_id=order.id))

    async def send_refunds(self) -> None:
        """Ask providers to send back what is due. What fails stays due."""
        for refund in await self._store.refunds_due(PER_ROUND):
            try:
                await self._provider(refund.method).refund(refund)
            except LiveCommerceError as exc:
                log.warning("a refund waits", refund_id=refund.id, code=exc.code)
                await self._store.refund_waits(refund.id)
                continue
            await self._store.refund_done(refund.id)

    async def reconcile(self) -> None:
        """Ask about attempts that were left open. After the order's deadline the provider is told to end them."""
        for order_id in await self._store.undecided(ASK_AFTER_S, PER_ROUND):
            order = await self._store.get(order_id)
            if (attempt := order.payment) is None or attempt.status is not PaymentStatus.OPEN:
                continue
            try:
                await self.decide(attempt, await self._ask(order, attempt))
            except LiveCommerceError as exc:
                log.warning("a payment stays undecided", attempt_id=attempt.id, code=exc.code)

    async def _ask(self, order: Order, attempt: Attempt) -> Outcome:
        if attempt.amount.minor == 0:
            return Outcome(PaymentStatus.SUCCEEDED)
        provider = self._provider(attempt.method)
        outcome = await provider.look_up(attempt)
        is_overdue = await self._store.is_overdue(order.id)
        return await provider.cancel(attempt) if outcome.status is PaymentStatus.OPEN and is_overdue else outcome

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
