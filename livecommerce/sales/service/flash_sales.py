"""Flash sales: scheduled by a host, opened and closed at their time, told in the show's log with their state."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from livecommerce.foundation.core.actors import SYSTEM, Actor, Permission, require
from livecommerce.foundation.core.errors import NotFound
from livecommerce.foundation.core.events import Event
from livecommerce.foundation.core.ids import FlashSaleId, ShowId, new_id
from livecommerce.foundation.realtime.eventlog import EventLog
from livecommerce.foundation.storage.postgres import Database, Transaction
from livecommerce.identity.service import AuditTrail
from livecommerce.sales.events import SaleClosed, SaleOpened, SaleScheduled
from livecommerce.sales.model import ClosedReason, FlashSale, SaleDraft, SaleState
from livecommerce.sales.service.goods import Catalog, Shows
from livecommerce.sales.store import SaleStore
from livecommerce.sales.views import FlashSaleView
from livecommerce.shows.model import NotInLineup, NotNow, ShowStatus
from livecommerce.stock.model import Pool
from livecommerce.stock.service import StockService

LISTED_MAX = 100

Tell = Callable[[FlashSaleView], Event]


class FlashSaleService:
    """What a host does with flash sales, and what time does."""

    def __init__(
        self,
        database: Database,
        store: SaleStore,
        *,
        log: EventLog,
        stock: StockService,
        catalog: Catalog,
        shows: Shows,
        audit: AuditTrail,
    ) -> None:
        self._database, self._store, self._log = database, store, log
        self._stock, self._catalog, self._shows, self._audit = stock, catalog, shows, audit

    async def schedule(self, actor: Actor, show_id: ShowId, draft: SaleDraft) -> FlashSaleView:
        """Fence the units off and announce the sale, or open it at once when it starts in 0 s."""
        require(actor, Permission.SALE_OPEN, show_id)
        show = await self._shows.get(show_id)
        if show.status is ShowStatus.ENDED:
            raise NotNow("The show has ended.")
        product, variant = await self._catalog.variant(draft.variant_id)
        if product.id not in show.lineup:
            raise NotInLineup()
        async with self._database.transaction() as tx:
            sale = FlashSale.schedule(
                FlashSaleId(new_id()),
                show_id,
                draft,
                product_id=product.id,
                regular_price=variant.price.money,
                now=await self._store.now(tx),
            )
            await self._fence(tx, sale)
            await self._store.add(sale, tx)
            detail = {"text": product.title, "price": sale.price.amount, "quantity": sale.quantity}
            await self._record(tx, actor, "sale.schedule", sale, detail)
            return await self._tell(tx, sale)

    async def close(self, actor: Actor, sale_id: FlashSaleId) -> FlashSaleView:
        """End a sale before its time, or call it off. A sale of a show that the caller does not run is `NotFound`."""
        sale = await self._store.get(sale_id)
        if not actor.may(Permission.SALE_OPEN, sale.show_id):
            await self.get(actor, sale_id)
            require(actor, Permission.SALE_OPEN, sale.show_id)
        async with self._database.transaction() as tx:
            sale = await self._store.lock(sale_id, tx)
            view = await self._end(tx, sale, ClosedReason.HOST)
            await self._record(tx, actor, "sale.close", sale, {})
        return view

    async def get(self, actor: Actor | None, sale_id: FlashSaleId) -> FlashSaleView:
        """One sale, for everybody who may see its show."""
        sale = await self._store.get(sale_id)
        await self._require_visible(actor, sale.show_id)
        return (await self._views([sale]))[0]

    async def of_show(self, actor: Actor | None, show_id: ShowId) -> list[FlashSaleView]:
        """The sales of a show, newest first."""
        await self._require_visible(actor, show_id)
        return await self._views(await self._store.of_show(show_id, LISTED_MAX))

    async def current(self, show_id: ShowId) -> list[FlashSaleView]:
        """The scheduled and open sales of a show: what somebody who joins must see."""
        return await self._views(await self._store.unclosed_of_show(show_id))

    async def open_due(self) -> bool:
        """Open one sale whose time has come; False when there is none."""
        async with self._database.transaction() as tx:
            due = await self._store.lock_to_open(tx)
            if due is None:
                return False
            sale = due.open()
            await self._store.save(sale, tx)
            await self._tell(tx, sale)
        return True

    async def end_due(self) -> bool:
        """Close one sale whose time is over; False when there is none."""
        async with self._database.transaction() as tx:
            due = await self._store.lock_to_end(tx)
            if due is None:
                return False
            await self._end(tx, due, ClosedReason.ENDED)
        return True

    async def end_finished(self) -> None:
        """Close sales that have sold every unit, and those whose show has ended."""
        sales = await self._store.going_on()
        if not sales:
            return
        levels = await self._stock.levels([sale.id for sale in sales])
        ended = await self._shows.ended_among({sale.show_id for sale in sales})
        for sale in sales:
            level = levels.get(sale.id)
            if sale.show_id in ended:
                await self._end_if_going_on(sale.id, ClosedReason.ENDED)
            elif level is not None and level.sold >= level.total > 0:
                await self._end_if_going_on(sale.id, ClosedReason.SOLD_OUT)

    async def _end_if_going_on(self, sale_id: FlashSaleId, reason: ClosedReason) -> None:
        async with self._database.transaction() as tx:
            sale = await self._store.lock(sale_id, tx)
            if sale.state is not SaleState.CLOSED:
                await self._end(tx, sale, reason)

    async def _end(self, tx: Transaction, sale: FlashSale, reason: ClosedReason) -> FlashSaleView:
        closed = sale.close(reason, await self._store.now(tx))
        await self._stock.give_back(tx, sale.id)
        await self._store.save(closed, tx)
        return await self._tell(tx, closed)

    async def _fence(self, tx: Transaction, sale: FlashSale) -> None:
        await self._stock.fence(
            tx,
            sale.id,
            sale.variant_id,
            show_id=sale.show_id,
            units=sale.quantity,
            limit_per_buyer=sale.per_buyer_limit,
            starts_at=sale.opens_at,
            ends_at=sale.closes_at,
            hold_s=sale.hold_s,
        )

    async def _tell(self, tx: Transaction, sale: FlashSale) -> FlashSaleView:
        view = FlashSaleView.of(sale, (await self._stock.levels([sale.id], tx)).get(sale.id))
        tell: dict[SaleState, Tell] = {
            SaleState.SCHEDULED: lambda told: SaleScheduled(sale=told),
            SaleState.OPEN: lambda told: SaleOpened(sale=told),
            SaleState.CLOSED: lambda told: SaleClosed(sale=told),
        }
        self._log.join(tx, sale.show_id).tell(tell[sale.state](view))
        return view

    async def _record(
        self, tx: Transaction, actor: Actor, action: str, sale: FlashSale, detail: dict[str, object]
    ) -> None:
        if actor != SYSTEM:
            subject = {"subject_kind": "flash_sale", "subject_id": sale.id}
            await self._audit.record(tx, actor, action, show_id=sale.show_id, **subject, detail=detail)

    async def _require_visible(self, actor: Actor | None, show_id: ShowId) -> None:
        if not (await self._shows.get(show_id)).may_be_watched_by(actor):
            raise NotFound()

    async def _views(self, sales: Sequence[FlashSale]) -> list[FlashSaleView]:
        levels: dict[str, Pool] = await self._stock.levels([sale.id for sale in sales]) if sales else {}
        return [FlashSaleView.of(sale, levels.get(sale.id)) for sale in sales]
