"""`livecommerce demo`: a live show to look at."""

from __future__ import annotations

import asyncio
from typing import Annotated

from cyclopts import Parameter, validators
from rich.console import Console

from livecommerce.cli.options import Config, DataDir, settings_from
from livecommerce.demo.run import DemoOptions, run_demo
from livecommerce.foundation.core.errors import ConfigurationError
from livecommerce.foundation.http.pages import Pages, default_folder
from livecommerce.processes import logs


def demo(
    *,
    host: Annotated[str | None, Parameter(help="Address to listen on.")] = None,
    port: Annotated[int | None, Parameter(help="Port to listen on; 0 takes a free one.")] = None,
    lan: Annotated[bool, Parameter(help="For phones in this network: https with a certificate of its own.")] = False,
    viewers: Annotated[int, Parameter(help="Simulated viewers.", validator=validators.Number(gte=0, lte=500))] = 20,
    seconds: Annotated[
        float | None, Parameter(help="End after this time instead of at Ctrl-C.", validator=validators.Number(gt=0))
    ] = None,
    config: Config = None,
    data_dir: DataDir = None,
) -> int:
    """Run a shop with a live show, its host, viewers who chat and buy, and a flash sale every minute."""
    if lan and host is not None:
        raise ConfigurationError("Choose one of --lan and --host: --lan listens on all addresses.")
    settings = settings_from(config, data_dir, server={"host": host, "port": port})
    Pages(default_folder())  # says what to do when they are not built, before anything starts
    logs.configure("warning", process="demo")
    console = Console(highlight=False)
    asyncio.run(_run(DemoOptions(settings, viewers=viewers, seconds=seconds, lan=lan), console))
    return 0


async def _run(options: DemoOptions, console: Console) -> None:
    try:
        await run_demo(options, console)
    except ExceptionGroup as group:
        raise _first(group) from group


def _first(error: Exception) -> Exception:
    """The error that began it: task groups wrap it once each."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error
