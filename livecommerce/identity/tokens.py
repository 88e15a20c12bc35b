"""Session tokens: JWT (RFC 7519), HMAC-SHA256 with a key of the ring.

The same house signs and verifies, so there is no public key that could be taken for a secret.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Annotated, Literal, cast

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
Uuid = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\\Z")]


class _Payload(msgspec.Struct, frozen=True):
    """The claims as they must be, every one of them."""

    iss: str
    aud: Literal["livecommerce"]
    typ: Literal["session"]
    sub: Uuid
    sid: Uuid
    jti: str
    iat: int
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
            claims = _PAYLOAD.decode(self._verified(token))
        except (jwt.InvalidTokenError, msgspec.MsgspecError, ValueError) as exc:
            raise Unauthenticated() from exc
        now, leeway = self._clock.now().timestamp(), LEEWAY.total_seconds()
        if claims.iss != self._issuer or claims.exp + leeway <= now or claims.nbf - leeway > now:
            raise Unauthenticated()
        return Claims(SessionId(claims.sid), PersonId(claims.sub), float(claims.exp))

    def _verified(self, token: str) -> bytes:
        """The payload, once its signature is known to be ours.

        The header must be, letter for letter, one that a key of the ring writes. So nothing in it is ever interpreted:
        no `alg`, no `jku`, `jwk`, `x5u` or `crit` (RFC 8725 3.1, 3.10).
        """
        header = token[:MAX_TOKEN].partition(".")[0]
        key = next((key for key in self._keys.all if _header(key.kid) == header), None)
        if key is None or len(token) > MAX_TOKEN:
            raise Unauthenticated()
        return cast(bytes, _JWS.decode(token, key.secret, algorithms=[ALGORITHM]))


_PAYLOAD = msgspec.json.Decoder(_Payload)
_JWS = jwt.PyJWS(algorithms=[ALGORITHM])


@lru_cache(maxsize=64)
def _header(kid: str) -> str:
    """The first part of every token that a key signs."""
    return jwt.encode({}, b"\0" * 32, algorithm=ALGORITHM, headers={"kid": kid}).partition(".")[0]
