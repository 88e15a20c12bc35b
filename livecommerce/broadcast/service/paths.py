"""The path key of a show that is not public: the same for all its viewers, so that caches work, and rotating."""

from __future__ import annotations

import hashlib
import hmac

from livecommerce.foundation.core.ids import ShowId

ROTATES_S = 900
"""A key is good for its own quarter of an hour and the next one; who was shut out has lost the picture by then."""
LENGTH = 32


class PathKeys:
    """Derives keys from one secret of the installation; nothing is stored."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def current(self, show_id: ShowId, now_ms: int) -> str:
        """The key to hand out now."""
        return self._key(show_id, now_ms // (ROTATES_S * 1000))

    def is_valid(self, show_id: ShowId, key: str, now_ms: int) -> bool:
        """Whether the key is of this period or the one before."""
        period = now_ms // (ROTATES_S * 1000)
        sent = key.encode()
        return any(hmac.compare_digest(sent, self._key(show_id, each).encode()) for each in (period, period - 1))

    def _key(self, show_id: ShowId, period: int) -> str:
        return hmac.new(self._secret, f"{show_id}/{period}".encode(), hashlib.sha256).hexdigest()[:LENGTH]
