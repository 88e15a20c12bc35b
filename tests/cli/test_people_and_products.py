from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from livecommerce.cli import main
from livecommerce.identity.keys import KeyRing

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(
    database_url: str,
    redis_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Run a command in a thread-free way and return status, stdout and stderr."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("COLUMNS", "200")

    def command(*words: str) -> tuple[int, str, str]:
        status = main([*words, "--data-dir", str(tmp_path / "data")])
        return (status, *capsys.readouterr())

    return command


async def _row(url: str, sql: str) -> asyncpg.Record | None:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchrow(sql)
    finally:
        await connection.close()


def test_staff_are_added_with_a_password_that_is_shown_once(run: Run, database_url: str) -> None:
    added = run("user", "add", "--role", "owner", "--email", "Idris@Example.com", "--display-name", "Idris")
    again = run("user", "add", "--role", "host", "--email", "idris@example.com", "--generate")

    assert (added[0], again[0]) == (0, 0)
    assert "Added owner Idris (idris@example.com)." in added[1]
    assert "Changed host Idris (idris@example.com)." in again[1]
    passwords = [re.search(r"Password: (\S{20})\n", out) for out in (added[1], again[1])]
    assert all(passwords)
    assert len({match[1] for match in passwords if match}) == 2
    kept = asyncio.run(_row(database_url, "SELECT role, password_hash FROM people"))
    assert kept is not None
    assert kept["role"] == "host"
    assert kept["password_hash"].startswith("$argon2id$")


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("--role", "emperor", "--email", "a@example.com"), 2),
        (("--role", "viewer", "--email", "a@example.com"), 2),
        (("--role", "host"), 2),
        (("--role", "host", "--email", "not an address"), 1),
        (("--role", "host", "--email", "a@example.com", "--display-name", "x" * 41), 1),
    ],
)
def test_wrong_words_are_one_sentence_and_a_status(run: Run, words: tuple[str, ...], status: int) -> None:
    result, out, err = run("user", "add", *words)

    assert result == status
    assert out == ""
    assert err.strip()
    assert "Traceback" not in err


def test_the_signing_key_is_changed_and_the_old_one_still_read(run: Run, tmp_path: Path) -> None:
    before = KeyRing.open(tmp_path / "data").current

    status, out, _ = run("user", "rotate-keys")

    keys = KeyRing.open(tmp_path / "data").all
    assert status == 0
    assert keys[0].kid in out
    assert keys[1:] == [before]


def test_a_file_is_checked_and_then_imported(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "products.csv"
    file.write_text("Title,SKU,Price,Inventory quantity\nKyst mug,MUG,24.00,5\nVase,VASE,,1\n")

    dry = run("import", str(file), "--dry-run")
    real = run("import", str(file))
    file.write_text("Title,SKU,Price,Inventory quantity\nKyst mug,MUG,24.00,5\n")
    again = run("import", str(file))

    assert [result[0] for result in (dry, real, again)] == [1, 1, 0]
    assert "Would have created 1, updated 0, left alone 0 products." in dry[1]
    assert "Created 1, updated 0, left alone 0 products." in real[1]
    assert re.search(r"3\s+price\s+This is missing\.", real[1])
    assert "Created 0, updated 0, left alone 1 products." in again[1]


def test_a_file_that_is_not_there_is_one_sentence(run: Run, tmp_path: Path) -> None:
    status, _, err = run("import", str(tmp_path / "nothing.csv"))

    assert status == 1
    assert err.count("\n") <= 2
    assert "Cannot read" in err
