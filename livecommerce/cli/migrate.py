"""`livecommerce migrate`: bring a database to this version."""

from __future__ import annotations

import asyncio

from rich.console import Console

from livecommerce.cli.options import Config, DataDir, settings_from
from livecommerce.foundation.core.settings import Settings
from livecommerce.processes.storage import open_storage


def migrate(*, config: Config = None, data_dir: DataDir = None) -> int:
    """Apply the migrations that are missing; running it twice changes nothing."""
    asyncio.run(_migrate(settings_from(config, data_dir)))
    return 0


async def _migrate(settings: Settings) -> None:
    console = Console(stderr=True, highlight=False)
    async with open_storage(settings, console.print):
        console.print("The database is up to date.")
