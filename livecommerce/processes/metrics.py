"""Prometheus, one port per process on 127.0.0.1: never beside the public pages."""

from __future__ import annotations

from contextlib import AsyncExitStack

from prometheus_client import REGISTRY, CollectorRegistry, start_http_server

from livecommerce.foundation.core.settings import Settings

SHUTDOWN_S = 5.0


def serve_metrics(
    settings: Settings, index: int, stack: AsyncExitStack, *, registry: CollectorRegistry = REGISTRY
) -> None:
    """Serve this process's metrics on `server.metrics_port + index`, when a port is set."""
    if not settings.server.metrics_port:
        return
    server, thread = start_http_server(settings.server.metrics_port + index, addr="127.0.0.1", registry=registry)
    stack.callback(thread.join, SHUTDOWN_S)
    stack.callback(server.server_close)
    stack.callback(server.shutdown)
