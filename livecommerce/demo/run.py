"""`run_demo`: an installation with a live show in it, from nothing to Ctrl-C.

Concurrency: the supervisor runs in a task of its own. Everything else (host on camera, crowd, sales rhythm) are clients
of it in one task group that ends first; then the supervisor stops its processes and the embedded databases.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

import msgspec
from rich.console import Console

from livecommerce.demo import record
from livecommerce.demo.certificate import lan_address, make_certificate
from livecommerce.demo.client import Client, open_session
from livecommerce.demo.live import LiveDemo
from livecommerce.demo.shop import CURRENCY, SHOP_NAME, TAX_RATE
from livecommerce.demo.staff import open_staff
from livecommerce.foundation.core.errors import ConfigurationError
from livecommerce.foundation.core.settings import Settings
from livecommerce.processes.supervisor import Supervisor

T = TypeVar("T")

GUESTS_PER_MINUTE = 600
"""The crowd comes from one address."""
SESSION_H = 24 * 30
"""A demo may run for weeks, and its links and tokens stand on paper."""


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What the command line says."""

    settings: Settings
    viewers: int = 20
    seconds: float | None = None
    """How long to run once everything is up; None: until Ctrl-C."""
    lan: bool = False


async def run_demo(options: DemoOptions, console: Console) -> None:
    """Run the demo until its time is over, Ctrl-C, or the server cannot go on."""
    settings, certificate = demo_settings(options)
    record.forget(settings.data_dir)
    supervisor = Supervisor(settings, report=lambda text: console.print(text, markup=False))
    async with _serving(supervisor) as stopping:
        if stopping.is_set():
            return
        async with AsyncExitStack() as stack:
            session = await stack.enter_async_context(open_session())
            nobody = Client(session, supervisor.settings.public_url, certificate=certificate)
            staff = await stack.enter_async_context(open_staff(supervisor.settings, nobody))
            preparing = LiveDemo.prepare(staff, viewers=options.viewers, data_dir=settings.data_dir, console=console)
            if demo := await _unless(stopping, preparing):
                await demo.run(stopping, seconds=options.seconds)


def demo_settings(options: DemoOptions) -> tuple[Settings, str]:
    """Return settings in which guests may buy; with `lan` also https for the whole network, and its certificate."""
    given = options.settings
    change = msgspec.structs.replace
    server, media, certificate = change(given.server, log_level="warning"), given.media, ""
    if options.lan:
        if given.server.port == 0:
            raise ConfigurationError("With --lan the link must be known beforehand; choose a --port.")
        address = lan_address()
        made = make_certificate(given.data_dir / "secrets", address)
        certificate = str(made.certificate)
        server = change(
            server,
            host="0.0.0.0",
            public_url=f"https://{address}:{given.server.port}",
            tls_cert=certificate,
            tls_key=str(made.key),
        )
        media = change(media, host=address)
    changed = change(
        given,
        server=server,
        media=media,
        sales=change(given.sales, buyer="guest"),
        identity=change(
            given.identity,
            guests_per_minute_per_address=GUESTS_PER_MINUTE,
            guest_token_h=SESSION_H,
            session_h=SESSION_H,
        ),
        shop=change(given.shop, name=SHOP_NAME, currency=CURRENCY, tax_rate=TAX_RATE),
    )
    return changed, certificate


async def _unless(stopping: asyncio.Event, work: Coroutine[None, None, T]) -> T | None:
    """Finish the work and return its result, or give it up when asked to stop."""
    working, stopped = asyncio.create_task(work), asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        for task in (working, stopped):
            task.cancel()
        await asyncio.wait({working, stopped})


@asynccontextmanager
async def _serving(supervisor: Supervisor) -> AsyncIterator[asyncio.Event]:
    """Run the server around the block, which gets an event that asks it to end."""
    stopping = asyncio.Event()
    running = asyncio.create_task(supervisor.run(), name="supervisor")
    running.add_done_callback(lambda _: stopping.set())
    ready = asyncio.create_task(supervisor.ready.wait(), name="ready")
    try:
        await asyncio.wait({running, ready}, return_when=asyncio.FIRST_COMPLETED)
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # from now on the clients end before the server
            asyncio.get_running_loop().add_signal_handler(name, stopping.set)
        yield stopping
    finally:
        ready.cancel()
        supervisor.stop()
        await running
