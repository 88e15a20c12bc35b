"""Session tokens: JWT (RFC 7519), HMAC-SHA256 with a key of the ring.

The same house signs and verifies, so there is no public key that could be taken for a secret.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

import jwt
import msgspec

from livecommerce.foundation.core.clock import Clock
from livecommerce.foundation.core.errors import Unauthenticated
from livecommerce.foundation.core.ids import PersonId, SessionId, new_id
from livecommerce.identity.keys import KeyRing

ALGORITHM = "HS256"
"""Pinned: the header of a token never chooses (RFC 8725 3.1)."""
AUDIENCE = "livecommerce"
TYPE = "session"
LEEWAY = timedelta(seconds=30)
MAX_TOKEN = 2048
HEADER = {"alg", "kid", "typ"}
"""Nothing else may stand in a header: no `jku`, `jwk`, `x5u` or `crit` is ever looked at (RFC 8725 3.10)."""
CLAIMS = ["iss", "aud", "iat"]
"""That the library insists on; the others are required by `_Payload`."""


Uuid = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\\Z")]


class _Payload(msgspec.Struct, frozen=True):
    """The claims as they must be; issuer and audience are compared by the library."""

    typ: Literal["session"]
    sub: Uuid
    sid: Uuid
    jti: str
    nbf: int
    exp: int


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says."""

    session_id: SessionId
    person_id: PersonId
    expires_at: float
    """Unix seconds."""


class Tokens:
    """Signs and reads session tokens of one issuer."""

    def __init__(self, keys: KeyRing, clock: Clock, *, issuer: str) -> None:
        self._keys, self._clock, self._issuer = keys, clock, issuer

    def sign(self, session_id: SessionId, person_id: PersonId, expires_at: datetime) -> str:
        """A token for one session."""
        key, now = self._keys.current, int(self._clock.now().timestamp())
        claims = {
            "iss": self._issuer, "aud": AUDIENCE, "typ": TYPE, "sub": person_id, "sid": session_id, "jti": new_id(),
            "iat": now, "nbf": now, "exp": int(expires_at.timestamp()),
        }  # fmt: skip
        return jwt.encode(claims, key.secret, algorithm=ALGORITHM, headers={"kid": key.kid})

    def read(self, token: str) -> Claims:
        """Verify a token; `Unauthenticated` for any fault, without saying which."""
        try:
            claims = msgspec.convert(self._verified(token), _Payload)
        except (jwt.InvalidTokenError, msgspec.ValidationError, ValueError, TypeError) as exc:
            raise Unauthenticated() from exc
        now, leeway = self._clock.now().timestamp(), LEEWAY.total_seconds()
        if claims.exp + leeway <= now or claims.nbf - leeway > now:
            raise Unauthenticated()
        return Claims(SessionId(claims.sid), PersonId(claims.sub), float(claims.exp))

    def _verified(self, token: str) -> dict[str, Any]:
        if len(token) > MAX_TOKEN:
            raise Unauthenticated()
        header = jwt.get_unverified_header(token)
        key = self._keys.find(str(header.get("kid")))
        if key is None or header.get("alg") != ALGORITHM or not set(header) <= HEADER:
            raise Unauthenticated()
        # Times are checked against our own clock, below.
        options: Any = {"require": CLAIMS, "verify_exp": False, "verify_nbf": False, "verify_iat": False}
        claims: dict[str, Any] = jwt.decode(
            token, key.secret, algorithms=[ALGORITHM], audience=AUDIENCE, issuer=self._issuer, options=options
        )
        return claims
