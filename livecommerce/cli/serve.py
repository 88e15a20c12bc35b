"""`livecommerce serve`: the server."""

from __future__ import annotations

import asyncio
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from livecommerce.cli.options import Config, DataDir, settings_from
from livecommerce.foundation.http.pages import Pages, default_folder
from livecommerce.processes import logs
from livecommerce.processes.supervisor import Supervisor


def serve(
    *,
    host: Annotated[str | None, Parameter(help="Address to listen on.")] = None,
    port: Annotated[int | None, Parameter(help="Port to listen on; 0 takes a free one.")] = None,
    web_workers: Annotated[int | None, Parameter(help="Processes that answer HTTP and sockets.")] = None,
    tls_cert: Annotated[str | None, Parameter(help="PEM certificate, to speak https ourselves.")] = None,
    tls_key: Annotated[str | None, Parameter(help="Its PEM key.")] = None,
    config: Config = None,
    data_dir: DataDir = None,
) -> int:
    """Run the server on your PostgreSQL and Redis, or on embedded ones when no URL is given."""
    flags = {"host": host, "port": port, "web_workers": web_workers, "tls_cert": tls_cert, "tls_key": tls_key}
    settings = settings_from(config, data_dir, server=flags)
    Pages(default_folder())  # says what to do when they are not built, before anything starts
    logs.configure(settings.server.log_level, process="supervisor")
    console = Console(stderr=True, highlight=False)
    asyncio.run(_serve(Supervisor(settings, report=console.print), console))
    return 0


async def _serve(supervisor: Supervisor, console: Console) -> None:
    async def announce() -> None:
        await supervisor.ready.wait()
        console.print(f"Serving at {supervisor.settings.public_url}  (Ctrl-C stops)")

    announcing = asyncio.create_task(announce(), name="announce")
    try:
        await supervisor.run()
    except* Exception as group:
        raise group.exceptions[0] from group
    finally:
        announcing.cancel()
