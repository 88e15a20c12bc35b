"""`livecommerce bench sale`: how fast this machine sells, beside the obvious design, and that nothing goes wrong.

Everything runs on an installation of its own in a temporary directory (embedded PostgreSQL, which syncs to disk, and
Valkey) or on the databases that the settings name, which should be empty ones. Concurrency: the server and the load are
each a process of their own; phases follow one another, so that no two measurements share the machine.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from livecommerce.bench.clicker import Plan, Tally
from livecommerce.bench.invariants import violations
from livecommerce.bench.ledgers import Counter
from livecommerce.bench.sale_server import ONE_BY_ONE
from livecommerce.demo.client import Client, Json, open_session
from livecommerce.demo.staff import open_staff
from livecommerce.foundation.core.actors import Role
from livecommerce.foundation.core.errors import LiveCommerceError
from livecommerce.foundation.core.ids import new_id
from livecommerce.foundation.core.settings import Settings
from livecommerce.foundation.storage.postgres import Database
from livecommerce.foundation.storage.redis import connect

BATCHED = "batched"
SOCKETS = 300
GUESTS_AT_ONCE = 10
BURST_CLICKS, BURST_UNITS = 5000, 100
MANY = 1_000_000


class SaleFigures(msgspec.Struct):
    """What was measured; rates per second."""

    ledger_per_s: float = 0.0
    ledger_naive_per_s: float = 0.0
    door_per_s: float = 0.0
    door_naive_per_s: float = 0.0
    refusals_per_s: float = 0.0
    gate_refusals_per_s: float = 0.0
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    violations: int = 0


class BenchFailed(LiveCommerceError):
    """The benchmark could not be run."""


@dataclass
class SaleBench:
    """One run. `report` is told the name of each phase as it begins."""

    settings: Settings
    seconds: float
    report: Callable[[str], None]
    figures: SaleFigures = field(default_factory=SaleFigures)
    broken: list[str] = field(default_factory=list)
    _held: list[tuple[str, str]] = field(default_factory=list)

    async def run(self) -> SaleFigures:
        """Measure everything, then check the books."""
        redis = connect(self.settings.redis.url)
        try:
            async with Database(self.settings.database.url, max_size=6) as database:
                await self._without_doors(Counter(database, redis))
                await self._at_the_door(ONE_BY_ONE, self._naive_door)
                await self._at_the_door(BATCHED, self._own_door)
                self.report("Checking invariants")
                self.broken = await violations(database, redis, self._held)
        finally:
            await redis.aclose()
        self.figures.violations = len(self.broken)
        return self.figures

    async def _without_doors(self, counter: Counter) -> None:
        self.report("Ledger, one transaction per click")
        self.figures.ledger_naive_per_s = await counter.one_by_one(self.seconds)
        self.report("Ledger, group commit")
        self.figures.ledger_per_s = await counter.batched(self.seconds)
        self.report("Refusals at the gate")
        self.figures.gate_refusals_per_s = await counter.refusals(self.seconds)

    async def _naive_door(self, shop: Shop) -> None:
        self.report("Buys through the socket, one transaction per click")
        self.figures.door_naive_per_s = (await self._press(shop, stock=MANY)).per_s("held")

    async def _own_door(self, shop: Shop) -> None:
        self.report("Buys through the socket")
        self.figures.door_per_s = (await self._press(shop, stock=MANY)).per_s("held")
        self.report("Refusals through the socket")
        self.figures.refusals_per_s = (await self._press(shop, stock=0)).per_s("sold_out")
        self.report(f"{BURST_CLICKS} clicks within a second for {BURST_UNITS} units")
        burst = await self._press(shop, stock=BURST_UNITS, clicks=BURST_CLICKS)
        self.figures.p50_ms, self.figures.p99_ms = burst.p50_ms, burst.p99_ms
        if burst.codes.get("held", 0) > BURST_UNITS:
            self.broken.append(f"I1 {burst.codes['held']} of {BURST_UNITS} were said HELD")

    async def _press(self, shop: Shop, *, stock: int, clicks: int = 0) -> Tally:
        variant_id = await shop.variant(stock)
        seconds = 1.0 if clicks else self.seconds
        plan = Plan(shop.url, shop.tokens, shop.show_id, variant_id, seconds, clicks=clicks)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "livecommerce.bench.clicker"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        answer, _ = await process.communicate(msgspec.json.encode(plan))
        if process.returncode:
            raise BenchFailed("The load generator of the benchmark ended early; see above.")
        tally = msgspec.json.decode(answer, type=Tally)
        self._held += tally.held
        return tally

    async def _at_the_door(self, design: str, measure: Callable[[Shop], Awaitable[None]]) -> None:
        self.report("Starting a server")
        async with _serving(self.settings, design) as url, open_session() as session:
            async with open_staff(self.settings, Client(session, url)) as staff:
                owner = (await staff.hire(Role.OWNER, "owner@bench.example", "Owner")).client
                host = (await staff.hire(Role.HOST, "host@bench.example", "Host")).client
            self.report(f"Seating {SOCKETS} buyers")
            await measure(await Shop.open(owner, host, url))


@dataclass(frozen=True, slots=True)
class Shop:
    """A live show in which things can be bought, and people to buy them."""

    url: str
    show_id: str
    tokens: list[str]
    _owner: Client
    _host: Client
    _lineup: list[str]

    @classmethod
    async def open(cls, owner: Client, host: Client, url: str) -> Shop:
        """Start a show and let buyers in."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        body = {"title": "Benchmark", "starts_at": now, "visibility": "unlisted"}
        show = await host.post("/shows", body)
        await host.post(f"/shows/{show['id']}/start")
        nobody, turns = owner.as_person(""), asyncio.Semaphore(GUESTS_AT_ONCE)

        async def guest(nth: int) -> str:
            async with turns:
                return str((await nobody.post("/guests", {"display_name": f"Buyer {nth}"}))["token"])

        tokens = await asyncio.gather(*(guest(nth) for nth in range(SOCKETS)))
        return cls(url, show["id"], list(tokens), owner, host, [])

    async def variant(self, stock: int) -> str:
        """Put something new into the lineup."""
        name = f"bench-{new_id()}"
        price = {"amount": "10.00", "currency": "EUR"}
        variant: Json = {"sku": name, "options": {}, "price": price, "stock": stock}
        product = await self._owner.post("/products", {"handle": name, "title": "Bench", "variants": [variant]})
        self._lineup.append(product["id"])
        await self._host.put(f"/shows/{self.show_id}/lineup", self._lineup)
        await asyncio.sleep(1)  # shelves are remembered for half a second
        return str(product["variants"][0]["id"])


def bench_settings(settings: Settings) -> Settings:
    """The same installation, in which the load is not refused for coming from one place."""
    change = msgspec.structs.replace
    return change(
        settings,
        server=change(settings.server, log_level="error"),
        sales=change(settings.sales, buyer="guest", buys_per_s=MANY, open_holds_max=MANY),
        identity=change(settings.identity, guests_per_minute_per_address=MANY),
        shop=change(settings.shop, currency="EUR"),
    )


@asynccontextmanager
async def _serving(settings: Settings, design: str) -> AsyncIterator[str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "livecommerce.bench.sale_server", design),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None  # noqa: S101
    assert process.stdout is not None  # noqa: S101
    try:
        process.stdin.write(msgspec.json.encode(settings) + b"\n")
        port = await asyncio.wait_for(process.stdout.readline(), 60)
        if not port:
            raise BenchFailed("The server of the benchmark did not start; see above.")
        yield f"http://127.0.0.1:{int(port)}"
    finally:
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 20)
        except TimeoutError:
            process.kill()
            await process.wait()
