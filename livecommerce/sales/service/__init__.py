"""Use cases of sales: `FlashSaleService` for hosts; `BuyService`, `HoldService`, `WaitlistService` for buyers."""

from livecommerce.sales.service.bans import Bans
from livecommerce.sales.service.buying import BuyService, Want
from livecommerce.sales.service.flash_sales import FlashSaleService
from livecommerce.sales.service.goods import Catalog, Shelf, Shows
from livecommerce.sales.service.holding import HoldService
from livecommerce.sales.service.waitlist import WaitlistService

__all__ = [
    "Bans",
    "BuyService",
    "Catalog",
    "FlashSaleService",
    "HoldService",
    "Shelf",
    "Shows",
    "WaitlistService",
    "Want",
]
