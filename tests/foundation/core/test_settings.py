from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec
import pytest

from livecommerce.foundation.core.errors import ConfigurationError
from livecommerce.foundation.core.settings import Settings, load

REPOSITORY = Path(__file__).resolve().parents[3]


def test_the_documented_file_shows_every_key_with_its_default() -> None:
    documented = tomllib.loads((REPOSITORY / "config" / "livecommerce.toml").read_text())

    assert msgspec.to_builtins(load(file=REPOSITORY / "config" / "livecommerce.toml")) == msgspec.to_builtins(
        Settings()
    )
    assert {s: set(v) for s, v in documented.items()} == {s: set(v) for s, v in msgspec.to_builtins(Settings()).items()}


def test_later_sources_win(tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    file.write_text('[server]\nport = 1\nhost = "::1"\n[shop]\nname = "Nordlys"\n')

    settings = load(file=file, env={"LIVECOMMERCE_SERVER_PORT": "2"}, flags={"server": {"port": 3}})

    assert (settings.server.port, settings.server.host, settings.shop.name) == (3, "::1", "Nordlys")


def test_database_and_redis_urls_are_understood_as_everywhere() -> None:
    settings = load(env={"DATABASE_URL": "postgresql://db/shop", "REDIS_URL": "redis://cache"})

    assert (settings.database.url, settings.redis.url) == ("postgresql://db/shop", "redis://cache")


def test_lists_in_the_environment_are_written_with_commas() -> None:
    settings = load(env={"LIVECOMMERCE_SERVER_TRUSTED_PROXIES": "10.0.0.0/8, 192.168.0.1"})

    assert settings.server.trusted_proxies == ("10.0.0.0/8", "192.168.0.1")


@pytest.mark.parametrize(
    "env",
    [
        {"LIVECOMMERCE_SERVER_PORT": "none"},
        {"LIVECOMMERCE_SERVER_PORT": "70000"},
        {"LIVECOMMERCE_SERVER_NO_SUCH_KEY": "1"},
        {"LIVECOMMERCE_SALES_BUYER": "everybody"},
    ],
)
def test_a_wrong_value_is_one_sentence_that_names_the_key(env: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match=r"^The configuration is not usable: .+\.$"):
        load(env=env)


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="Cannot read"):
        load(file=tmp_path / "missing.toml")
