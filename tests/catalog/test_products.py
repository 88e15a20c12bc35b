from __future__ import annotations

from typing import Any

import pytest

from livecommerce.catalog.model import HandleTaken, SkuTaken
from livecommerce.catalog.service import ProductDraft, VariantDraft
from livecommerce.foundation.core.errors import Forbidden, NotFound, VersionConflict
from livecommerce.foundation.core.ids import ProductId, VariantId
from livecommerce.foundation.core.money import Money
from livecommerce.foundation.storage.postgres import Database


def mugs(sku: str = "MUG", *, stock: int = 3, **fields: Any) -> ProductDraft:
    variants = [
        VariantDraft(f"{sku}-{n}", options={"Size": f"{n}"}, price=Money(2400, "EUR"), stock=stock) for n in (1, 2)
    ]
    return ProductDraft(title=fields.pop("title", f"Mug {sku}"), variants=variants, **fields)


async def test_a_new_product_has_a_pool_for_each_variant(shop: Any, database: Database) -> None:
    product = await shop.catalog.create(shop.host, mugs(stock=7))

    assert [(variant.available, variant.stock_version > 0) for variant in product.variants] == [(7, True)] * 2
    levels = await shop.stock.levels([variant.id for variant in product.variants])
    assert {pool.limit_per_buyer for pool in levels.values()} == {None}


async def test_a_refused_product_leaves_neither_rows_nor_pools(shop: Any, database: Database) -> None:
    await shop.catalog.create(shop.host, mugs("A"))
    pools = await database.fetchval("SELECT count(*) FROM stock_pool")

    with pytest.raises(SkuTaken):
        await shop.catalog.create(shop.host, mugs("A", title="Another"))
    with pytest.raises(HandleTaken):
        await shop.catalog.create(shop.host, mugs("B", title="Mug A"))

    assert await database.fetchval("SELECT count(*) FROM stock_pool") == pools
    assert await database.fetchval("SELECT count(*) FROM products") == 1


async def test_new_terms_reach_the_pools(shop: Any, database: Any) -> None:
    product = await shop.catalog.create(shop.host, mugs())

    changed = await shop.catalog.edit(shop.host, product.id, ProductDraft(per_buyer_limit=2, hold_s=120))

    levels = await shop.stock.levels([variant.id for variant in changed.variants])
    assert {pool.limit_per_buyer for pool in levels.values()} == {2}
    assert (changed.per_buyer_limit, changed.hold_s) == (2, 120)
    rows = await database.fetch("SELECT DISTINCT hold_s FROM stock_pool")
    assert [row["hold_s"] for row in rows] == [120]


async def test_a_change_of_an_old_version_is_a_conflict(shop: Any) -> None:
    product = await shop.catalog.create(shop.host, mugs())
    await shop.catalog.edit(shop.host, product.id, ProductDraft(title="Kyst mug"), version=product.version)

    with pytest.raises(VersionConflict):
        await shop.catalog.edit(shop.host, product.id, ProductDraft(title="Strand mug"), version=product.version)

    assert (await shop.catalog.view(product.id)).title == "Kyst mug"


async def test_an_added_variant_gets_stock_and_a_known_one_keeps_its_own(shop: Any) -> None:
    product = await shop.catalog.create(shop.host, mugs(stock=3))
    added = VariantDraft("MUG-3", options={"Size": "3"}, price=Money(2600, "EUR"), stock=9)
    known = VariantDraft("MUG-1", price=Money(2000, "EUR"), stock=99)

    changed = await shop.catalog.edit(shop.host, product.id, ProductDraft(variants=[added, known]))

    assert [(v.sku, v.price.amount, v.available) for v in changed.variants] == [
        ("MUG-1", "20.00", 3),
        ("MUG-2", "24.00", 3),
        ("MUG-3", "26.00", 9),
    ]
    assert {v.id for v in product.variants} < {v.id for v in changed.variants}


async def test_archived_variants_and_products_are_not_for_sale(shop: Any) -> None:
    product = await shop.catalog.create(shop.host, mugs())
    first, second = (VariantId(variant.id) for variant in product.variants)

    retired = [VariantDraft("MUG-1", is_archived=True)]
    changed = await shop.catalog.edit(shop.host, product.id, ProductDraft(variants=retired))
    assert [variant.id for variant in changed.variants] == [second]
    with pytest.raises(NotFound):
        await shop.catalog.variant(first)
    await shop.catalog.variant(second)

    await shop.catalog.edit(shop.host, product.id, ProductDraft(is_archived=True))
    with pytest.raises(NotFound):
        await shop.catalog.variant(second)
    with pytest.raises(NotFound):
        await shop.catalog.visible(shop.viewer, product.id)
    assert await shop.catalog.on_sale([ProductId(product.id)]) == set()


async def test_stock_is_counted_with_a_reason_and_leaves_a_trail(shop: Any) -> None:
    product = await shop.catalog.create(shop.host, mugs(stock=3))

    pool = await shop.catalog.adjust_stock(shop.host, product.variants[0].id, -2, "broken in the kiln")

    assert pool.available == 1
    rows, _ = await shop.audit.list(None)
    assert [(row.action, row.subject.text, row.detail.get("reason")) for row in rows] == [
        ("stock.adjust", "Mug MUG", "broken in the kiln"),
        ("product.create", "Mug MUG", None),
    ]


async def test_a_change_of_price_is_in_the_trail_and_in_the_outbox(shop: Any, database: Database) -> None:
    product = await shop.catalog.create(shop.host, mugs())

    await shop.catalog.edit(
        shop.host, product.id, ProductDraft(variants=[VariantDraft("MUG-1", price=Money(1900, "EUR"))])
    )

    rows, _ = await shop.audit.list(None)
    assert rows[0].detail["prices"] == {"MUG-1": ["24.00", "19.00"]}
    assert await database.fetchval("SELECT topic FROM outbox") == "product.changed"


async def test_the_list_goes_page_by_page_and_finds_titles(shop: Any) -> None:
    for name in ("Mug", "Bowl", "100% wool", "Big bowl"):
        await shop.catalog.create(shop.host, mugs(name.upper()[:4].replace("%", "P"), title=name))

    first, cursor = await shop.catalog.list(shop.host, limit=3)
    second, end = await shop.catalog.list(shop.host, limit=3, cursor=cursor)
    found, _ = await shop.catalog.list(shop.host, search="BOWL")
    literal, _ = await shop.catalog.list(shop.host, search="%")

    assert [product.title for product in [*first, *second]] == ["Big bowl", "100% wool", "Bowl", "Mug"]
    assert end is None
    assert [product.title for product in found] == ["Big bowl", "Bowl"]
    assert [product.title for product in literal] == ["100% wool"]


async def test_check_23_viewers_change_nothing_in_the_catalogue(shop: Any, database: Database, picture: bytes) -> None:
    product = await shop.catalog.create(shop.host, mugs())
    before = await database.fetch("SELECT * FROM products"), await database.fetch("SELECT * FROM stock_pool")

    for attempt in (
        shop.catalog.create(shop.viewer, mugs("B")),
        shop.catalog.edit(shop.viewer, product.id, ProductDraft(title="Mine")),
        shop.catalog.add_image(shop.viewer, product.id, picture),
        shop.catalog.adjust_stock(shop.viewer, product.variants[0].id, 5, "please"),
        shop.catalog.list(shop.viewer),
        shop.imports.run(shop.viewer, b"Title,Price\nMug,1\n"),
    ):
        with pytest.raises(Forbidden):
            await attempt

    assert before == (await database.fetch("SELECT * FROM products"), await database.fetch("SELECT * FROM stock_pool"))
