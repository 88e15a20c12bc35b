"""`livecommerce doctor`: is this installation able to run? One line per finding, and what to do."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Awaitable, Callable

from rich.console import Console
from rich.table import Table

from livecommerce.cli.options import Config, DataDir, settings_from
from livecommerce.foundation.core.errors import LiveCommerceError
from livecommerce.foundation.core.settings import Settings
from livecommerce.foundation.http.pages import Pages, default_folder
from livecommerce.foundation.storage.migrations import pending
from livecommerce.foundation.storage.postgres import Database
from livecommerce.foundation.storage.redis import connect

Check = Callable[[Settings], Awaitable[str]]

POSTGRES_OLDEST = 140000
REDIS_OLDEST = (7, 0)


def doctor(*, config: Config = None, data_dir: DataDir = None) -> int:
    """Check pages, databases, data directory and port; exit 1 when something must be mended."""
    return asyncio.run(_doctor(settings_from(config, data_dir)))


async def _doctor(settings: Settings) -> int:
    table = Table("", "What", "Finding", box=None)
    failures = 0
    for name, check in CHECKS.items():
        try:
            finding, works = await check(settings), True
        except LiveCommerceError as exc:
            finding, works = exc.message, False
        failures += not works
        table.add_row("ok" if works else "!!", name, finding)
    Console(highlight=False).print(table)
    return 1 if failures else 0


async def _python(_: Settings) -> str:
    return ".".join(map(str, sys.version_info[:3]))


async def _pages(_: Settings) -> str:
    Pages(default_folder())
    return "built"


async def _data_directory(settings: Settings) -> str:
    folder = settings.data_dir
    existing = folder if folder.exists() else folder.parent
    if not os.access(existing, os.W_OK):
        raise LiveCommerceError(f"{folder} cannot be written; choose another --data-dir.")
    return str(folder)


async def _postgres(settings: Settings) -> str:
    if not settings.database.url:
        return "embedded (no DATABASE_URL)"
    async with Database(settings.database.url, max_size=1) as database:
        number = int(await database.fetchval("SHOW server_version_num"))
        if number < POSTGRES_OLDEST:
            raise LiveCommerceError(f"PostgreSQL {number // 10000} is too old; 14 or newer is needed.")
        missing = len(await pending(database))
        return f"PostgreSQL {number // 10000}" + (
            f", {missing} migrations to apply: livecommerce migrate" * bool(missing)
        )


async def _redis(settings: Settings) -> str:
    if not settings.redis.url:
        return "embedded (no REDIS_URL)"
    client = connect(settings.redis.url)
    try:
        info = await client.info("server")
    except Exception as exc:
        raise LiveCommerceError("Redis does not answer; check REDIS_URL.") from exc
    finally:
        await client.aclose()
    version = str(info.get("valkey_version") or info["redis_version"])
    if tuple(map(int, version.split(".")[:2])) < REDIS_OLDEST:
        raise LiveCommerceError(f"Redis {version} is too old; 7.0 or newer is needed.")
    return f"{'Valkey' if 'valkey_version' in info else 'Redis'} {version}"


async def _ports(settings: Settings) -> str:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.server.host, settings.server.port))
        except OSError:
            raise LiveCommerceError(f"Port {settings.server.port} is taken; choose another --port.") from None
    return f"{settings.server.host}:{settings.server.port} is free"


async def _payment(settings: Settings) -> str:
    if "sandbox" in settings.payment.methods:
        return f"{', '.join(settings.payment.methods)}: with the sandbox no money moves; set payment.methods to sell"
    return ", ".join(settings.payment.methods)


CHECKS: dict[str, Check] = {
    "Python": _python,
    "Pages": _pages,
    "Data directory": _data_directory,
    "PostgreSQL": _postgres,
    "Redis": _redis,
    "Port": _ports,
    "Payment": _payment,
}
