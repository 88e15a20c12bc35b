"""Sales in PostgreSQL: flash sales, and the lines for what is sold out."""

from livecommerce.sales.store.flash_sales import SaleStore
from livecommerce.sales.store.waitlist import WaitlistStore

__all__ = ["SaleStore", "WaitlistStore"]
