"""A room's table of routes: what each decodes and answers. The server serves it, OpenAPI documents it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar, cast

from aiohttp import web

from livecommerce.foundation.core import ids
from livecommerce.foundation.core.actors import Actor
from livecommerce.foundation.core.errors import Invalid, NotFound
from livecommerce.foundation.http.auth import Authentication, required

Body = TypeVar("Body")
Auth = Literal["required", "optional", "none"]

JSON_BODY_LIMIT = 64 * 1024
"""Bytes. The largest JSON we ask for is a lineup of 200 ids (8 KB) or a product of 100 variants (40 KB)."""


class Call(Generic[Body]):
    """One request, decoded: what a route handler gets."""

    def __init__(
        self,
        request: web.Request,
        *,
        actor: Actor | None,
        body: Body,
        query: Any,
        address: str,
        authentication: Authentication,
    ) -> None:
        self.request, self.maybe_actor, self.body, self.query = request, actor, body, query
        self.address, self.authentication = address, authentication

    @property
    def actor(self) -> Actor:
        """The caller; `Unauthenticated` when nobody is signed in."""
        return required(self.maybe_actor)

    def id(self, name: str) -> Any:
        """An id of the path. One that cannot exist is `NotFound`, like one that does not."""
        value = self.request.match_info[name]
        if not ids.is_uuid(value):
            raise NotFound()
        return value

    def text(self, name: str) -> str:
        """A part of the path as it stands."""
        return self.request.match_info[name]

    @property
    def idempotency_key(self) -> str | None:
        """The `Idempotency-Key` header: 8 to 64 visible ASCII characters."""
        key = self.request.headers.get("Idempotency-Key")
        if key is None:
            return None
        if not 8 <= len(key) <= 64 or not key.isascii() or not key.isprintable():
            raise Invalid("Idempotency-Key has 8 to 64 visible characters.", field="Idempotency-Key")
        return key


Handler = Callable[[Call[Any]], Awaitable[Any]]
H = TypeVar("H", bound=Callable[..., Awaitable[Any]])


@dataclass(frozen=True, slots=True)
class Route:
    """One way in."""

    method: str
    path: str
    handler: Handler
    tag: str
    summary: str
    body: Any = None
    """The type the JSON body is decoded into, or None when the handler reads the request itself (or has none)."""
    query: Any = None
    answer: Any = None
    status: int = 200
    auth: Auth = "required"
    body_limit: int = JSON_BODY_LIMIT
    accepts: str = ""
    """Media type of a body that the handler reads itself."""
    produces: str = ""
    """Media type of an answer that is not JSON."""
    errors: tuple[int, ...] = field(default=())


class Routes:
    """A room's routes below `/api/v1`."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.table: list[Route] = []

    def _route(self, method: str, path: str, options: dict[str, Any]) -> Callable[[H], H]:
        def register(handler: H) -> H:
            summary = options.pop("summary", None) or (handler.__doc__ or handler.__name__.replace("_", " ")).strip()
            answer = options.get("answer")
            options.setdefault("status", 200 if answer is not None or options.get("produces") else 204)
            self.table.append(Route(method, path, cast(Handler, handler), self.tag, summary.split("\n")[0], **options))
            return handler

        return register

    def get(self, path: str, **options: Any) -> Callable[[H], H]:
        return self._route("GET", path, options)

    def post(self, path: str, **options: Any) -> Callable[[H], H]:
        return self._route("POST", path, options)

    def put(self, path: str, **options: Any) -> Callable[[H], H]:
        return self._route("PUT", path, options)

    def patch(self, path: str, **options: Any) -> Callable[[H], H]:
        return self._route("PATCH", path, options)

    def delete(self, path: str, **options: Any) -> Callable[[H], H]:
        return self._route("DELETE", path, options)

    def options(self, path: str, **options: Any) -> Callable[[H], H]:
        return self._route("OPTIONS", path, options)
