"""Errors on the way out: RFC 9457 `application/problem+json` with our stable `code`. Never a stack, never SQL."""

from __future__ import annotations

import math
from http import HTTPStatus

import msgspec
import structlog
from aiohttp import web

from livecommerce.foundation.core.errors import Invalid, LiveCommerceError

log = structlog.get_logger(__name__)

PUBLIC_DETAILS = ("field", "available", "retry_after_s", "retry_after_ms", "accepted")
"""What an error may say besides its code and message."""


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """An error answer (RFC 9457) with our extension members."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    request_id: str = ""
    field: str | None = None
    available: int | None = None
    retry_after_s: float | None = None
    retry_after_ms: int | None = None


def problem_of(error: LiveCommerceError, request_id: str) -> dict[str, object]:
    """The body for a domain error."""
    body: dict[str, object] = {
        "type": f"about:blank#{error.code}",
        "title": HTTPStatus(error.status).phrase,
        "status": error.status,
        "code": error.code,
        "detail": error.message,
        "request_id": request_id,
    }
    body.update({key: error.details[key] for key in PUBLIC_DETAILS if error.details.get(key) is not None})
    return body


def response_for(error: LiveCommerceError, request_id: str) -> web.Response:
    """The whole answer; with Retry-After for 429, 503 and whatever else says when to come back."""
    headers = {"X-Request-Id": request_id, "Cache-Control": "no-store"}
    if error.status in (429, 503) or error.details.get("retry_after_s") is not None:
        headers["Retry-After"] = str(_retry_after_s(error))
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return web.Response(
        status=error.status,
        body=msgspec.json.encode(problem_of(error, request_id)),
        content_type="application/problem+json",
        headers=headers,
    )


def _retry_after_s(error: LiveCommerceError) -> int:
    seconds, millis = error.details.get("retry_after_s"), error.details.get("retry_after_ms")
    if isinstance(seconds, int | float):
        return max(1, math.ceil(seconds))
    if isinstance(millis, int | float):
        return max(1, math.ceil(millis / 1000))
    return 1


def invalid_of(error: Exception) -> Invalid:
    """The refusal of what a decoder did not take, naming the field where msgspec does."""
    message = str(error)
    return Invalid(f"{message.rstrip('.')}.", field=_field(message))


def _field(message: str) -> str | None:
    """msgspec names the place as "... - at `$.quantity`"; unknown fields as "unknown field `x`"."""
    if "`$." in message:
        return message.rsplit("`$.", 1)[1].rstrip("`")
    return message.split("`")[1] if "field `" in message else None
