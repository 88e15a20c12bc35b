"""Orders, attempts to pay and refunds in PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

import asyncpg
import msgspec

from livecommerce.foundation.core.errors import NotFound
from livecommerce.foundation.core.ids import HoldId, OrderId, PersonId, ShowId, is_uuid
from livecommerce.foundation.core.money import Money
from livecommerce.foundation.storage.postgres import Database, Row, Transaction
from livecommerce.foundation.storage.sql import queries
from livecommerce.orders.model import Address, Attempt, Order, OrderLine, OrderStatus, PaymentStatus, Refund, Totals

Q = queries(__package__)


class AlreadyOrdered(Exception):
    """The key, or one of the holds, belongs to an order already."""


class OrderStore:
    """Reads and writes orders."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def now(self, tx: Transaction) -> datetime:
        """The time by PostgreSQL."""
        now: datetime = await tx.fetchval(Q.now)
        return now

    async def add(self, order: Order, key: str, tx: Transaction) -> Order:
        """Write a new order and its lines; the order with the number it got."""
        totals = order.totals
        money = (totals.subtotal, totals.shipping, totals.tax, totals.total)
        address = msgspec.json.encode(asdict(order.address)).decode() if order.address else None
        try:
            await tx.execute(
                Q.insert,
                *(order.id, order.show_id, order.buyer_id, order.buyer_name, key, order.status.value),
                *(totals.total.currency, *(amount.minor for amount in money)),
                *(address, order.payment_method, order.placed_at, order.pay_by),
                *(totals.discount.minor, totals.shipping_tax.minor, order.shipping_option, order.coupon),
            )
            await tx.execute(Q.insert_lines, order.id, *_columns(order.lines))
        except asyncpg.UniqueViolationError as exc:
            raise AlreadyOrdered from exc
        return (await self._assemble(await tx.fetch(Q.get, order.id), tx))[0]

    async def save(self, order: Order, tx: Transaction) -> None:
        """Write what may change: status and its times."""
        times = (order.paid_at, order.shipped_at, order.delivered_at, order.cancelled_at, order.refunded_at)
        rest = (order.version, order.refunded_minor, order.parcel_id)
        await tx.execute(Q.save, order.id, order.status.value, *times, *rest)

    async def get(self, order_id: OrderId) -> Order:
        """One order; `NotFound` when there is none."""
        rows = await self._database.fetch(Q.get, order_id) if is_uuid(order_id) else []
        if not rows:
            raise NotFound()
        return (await self._assemble(rows, self._database))[0]

    async def lock(self, order_id: OrderId, tx: Transaction) -> Order:
        """One order, for changing it: the first lock of everything that does."""
        rows = await tx.fetch(Q.lock, order_id)
        if not rows:
            raise NotFound()
        return (await self._assemble(rows, tx))[0]

    async def lock_all(self, order_ids: Sequence[OrderId], tx: Transaction) -> list[Order]:
        """Several orders for changing them, in order of id; `NotFound` when one is unknown."""
        rows = await tx.fetch(Q.lock_all, list(order_ids))
        if len(rows) != len(set(order_ids)):
            raise NotFound()
        return await self._assemble(rows, tx)

    async def of_parcel(self, parcel_id: str) -> list[OrderId]:
        """The orders in a parcel: it never changes."""
        return [row["id"] for row in await self._database.fetch(Q.of_parcel, parcel_id)]

    async def by_key(self, buyer: PersonId, key: str) -> Order | None:
        """The buyer's order that was placed under a key."""
        orders = await self._assemble(await self._database.fetch(Q.by_key, buyer, key), self._database)
        return orders[0] if orders else None

    async def by_hold(self, buyer: PersonId, hold_id: HoldId) -> Order | None:
        """The buyer's order that a hold is part of."""
        orders = await self._assemble(await self._database.fetch(Q.by_hold, buyer, hold_id), self._database)
        return orders[0] if orders else None

    async def of_buyer(self, buyer: PersonId, before: str | None, limit: int) -> list[Order]:
        """A buyer's orders, newest first."""
        return await self._assemble(await self._database.fetch(Q.of_buyer, buyer, before, limit), self._database)

    async def of_show(self, show_id: ShowId, before: str | None, limit: int) -> list[Order]:
        """A show's orders, newest first."""
        return await self._assemble(await self._database.fetch(Q.of_show, show_id, before, limit), self._database)

    async def add_attempt(self, attempt: Attempt, key: str | None, tx: Transaction) -> None:
        """Write a try to pay, before the provider hears of it."""
        amount = (attempt.amount.minor, attempt.amount.currency)
        await tx.execute(Q.insert_attempt, attempt.id, attempt.order_id, attempt.method, *amount, key)

    async def attempt_by_key(self, order_id: OrderId, key: str, tx: Transaction) -> Attempt | None:
        """The try to pay an order that was made under a key."""
        row = await tx.fetchrow(Q.attempt_by_key, order_id, key)
        return _attempt(row) if row else None

    async def find_attempt(self, attempt_id: str) -> Attempt | None:
        """A try to pay by its id."""
        row = await self._database.fetchrow(Q.attempt, attempt_id) if is_uuid(attempt_id) else None
        return _attempt(row) if row else None

    async def accept_attempt(self, attempt_id: str, tx: Transaction) -> None:
        """Write that an attempt brought money although it had been given up."""
        await tx.execute(Q.accept_attempt, attempt_id)

    async def paid_by(self, order_id: OrderId, attempt_id: str, tx: Transaction) -> None:
        """Write which attempt brought the money of an order."""
        await tx.execute(Q.paid_by, order_id, attempt_id)

    async def relink(self, holds: Mapping[HoldId, HoldId], tx: Transaction) -> None:
        """Let lines stand on other holds: old id to new."""
        await tx.executemany(Q.relink, list(holds.items()))

    async def remember_event(self, event_id: str, attempt_id: str | None, tx: Transaction) -> bool:
        """Write that a provider has told us something; False when it has before."""
        return bool(await tx.fetchval(Q.remember_event, event_id, attempt_id))

    async def attempt(self, attempt_id: str, tx: Transaction) -> Attempt:
        """One try to pay, of an order that `tx` has locked."""
        row = await tx.fetchrow(Q.attempt, attempt_id)
        if row is None:
            raise NotFound()
        return _attempt(row)

    async def decide_attempt(self, attempt: Attempt, tx: Transaction) -> None:
        """Write what the provider said about an open attempt."""
        await tx.execute(Q.decide_attempt, attempt.id, attempt.status.value, attempt.redirect_url, attempt.reference)

    async def add_refund(self, refund: Refund, tx: Transaction, *, key: str | None = None) -> None:
        """Write that money has to go back."""
        amount = (refund.amount.minor, refund.amount.currency)
        await tx.execute(Q.insert_refund, refund.id, refund.order_id, refund.attempt_id, *amount, key)

    async def is_refunded_under(self, order_id: OrderId, key: str, tx: Transaction) -> bool:
        """Whether a locked order was refunded under this key already."""
        return bool(await tx.fetchval(Q.refund_by_key, order_id, key))

    async def add_refunded(self, units: Mapping[HoldId, int], tx: Transaction) -> None:
        """Write which units' money went back."""
        await tx.executemany(Q.add_refunded, list(units.items()))

    async def refunds_due(self, limit: int) -> list[Refund]:
        """Money that has not gone back yet, oldest first."""
        rows = await self._database.fetch(Q.refunds_due, limit)
        return [
            Refund(
                *(r["id"], r["order_id"], r["attempt_id"], r["method"]),
                Money(r["amount_minor"], r["currency"]),
                r["reference"],
            )
            for r in rows
        ]

    async def refund_waits(self, refund_id: str) -> None:
        """The provider did not take the refund: it stays due, behind the others."""
        await self._database.execute(Q.refund_waits, refund_id)

    async def refund_done(self, refund_id: str) -> None:
        """The provider has sent the money back."""
        await self._database.execute(Q.refund_done, refund_id)

    async def undecided(self, older_than_s: float, limit: int) -> list[OrderId]:
        """Orders with an attempt that has been open for so long that somebody should ask."""
        return [row["order_id"] for row in await self._database.fetch(Q.undecided, older_than_s, limit)]

    async def is_overdue(self, order_id: OrderId) -> bool:
        """Whether an order's time to pay is over."""
        return bool(await self._database.fetchval(Q.is_overdue, order_id))

    async def overdue(self, limit: int, grace_s: float) -> list[OrderId]:
        """Orders whose time to pay has been over for `grace_s`."""
        return [row["id"] for row in await self._database.fetch(Q.overdue, limit, grace_s)]

    async def extend(self, seconds: float, tx: Transaction) -> None:
        """Give every unpaid order the time back that an outage took."""
        await tx.execute(Q.extend, seconds)

    async def numbers(self, show_id: ShowId) -> tuple[int, int]:
        """Paid orders of a show, and the units in them."""
        row = await self._database.fetchrow(Q.numbers, show_id)
        return (row["orders"], row["units"]) if row else (0, 0)

    async def revenue(self, show_id: ShowId, currency: str) -> Money:
        """What the paid orders of a show bring, in one currency."""
        return Money(await self._database.fetchval(Q.revenue, show_id, currency), currency)

    async def _assemble(self, rows: Sequence[Row], source: Database | Transaction) -> list[Order]:
        if not rows:
            return []
        ids = [row["id"] for row in rows]
        lines = await source.fetch(Q.lines, ids)
        attempts = {row["order_id"]: _attempt(row) for row in await source.fetch(Q.last_attempts, ids)}
        return [
            _order(row, [line for line in lines if line["order_id"] == row["id"]], attempts.get(row["id"]))
            for row in rows
        ]


def _columns(lines: Sequence[OrderLine]) -> list[list[object]]:
    rows = [
        (
            *(line.hold_id, position, line.product_id, line.variant_id, line.title, line.variant_title),
            *(line.image_url, line.quantity, line.unit_price.minor, line.tax.minor, line.discount.minor, line.tax_rate),
        )
        for position, line in enumerate(lines, start=1)
    ]
    return [list(column) for column in zip(*rows, strict=True)]


def _attempt(row: Row) -> Attempt:
    return Attempt(
        id=row["id"],
        order_id=row["order_id"],
        method=row["method"],
        amount=Money(row["amount_minor"], row["currency"]),
        status=PaymentStatus(row["status"]),
        redirect_url=row["redirect_url"],
        reference=row["reference"],
    )


def _order(row: Row, lines: Sequence[Row], attempt: Attempt | None) -> Order:
    currency = row["currency"]
    names = ("subtotal", "shipping", "tax", "total", "discount", "shipping_tax")
    totals = Totals(*(Money(row[f"{name}_minor"], currency) for name in names))
    return Order(
        id=row["id"],
        number=row["number"],
        show_id=row["show_id"],
        buyer_id=row["buyer_id"],
        buyer_name=row["buyer_name"],
        status=OrderStatus(row["status"]),
        lines=tuple(_line(line, currency) for line in lines),
        totals=totals,
        address=Address(**msgspec.json.decode(row["address_text"])) if row["address_text"] else None,
        payment_method=row["payment_method"],
        placed_at=row["placed_at"],
        pay_by=row["pay_by"],
        shipping_option=row["shipping_option"],
        coupon=row["coupon"],
        payment=attempt,
        paid_at=row["paid_at"],
        shipped_at=row["shipped_at"],
        delivered_at=row["delivered_at"],
        cancelled_at=row["cancelled_at"],
        refunded_at=row["refunded_at"],
        refunded_minor=row["refunded_minor"],
        parcel_id=row["parcel_id"],
        version=row["version"],
    )


def _line(row: Row, currency: str) -> OrderLine:
    return OrderLine(
        hold_id=row["hold_id"],
        product_id=row["product_id"],
        variant_id=row["variant_id"],
        title=row["title"],
        variant_title=row["variant_title"],
        image_url=row["image_url"],
        quantity=row["quantity"],
        unit_price=Money(row["unit_minor"], currency),
        tax=Money(row["tax_minor"], currency),
        discount=Money(row["discount_minor"], currency),
        tax_rate=row["tax_rate"],
        refunded=row["refunded"],
    )
