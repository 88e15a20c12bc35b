from __future__ import annotations

import uuid

from livecommerce.foundation.core.ids import is_id, is_uuid, new_id


def test_an_id_is_a_version_7_uuid_that_sorts_by_age() -> None:
    ids = [new_id() for _ in range(200)]

    assert len(set(ids)) == 200
    assert all(uuid.UUID(text).version == 7 and uuid.UUID(text).variant == uuid.RFC_4122 for text in ids)
    assert [text[:13] for text in ids] == sorted(text[:13] for text in ids)


def test_ids_with_anything_but_small_letters_digits_and_dashes_are_refused() -> None:
    assert is_id(new_id())
    assert is_uuid(new_id())
    assert not any(map(is_id, ["", "A", "a b", "a" * 37, "a\n", "{x}", "a:*", "a\x00"]))
    assert not is_uuid(new_id().upper())
