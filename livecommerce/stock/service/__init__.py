"""What other rooms ask of stock: `StockService`. `StockDesk` serves staff, `Upkeep` is what the janitor does."""

from livecommerce.stock.service.desk import StockDesk
from livecommerce.stock.service.pools import StockService
from livecommerce.stock.service.upkeep import Upkeep

__all__ = ["StockDesk", "StockService", "Upkeep"]
