"""Coming in, and being there."""

from livecommerce.audience.service.audience import AudienceService
from livecommerce.audience.service.presence import Presence
from livecommerce.audience.service.snapshots import Playbacks, Snapshots

__all__ = ["AudienceService", "Playbacks", "Presence", "Snapshots"]
