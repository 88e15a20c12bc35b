"""What stock tells the world."""

from __future__ import annotations

from typing import ClassVar

from livecommerce.foundation.core.events import Counter


class StockChanged(Counter, frozen=True, kw_only=True):
    """What a pool has left. `id` is the variant's or the flash sale's; `version` is the pool's."""

    type: ClassVar[str] = "stock.changed"
    pool: str
    id: str
    available: int

    @property
    def key(self) -> str:
        return f"{self.type}:{self.id}"
