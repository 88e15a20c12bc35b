"""Signed requests between our own processes: HMAC-SHA-256 over method, address, time and the hash of the body."""

import hashlib
import hmac
from collections.abc import Mapping

from livecommerce.foundation.core.errors import Unauthenticated

TIME_HEADER, SIGNATURE_HEADER = "X-LC-Time", "X-LC-Signature"
MAX_SKEW_MS = 30_000
KEY_BYTES = 32


class BadSignature(Unauthenticated):
    """The request was not signed by one of our processes."""

    code = "bad_signature"


class Signer:
    """Signs and verifies with one shared key. The address includes the query, so everything in it is covered."""

    def __init__(self, key: bytes) -> None:
        if len(key) < KEY_BYTES:
            raise ValueError("the internal key is too short")
        self._key = key

    def sign(self, method: str, address: str, body: bytes, *, now_ms: int) -> dict[str, str]:
        """The headers to send."""
        return {TIME_HEADER: str(now_ms), SIGNATURE_HEADER: self._signature(method, address, body, str(now_ms))}

    def verify(self, method: str, address: str, body: bytes, headers: Mapping[str, str], *, now_ms: int) -> None:
        """Raise `BadSignature` unless the request is ours and fresh."""
        stamp = headers.get(TIME_HEADER, "")
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 16) or abs(now_ms - int(stamp)) > MAX_SKEW_MS:
            raise BadSignature()
        expected = self._signature(method, address, body, stamp)
        if not hmac.compare_digest(expected.encode(), headers.get(SIGNATURE_HEADER, "").encode()):
            raise BadSignature()

    def _signature(self, method: str, address: str, body: bytes, stamp: str) -> str:
        text = "\n".join((method, address, stamp, hashlib.sha256(body).hexdigest()))
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()
