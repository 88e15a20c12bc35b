"""The shop's shipping and tax tables, and its coupons, in PostgreSQL."""

from __future__ import annotations

from datetime import datetime

import msgspec

from livecommerce.foundation.core.ids import PersonId
from livecommerce.foundation.core.money import Money
from livecommerce.foundation.storage.postgres import Database, Row, Transaction
from livecommerce.foundation.storage.sql import queries
from livecommerce.orders.model.pricing import Coupon
from livecommerce.orders.model.terms import Terms

Q = queries(__package__)


class TermsStore:
    """Reads and writes what orders cost besides their goods."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def now(self, tx: Transaction | None = None) -> datetime:
        """The time by PostgreSQL."""
        now: datetime = await (tx or self._database).fetchval(Q.now)
        return now

    async def terms(self) -> Terms:
        """The tables; empty ones until the operator writes some."""
        text = await self._database.fetchval(Q.terms)
        return msgspec.json.decode(text, type=Terms) if text else Terms()

    async def save(self, terms: Terms, tx: Transaction) -> None:
        """Replace the tables."""
        await tx.execute(Q.save_terms, msgspec.json.encode(terms).decode())

    async def coupon(self, code: str, tx: Transaction | None = None) -> Coupon | None:
        """One coupon; locked when `tx` is to use it, so that its uses stand still."""
        if tx is None:
            row = await self._database.fetchrow(Q.coupon, code)
        else:
            row = await tx.fetchrow(Q.lock_coupon, code)
        return _coupon(row) if row else None

    async def coupons(self) -> list[tuple[Coupon, int]]:
        """Every coupon, and how many orders use it."""
        return [(_coupon(row), row["uses"]) for row in await self._database.fetch(Q.coupons)]

    async def uses(self, code: str, buyer: PersonId, tx: Transaction | None = None) -> tuple[int, int]:
        """Orders that use a coupon, and how many of them are the buyer's. Cancelled ones give it back."""
        row = await (tx or self._database).fetchrow(Q.coupon_uses, code, buyer)
        return (row["uses"], row["mine"]) if row else (0, 0)

    async def save_coupon(self, coupon: Coupon, tx: Transaction) -> None:
        """Write a coupon, or replace it."""
        fixed = coupon.amount or coupon.minimum
        await tx.execute(
            Q.save_coupon,
            *(coupon.code, coupon.percent, coupon.amount.minor if coupon.amount else None),
            *(fixed.currency if fixed else None, coupon.minimum.minor if coupon.minimum else 0),
            *(coupon.uses_max, coupon.per_buyer_max, coupon.valid_from, coupon.valid_until),
        )


def _coupon(row: Row) -> Coupon:
    currency = row["currency"]
    return Coupon(
        code=row["code"],
        percent=row["percent"],
        amount=Money(row["amount_minor"], currency) if row["amount_minor"] else None,
        minimum=Money(row["minimum_minor"], currency) if row["minimum_minor"] else None,
        uses_max=row["uses_max"],
        per_buyer_max=row["per_buyer_max"],
        valid_from=row["valid_from"],
        valid_until=row["valid_until"],
    )
