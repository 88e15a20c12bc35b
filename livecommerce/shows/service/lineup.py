"""The lineup: which products a show is about, and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from livecommerce.foundation.core.actors import Actor, Permission
from livecommerce.foundation.core.ids import ProductId, ShowId
from livecommerce.foundation.realtime.eventlog import LogTransaction
from livecommerce.foundation.storage.postgres import Transaction
from livecommerce.shows.events import LineupChanged, ProductUnpinned
from livecommerce.shows.model import NotForSale, Show
from livecommerce.shows.service.desk import ShowDesk
from livecommerce.shows.views import PinView, ShowView


class Lineup(ShowDesk):
    """Sets what a show shows, and tells viewers when a product of it changes."""

    async def set_lineup(self, actor: Actor, show_id: ShowId, products: Sequence[ProductId]) -> ShowView:
        """Replace the lineup. New products must be for sale; those already in it may stay whatever they are now."""

        def rule(show: Show) -> Show:
            return show.with_lineup(products)

        async with self._changing(actor, show_id, Permission.LINEUP_EDIT, rule) as change:
            new = change.new
            added = set(new.lineup) - set(change.old.lineup)
            if added - await self._catalog.on_sale(added, change.tx):
                raise NotForSale(field="lineup")
            if change.is_any:
                self._tell_unpinned(change.tx, change.old, new)
                lineup = await self._catalog.views(new.lineup, change.tx)
                change.tx.tell(LineupChanged(lineup=list(lineup)))
                await self._record(change.tx, actor, "lineup.edit", new, products=len(new.lineup))
            return await self.view(new, change.tx)

    def _tell_unpinned(self, tx: LogTransaction, old: Show, new: Show) -> None:
        left = [PinView.of(pin) for pin in new.pins]
        for pin in old.pins:
            if pin not in new.pins:
                tx.tell(ProductUnpinned(product_id=pin.product_id, pins=left))

    async def product_changed(self, tx: Transaction, payload: dict[str, Any]) -> None:
        """Outbox `product.changed`: every show that has the product tells its lineup anew."""
        for show_id in await self._store.showing(ProductId(payload["product_id"]), tx):
            show = await self._store.lock(show_id, tx)
            lineup = await self._catalog.views(show.lineup, tx)
            self._log.join(tx, show_id).tell(LineupChanged(lineup=list(lineup)))
