from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from livecommerce.catalog import csv_file
from livecommerce.catalog.jobs import ImageJob
from livecommerce.catalog.service import imports
from livecommerce.foundation.core.errors import Invalid
from livecommerce.foundation.http.outgoing import Outgoing
from livecommerce.foundation.storage.outbox import Outbox
from livecommerce.foundation.storage.postgres import Database

OLD = (
    "Handle,Title,Body (HTML),Vendor,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Variant SKU,"
    "Variant Inventory Qty,Variant Price,Variant Compare At Price,Image Src\n"
    'kyst-mug,Kyst mug,"<p>By hand, ""really""</p>",Idris,Glaze,Sea,Size,250 ml,KM-SEA-250,5,24.00,30.00,https://a/a.jpg\n'
    "kyst-mug,,,,,Sea,,350 ml,KM-SEA-350,3,28.00,,\n"
    "kyst-mug,,,,,,,,,,,,https://example.com/b.jpg\n"
    'vase,Vase,,,Title,Default Title,,,VASE,2,"1,049.50",,\n'
)
NEW = """\ufeffTitle,URL handle,Description,Option1 name,Option1 value,SKU,Price,Compare-at price,Inventory quantity
Kyst mug,kyst-mug,<p>x</p>,Glaze,Sea,KM-SEA,24,,5\r
,kyst-mug,,,Sand,KM-SAND,25,,6\r
"""


async def _import(shop: Any, text: str, **options: Any) -> imports.ImportReport:
    report: imports.ImportReport = await shop.imports.run(shop.host, text.encode(), **options)
    return report


async def test_a_file_of_the_old_generation_is_understood(shop: Any) -> None:
    report = await _import(shop, OLD)

    assert (report.created, report.updated, report.errors) == (2, 0, [])
    products, _ = await shop.catalog.list(shop.host)
    vase, mug = products
    assert [(v.sku, v.title, v.price.amount, v.available) for v in mug.variants] == [
        ("KM-SEA-250", "Sea / 250 ml", "24.00", 5),
        ("KM-SEA-350", "Sea / 350 ml", "28.00", 3),
    ]
    assert mug.variants[0].compare_at_price.amount == "30.00"
    assert mug.description_html == '<p>By hand, "really"</p>'
    assert (vase.options, vase.variants[0].title, vase.variants[0].price.amount) == ([], "", "1049.50")


async def test_a_file_of_the_new_generation_is_understood(shop: Any) -> None:
    report = await _import(shop, NEW)

    assert (report.created, report.errors) == (1, [])
    (mug,), _ = await shop.catalog.list(shop.host)
    assert [(axis.name, axis.values) for axis in mug.options] == [("Glaze", ["Sea", "Sand"])]


async def test_the_same_file_twice_changes_nothing_the_second_time(shop: Any, database: Database) -> None:
    await _import(shop, OLD)
    before = (
        await database.fetch("SELECT * FROM products ORDER BY id"),
        await database.fetch("SELECT * FROM stock_pool"),
    )

    report = await _import(shop, OLD)

    assert (report.created, report.updated, report.unchanged) == (0, 0, 2)
    assert before == (
        await database.fetch("SELECT * FROM products ORDER BY id"),
        await database.fetch("SELECT * FROM stock_pool"),
    )


async def test_a_dry_run_says_the_same_and_writes_nothing(shop: Any, database: Database) -> None:
    await _import(shop, NEW)
    changed = NEW.replace(",24,", ",23,") + "Bowl,bowl,,,,BOWL,12,,1\n,bowl2,,,,B2,,,\n"
    before = await database.fetch("SELECT * FROM products"), await database.fetch("SELECT * FROM variants")

    dry = await _import(shop, changed, is_dry_run=True)

    assert before == (await database.fetch("SELECT * FROM products"), await database.fetch("SELECT * FROM variants"))
    assert (dry.created, dry.updated, len(dry.errors)) == (1, 1, 1)
    assert await _import(shop, changed) == dry


async def test_an_update_follows_the_columns_that_are_there(shop: Any) -> None:
    await _import(shop, OLD)

    report = await _import(shop, "Handle,Title,Variant SKU,Variant Compare At Price\nvase,Tall vase,VASE,1100\n")
    emptied = await _import(shop, "Handle,Title,Variant SKU,Variant Compare At Price\nvase,Tall vase,VASE,\n")
    titled = await _import(shop, "Handle,Title\nkyst-mug,Strand mug\n")

    assert (report.updated, emptied.updated, titled.updated) == (1, 1, 1)
    assert report.errors == emptied.errors == titled.errors == []
    vase, mug = (await shop.catalog.list(shop.host))[0]
    assert (vase.title, vase.variants[0].price.amount, vase.variants[0].compare_at_price) == (
        "Tall vase",
        "1049.50",
        None,
    )
    assert (mug.title, len(mug.variants)) == ("Strand mug", 2)


async def test_each_bad_row_is_named_and_the_good_ones_are_taken(shop: Any) -> None:
    rows = [
        "Title,Handle,SKU,Price,Inventory quantity",
        "Good,good,G,10,1",
        "No price,no-price,NP,,1",
        "Dear,dear,D,12 EUR,1",
        "Too exact,too-exact,TE,1.999,1",
        "Free,free,F,0,1",
        "Half a mug,half,H,10,1.5",
        "Sku of another,other,G,10,1",
        "<b>Odd</b> sku,odd,a;b,10,1",
        ",untitled,U,10,1",
        "Also good,also-good,AG,11,2",
    ]

    report = await _import(shop, "\n".join(rows))

    assert report.created == 2
    assert [(error.row, error.field) for error in report.errors] == [
        (3, "price"),
        (4, "price"),
        (5, "amount"),
        (6, "price"),
        (7, "stock"),
        (8, "sku"),
        (9, "sku"),
        (10, "title"),
    ]


@pytest.mark.parametrize(
    "text",
    ["", "nothing,to,see", 'Title\n"unclosed', "Title\n" + "x\n" * (csv_file.MAX_ROWS + 1), "Title\n" + "y" * 200_000],
    ids=["empty", "no title", "broken quotes", "too many rows", "huge cell"],
)
async def test_what_is_no_product_file_is_refused_as_a_whole(shop: Any, database: Database, text: str) -> None:
    with pytest.raises(Invalid):
        await _import(shop, text, is_dry_run=True)


async def test_a_file_in_another_encoding_or_too_large_is_refused(shop: Any) -> None:
    for data in ("Title,Price\nBlåbær,1\n".encode("latin-1"), b"Title\n" + b"x" * imports.MAX_BYTES):
        with pytest.raises(Invalid):
            await shop.imports.run(shop.host, data)


async def test_check_29_cells_are_only_ever_text(shop: Any, database: Database) -> None:
    hostile = "Robert'); DROP TABLE products;--"

    report = await _import(
        shop, f'Title,Handle,SKU,Price\n"{hostile}",bobby,BOBBY,10\n"{hostile}","a\'b{{}}:*",B2,10\n'
    )

    assert (report.created, len(report.errors)) == (1, 1)
    assert (await shop.catalog.list(shop.host))[0][0].title == hostile


async def _shop_window(picture: bytes) -> TestServer:
    async def serve(request: web.Request) -> web.Response:
        if request.path == "/mug.png":
            return web.Response(body=picture, content_type="image/png")
        return web.Response(text="<svg onload=alert(1)>", content_type="image/png")

    app = web.Application()
    app.router.add_get("/{path:.*}", serve)
    server = TestServer(app)
    await server.start_server()
    return server


async def _fetch_all(shop: Any, database: Database, *origins: str) -> None:
    outbox = Outbox(database)
    async with Outgoing(allowed_origins=origins) as outgoing:
        job = ImageJob(outbox, shop.catalog, outgoing)
        while await outbox.take(imports.IMAGE_WANTED, job.fetch):
            pass


async def test_pictures_that_a_file_names_are_fetched_afterwards(shop: Any, database: Database, picture: bytes) -> None:
    server = await _shop_window(picture)
    origin = str(server.make_url("/")).rstrip("/")
    rows = [f"Mug,MUG,10,{origin}/mug.png", f"Mug,,,{origin}/broken.png", "Vase,VASE,10,"]
    text = "Title,SKU,Price,Image Src\n" + "\n".join(rows)

    await _import(shop, text, is_dry_run=True)
    assert await database.fetchval("SELECT count(*) FROM outbox") == 0
    await _import(shop, text)
    await _fetch_all(shop, database, origin)
    await _import(shop, text.replace(",10,", ",11,"))
    await _fetch_all(shop, database, origin)

    vase, mug = (await shop.catalog.list(shop.host))[0]
    assert (len(mug.image_urls), len(vase.image_urls)) == (1, 0)
    assert (await shop.catalog.image(mug.image_urls[0].rpartition("/")[2]))[8:12] == b"WEBP"
    assert await database.fetchval("SELECT count(*) FROM outbox WHERE topic = $1", imports.IMAGE_WANTED) == 0
    await server.close()


async def test_check_28_a_file_makes_the_server_ask_nobody_inside(
    shop: Any, database: Database, picture: bytes
) -> None:
    server = await _shop_window(picture)
    inside = [str(server.make_url("/mug.png")), "http://169.254.169.254/latest", "http://[::1]/x", "file:///etc/passwd"]
    rows = [f"Mug {n},MUG-{n},10,{url}" for n, url in enumerate(inside)]

    await _import(shop, "Title,SKU,Price,Image Src\n" + "\n".join(rows))
    await _fetch_all(shop, database)

    products, _ = await shop.catalog.list(shop.host)
    assert [product.image_urls for product in products] == [[]] * len(inside)
    await server.close()
