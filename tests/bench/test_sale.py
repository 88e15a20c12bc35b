"""`bench sale`, small: it measures what it promises, and its check of the books can fail."""

from __future__ import annotations

import msgspec
import pytest

from livecommerce.bench import sale
from livecommerce.bench.invariants import violations
from livecommerce.bench.sale import SaleBench, bench_settings
from livecommerce.cli.app import app
from livecommerce.foundation.core.ids import new_id
from livecommerce.foundation.core.settings import load
from tests.stock.conftest import shop

__all__ = ["shop"]

FIGURES = [
    "ledger_per_s",
    "ledger_naive_per_s",
    "door_per_s",
    "door_naive_per_s",
    "refusals_per_s",
    "gate_refusals_per_s",
    "p50_ms",
    "p99_ms",
    "violations",
]


async def test_it_measures_every_figure_and_finds_the_books_sound(
    database, database_url, redis_url, data_dir, monkeypatch
) -> None:
    monkeypatch.setattr(sale, "SOCKETS", 10)
    monkeypatch.setattr(sale, "BURST_CLICKS", 200)
    env = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "LIVECOMMERCE_DATA_DIR": str(data_dir)}
    said: list[str] = []

    bench = SaleBench(bench_settings(load(env=env)), 0.3, said.append)
    figures = msgspec.to_builtins(await bench.run())

    assert list(figures) == FIGURES
    assert bench.broken == []
    assert all(figures[name] > 0 for name in FIGURES[:-1])
    assert figures["p50_ms"] <= figures["p99_ms"]
    assert "Checking invariants" in said


async def test_negative_control_a_promise_that_is_no_row_and_a_key_with_two_holds_are_seen(shop) -> None:
    pool = await shop.variant(5)
    first, second = await shop.buy(pool), await shop.buy(pool)
    lost = new_id()

    found = await violations(shop.database, shop.redis, [("a", first.hold_id), ("a", second.hold_id), ("b", lost)])

    assert sorted(text.split()[0] for text in found) == ["I7", "I8"]
    assert lost in next(text for text in found if text.startswith("I7"))


async def test_negative_control_books_that_do_not_add_up_are_seen(shop) -> None:
    pool = await shop.variant(5)
    held = await shop.buy(pool)
    await shop.database.execute("UPDATE stock_pool SET sold = 1 WHERE id = $1", pool)

    found = " ".join(await violations(shop.database, shop.redis, [("a", held.hold_id)]))

    assert all(name in found for name in ("I2", "I3", "I10"))


def test_it_is_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    app(["bench", "sale", "--help"], exit_on_error=False, result_action="return_value")

    assert "--json" in capsys.readouterr().out
