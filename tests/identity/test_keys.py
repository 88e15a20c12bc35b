from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from livecommerce.foundation.core.errors import ConfigurationError
from livecommerce.identity.keys import KEEP_KEYS, KeyRing


def test_secrets_are_made_once_and_only_their_owner_reads_them(data_dir: Path) -> None:
    first, second = KeyRing.open(data_dir), KeyRing.open(data_dir)

    assert first.current == second.current
    assert first.derive("a") == second.derive("a") != first.derive("b")
    assert stat.S_IMODE((data_dir / "secrets" / "keys.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((data_dir / "secrets").stat().st_mode) == 0o700
    assert [path.name for path in (data_dir / "secrets").iterdir()] == ["keys.json"]


def test_processes_that_start_together_agree_on_the_secrets(data_dir: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        rings = list(pool.map(lambda _: KeyRing.open(data_dir), range(24)))

    assert len({ring.current.kid for ring in rings}) == 1


def test_secrets_that_others_can_read_are_refused(data_dir: Path) -> None:
    KeyRing.open(data_dir)
    (data_dir / "secrets" / "keys.json").chmod(0o640)

    with pytest.raises(ConfigurationError, match="chmod 600"):
        KeyRing.open(data_dir)


def test_a_damaged_file_of_secrets_is_refused_and_kept(data_dir: Path) -> None:
    KeyRing.open(data_dir)
    path = data_dir / "secrets" / "keys.json"
    path.write_text("{}")

    with pytest.raises(ConfigurationError):
        KeyRing.open(data_dir)
    assert path.read_text() == "{}"


def test_rotation_keeps_the_last_few_keys_for_reading(data_dir: Path) -> None:
    ring = KeyRing.open(data_dir)
    first = ring.current

    for _ in range(KEEP_KEYS - 1):
        ring.rotate()
    assert ring.current != first
    assert first in ring.all

    ring.rotate()
    assert first not in ring.all


def test_a_running_process_notices_a_rotation(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("livecommerce.identity.keys.RELOAD_EVERY_S", 0.0)
    running, operator = KeyRing.open(data_dir), KeyRing.open(data_dir)

    renewed = operator.rotate()

    assert running.current == renewed
