"""Puts the commands together and turns errors into one sentence and an exit status."""

from __future__ import annotations

import sys
from importlib.metadata import version

from cyclopts import App
from cyclopts.exceptions import CycloptsError
from rich.console import Console

from livecommerce.foundation.core.errors import LiveCommerceError

FAILED, USAGE = 1, 2

app = App(
    name="livecommerce",
    help="A self-hosted server for live shopping.",
    version=lambda: version("livecommerce"),
)
# Named by where they are, so that `livecommerce migrate` never loads codecs.
app.command(
    "livecommerce.cli.demo:demo",
    name="demo",
    help="A live show to look at: shop, host, viewers, flash sales, all on this machine.",
)
app.command(
    "livecommerce.cli.serve:serve",
    name="serve",
    help="The server, on your PostgreSQL and Redis or on embedded ones.",
)
app.command(
    "livecommerce.cli.migrate:migrate",
    name="migrate",
    help="Bring the database to this version.",
)
app.command(
    "livecommerce.cli.doctor:doctor",
    name="doctor",
    help="Check whether this installation can run, and say what to do.",
)
app.command(
    "livecommerce.cli.user:app",
    name="user",
    help="Staff accounts: `user add --role host --email …`.",
)
app.command(
    "livecommerce.cli.import_products:import_products",
    name="import",
    help="Products from a CSV file; --dry-run only checks.",
)
app.command(
    "livecommerce.cli.publish:publish",
    name="publish",
    help="Send a file or a test picture into a show, by WHIP.",
)
app.command(
    "livecommerce.cli.bench:app",
    name="bench",
    help="Measure this machine: `bench sale`.",
)


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit status."""
    errors = Console(stderr=True, highlight=False)
    try:
        result = app(argv, exit_on_error=False, print_error=False, result_action="return_value")
    except CycloptsError as exc:
        errors.print(f"{exc}\nTry `livecommerce --help`.", markup=False, soft_wrap=True)
        return USAGE
    except LiveCommerceError as exc:
        errors.print(exc.message, markup=False, soft_wrap=True)
        return FAILED
    except KeyboardInterrupt:
        return 130
    return result if isinstance(result, int) else 0


if __name__ == "__main__":
    sys.exit(main())
