"""The document that other programs are generated from: valid, and saying what really goes in and out."""

from __future__ import annotations

from typing import Any

import msgspec
from openapi_spec_validator import validate

from livecommerce.foundation.http.openapi import document
from livecommerce.foundation.http.routes import Call, Routes


class Mug(msgspec.Struct, frozen=True):
    name: str


def _shop() -> Routes:
    table = Routes("shop")

    def door(kind: str) -> None:
        @table.post(f"/shops/{{shop_id}}/{kind}", body=Mug, answer=Mug, summary="Bring one in")
        async def bring(call: Call[Mug]) -> Mug:
            return call.body

    door("mugs")
    door("bowls")

    @table.post("/pictures", accepts="image/png", produces="image/webp", status=201)
    async def picture(_: Call[None]) -> None:
        """Draw"""

    return table


def _document() -> dict[str, Any]:
    return document([_shop()], version="1", base="/api/v1")


def test_the_document_is_valid_and_each_operation_has_a_name_of_its_own() -> None:
    found = _document()

    validate(found)
    names = [operation["operationId"] for methods in found["paths"].values() for operation in methods.values()]
    assert sorted(names) == ["post_pictures", "post_shops_shop_id_bowls", "post_shops_shop_id_mugs"]


def test_bodies_that_are_not_json_are_named_by_their_media_type() -> None:
    picture = _document()["paths"]["/pictures"]["post"]

    assert list(picture["requestBody"]["content"]) == ["image/png"]
    assert list(picture["responses"]["201"]["content"]) == ["image/webp"]
