"""The HTTP server of a web process: routes become handlers, bodies are decoded under limits, answers encoded.

One task per request, as aiohttp makes it; nothing here outlives its request. Bodies are read under a time limit,
because `keepalive_timeout` covers half-sent headers but not a trickling body.
"""

from __future__ import annotations

import asyncio
import ipaddress
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

import msgspec
import structlog
from aiohttp import web

from livecommerce.foundation.core.errors import (
    LiveCommerceError,
    Malformed,
    NotFound,
    TooLarge,
    UnsupportedMediaType,
)
from livecommerce.foundation.http.auth import Authentication, required
from livecommerce.foundation.http.problems import invalid_of, response_for
from livecommerce.foundation.http.routes import Call, Route, Routes

__all__ = ["API", "Call", "Routes", "ServerContext", "application", "client_address", "read_body"]

log = structlog.get_logger(__name__)

API = "/api/v1"
BODY_TIMEOUT_S = 10.0
"""A body that trickles in slower than this is refused with 408."""
KEEPALIVE_S = 30.0
HEADER_TIMEOUT_S = 10.0


class RequestTimeout(LiveCommerceError):
    """The request body took too long to arrive."""

    code, status = "request_timeout", 408


class MethodNotAllowed(LiveCommerceError):
    """This address does not take that method."""

    code, status = "method_not_allowed", 405


class InternalError(LiveCommerceError):
    """Something went wrong on our side; quote the request id when you tell us."""

    code, status = "internal", 500


class ServerContext:
    """What every request needs: authentication, and which proxies may speak for a client."""

    def __init__(self, authentication: Authentication, *, trusted_proxies: Sequence[str] = ()) -> None:
        self.authentication = authentication
        self.trusted = tuple(ipaddress.ip_network(entry, strict=False) for entry in trusted_proxies)


def application(context: ServerContext, rooms: Iterable[Routes], **options: Any) -> web.Application:
    """An aiohttp application that serves the rooms' routes below `/api/v1`."""
    app = web.Application(middlewares=[_problems], client_max_size=8 * 1024 * 1024, **options)
    for routes in rooms:
        for route in routes.table:
            app.router.add_route(route.method, API + route.path, _handler(context, route))
    return app


def _handler(context: ServerContext, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    decoder = msgspec.json.Decoder(route.body) if route.body is not None else None

    async def handle(request: web.Request) -> web.StreamResponse:
        actor = None if route.auth == "none" else await context.authentication.actor(request)
        if route.auth == "required":
            required(actor)
        body = await _decoded(request, decoder, route.body_limit) if decoder else None
        call: Call[Any] = Call(
            request,
            actor=actor,
            body=body,
            query=_query(request, route.query),
            address=client_address(request, context.trusted),
            authentication=context.authentication,
        )
        return _answer(await route.handler(call), route.status)

    return handle


async def _decoded(request: web.Request, decoder: msgspec.json.Decoder[Any], limit: int) -> Any:
    if request.content_type != "application/json":
        raise UnsupportedMediaType("Send application/json.")
    raw = await read_body(request, limit)
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError as exc:
        raise invalid_of(exc) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Malformed("The body is not valid JSON.") from None


async def read_body(request: web.Request, limit: int) -> bytes:
    """The body, refused beyond `limit` bytes or `BODY_TIMEOUT_S`."""
    if request.content_length is not None and request.content_length > limit:
        raise TooLarge(f"At most {limit} bytes.")
    chunks, size = [], 0
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            async for chunk in request.content.iter_chunked(64 * 1024):
                size += len(chunk)
                if size > limit:
                    raise TooLarge(f"At most {limit} bytes.")
                chunks.append(chunk)
    except TimeoutError:
        raise RequestTimeout() from None
    return b"".join(chunks)


def _query(request: web.Request, kind: Any) -> Any:
    if kind is None:
        return None
    try:
        return msgspec.convert(dict(request.query), kind, strict=False)
    except msgspec.ValidationError as exc:
        raise invalid_of(exc) from None


def _answer(result: Any, status: int) -> web.StreamResponse:
    if isinstance(result, web.StreamResponse):
        return result
    if result is None:
        return web.Response(status=204)
    return web.Response(
        status=status,
        body=msgspec.json.encode(result),
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


def client_address(request: web.Request, trusted: Sequence[Any]) -> str:
    """The caller's address: the peer, or what the last trusted proxy says. A spoofed X-Forwarded-For is ignored."""
    peer = request.remote or "unknown"
    if not trusted:
        return peer
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    while hops and _is_trusted(peer, trusted):
        peer = hops.pop()
    return peer


def _is_trusted(address: str, trusted: Sequence[Any]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in trusted)


@web.middleware
async def _problems(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    request_id = secrets.token_hex(8)
    structlog.contextvars.bind_contextvars(request_id=request_id)
    started = time.perf_counter()
    try:
        response = await handler(request)
    except web.HTTPException as exc:
        if exc.status < 400:
            raise
        response = response_for(_http_error(exc), request_id)
    except LiveCommerceError as exc:
        response = response_for(exc, request_id)
    except (ConnectionResetError, asyncio.CancelledError):
        raise
    except Exception:
        log.exception("a request failed", method=request.method, route=_route_name(request))
        response = response_for(InternalError(), request_id)
    finally:
        structlog.contextvars.unbind_contextvars("request_id")
    if not response.prepared:
        response.headers.setdefault("X-Request-Id", request_id)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Server", "livecommerce")  # aiohttp's own words tell versions
    log.debug(
        "answered",
        method=request.method,
        route=_route_name(request),
        status=response.status,
        ms=round((time.perf_counter() - started) * 1000, 1),
    )
    return response


def _http_error(exc: web.HTTPException) -> LiveCommerceError:
    if exc.status == 404:
        return NotFound()
    if exc.status == 405:
        return MethodNotAllowed()
    if exc.status == 413:
        return TooLarge()
    return Malformed(exc.reason)


def _route_name(request: web.Request) -> str:
    """The route's pattern, never the path itself: paths hold ids."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unmatched"
