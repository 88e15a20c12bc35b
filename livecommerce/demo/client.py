"""A client of the public HTTP interface, as one person: JSON in, JSON out, refusals as an exception."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import msgspec
from aiohttp import ClientError, ClientSession

from livecommerce.demo.certificate import trust
from livecommerce.foundation.core.errors import LiveCommerceError
from livecommerce.foundation.http.outgoing import internal_session

TIMEOUT_S = 15.0
Json = dict[str, Any]


class Refused(LiveCommerceError):
    """The server refused what the demo asked for."""

    code = "refused"

    def __init__(self, answered: int, problem: Mapping[str, Any]) -> None:
        self.answered = answered
        """The HTTP status."""
        self.why = str(problem.get("code", "error"))
        """The problem's code."""
        self.retry_after_s = float(problem.get("retry_after_s") or 0)
        super().__init__(f"The server refused what the demo asked for: {problem.get('detail') or answered}")


class Unreachable(LiveCommerceError):
    """The server does not answer the demo."""

    code = "unreachable"


class Client:
    """One person's requests. `token` may be set later, once they have signed in."""

    def __init__(self, session: ClientSession, base_url: str, *, certificate: str = "", token: str = "") -> None:
        self._session = session
        self._tls = trust(certificate)
        self.base_url, self.certificate, self.token = base_url, certificate, token

    def as_person(self, token: str) -> Self:
        """Return a client for somebody else over the same connections."""
        return type(self)(self._session, self.base_url, certificate=self.certificate, token=token)

    async def get(self, path: str) -> Any:
        return await self.request("GET", path)

    async def post(self, path: str, body: object = None, *, key: str = "") -> Any:
        return await self.request("POST", path, body, key=key)

    async def put(self, path: str, body: object = None) -> Any:
        return await self.request("PUT", path, body)

    async def delete(self, path: str) -> Any:
        return await self.request("DELETE", path)

    async def request(
        self, method: str, path: str, body: object = None, *, key: str = "", content_type: str = "application/json"
    ) -> Any:
        """Send one request and return its decoded answer (None for 204).

        Raises:
            Refused: the server said no.
            Unreachable: it said nothing.
        """
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if key:
            headers["Idempotency-Key"] = key
        data = None
        if body is not None:
            headers["Content-Type"] = content_type
            data = body if isinstance(body, bytes) else msgspec.json.encode(body)
        url = f"{self.base_url}/api/v1{path}"
        try:
            async with self._session.request(method, url, data=data, headers=headers, ssl=self._tls) as response:
                content = await response.read()
        except (ClientError, OSError) as exc:  # TimeoutError is an OSError
            raise Unreachable from exc
        answer = _decoded(content)
        if response.status >= 400:
            raise Refused(response.status, answer if isinstance(answer, dict) else {})
        return answer


def open_session() -> ClientSession:
    """Return the connections that clients share."""
    return internal_session(timeout_s=TIMEOUT_S, connections=200)


def _decoded(content: bytes) -> Any:
    try:
        return msgspec.json.decode(content) if content else None
    except msgspec.DecodeError:
        return None
