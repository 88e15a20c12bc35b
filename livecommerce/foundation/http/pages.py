"""The built pages of `web/dist`: read into memory at start, served under a Content-Security-Policy without inline code.

The addresses of pages are ours (`/shows/{id}`), not file names; every file below `/assets` carries a hash in its
name and may be kept for ever.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from livecommerce.foundation.core.errors import ConfigurationError

TOTAL_LIMIT = 32 * 1024 * 1024
"""Bytes of all built files together; more than that is not a build of ours."""

PAGES = {
    "/": "index.html",
    "/shows/{id}": "show.html",
    "/studio": "studio.html",
    "/studio/{id}": "studio.html",
    "/control": "control.html",
    "/control/{id}": "control.html",
}

_COMPRESSIBLE = frozenset({"text/html", "text/css", "text/javascript", "application/json", "image/svg+xml"})


@dataclass(frozen=True, slots=True)
class File:
    """A built file, ready to send."""

    body: bytes
    packed: bytes | None
    content_type: str
    etag: str
    is_immutable: bool


def default_folder() -> Path:
    """Where `make build` puts the pages, looked up at run time so that a fresh clone installs before it builds."""
    return Path(__file__).resolve().parents[3] / "web" / "dist"


class Pages:
    """Serves the pages."""

    def __init__(self, folder: Path) -> None:
        if not (folder / "index.html").is_file():
            raise ConfigurationError(f"The pages are not built ({folder} has no index.html): run `make build`.")
        self._files: dict[str, File] = {}
        total = 0
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                total += path.stat().st_size
                if total > TOTAL_LIMIT:
                    raise ConfigurationError(f"{folder} holds more than {TOTAL_LIMIT} bytes; it is not our build.")
                name = path.relative_to(folder).as_posix()
                self._files[name] = _read(path, is_immutable=name.startswith("assets/"))

    def add_to(self, app: web.Application) -> None:
        """Register the pages and their files; call it after all other routes."""
        for address, name in PAGES.items():
            app.router.add_get(address, self._handler(name))
        for name in self._files:
            if not name.endswith(".html"):
                app.router.add_get(f"/{name}", self._handler(name))

    def _handler(self, name: str) -> Callable[[web.Request], Awaitable[web.Response]]:
        file = self._files[name]

        async def serve(request: web.Request) -> web.Response:
            return _respond(request, file)

        return serve


def _read(path: Path, *, is_immutable: bool) -> File:
    body = path.read_bytes()
    content_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    packed = gzip.compress(body, mtime=0) if content_type in _COMPRESSIBLE and len(body) > 1024 else None
    return File(body, packed, content_type, hashlib.sha256(body).hexdigest()[:16], is_immutable)


def _respond(request: web.Request, file: File) -> web.Response:
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable" if file.is_immutable else "no-cache",
        "ETag": f'"{file.etag}"',
        "Vary": "Accept-Encoding",
        **security_headers(request),
    }
    if f'"{file.etag}"' in request.headers.get("If-None-Match", ""):
        return web.Response(status=304, headers=headers)
    body = file.body
    if file.packed is not None and "gzip" in request.headers.get("Accept-Encoding", ""):
        body, headers["Content-Encoding"] = file.packed, "gzip"
    charset = "utf-8" if file.content_type.startswith(("text/", "application/json")) else None
    return web.Response(body=body, content_type=file.content_type, charset=charset, headers=headers)


def security_headers(request: web.Request) -> dict[str, str]:
    """What every page is served with."""
    socket = f"{'wss' if request.secure else 'ws'}://{request.host}"
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data: blob:",
        "media-src": "'self' blob:",
        "font-src": "'self'",
        "connect-src": f"'self' {socket}",
        "manifest-src": "'self'",
        "worker-src": "'self' blob:",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(self), microphone=(self), geolocation=(), payment=()",
    }
