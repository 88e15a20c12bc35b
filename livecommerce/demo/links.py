"""What the demo says when it is ready: links that sign in, and a code for phones to scan."""

from __future__ import annotations

import io

import segno
from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from livecommerce.demo.record import Pages


def make_pages(base_url: str, show_id: str, *, host_code: str, moderator_code: str) -> Pages:
    """Build the links. Codes stand in the fragment, which browsers never send."""
    return Pages(
        viewer=f"{base_url}/shows/{show_id}",
        studio=f"{base_url}/studio/{show_id}#once={host_code}",
        control=f"{base_url}/control/{show_id}#once={moderator_code}",
    )


def show_links(console: Console, pages: Pages, *, phone: str | None = None) -> None:
    """Print the links; on a terminal with `phone`, also as a code to scan."""
    rows = (("Show", pages.viewer), ("Studio", pages.studio), ("Control panel", pages.control))
    if not console.is_terminal:
        for name, link in rows:
            console.print(f"{name}: {link}", soft_wrap=True, markup=False)
        return
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, link in rows:
        table.add_row(name, f"[link={link}]{link}[/link]")
    note = "Studio and control panel links sign in once; fresh ones stand in demo.json. Ctrl-C stops the demo."
    console.print(Panel(table, title="The show is live", subtitle=note, border_style="cyan", expand=False))
    if phone:
        console.print(_scannable(phone), markup=False, highlight=False)
        console.print("Scan with a phone in this network. Its browser warns of the demo's own certificate: go on.")


def _scannable(link: str) -> str:
    drawn = io.StringIO()
    segno.make(link, error="l").terminal(drawn, compact=True)
    return drawn.getvalue()
