"""One error tree. A class docstring is the default message; `code` is public and stable."""

from __future__ import annotations

from typing import ClassVar


class LiveCommerceError(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500

    def __init__(self, message: str | None = None, **details: object) -> None:
        self.message = message or (self.__class__.__doc__ or "").strip().split("\n")[0]
        self.details = details
        """Public extras beside the code: `field`, `available`, `retry_after_s`, `retry_after_ms`."""
        super().__init__(self.message)


class Invalid(LiveCommerceError):
    """The request is not valid."""

    code, status = "invalid", 422


class Malformed(LiveCommerceError):
    """The request cannot be read."""

    code, status = "malformed", 400


class Unauthenticated(LiveCommerceError):
    """Sign in first."""

    code, status = "unauthenticated", 401


class Forbidden(LiveCommerceError):
    """You are not allowed to do this."""

    code, status = "forbidden", 403


class NotFound(LiveCommerceError):
    """There is nothing here by that name."""

    code, status = "not_found", 404


class Conflict(LiveCommerceError):
    """This does not fit the present state."""

    code, status = "conflict", 409


class VersionConflict(Conflict):
    """Somebody changed this in the meantime; load it again."""

    code = "version_conflict"


class TooLarge(LiveCommerceError):
    """The request is too large."""

    code, status = "too_large", 413


class UnsupportedMediaType(LiveCommerceError):
    """This kind of content is not accepted here."""

    code, status = "unsupported_media_type", 415


class RateLimited(LiveCommerceError):
    """Too many requests; wait a moment."""

    code, status = "rate_limited", 429


class Busy(LiveCommerceError):
    """The server is busy; try again in a moment."""

    code, status = "busy", 503


class StorageUnavailable(Busy):
    """The server cannot reach its storage; try again in a moment."""


class ConfigurationError(LiveCommerceError):
    """The configuration is not usable."""

    code, status = "configuration", 500
