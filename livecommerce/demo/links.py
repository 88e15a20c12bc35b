"""What the demo says when it is ready: links that sign in, and a code for phones to scan."""

from __future__ import annotations

import io

import segno
from rich.console import Console

from livecommerce.demo.record import Pages


def make_pages(base_url: str, show_id: str, *, host_code: str, moderator_code: str) -> Pages:
    """Build the links. Codes stand in the fragment, which browsers never send."""
    return Pages(
        viewer=f"{base_url}/shows/{show_id}",
        studio=f"{base_url}/studio/{show_id}#once={host_code}",
        control=f"{base_url}/control/{show_id}#once={moderator_code}",
    )


def show_links(console: Console, pages: Pages, *, phone: str | None = None) -> None:
    """Print the links, each on a line of its own that the terminal wraps, so that it can be copied or clicked."""
    for name, link in (("Show", pages.viewer), ("Studio", pages.studio), ("Control panel", pages.control)):
        console.print(f"[bold]{name}:[/bold] [cyan]{link}[/cyan]", soft_wrap=True)
    if not console.is_terminal:
        return
    console.print("The last two sign in once; fresh ones stand in demo.json. Ctrl-C stops the demo.", style="dim")
    if phone:
        console.print(_scannable(phone), markup=False, highlight=False)
        console.print(
            "Scan with a phone in this network to be the host. Its browser warns of the demo's own certificate."
        )


def _scannable(link: str) -> str:
    drawn = io.StringIO()
    segno.make(link, error="l").terminal(drawn, compact=True)
    return drawn.getvalue()
