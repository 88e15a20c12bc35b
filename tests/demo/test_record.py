"""`demo.json`, as CONTRACT.md has it."""

from pathlib import Path

import msgspec

from livecommerce.demo import record
from livecommerce.demo.links import make_pages
from livecommerce.demo.record import DemoRecord, Tokens

PAGES = make_pages("http://127.0.0.1:8080", "s1", host_code="h", moderator_code="m")


def test_it_holds_what_the_contract_names_and_is_ours_alone(tmp_path: Path) -> None:
    tokens = Tokens(owner="o", host="h", moderator="m")

    path = record.write(
        tmp_path, DemoRecord(base_url="http://x", show_id="s1", flash_sale_id=None, tokens=tokens, pages=PAGES)
    )

    written = msgspec.json.decode(path.read_bytes())
    assert set(written) == {"base_url", "show_id", "flash_sale_id", "tokens", "pages"}
    assert set(written["tokens"]) == {"owner", "host", "moderator"}
    assert set(written["pages"]) == {"viewer", "studio", "control"}
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["demo.json"]


def test_codes_stand_in_the_fragment_only() -> None:
    assert PAGES.studio == "http://127.0.0.1:8080/studio/s1#once=h"
    assert PAGES.control == "http://127.0.0.1:8080/control/s1#once=m"
    assert "once" not in PAGES.viewer


def test_the_record_of_last_time_is_forgotten(tmp_path: Path) -> None:
    (tmp_path / "demo.json").write_text("{}")

    record.forget(tmp_path)
    record.forget(tmp_path)

    assert list(tmp_path.iterdir()) == []
