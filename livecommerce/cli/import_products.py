"""`livecommerce import products.csv`: bring a product file into the catalogue, or only check it."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from livecommerce.catalog.service import ImportReport
from livecommerce.cli.options import Config, DataDir, settings_from
from livecommerce.foundation.core.actors import SYSTEM
from livecommerce.foundation.core.errors import Invalid
from livecommerce.foundation.core.settings import Settings
from livecommerce.processes.resources import open_resources
from livecommerce.processes.rooms import open_lower_rooms
from livecommerce.processes.storage import open_storage


def import_products(
    file: Path,
    /,
    *,
    dry_run: Annotated[bool, Parameter(negative="", help="Say what would happen and change nothing.")] = False,
    config: Config = None,
    data_dir: DataDir = None,
) -> int:
    """Create and update products from a CSV file as Shopify writes it; exit 1 when a row has a fault."""
    try:
        data = file.read_bytes()
    except OSError as exc:
        raise Invalid(f"Cannot read {file}: {exc.strerror}.") from exc
    report = asyncio.run(_import(settings_from(config, data_dir), data, is_dry_run=dry_run))
    _print(report, is_dry_run=dry_run)
    return 1 if report.errors else 0


async def _import(settings: Settings, data: bytes, *, is_dry_run: bool) -> ImportReport:
    console = Console(stderr=True, highlight=False)
    async with AsyncExitStack() as stack:
        found = await stack.enter_async_context(open_storage(settings, console.print))
        resources = await stack.enter_async_context(open_resources(found))
        rooms = await open_lower_rooms(resources, stack)
        return await rooms.csv_import.run(SYSTEM, data, is_dry_run=is_dry_run)


def _print(report: ImportReport, *, is_dry_run: bool) -> None:
    console = Console(highlight=False)
    if report.errors:
        table = Table("Row", "Column", "What is wrong", box=None)
        for error in report.errors:
            table.add_row(str(error.row), error.field, error.message)
        console.print(table)
    would = "Would have created" if is_dry_run else "Created"
    console.print(f"{would} {report.created}, updated {report.updated}, left alone {report.unchanged} products.")
