"""What is on offer: variants by name and price, flash sales, shows. Asked for at every click, so remembered briefly.

Staleness costs nothing but a refusal: whether a unit is held, and until when a window is open, decides the ledger.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from livecommerce.catalog.model import Product, Variant
from livecommerce.catalog.views import image_url
from livecommerce.foundation.core.actors import Actor
from livecommerce.foundation.core.errors import NotFound
from livecommerce.foundation.core.ids import FlashSaleId, PoolId, ShowId, VariantId
from livecommerce.foundation.storage.remembering import Remembered
from livecommerce.sales.model import FlashSale, Offer
from livecommerce.sales.store import SaleStore
from livecommerce.sales.views import Goods
from livecommerce.shows.model import NotInLineup, Show

SHOW_TTL_S = 0.5
GOODS_TTL_S = 1.0


class Catalog(Protocol):
    """What sales need of the catalogue."""

    async def variant(self, variant_id: VariantId, *, even_archived: bool = False) -> tuple[Product, Variant]:
        """A variant that can be sold, with its product; `NotFound` for an unknown one, and for an archived one."""
        ...


class Shows(Protocol):
    """What sales need of shows."""

    async def get(self, show_id: ShowId) -> Show:
        """One show; `NotFound` when there is none."""
        ...

    async def ended_among(self, shows: Collection[ShowId]) -> set[ShowId]:
        """Those of the shows that are over."""
        ...


@dataclass(frozen=True, slots=True)
class Choice:
    """What a buyer points at: a flash sale, or a variant in a show."""

    flash_sale_id: FlashSaleId | None
    show_id: ShowId | None = None
    variant_id: VariantId | None = None


class Shelf:
    """Everything that can be bought, by what buyers point at."""

    def __init__(self, sales: SaleStore, catalog: Catalog, shows: Shows) -> None:
        self._catalog = catalog
        self._shows = Remembered(shows.get, ttl_s=SHOW_TTL_S)
        self._sales = Remembered(sales.get, ttl_s=GOODS_TTL_S)
        self._goods = Remembered(self._read_goods, ttl_s=GOODS_TTL_S)

    async def offer(self, actor: Actor, choice: Choice) -> Offer:
        """What the choice means: pool, price and words. `NotFound` also for shows the buyer may not know of."""
        if choice.flash_sale_id is not None:
            sale = await self._sales.get(choice.flash_sale_id)
            return await self._flash_offer(sale, await self._show(actor, sale.show_id))
        if choice.show_id is None or choice.variant_id is None:
            raise NotFound()
        show = await self._show(actor, choice.show_id)
        goods = await self._goods.get(choice.variant_id)
        if goods.product_id not in show.lineup:
            raise NotInLineup()
        return Offer(
            pool_id=PoolId(goods.variant_id),
            show_id=show.id,
            show_status=show.status,
            flash_sale_id=None,
            product_id=goods.product_id,
            variant_id=goods.variant_id,
            price=goods.price,
            title=goods.title,
            variant_title=goods.variant_title,
            image_url=goods.image_url,
        )

    async def _flash_offer(self, sale: FlashSale, show: Show) -> Offer:
        goods = await self._goods.get(sale.variant_id)
        return Offer(
            pool_id=PoolId(sale.id),
            show_id=sale.show_id,
            show_status=show.status,
            flash_sale_id=sale.id,
            product_id=sale.product_id,
            variant_id=sale.variant_id,
            price=sale.price,
            title=goods.title,
            variant_title=goods.variant_title,
            image_url=goods.image_url,
        )

    async def goods(self, variant_id: VariantId) -> Goods:
        """What a variant is called, whether it is still sold or not."""
        try:
            return await self._goods.get(variant_id)
        except NotFound:
            return _goods(*await self._catalog.variant(variant_id, even_archived=True))

    async def show(self, show_id: ShowId) -> Show:
        """A show as it was half a second ago at most."""
        return await self._shows.get(show_id)

    async def _show(self, actor: Actor, show_id: ShowId) -> Show:
        show = await self._shows.get(show_id)
        if not show.may_be_watched_by(actor):
            raise NotFound()
        return show

    async def _read_goods(self, variant_id: VariantId) -> Goods:
        return _goods(*await self._catalog.variant(variant_id))


def _goods(product: Product, variant: Variant) -> Goods:
    key = variant.image_key or (product.image_keys[0] if product.image_keys else None)
    return Goods(
        product_id=product.id,
        variant_id=variant.id,
        title=product.title,
        variant_title=product.title_of(variant),
        image_url=image_url(key) if key else None,
        price=variant.price.money,
        tax_inclusive=variant.price.tax_inclusive,
        tax_rate=variant.price.tax_rate,
    )
