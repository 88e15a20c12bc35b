"""The media process: WebRTC sessions, relays, segments, and the internal door to them.

Concurrency: resources open in order and close in reverse; one `TaskGroup` holds the node (states, heartbeat, one
listener task per stream), the janitor of streams and the lag sampler. On SIGTERM the node takes no more sessions and
tells that its streams are interrupted; then everything closes. Runs apart from web, so that packets of video never
delay a click.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import AsyncExitStack
from dataclasses import dataclass

from aiohttp import web
from prometheus_client import CollectorRegistry

from livecommerce.broadcast.jobs import Doorman, StreamJanitor
from livecommerce.broadcast.service import StreamAnnouncer
from livecommerce.broadcast.store import StreamStore
from livecommerce.foundation.core.errors import ConfigurationError
from livecommerce.foundation.core.ids import new_id
from livecommerce.foundation.core.settings import MediaSettings, Settings
from livecommerce.foundation.media.internal import InternalDoor
from livecommerce.foundation.media.metrics import MediaMetrics
from livecommerce.foundation.media.node import MediaNode, NodeOptions
from livecommerce.foundation.media.registry import Node
from livecommerce.foundation.media.rtc.answer import BitrateCaps
from livecommerce.foundation.media.sessions import RtcLimits, RtcServer
from livecommerce.foundation.media.signing import Signer
from livecommerce.foundation.realtime.listening import Ear
from livecommerce.processes.lifetime import Lifetime
from livecommerce.processes.metrics import serve_metrics
from livecommerce.processes.resources import Resources, open_resources
from livecommerce.processes.rooms import INTERNAL_KEY, open_lower_rooms

SHUTDOWN_S = 5.0


@dataclass(frozen=True, slots=True)
class Media:
    """The object graph of this process."""

    node: MediaNode
    janitor: StreamJanitor
    doorman: Doorman
    metrics: MediaMetrics


async def run(settings: Settings, lifetime: Lifetime) -> None:
    """Serve media until told to stop."""
    async with AsyncExitStack() as stack:
        resources = await stack.enter_async_context(open_resources(settings))
        media = await build(resources, stack)
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(media.node.run(), name="media node"),
                group.create_task(media.janitor.run(), name="stream janitor"),
                group.create_task(media.doorman.run(), name="media doorman"),
                group.create_task(media.metrics.run(), name="loop lag"),
            ]
            lifetime.ready()
            await lifetime.stopping.wait()
            await media.node.drain()
            for task in tasks:
                task.cancel()


async def build(resources: Resources, stack: AsyncExitStack) -> Media:
    """Open the ports and put the objects together; everything is closed with the stack."""
    settings, clock = resources.settings, resources.clock
    rooms = await open_lower_rooms(resources, stack)
    shows = rooms.shows
    store = StreamStore(resources.database)
    announcer = StreamAnnouncer(store, resources.log, shows, clock)
    rtc = await _open_rtc(settings.media, stack)
    listener = _listen(settings.media, stack)
    own = settings.media
    node = MediaNode(
        Node(new_id(), f"http://{_host_in_url(own.internal_host)}:{listener.getsockname()[1]}"),
        rtc,
        resources.nodes,
        announcer,
        clock,
        options=NodeOptions(end_s=own.interrupted_end_s, part_ms=own.part_ms),
    )
    door = InternalDoor(node, Signer(rooms.identity.keys.derive(INTERNAL_KEY)), clock)
    await _serve(door.application(), listener, stack)
    janitor = StreamJanitor(
        store, announcer, shows, resources.nodes, media=node, clock=clock, end_s=own.interrupted_end_s
    )
    metrics = MediaMetrics(node, rtc)
    _serve_metrics(settings, metrics, stack)
    return Media(node, janitor, Doorman(Ear(resources.listening_redis), node), metrics)


async def _open_rtc(own: MediaSettings, stack: AsyncExitStack) -> RtcServer:
    limits = RtcLimits(viewers=own.whep_viewers_max, caps=BitrateCaps(max_kbps=own.uplink_kbps_max))
    rtc = RtcServer(own.host, own.udp_port, announce=own.announce, limits=limits)
    try:
        await rtc.open()
    except OSError as exc:
        raise ConfigurationError(
            f"Cannot open UDP port {own.udp_port} on {own.host} ({exc.strerror}); choose another media.udp_port."
        ) from exc
    stack.push_async_callback(rtc.close)
    return rtc


def _listen(own: MediaSettings, stack: AsyncExitStack) -> socket.socket:
    """The internal door's socket, bound before anybody is told its address."""
    family = socket.AF_INET6 if ":" in own.internal_host else socket.AF_INET
    listener = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((own.internal_host, own.internal_port))
    except OSError as exc:
        raise ConfigurationError(
            f"Cannot listen on {own.internal_host}:{own.internal_port} ({exc.strerror}); choose another "
            "media.internal_port."
        ) from exc
    return listener


def _host_in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


async def _serve(app: web.Application, listener: socket.socket, stack: AsyncExitStack) -> None:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_S, keepalive_timeout=75.0)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.SockSite(runner, listener, backlog=1024).start()


def _serve_metrics(settings: Settings, metrics: MediaMetrics, stack: AsyncExitStack) -> None:
    """On the port after those of the web workers."""
    registry = CollectorRegistry()
    registry.register(metrics)
    serve_metrics(settings, settings.server.web_workers, stack, registry=registry)
