"""What staff do to stock by hand."""

from __future__ import annotations

from livecommerce.foundation.core.actors import Actor, Permission, require
from livecommerce.foundation.core.errors import Invalid
from livecommerce.foundation.core.ids import VariantId
from livecommerce.foundation.core.text import clean_line
from livecommerce.foundation.storage.postgres import Database
from livecommerce.identity.service.audit import AuditTrail
from livecommerce.stock.model import MAX_UNITS, Pool
from livecommerce.stock.service.pools import StockService

MAX_REASON = 200


class StockDesk:
    """Counting again, breakage, deliveries."""

    def __init__(self, database: Database, stock: StockService, audit: AuditTrail) -> None:
        self._database, self._stock, self._audit = database, stock, audit

    async def adjust(self, actor: Actor, variant_id: VariantId, delta: int, reason: str) -> Pool:
        """Add units to a variant's stock or take some away, and write down why."""
        require(actor, Permission.CATALOG_EDIT)
        if delta == 0 or abs(delta) > MAX_UNITS:
            raise Invalid("Say how many units more or fewer there are.", field="delta")
        reason = clean_line(reason, field="reason", limit=MAX_REASON)
        async with self._database.transaction() as tx:
            pool = await self._stock.adjust(tx, variant_id, delta, reason=reason, actor=actor.id)
            detail = {"delta": delta, "reason": reason}
            await self._audit.record(
                tx, actor, "stock.adjust", subject_kind="variant", subject_id=variant_id, detail=detail
            )
        return pool
