"""What the audience tells a show."""

from __future__ import annotations

from typing import ClassVar

from livecommerce.foundation.core.events import Counter


class AudienceCounted(Counter, frozen=True):
    """How many people watch."""

    type: ClassVar[str] = "audience.counted"
    viewers: int
