"""The show of the demo and everybody in it: the host on camera, what she does, and the crowd.

Concurrency: one task each, ended in reverse order.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from rich.console import Console

from livecommerce.demo import record
from livecommerce.demo.client import Json, Unreachable
from livecommerce.demo.crowd import Crowd
from livecommerce.demo.host import HostOnCamera
from livecommerce.demo.links import make_pages, show_links
from livecommerce.demo.record import DemoRecord, Pages, Tokens
from livecommerce.demo.sales_rhythm import SalesRhythm
from livecommerce.demo.seed import seat_moderator, seed_products, seed_show
from livecommerce.demo.shop import DemoProduct
from livecommerce.demo.staff import HOST, MODERATOR, OWNER, Employee, Staff
from livecommerce.foundation.core.actors import Role

ON_AIR_WITHIN_S = 20.0
PREPARE_AGAIN_S = (1.0, 3.0)


@dataclass(slots=True)
class LiveDemo:
    """A show that has been prepared and waits to be run."""

    staff: Staff
    owner: Employee
    host: Employee
    moderator: Employee
    show_id: str
    products: list[tuple[DemoProduct, Json]]
    viewers: int
    data_dir: Path
    console: Console
    tally: Counter[str] = field(default_factory=Counter)

    @classmethod
    async def prepare(cls, staff: Staff, *, viewers: int, data_dir: Path, console: Console) -> LiveDemo:
        """Make the shop, its staff and its show, as far as they are not there from last time."""
        console.print("Preparing the shop")
        for pause_s in PREPARE_AGAIN_S:
            try:
                return await cls._prepare(staff, viewers=viewers, data_dir=data_dir, console=console)
            except Unreachable:  # a process that is being replaced
                await asyncio.sleep(pause_s)
        return await cls._prepare(staff, viewers=viewers, data_dir=data_dir, console=console)

    @classmethod
    async def _prepare(cls, staff: Staff, *, viewers: int, data_dir: Path, console: Console) -> LiveDemo:
        owner, host, moderator = await staff.hire(*OWNER), await staff.hire(*HOST), await staff.hire(*MODERATOR)
        products = await seed_products(owner.client)
        show = await seed_show(host.client, [product["id"] for _, product in products])
        await seat_moderator(host.client, show["id"], moderator.id)
        return cls(
            staff=staff,
            owner=owner,
            host=host,
            moderator=moderator,
            show_id=show["id"],
            products=products,
            viewers=viewers,
            data_dir=data_dir,
            console=console,
        )

    async def run(self, stopping: asyncio.Event, *, seconds: float | None) -> None:
        """Go live, print the links, and go on until asked to stop or the time is over."""
        rhythm = SalesRhythm(self.host.client, self.show_id, self.products, on_open=self._sale_opened, report=self.say)
        camera = HostOnCamera(self.host.client, self.show_id, caption=lambda: rhythm.caption)
        crowd = Crowd(self.host.client.as_person(""), self.show_id, self.viewers, self.tally)
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(camera.run(), name="host on camera")]
            await self._wait_for_picture(camera, stopping)
            await self._announce()
            running.append(group.create_task(rhythm.run(), name="sales rhythm"))
            if self.viewers:
                running.append(group.create_task(crowd.run(), name="crowd"))
            await _wait(stopping, seconds)
            for task in reversed(running):
                task.cancel()
                await asyncio.wait({task})
        self.say(self._summary())

    def say(self, text: str) -> None:
        """Print one line with the time."""
        self.console.print(f"{datetime.now():%H:%M:%S}  {text}", markup=False, highlight=False, soft_wrap=True)

    async def _wait_for_picture(self, camera: HostOnCamera, stopping: asyncio.Event) -> None:
        self.console.print("Going live")
        waits = [asyncio.create_task(event.wait()) for event in (camera.is_live, stopping)]
        await asyncio.wait(waits, timeout=ON_AIR_WITHIN_S, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        if not camera.is_live.is_set() and not stopping.is_set():
            self.say("The picture is not on the air yet; the show goes on without it.")

    async def _announce(self) -> None:
        pages = await self._write_record(None)
        is_lan = bool(self.host.client.certificate)
        show_links(self.console, pages, phone=pages.studio if is_lan else None)

    async def _sale_opened(self, sale: Json) -> None:
        await self._write_record(str(sale["id"]))

    async def _write_record(self, flash_sale_id: str | None) -> Pages:
        base_url = self.host.client.base_url
        pages = make_pages(
            base_url,
            self.show_id,
            host_code=await self.staff.code(Role.HOST),
            moderator_code=await self.staff.code(Role.MODERATOR),
        )
        tokens = Tokens(
            owner=self.owner.client.token, host=self.host.client.token, moderator=self.moderator.client.token
        )
        written = DemoRecord(
            base_url=base_url, show_id=self.show_id, flash_sale_id=flash_sale_id, tokens=tokens, pages=pages
        )
        await asyncio.to_thread(record.write, self.data_dir, written)
        return pages

    def _summary(self) -> str:
        names = ("messages", "reactions", "holds", "orders", "paid")
        return "The simulated viewers: " + ", ".join(f"{self.tally[name]} {name}" for name in names)


async def _wait(stopping: asyncio.Event, seconds: float | None) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stopping.wait()
    except TimeoutError:
        return
