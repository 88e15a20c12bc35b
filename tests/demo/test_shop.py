"""The demo's shop is one that the catalogue takes."""

import io
from decimal import Decimal

import msgspec
import pytest
from PIL import Image

from livecommerce.catalog.http import NewProductBody
from livecommerce.catalog.model import handle_for
from livecommerce.demo.host import ENCODING, PICTURE
from livecommerce.demo.shop import DemoProduct, products
from livecommerce.foundation.media.publisher_picture import TestPicture

PLANS = products()


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.handle)
def test_each_product_is_one_that_the_door_takes(plan: DemoProduct) -> None:
    body = msgspec.convert(plan.body(), NewProductBody)

    assert plan.handle == handle_for(plan.handle)
    assert 1 <= len(body.variants) <= 24
    for picture in plan.pictures():
        assert Image.open(io.BytesIO(picture)).size == (512, 512)


def test_the_shop_has_fourteen_products_with_skus_of_their_own() -> None:
    skus = [variant["sku"] for plan in PLANS for variant in plan.body()["variants"]]

    assert len(PLANS) == 14
    assert len(skus) == len(set(skus))


def test_prices_follow_the_options() -> None:
    mug = next(plan for plan in PLANS if plan.handle == "kyst-mug")

    prices = {variant["sku"]: variant["price"]["amount"] for variant in mug.body()["variants"]}

    assert len(prices) == 24
    assert prices["KYST-SEA-250ML-WITHOUT"] == "21.00"
    assert prices["KYST-SEA-350ML-WITHHANDLE"] == "24.00"


def test_a_flash_sale_is_cheaper_than_the_usual_price() -> None:
    on_sale = [(Decimal(plan.sale_price), Decimal(plan.price)) for plan in PLANS if plan.sale_price]

    assert len(on_sale) >= 5
    assert all(sale < usual for sale, usual in on_sale)


def test_the_host_has_a_picture() -> None:
    frame = TestPicture(ENCODING.width, ENCODING.height, PICTURE).draw(0, caption="Kyst mug", clock="19:00:00")

    assert (frame.width, frame.height) == (540, 960)
