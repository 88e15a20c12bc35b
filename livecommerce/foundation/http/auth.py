"""Who is calling: a bearer token, or one of our cookies with its CSRF token. What a token *means* is `identity`'s.

Pages keep one session per desk, so that the studio and the control panel can be open in one browser as different
people. A cookie counts only for requests of our own pages: they name their desk in `X-Desk`, which a foreign site
cannot send without a CORS preflight that we do not answer.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Protocol
from urllib.parse import urlsplit

from aiohttp import web

from livecommerce.foundation.core.actors import Actor
from livecommerce.foundation.core.errors import Forbidden, Unauthenticated

DESKS = ("viewer", "studio", "control", "owner")
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class CsrfRefused(Forbidden):
    """The request did not come from one of our pages."""

    code = "csrf"


class Authenticator(Protocol):
    """Turns a token into the person who holds it; `Unauthenticated` when it is not (or no longer) valid."""

    async def authenticate(self, token: str) -> Actor: ...


def cookie_name(desk: str) -> str:
    """The session cookie of a desk. `__Host-` binds it to this origin, https (or loopback) and path `/`."""
    return f"__Host-lc-{desk}"


def csrf_token(session_token: str) -> str:
    """The value that unsafe requests of a cookie session must repeat in `X-CSRF-Token`."""
    return hmac.new(session_token.encode(), b"csrf", hashlib.sha256).hexdigest()[:32]


def desk_of(request: web.Request) -> str | None:
    """The desk that one of our pages names, or None for any other client."""
    desk = request.headers.get("X-Desk")
    return desk if desk in DESKS else None


class Authentication:
    """Finds the caller of a request."""

    def __init__(self, authenticator: Authenticator, *, allowed_origins: frozenset[str]) -> None:
        self._authenticator = authenticator
        self._origins = allowed_origins

    async def actor(self, request: web.Request) -> Actor | None:
        """The caller, or None when no credential was sent. A bad credential is `Unauthenticated`, never ignored."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and token:
            return await self._authenticator.authenticate(token.strip())
        session = self.session_token(request)
        if session is None:
            return None
        if request.method not in SAFE_METHODS:
            self._check_csrf(request, session)
        return await self._authenticator.authenticate(session)

    def session_token(self, request: web.Request) -> str | None:
        """The token in the cookie of the desk that the page names."""
        desk = desk_of(request)
        return request.cookies.get(cookie_name(desk)) if desk else None

    def is_own_page(self, request: web.Request) -> bool:
        """Whether one of our own pages asks: it names its desk, and its Origin, when sent, is exactly ours."""
        return desk_of(request) is not None and self.origin_is_ours(request)

    def origin_is_ours(self, request: web.Request) -> bool:
        """Whether Origin is the address that the request was sent to, or one that the operator allowed."""
        origin = request.headers.get("Origin")
        if origin is None:
            return request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
        if origin in self._origins:
            return True
        parts = urlsplit(origin)
        return parts.scheme in ("http", "https") and parts.netloc == request.host and origin.isascii()

    def _check_csrf(self, request: web.Request, session: str) -> None:
        sent = request.headers.get("X-CSRF-Token", "")
        if not self.origin_is_ours(request) or not hmac.compare_digest(sent.encode(), csrf_token(session).encode()):
            raise CsrfRefused()


def required(actor: Actor | None) -> Actor:
    """The actor, or `Unauthenticated`."""
    if actor is None:
        raise Unauthenticated()
    return actor
