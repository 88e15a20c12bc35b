"""The media process's HTTP door for our own processes. Every request is signed; nothing else is answered.

One handler task per request. Blocking reloads wait in the origin, which bounds them in time and number.
"""

from collections.abc import Awaitable, Callable

import msgspec
import structlog
from aiohttp import web

from livecommerce.foundation.core.clock import Clock
from livecommerce.foundation.core.errors import Busy, LiveCommerceError, Malformed
from livecommerce.foundation.core.ids import PersonId, ShowId, is_uuid
from livecommerce.foundation.http.problems import response_for
from livecommerce.foundation.http.server import read_body
from livecommerce.foundation.media.door import MediaDoor, Negotiated
from livecommerce.foundation.media.signing import Signer

log = structlog.get_logger(__name__)

BASE = "/internal/v1/shows/{show_id}"
MAX_AGE_HEADER = "X-LC-Max-Age"
SDP_LIMIT = 64 * 1024
MAX_REQUESTS = 2048

_BODY = web.RequestKey("body", bytes)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class InternalDoor:
    """Routes signed requests to the node."""

    def __init__(self, door: MediaDoor, signer: Signer, clock: Clock) -> None:
        self._door, self._signer, self._clock = door, signer, clock
        self._running = 0

    def application(self) -> web.Application:
        """The aiohttp application; bind it to 127.0.0.1 or to the address of a private network."""
        app = web.Application(middlewares=[self._guarded], client_max_size=SDP_LIMIT)
        app.router.add_post(BASE + "/whip", self._publish)
        app.router.add_post(BASE + "/whep", self._play)
        app.router.add_get(BASE + "/sessions/{session_id}", self._find_session)
        app.router.add_delete(BASE + "/sessions/{session_id}", self._close_session)
        app.router.add_delete(BASE + "/sessions", self._disconnect)
        app.router.add_delete(BASE + "/stream", self._end)
        app.router.add_get(BASE + "/stream", self._numbers)
        app.router.add_get(BASE + "/hls/{path:.{1,120}}", self._file)
        return app

    @web.middleware
    async def _guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Verify, bound, and answer domain errors as problems that the client turns back."""
        if self._running >= MAX_REQUESTS:
            return response_for(Busy(retry_after_s=1), "")
        self._running += 1
        try:
            body = await read_body(request, SDP_LIMIT)
            request[_BODY] = body
            now_ms = self._clock.now_ms()
            self._signer.verify(request.method, request.path_qs, body, request.headers, now_ms=now_ms)
            return await handler(request)
        except LiveCommerceError as exc:
            return response_for(exc, "")
        except web.HTTPException as exc:
            return web.Response(status=exc.status)
        except Exception:
            log.exception("an internal request failed", method=request.method)
            return response_for(Busy(retry_after_s=1), "")
        finally:
            self._running -= 1

    async def _publish(self, request: web.Request) -> web.Response:
        return _answered(await self._door.publish(_show(request), _person(request), _sdp(request)))

    async def _play(self, request: web.Request) -> web.Response:
        return _answered(await self._door.play(_show(request), _person(request), _sdp(request)))

    async def _find_session(self, request: web.Request) -> web.Response:
        session_id, person = request.match_info["session_id"], _person(request)
        return _json(await self._door.find_session(_show(request), session_id, person))

    async def _close_session(self, request: web.Request) -> web.Response:
        await self._door.close_session(_show(request), request.match_info["session_id"], _person(request))
        return web.Response(status=204)

    async def _disconnect(self, request: web.Request) -> web.Response:
        await self._door.disconnect(_show(request), _person(request))
        return web.Response(status=204)

    async def _end(self, request: web.Request) -> web.Response:
        await self._door.end(_show(request))
        return web.Response(status=204)

    async def _numbers(self, request: web.Request) -> web.Response:
        return _json(await self._door.numbers(_show(request)))

    async def _file(self, request: web.Request) -> web.Response:
        path = request.match_info["path"]
        query = request.query_string
        file = await self._door.file(_show(request), f"{path}?{query}" if query else path)
        age = "immutable" if file.max_age_s is None else str(file.max_age_s)
        return web.Response(body=file.body, content_type=file.content_type, headers={MAX_AGE_HEADER: age})


def _show(request: web.Request) -> ShowId:
    return ShowId(_uuid(request.match_info["show_id"]))


def _person(request: web.Request) -> PersonId:
    return PersonId(_uuid(request.query.get("person", "")))


def _uuid(text: str) -> str:
    if not is_uuid(text):
        raise Malformed()
    return text


def _sdp(request: web.Request) -> str:
    try:
        return request[_BODY].decode()
    except UnicodeDecodeError:
        raise Malformed() from None


def _answered(negotiated: Negotiated) -> web.Response:
    return _json(negotiated, status=201)


def _json(value: msgspec.Struct, *, status: int = 200) -> web.Response:
    return web.Response(status=status, body=msgspec.json.encode(value), content_type="application/json")
