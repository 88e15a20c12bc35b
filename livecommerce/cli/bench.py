"""`livecommerce bench …`: what this machine does, beside what else one could run on it."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import App, Parameter, validators
from rich.console import Console
from rich.table import Table

from livecommerce.bench.sale import SaleBench, SaleFigures, bench_settings
from livecommerce.cli.options import Config, settings_from
from livecommerce.processes.storage import open_storage

app = App(name="bench")


@app.command
def sale(
    *,
    json: Annotated[bool, Parameter(help="Print one JSON object on the last line.")] = False,
    seconds: Annotated[float, Parameter(help="Length of each measurement.", validator=validators.Number(gt=0))] = 4.0,
    config: Config = None,
) -> int:
    """Measure holding stock: ledger, socket door and gate, beside one transaction per click; then check the books.

    It runs on an embedded installation of its own that is thrown away, or on the (empty) databases that are configured.
    """
    errors = Console(stderr=True, highlight=False)
    with tempfile.TemporaryDirectory(prefix="livecommerce-bench-") as folder:
        bench = asyncio.run(_sale(config, Path(folder), seconds, errors))
    for text in bench.broken[:20]:
        errors.print(text, markup=False, soft_wrap=True)
    if json:
        sys.stdout.write(msgspec.json.encode(bench.figures).decode() + "\n")
    else:
        Console(highlight=False).print(_table(bench.figures))
    return 1 if bench.broken else 0


async def _sale(config: Path | None, folder: Path, seconds: float, errors: Console) -> SaleBench:
    settings = bench_settings(settings_from(config, folder))
    with errors.status("Starting") as status:

        def report(text: str) -> None:
            status.update(text)
            if not errors.is_terminal:
                errors.print(text, markup=False)

        async with open_storage(settings, status.update) as opened:
            bench = SaleBench(opened, seconds, report)
            await bench.run()
    return bench


def _table(figures: SaleFigures) -> Table:
    table = Table("", "per second", "one transaction per click", "ratio", box=None)
    pairs = (
        ("Holds at the ledger", figures.ledger_per_s, figures.ledger_naive_per_s),
        ("Durable buys through the socket", figures.door_per_s, figures.door_naive_per_s),
    )
    for name, ours, naive in pairs:
        table.add_row(name, f"{ours:,.0f}", f"{naive:,.0f}", f"{ours / naive:.1f} ×" if naive else "–")
    table.add_row("Refusals at the gate", f"{figures.gate_refusals_per_s:,.0f}", "", "")
    table.add_row("Refusals through the socket", f"{figures.refusals_per_s:,.0f}", "", "")
    table.add_row(
        "A click of 5,000 within a second", f"p50 {figures.p50_ms:.0f} ms, p99 {figures.p99_ms:.0f} ms", "", ""
    )
    table.add_row("Violations of I1–I11", str(figures.violations), "", "")
    return table
