"""A web process for the sale benchmark: the product's own gateway and buying, over one of two designs of stock.

`python -m livecommerce.bench.sale_server batched|one_by_one`: settings as one JSON line on standard input, the port as
a line on standard output; it ends when standard input does.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from contextlib import AsyncExitStack

import msgspec
import uvloop
from aiohttp import web

from livecommerce.bench.one_by_one import OneByOne
from livecommerce.foundation.core.settings import Settings
from livecommerce.foundation.http.auth import Authentication
from livecommerce.foundation.http.server import ServerContext, application
from livecommerce.foundation.realtime.gateway import Gateway
from livecommerce.foundation.realtime.hub import Hub
from livecommerce.foundation.realtime.listening import Ear
from livecommerce.processes import doors, logs
from livecommerce.processes.house import House, open_house
from livecommerce.processes.resources import Resources, open_resources
from livecommerce.processes.web import STARTUP_GENERATIONS
from livecommerce.sales import socket as sales_socket
from livecommerce.sales.service import Bans, BuyService, Shelf
from livecommerce.sales.store import SaleStore
from livecommerce.stock.jobs import Janitor
from livecommerce.stock.store.gate import Gate
from livecommerce.stock.store.ledger import Ledger

ONE_BY_ONE = "one_by_one"


async def serve(settings: Settings, design: str) -> None:
    """Serve until standard input ends."""
    async with AsyncExitStack() as stack:
        resources = await stack.enter_async_context(open_resources(settings))
        house = await open_house(resources, stack)
        buying = house.trade.buying
        if design == ONE_BY_ONE:
            buying = await _one_by_one(resources, house, stack)
        gateway = await _listen(resources, house, buying, stack)
        async with asyncio.TaskGroup() as group:
            jobs = (gateway.run(), resources.bus.run(), Janitor(house.lower.upkeep).run())
            tasks = [group.create_task(job) for job in jobs]
            gc.freeze()
            gc.set_threshold(*STARTUP_GENERATIONS)
            await asyncio.to_thread(sys.stdin.read)
            for task in tasks:
                task.cancel()


async def _one_by_one(resources: Resources, house: House, stack: AsyncExitStack) -> BuyService:
    database, lower, settings = resources.database, house.lower, resources.settings.sales
    ledger = Ledger(database, open_holds_max=settings.open_holds_max)
    stock = await stack.enter_async_context(OneByOne(database, ledger, Gate(resources.redis), resources.bus))
    shelf, bans = Shelf(SaleStore(database), lower.catalog, lower.shows), Bans(house.talk.moderation)
    return BuyService(shelf, stock, bans, limiter=resources.limiter, settings=settings)


async def _listen(resources: Resources, house: House, buying: BuyService, stack: AsyncExitStack) -> Gateway:
    identity, settings, ear = house.lower.identity.identity, resources.settings, Ear(resources.listening_redis)
    context = ServerContext(Authentication(identity, allowed_origins=frozenset()))
    gateway = Gateway(
        identity,
        context,
        hub=Hub(resources.log, ear, tick_ms=settings.realtime.tick_ms),
        ear=ear,
        limiter=resources.limiter,
        settings=settings.realtime,
        clock=resources.clock,
        forget=identity.forget,
    )
    sales_socket.register(gateway, buying)
    app = application(context, doors.routes(house))
    gateway.attach(app)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1, handle_signals=False)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=4096).start()
    sys.stdout.write(f"{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    return gateway


if __name__ == "__main__":
    logs.configure("error", process="bench")
    uvloop.run(serve(msgspec.json.decode(sys.stdin.readline().encode(), type=Settings), sys.argv[1]))
