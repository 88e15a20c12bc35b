"""Prometheus, one port per process on 127.0.0.1: never beside the public pages."""

from __future__ import annotations

from contextlib import AsyncExitStack

from prometheus_client import start_http_server

from livecommerce.foundation.core.settings import Settings


def serve_metrics(settings: Settings, index: int, stack: AsyncExitStack) -> None:
    """Serve this web process's metrics on `server.metrics_port + index`, when one is set."""
    if not settings.server.metrics_port:
        return
    server, thread = start_http_server(settings.server.metrics_port + index, addr="127.0.0.1")
    stack.callback(thread.join, 5)
    stack.callback(server.server_close)
    stack.callback(server.shutdown)
