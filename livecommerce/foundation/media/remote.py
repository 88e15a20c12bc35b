"""The web process's side of the internal door: finds the show's node, signs, and turns answers back into values.

Connections per node are bounded and kept; a blocking reload holds one of them as long as it waits, and the edge above
this makes at most one request per file.
"""

import asyncio
import errno
import time
from functools import cache
from types import TracebackType
from typing import Any

import aiohttp
import msgspec
from yarl import URL

from livecommerce.foundation.core.clock import Clock
from livecommerce.foundation.core.errors import LiveCommerceError
from livecommerce.foundation.core.ids import PersonId, ShowId
from livecommerce.foundation.http.outgoing import internal_session
from livecommerce.foundation.http.problems import PUBLIC_DETAILS
from livecommerce.foundation.media.door import (
    File,
    MediaUnavailable,
    Negotiated,
    NoStream,
    SessionNotFound,
    SessionTag,
    StreamNumbers,
)
from livecommerce.foundation.media.internal import MAX_AGE_HEADER
from livecommerce.foundation.media.origin import RELOAD_TIMEOUT_S
from livecommerce.foundation.media.registry import Node, NodeRegistry, NoNode
from livecommerce.foundation.media.signing import Signer

CONNECTIONS = 512
CONNECT_S = 2.0
NODE_WAIT_S, NODE_RETRY_S = 3.0, 0.2
"""A host who comes back while the media process is being replaced waits for the new one instead of being sent away."""
ANSWER_S = 10.0


class NodeGone(MediaUnavailable):
    """The media server is being restarted; try again in a moment."""


class RemoteMedia:
    """A `MediaDoor` over HTTP. Use as an async context."""

    def __init__(self, registry: NodeRegistry, signer: Signer, clock: Clock) -> None:
        self._registry, self._signer, self._clock = registry, signer, clock
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> "RemoteMedia":
        self._session = internal_session(timeout_s=ANSWER_S, connections=CONNECTIONS)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def publish(self, show_id: ShowId, owner: PersonId, sdp: str) -> Negotiated:
        """See `MediaDoor`."""
        deadline = time.monotonic() + NODE_WAIT_S
        while True:
            try:
                node = await self._registry.assign(show_id)
                _, body = await self._ask(node, show_id, "POST", f"/whip?person={owner}", sdp.encode())
                return msgspec.json.decode(body, type=Negotiated)
            except (NodeGone, NoNode):
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(NODE_RETRY_S)

    async def play(self, show_id: ShowId, viewer: PersonId, sdp: str) -> Negotiated:
        """See `MediaDoor`."""
        _, body = await self._ask(await self._node(show_id), show_id, "POST", f"/whep?person={viewer}", sdp.encode())
        return msgspec.json.decode(body, type=Negotiated)

    async def find_session(self, show_id: ShowId, session_id: str, person: PersonId) -> SessionTag:
        """See `MediaDoor`."""
        body = await self._session_request("GET", show_id, session_id, person)
        return msgspec.json.decode(body, type=SessionTag)

    async def close_session(self, show_id: ShowId, session_id: str, person: PersonId) -> None:
        """See `MediaDoor`."""
        await self._session_request("DELETE", show_id, session_id, person)

    async def disconnect(self, show_id: ShowId, person: PersonId) -> None:
        """See `MediaDoor`."""
        if (node := await self._registry.find(show_id)) is not None:
            await self._ask(node, show_id, "DELETE", f"/sessions?person={person}")

    async def end(self, show_id: ShowId) -> None:
        """See `MediaDoor`."""
        if (node := await self._registry.find(show_id)) is not None:
            await self._ask(node, show_id, "DELETE", "/stream")

    async def file(self, show_id: ShowId, path: str) -> File:
        """See `MediaDoor`."""
        wait_s = RELOAD_TIMEOUT_S + 3
        response, body = await self._ask(await self._node(show_id), show_id, "GET", f"/hls/{path}", wait_s=wait_s)
        age = response.headers.get(MAX_AGE_HEADER, "0")
        return File(body, response.content_type, None if age == "immutable" else float(age))

    async def numbers(self, show_id: ShowId) -> StreamNumbers:
        """See `MediaDoor`."""
        node = await self._registry.find(show_id)
        if node is None:
            return StreamNumbers()
        _, body = await self._ask(node, show_id, "GET", "/stream")
        return msgspec.json.decode(body, type=StreamNumbers)

    async def _session_request(self, method: str, show_id: ShowId, session_id: str, person: PersonId) -> bytes:
        node = await self._registry.find(show_id)
        if node is None or not all(sign.isalnum() or sign in "-_" for sign in session_id):
            raise SessionNotFound()
        _, body = await self._ask(node, show_id, method, f"/sessions/{session_id}?person={person}")
        return body

    async def _node(self, show_id: ShowId) -> Node:
        node = await self._registry.find(show_id)
        if node is None:
            raise NoStream(retry_after_s=2)
        return node

    async def _ask(
        self, node: Node, show_id: ShowId, method: str, address: str, body: bytes = b"", *, wait_s: float = ANSWER_S
    ) -> tuple[aiohttp.ClientResponse, bytes]:
        if self._session is None:
            raise RuntimeError("RemoteMedia is used outside of its context")
        path = f"/internal/v1/shows/{show_id}{address}"
        headers = self._signer.sign(method, path, body, now_ms=self._clock.now_ms())
        timeout = aiohttp.ClientTimeout(total=wait_s, connect=CONNECT_S)
        try:
            async with self._session.request(
                method,
                URL(node.url + path, encoded=True),
                data=body,
                headers=headers,
                timeout=timeout,
                allow_redirects=False,
            ) as response:
                answer = await response.read()
        except aiohttp.ClientConnectorError as exc:
            if exc.os_error.errno == errno.ECONNREFUSED:
                await self._registry.bury(node)
            raise NodeGone(retry_after_s=1) from exc
        except (aiohttp.ClientError, TimeoutError) as exc:
            self._registry.forget(show_id)
            raise MediaUnavailable(retry_after_s=2) from exc
        if response.status >= 400:
            raise _refusal(response.status, answer)
        return response, answer


def _refusal(status: int, body: bytes) -> LiveCommerceError:
    """The domain error that the node raised, by its public code."""
    try:
        problem: dict[str, Any] = msgspec.json.decode(body, type=dict)
    except msgspec.DecodeError:
        return MediaUnavailable(retry_after_s=2)
    details = {key: problem[key] for key in PUBLIC_DETAILS if key in problem}
    kind = _error_class(str(problem.get("code", "busy")), status)
    return kind(str(problem.get("detail") or "") or None, **details)


@cache
def _error_class(code: str, status: int) -> type[LiveCommerceError]:
    """The class with that code, when it is known here."""
    found = [LiveCommerceError]
    for kind in found:
        if (kind.code, kind.status) == (code, status):
            return kind
        found.extend(kind.__subclasses__())
    return type("RemoteRefusal", (LiveCommerceError,), {"code": code, "status": status})
