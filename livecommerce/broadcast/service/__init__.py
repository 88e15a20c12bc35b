"""What hosts and viewers do with a stream, and what its coming and going does to the show."""

from livecommerce.broadcast.service.announcer import StreamAnnouncer
from livecommerce.broadcast.service.broadcast import BroadcastService
from livecommerce.broadcast.service.paths import PathKeys
from livecommerce.broadcast.service.shows import Admission, Shows

__all__ = ["Admission", "BroadcastService", "PathKeys", "Shows", "StreamAnnouncer"]
