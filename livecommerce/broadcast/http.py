"""The doors: WHIP (RFC 9725), WHEP (draft-ietf-wish-whep) in the same shape, LL-HLS, and the stream's numbers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from livecommerce.broadcast.service import BroadcastService
from livecommerce.foundation.core.actors import Actor
from livecommerce.foundation.core.errors import (
    Invalid,
    LiveCommerceError,
    Malformed,
    UnsupportedMediaType,
)
from livecommerce.foundation.core.ids import ShowId
from livecommerce.foundation.http.server import API, Call, Routes, read_body
from livecommerce.foundation.media.door import File, Negotiated, StreamNumbers
from livecommerce.foundation.media.files import PLAYLIST_TYPE

SDP, FRAGMENT = "application/sdp", "application/trickle-ice-sdpfrag"
OFFER_LIMIT, FRAGMENT_LIMIT = 16 * 1024, 8 * 1024
IMMUTABLE = "public, max-age=3600, immutable"
"""Parts live for a minute in the window; an address is never used again for other bytes."""
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Location, ETag, Link, Retry-After",
}

Negotiate = Callable[[Actor, ShowId, str, str], Awaitable[Negotiated]]


class PreconditionRequired(LiveCommerceError):
    """Send If-Match with the ETag of the session."""

    code, status = "precondition_required", 428


class PreconditionFailed(LiveCommerceError):
    """The session has another ETag by now."""

    code, status = "precondition_failed", 412


class RestartNotSupported(Invalid):
    """ICE restart is not supported; make a new session."""

    code = "ice_restart"


def routes(service: BroadcastService) -> Routes:
    """All doors of the room."""

    async def publish(actor: Actor, show_id: ShowId, sdp: str, address: str) -> Negotiated:
        return await service.publish(actor, show_id, sdp, address=address)

    async def play(actor: Actor, show_id: ShowId, sdp: str, address: str) -> Negotiated:
        return await service.play(actor, show_id, sdp, address=address)

    table = Routes("broadcast")
    _offer_routes(table, "whip", publish, "Stream into a show (WHIP)")
    _session_routes(table, service, "whip")
    _offer_routes(table, "whep", play, "Watch a show over WebRTC (WHEP)")
    _session_routes(table, service, "whep")
    _hls_routes(table, service)

    @table.get("/shows/{show_id}/stream", answer=StreamNumbers)
    async def numbers(call: Call[None]) -> StreamNumbers:
        """How the incoming stream is, for staff"""
        return await service.numbers(call.actor, call.id("show_id"))

    return table


def _offer_routes(table: Routes, kind: str, negotiate: Negotiate, summary: str) -> None:
    @table.post(f"/shows/{{show_id}}/{kind}", accepts=SDP, produces=SDP, status=201, summary=summary)
    async def offer(call: Call[None]) -> web.Response:
        show_id: ShowId = call.id("show_id")
        sdp = await _text(call.request, SDP, OFFER_LIMIT)
        session = await negotiate(call.actor, show_id, sdp, call.address)
        location = f"{API}/shows/{show_id}/{kind}/{session.session_id}"
        headers = {"Location": location, "ETag": session.etag, "Cache-Control": "no-store", **CORS}
        return web.Response(status=201, body=session.sdp.encode(), content_type=SDP, headers=headers)

    @table.options(f"/shows/{{show_id}}/{kind}", auth="none", summary="What this endpoint takes")
    async def preflight(_: Call[None]) -> web.Response:
        return _preflight("GET, POST, OPTIONS")

    @table.get(f"/shows/{{show_id}}/{kind}", auth="none", summary="Nothing to get here (RFC 9725 4.2)")
    async def nothing(_: Call[None]) -> web.Response:
        return web.Response(status=204, headers=CORS)


def _session_routes(table: Routes, service: BroadcastService, kind: str) -> None:
    address = f"/shows/{{show_id}}/{kind}/{{session_id}}"

    @table.patch(address, accepts=FRAGMENT, summary="Take candidates, which this server does not need (RFC 9725 4.3.2)")
    async def trickle(call: Call[None]) -> web.Response:
        await _text(call.request, FRAGMENT, FRAGMENT_LIMIT)
        expected = call.request.headers.get("If-Match")
        session = await service.find_session(call.actor, call.id("show_id"), call.text("session_id"))
        if expected is None:
            raise PreconditionRequired()
        if expected == "*":
            raise RestartNotSupported()
        if expected != session.etag:
            raise PreconditionFailed()
        return web.Response(status=204, headers=CORS)

    @table.delete(address, status=200, summary="End the session")
    async def close(call: Call[None]) -> web.Response:
        await service.close_session(call.actor, call.id("show_id"), call.text("session_id"))
        return web.Response(status=200, headers=CORS)

    @table.options(address, auth="none", summary="What a session takes")
    async def preflight(_: Call[None]) -> web.Response:
        return _preflight("PATCH, DELETE, OPTIONS")


def _hls_routes(table: Routes, service: BroadcastService) -> None:
    async def file(call: Call[Any], key: str | None) -> web.Response:
        found = await service.file(
            call.id("show_id"),
            call.text("path"),
            call.request.query_string,
            key=key,
            address=call.address,
            browser=call.request.headers.get("User-Agent", ""),
        )
        return _file(found, is_open=True)

    @table.get(
        "/shows/{show_id}/hls/index.m3u8",
        auth="optional",
        produces=PLAYLIST_TYPE,
        summary="The multivariant playlist (RFC 8216bis)",
    )
    async def entry(call: Call[None]) -> web.Response:
        found, is_open = await service.entry(call.maybe_actor, call.id("show_id"))
        return _file(found, is_open=is_open)

    @table.get(
        "/shows/{show_id}/hls/k/{key}/{path:.+}",
        auth="none",
        produces="*/*",
        summary="HLS of a show that is not public",
    )
    async def private_file(call: Call[None]) -> web.Response:
        return await file(call, call.text("key"))

    @table.get("/shows/{show_id}/hls/{path:.+}", auth="none", produces="*/*", summary="Playlists, parts and segments")
    async def public_file(call: Call[None]) -> web.Response:
        return await file(call, None)


async def _text(request: web.Request, content_type: str, limit: int) -> str:
    if request.content_type != content_type:
        raise UnsupportedMediaType(f"Send {content_type}.")
    try:
        return (await read_body(request, limit)).decode()
    except UnicodeDecodeError:
        raise Malformed("The description is not text.") from None


def _preflight(methods: str) -> web.Response:
    headers = {
        **CORS,
        "Access-Control-Allow-Methods": methods,
        "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match",
        "Access-Control-Max-Age": "600",
        "Accept-Post": SDP,
    }
    return web.Response(status=204, headers=headers)


def _file(file: File, *, is_open: bool) -> web.Response:
    """Playlists are good for the whole seconds they may be old; that is how often a cache asks for all its viewers."""
    if not is_open:
        control = "private, no-store"
    elif file.max_age_s is None:
        control = IMMUTABLE
    else:
        control = f"public, max-age={max(1, int(file.max_age_s))}"
    headers = {"Cache-Control": control, "Access-Control-Allow-Origin": "*"}
    return web.Response(body=file.body, content_type=file.content_type, headers=headers)
