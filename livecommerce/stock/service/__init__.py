"""What other rooms ask of stock: `StockService`. `Upkeep` is what its janitor does."""

from livecommerce.stock.service.pools import StockService
from livecommerce.stock.service.upkeep import Upkeep

__all__ = ["StockService", "Upkeep"]
