"""Outgoing HTTP. The only place where the server asks somebody else for something.

Addresses that people typed (image imports, later webhooks) go through `Outgoing`: only public addresses are connected
to, and that is decided on the very address that the socket is about to use, so neither an odd spelling of 127.0.0.1 nor
a name that changes its mind between check and use (DNS rebinding) leads inside. What an operator configured goes
through `internal_session`, with limits but without that check.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Collection
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import structlog
from aiohttp import (
    AddrInfoType,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    TCPConnector,
)
from aiohttp.abc import AbstractResolver
from yarl import URL

from livecommerce.foundation.core.errors import Busy, Invalid

log = structlog.get_logger(__name__)

MAX_REDIRECTS = 3
MAX_BYTES = 5 * 1024 * 1024
TIMEOUT_S = 5.0
CONNECTIONS = 16
WAITING = 64
"""Requests that may wait for a connection; more are answered `busy`."""
PIECE = 64 * 1024
PORTS = frozenset({80, 443, 8080, 8443})
URL_CHARACTERS = 2048
REDIRECTS = frozenset({301, 302, 303, 307, 308})
USER_AGENT = "livecommerce"

GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
TUNNELS = ipaddress.ip_network("2002::/16")
"""6to4: an IPv4 address in disguise."""


class InvalidUrl(Invalid):
    """This address cannot be used."""

    code = "invalid_url"


@dataclass(frozen=True, slots=True)
class Fetched:
    """What somebody answered."""

    data: bytes
    content_type: str
    """Lower case, without parameters; what they say, not what it is."""


def is_public(address: str) -> bool:
    """Whether an IP address is a unicast address of the public internet."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        return parsed in GLOBAL_UNICAST and parsed.is_global and parsed not in TUNNELS
    return parsed.is_global and not parsed.is_multicast and not parsed.is_reserved


class Outgoing:
    """Fetches addresses that people typed. Use as an async context manager.

    Every failure is the same `InvalidUrl`: its differences would describe our network to whoever asks.

    Args:
        allowed_origins: origins such as `http://127.0.0.1:9000` that the operator trusts wherever they are.
        resolver: of names; the system's by default.
    """

    def __init__(
        self,
        *,
        allowed_origins: Collection[str] = (),
        max_bytes: int = MAX_BYTES,
        timeout_s: float = TIMEOUT_S,
        ports: Collection[int] = PORTS,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._allowed = frozenset(str(URL(origin).origin()) for origin in allowed_origins)
        self._max_bytes, self._timeout_s, self._resolver = max_bytes, timeout_s, resolver
        self._ports, self._waiting = frozenset(ports), 0
        self._public: ClientSession | None = None
        self._trusted: ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = TCPConnector(
            limit=CONNECTIONS, use_dns_cache=False, resolver=self._resolver, socket_factory=_public_socket
        )
        self._public = _session(connector, self._timeout_s)
        self._trusted = internal_session(timeout_s=self._timeout_s)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for session in (self._public, self._trusted):
            if session is not None:
                await session.close()

    async def fetch(self, url: str) -> Fetched:
        """Return what GET answers with 200, following up to three redirects that are checked like the address itself.

        Raises:
            InvalidUrl: whatever the reason, within the time limit.
            Busy: too many of these are under way.
        """
        if self._waiting >= WAITING:
            raise Busy(retry_after_s=5)
        self._waiting += 1
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._follow(url)
        except (ClientError, OSError, ValueError) as exc:  # TimeoutError is an OSError
            log.info("an outgoing request was refused or failed", reason=type(exc).__name__)
            raise InvalidUrl from exc
        finally:
            self._waiting -= 1

    async def _follow(self, text: str) -> Fetched:
        url = self._checked(text)
        for _ in range(MAX_REDIRECTS + 1):
            async with self._session_for(url).get(url, allow_redirects=False) as response:
                if response.status not in REDIRECTS:
                    return await self._read(response)
                url = self._checked(str(url.join(URL(response.headers.get("Location", "")))))
        raise InvalidUrl

    async def _read(self, response: ClientResponse) -> Fetched:
        if response.status != 200 or "Content-Encoding" in response.headers:
            raise InvalidUrl
        if (response.content_length or 0) > self._max_bytes:
            raise InvalidUrl
        data = bytearray()
        async for piece in response.content.iter_chunked(PIECE):
            data += piece
            if len(data) > self._max_bytes:
                raise InvalidUrl
        return Fetched(bytes(data), response.content_type.lower())

    def _checked(self, text: str) -> URL:
        if len(text) > URL_CHARACTERS or not text.isprintable():
            raise InvalidUrl
        url = URL(text)
        if url.scheme not in ("http", "https") or not url.host or url.user or url.password:
            raise InvalidUrl
        if url.port not in self._ports and str(url.origin()) not in self._allowed:
            raise InvalidUrl
        return url

    def _session_for(self, url: URL) -> ClientSession:
        session = self._trusted if str(url.origin()) in self._allowed else self._public
        if session is None:
            raise RuntimeError("enter Outgoing first")
        return session


def internal_session(
    *, timeout_s: float, connections: int = 64, headers: dict[str, str] | None = None
) -> ClientSession:
    """Return a session for peers that the operator configured: bounded, no cookies, no proxies from the environment."""
    return _session(TCPConnector(limit=connections), timeout_s, headers)


def _session(connector: TCPConnector, timeout_s: float, headers: dict[str, str] | None = None) -> ClientSession:
    return ClientSession(
        connector=connector,
        timeout=ClientTimeout(total=timeout_s),
        cookie_jar=DummyCookieJar(),
        auto_decompress=False,  # what is small on the wire could be large in memory
        headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity", **(headers or {})},
    )


def _public_socket(info: AddrInfoType) -> socket.socket:
    """Make the socket for one address, or refuse: after this nobody resolves anything any more."""
    family, kind, protocol, _, address = info
    if not is_public(str(address[0])):
        raise OSError("not a public address")
    made = socket.socket(family, kind, protocol)
    made.setblocking(False)
    return made
