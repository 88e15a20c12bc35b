"""Pins: the product that the host speaks of, bound to the moment of the picture."""

from __future__ import annotations

from livecommerce.foundation.core.actors import Actor, Permission
from livecommerce.foundation.core.ids import ProductId, ShowId
from livecommerce.shows.events import ProductPinned, ProductUnpinned
from livecommerce.shows.service.desk import ShowDesk
from livecommerce.shows.views import PinView, ShowView


class Pinning(ShowDesk):
    """Brings products to the front and takes them back."""

    async def pin(self, actor: Actor, show_id: ShowId, product_id: ProductId) -> ShowView:
        """Highlight a product of the lineup; viewers see it when their picture reaches this moment."""
        media_ts = await self._stream_clock.media_ts(show_id)
        at = self._clock.now()
        async with self._changing(
            actor, show_id, Permission.PRODUCT_PIN, lambda show: show.pin(product_id, at, media_ts)
        ) as change:
            pins = [PinView.of(pin) for pin in change.new.pins]
            change.tx.tell(ProductPinned(product_id=product_id, pins=pins), media_ts=media_ts)
            await self._record(change.tx, actor, "product.pin", change.new, product_id=product_id)
            return await self.view(change.new, change.tx)

    async def unpin(self, actor: Actor, show_id: ShowId, product_id: ProductId) -> ShowView:
        """Take a product back; nothing happens when it is not pinned."""
        async with self._changing(
            actor, show_id, Permission.PRODUCT_PIN, lambda show: show.unpin(product_id)
        ) as change:
            if change.is_any:
                pins = [PinView.of(pin) for pin in change.new.pins]
                change.tx.tell(ProductUnpinned(product_id=product_id, pins=pins))
                await self._record(change.tx, actor, "product.unpin", change.new, product_id=product_id)
            return await self.view(change.new, change.tx)
