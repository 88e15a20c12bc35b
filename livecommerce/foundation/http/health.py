"""`/healthz`: the process is alive. `/readyz`: it can serve, and what is degraded. Metrics have a port of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import msgspec
from aiohttp import web

PROBE_TIMEOUT_S = 1.0

Probe = Callable[[], Awaitable[object]]


class Health:
    """Answers probes. A lost Redis or PostgreSQL degrades a process; only draining makes it not ready."""

    def __init__(self, probes: Mapping[str, Probe]) -> None:
        self._probes = probes
        self.is_draining = False

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)

    async def _healthz(self, _: web.Request) -> web.Response:
        return _json({"status": "ok"}, 200)

    async def _readyz(self, _: web.Request) -> web.Response:
        if self.is_draining:
            return _json({"status": "draining", "degraded": []}, 503)
        results = await asyncio.gather(*(self._works(probe) for probe in self._probes.values()))
        degraded = [name for name, works in zip(self._probes, results, strict=True) if not works]
        return _json({"status": "degraded" if degraded else "ok", "degraded": degraded}, 200)

    async def _works(self, probe: Probe) -> bool:
        try:
            await asyncio.wait_for(probe(), PROBE_TIMEOUT_S)
        except Exception:
            return False
        return True


def _json(body: dict[str, object], status: int) -> web.Response:
    headers = {"Cache-Control": "no-store"}
    return web.Response(status=status, body=msgspec.json.encode(body), content_type="application/json", headers=headers)
