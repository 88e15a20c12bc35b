"""Flash sales in PostgreSQL."""

from __future__ import annotations

from datetime import datetime

from livecommerce.foundation.core.errors import NotFound
from livecommerce.foundation.core.ids import FlashSaleId, ShowId, is_uuid
from livecommerce.foundation.core.money import Money
from livecommerce.foundation.storage.postgres import Database, Row, Transaction
from livecommerce.foundation.storage.sql import queries
from livecommerce.sales.model import ClosedReason, FlashSale, SaleState

Q = queries(__package__)


class SaleStore:
    """Reads and writes flash sales."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def now(self, tx: Transaction) -> datetime:
        """The time by PostgreSQL: the only clock that opens and closes sales."""
        now: datetime = await tx.fetchval(Q.now)
        return now

    async def add(self, sale: FlashSale, tx: Transaction) -> None:
        """Write a new sale, whose pool exists."""
        await tx.execute(
            Q.insert,
            *(sale.id, sale.show_id, sale.product_id, sale.variant_id),
            *(sale.price.minor, sale.struck_price.minor, sale.price.currency),
            *(sale.quantity, sale.per_buyer_limit, sale.hold_s, sale.state.value, sale.opens_at, sale.closes_at),
        )

    async def save(self, sale: FlashSale, tx: Transaction) -> None:
        """Write what may change: the state."""
        reason = sale.closed_reason.value if sale.closed_reason else None
        await tx.execute(Q.save, sale.id, sale.state.value, sale.closed_at, reason, sale.version)

    async def get(self, sale_id: FlashSaleId) -> FlashSale:
        """One sale; `NotFound` when there is none."""
        row = await self._database.fetchrow(Q.get, sale_id) if is_uuid(sale_id) else None
        if row is None:
            raise NotFound()
        return _sale(row)

    async def lock(self, sale_id: FlashSaleId, tx: Transaction) -> FlashSale:
        """One sale, for changing it."""
        row = await tx.fetchrow(Q.lock, sale_id) if is_uuid(sale_id) else None
        if row is None:
            raise NotFound()
        return _sale(row)

    async def lock_to_open(self, tx: Transaction) -> FlashSale | None:
        """A sale whose time to open has come and which nobody else is opening."""
        return _maybe(await tx.fetchrow(Q.lock_to_open))

    async def lock_to_end(self, tx: Transaction) -> FlashSale | None:
        """A sale whose time is over and which nobody else is closing."""
        return _maybe(await tx.fetchrow(Q.lock_to_end))

    async def going_on(self) -> list[FlashSale]:
        """Every sale that is not closed."""
        return [_sale(row) for row in await self._database.fetch(Q.going_on)]

    async def of_show(self, show_id: ShowId, limit: int) -> list[FlashSale]:
        """The sales of a show, newest first."""
        return [_sale(row) for row in await self._database.fetch(Q.of_show, show_id, limit)]

    async def unclosed_of_show(self, show_id: ShowId) -> list[FlashSale]:
        """The scheduled and open sales of a show, soonest first."""
        return [_sale(row) for row in await self._database.fetch(Q.unclosed_of_show, show_id)]


def _maybe(row: Row | None) -> FlashSale | None:
    return None if row is None else _sale(row)


def _sale(row: Row) -> FlashSale:
    return FlashSale(
        id=row["id"],
        show_id=row["show_id"],
        product_id=row["product_id"],
        variant_id=row["variant_id"],
        price=Money(row["price_minor"], row["currency"]),
        struck_price=Money(row["struck_minor"], row["currency"]),
        quantity=row["quantity"],
        per_buyer_limit=row["per_buyer_limit"],
        hold_s=row["hold_s"],
        state=SaleState(row["state"]),
        opens_at=row["opens_at"],
        closes_at=row["closes_at"],
        closed_at=row["closed_at"],
        closed_reason=ClosedReason(row["closed_reason"]) if row["closed_reason"] else None,
        version=row["version"],
    )
