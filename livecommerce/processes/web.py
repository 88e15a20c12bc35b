"""The web process: HTTP, sockets, pages, and the jobs of every room.

Concurrency: resources open in order and close in reverse; one `TaskGroup` holds the gateway, the bus, the sweep of the
event log and each room's jobs, all of them safe beside those of other web processes. On SIGTERM no new connections are
taken, sockets are told to go elsewhere, running requests (buys among them) get `server.drain_s` to be answered.
"""

from __future__ import annotations

import asyncio
import gc
import socket
import ssl
from contextlib import AsyncExitStack
from importlib.metadata import version

import structlog
from aiohttp import web

from livecommerce.foundation.core.errors import ConfigurationError
from livecommerce.foundation.core.settings import ServerSettings, Settings
from livecommerce.foundation.http import openapi
from livecommerce.foundation.http.auth import Authentication
from livecommerce.foundation.http.health import Health
from livecommerce.foundation.http.pages import Pages, default_folder
from livecommerce.foundation.http.server import API, HEADER_TIMEOUT_S, ServerContext, application
from livecommerce.foundation.realtime import asyncapi
from livecommerce.foundation.realtime.gateway import Gateway
from livecommerce.foundation.realtime.hub import Hub
from livecommerce.foundation.realtime.listening import Ear
from livecommerce.foundation.realtime.publishing import Sweep
from livecommerce.processes import doors
from livecommerce.processes.house import House, open_house
from livecommerce.processes.lifetime import Lifetime
from livecommerce.processes.metrics import serve_metrics
from livecommerce.processes.resources import Resources, open_resources

log = structlog.get_logger(__name__)

STARTUP_GENERATIONS = (50_000, 20, 50)
"""Garbage collection after warm-up: long-lived objects are frozen, and collections are rare enough not to be felt."""


async def run(settings: Settings, lifetime: Lifetime, *, listen_fd: int, index: int) -> None:
    """Serve until told to stop."""
    async with AsyncExitStack() as stack:
        resources = await stack.enter_async_context(open_resources(settings))
        house = await open_house(resources, stack)
        gateway, context = _gateway(resources, house)
        health = Health({"postgres": lambda: resources.database.fetchval("SELECT 1"), "redis": resources.redis.ping})
        app = _application(house, gateway, context, health)
        serve_metrics(settings, index, stack)
        async with asyncio.TaskGroup() as group:
            jobs = {
                "gateway": gateway.run(),
                "bus": resources.bus.run(),
                "sweep": Sweep(resources.log).run(),
                **doors.jobs(resources, house, gateway),
            }
            tasks = [group.create_task(job, name=name) for name, job in jobs.items()]
            runner = await _serve(app, settings.server, listen_fd, stack)
            gc.freeze()
            gc.set_threshold(*STARTUP_GENERATIONS)
            lifetime.ready()
            await lifetime.stopping.wait()
            health.is_draining = True
            await _drain(runner, gateway, settings.server.drain_s)
            for task in tasks:
                task.cancel()


def _gateway(resources: Resources, house: House) -> tuple[Gateway, ServerContext]:
    settings = resources.settings
    authentication = Authentication(
        house.lower.identity.identity, allowed_origins=frozenset(settings.server.allowed_origins) | _public(settings)
    )
    context = ServerContext(authentication, trusted_proxies=settings.server.trusted_proxies)
    ear = Ear(resources.listening_redis)
    gateway = Gateway(
        house.lower.identity.identity,
        context,
        hub=Hub(resources.log, ear, tick_ms=settings.realtime.tick_ms),
        ear=ear,
        limiter=resources.limiter,
        settings=settings.realtime,
        clock=resources.clock,
        forget=house.lower.identity.identity.forget,
    )
    return gateway, context


def _public(settings: Settings) -> frozenset[str]:
    """The address that browsers know us by, behind a proxy."""
    return frozenset({settings.server.public_url.rstrip("/")} - {""})


def _application(house: House, gateway: Gateway, context: ServerContext, health: Health) -> web.Application:
    rooms = doors.routes(house)
    app = application(context, rooms)
    doors.register(gateway, house)
    gateway.attach(app)
    health.add_to(app)
    release = version("livecommerce")
    openapi.add_to(
        app,
        openapi.document(rooms, version=release, base=API),
        asyncapi.document(gateway.messages.values(), version=release),
        base=API,
    )
    Pages(default_folder()).add_to(app)
    return app


async def _serve(app: web.Application, server: ServerSettings, fd: int, stack: AsyncExitStack) -> web.AppRunner:
    runner = web.AppRunner(
        app, access_log=None, keepalive_timeout=HEADER_TIMEOUT_S, shutdown_timeout=server.drain_s, handle_signals=False
    )
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    listener = socket.socket(fileno=fd)
    await web.SockSite(runner, listener, ssl_context=_tls(server), backlog=4096).start()
    return runner


def _tls(server: ServerSettings) -> ssl.SSLContext | None:
    if not server.tls_cert:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(server.tls_cert, server.tls_key or None)
    except (OSError, ssl.SSLError) as exc:
        raise ConfigurationError(f"Cannot use the certificate {server.tls_cert} with its key: {exc}.") from exc
    return context


async def _drain(runner: web.AppRunner, gateway: Gateway, within_s: float) -> None:
    """Take nobody new, send sockets elsewhere, and let what runs be answered."""
    for site in list(runner.sites):
        await site.stop()
    try:
        async with asyncio.timeout(within_s):
            await gateway.drain()
            await runner.shutdown()
    except TimeoutError:
        log.warning("some requests were cut: they took longer than server.drain_s")
