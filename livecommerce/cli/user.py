"""`livecommerce user`: make somebody staff, give them a new role and password; change the key that signs sessions."""

from __future__ import annotations

import asyncio
import getpass
import secrets
import sys
from contextlib import AsyncExitStack
from typing import Annotated, Literal

from cyclopts import App, Parameter
from rich.console import Console

from livecommerce.cli.options import Config, DataDir, settings_from
from livecommerce.foundation.core.actors import Role
from livecommerce.foundation.core.errors import Invalid
from livecommerce.foundation.core.settings import Settings
from livecommerce.identity.keys import KeyRing
from livecommerce.identity.model import MIN_PASSWORD, Person, check_password, clean_email
from livecommerce.processes.resources import open_resources
from livecommerce.processes.rooms import open_lower_rooms
from livecommerce.processes.storage import open_storage

app = App(name="user", help="Staff accounts.")

GENERATED_BYTES = 15


@app.command
def add(
    *,
    role: Literal["owner", "host", "moderator"],
    email: str,
    display_name: Annotated[
        str | None, Parameter(help="What everybody sees; by default the name in the address.")
    ] = None,
    generate: Annotated[bool, Parameter(negative="", help="Make a password and print it instead of asking.")] = False,
    config: Config = None,
    data_dir: DataDir = None,
) -> int:
    """Make somebody staff. Somebody who is staff already gets the new role and password, and is signed out."""
    clean_email(email)
    is_generated = generate or not sys.stdin.isatty()
    password = secrets.token_urlsafe(GENERATED_BYTES) if is_generated else _ask()
    settings = settings_from(config, data_dir)
    person, is_new = asyncio.run(_add(settings, Role(role), email, display_name, password))
    console = Console(highlight=False)
    console.print(
        f"{'Added' if is_new else 'Changed'} {person.role} {person.display_name} ({person.contact}).", markup=False
    )
    if is_generated:
        console.print(f"Password: {password}", markup=False)
    return 0


@app.command
def rotate_keys(*, config: Config = None, data_dir: DataDir = None) -> int:
    """Sign new sessions with a new key. Sessions of the last few keys go on; running servers notice by themselves."""
    key = KeyRing.open(settings_from(config, data_dir).data_dir).rotate()
    Console(highlight=False).print(f"New sessions are signed with key {key.kid}.")
    return 0


def _ask() -> str:
    password = check_password(getpass.getpass(f"Password (at least {MIN_PASSWORD} characters): "))
    if getpass.getpass("Once more: ") != password:
        raise Invalid("The passwords differ; nothing was changed.")
    return password


async def _add(
    settings: Settings, role: Role, email: str, display_name: str | None, password: str
) -> tuple[Person, bool]:
    console = Console(stderr=True, highlight=False)
    async with AsyncExitStack() as stack:
        found = await stack.enter_async_context(open_storage(settings, console.print))
        resources = await stack.enter_async_context(open_resources(found))
        rooms = await open_lower_rooms(resources, stack)
        return await rooms.identity.staff.add(role, email, display_name, password)
