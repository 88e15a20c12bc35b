"""The Socket.IO door: who may connect, what they may say, and how it is answered."""

from livecommerce.foundation.realtime.gateway.closing import Closing
from livecommerce.foundation.realtime.gateway.connection import Connection
from livecommerce.foundation.realtime.gateway.door import Gateway

__all__ = ["Closing", "Connection", "Gateway"]
