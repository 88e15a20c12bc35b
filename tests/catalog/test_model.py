from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecommerce.catalog.model import Price, clean_handle, clean_sku, handle_for, make_axes
from livecommerce.catalog.service import ProductDraft, VariantDraft, drafts
from livecommerce.catalog.service.drafts import clean_html
from livecommerce.foundation.core.errors import Invalid
from livecommerce.foundation.core.money import Money
from livecommerce.foundation.core.settings import ShopSettings

SHOP = ShopSettings()


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def _draft(*variants: VariantDraft, **fields: Any) -> ProductDraft:
    return ProductDraft(title="Mug", variants=variants, **fields)


def test_axes_follow_from_the_variants_when_none_are_named() -> None:
    made = drafts.create(
        _draft(
            VariantDraft("A", options={"Glaze": "Sea", "Size": "S", "Handle": "left"}, price=eur(100)),
            VariantDraft("B", options={"Glaze": "Sand", "Size": "S", "Handle": "left"}, price=eur(100)),
        ),
        SHOP,
    ).product

    assert [(axis.name, axis.values) for axis in made.axes] == [
        ("Glaze", ("Sea", "Sand")),
        ("Size", ("S",)),
        ("Handle", ("left",)),
    ]
    assert [made.title_of(variant) for variant in made.variants] == ["Sea / S / left", "Sand / S / left"]


@pytest.mark.parametrize(
    "variants",
    [
        [],
        [VariantDraft("A", price=eur(100)), VariantDraft("A", price=eur(100))],
        [VariantDraft("A", options={"Glaze": "Sea"}, price=eur(100)), VariantDraft("B", price=eur(100))],
        [
            VariantDraft("A", options={"Glaze": "Sea"}, price=eur(100)),
            VariantDraft("B", options={"Glaze": "Sea"}, price=eur(1)),
        ],
        [VariantDraft("A", price=eur(100)), VariantDraft("B", price=Money(100, "DKK"))],
        [VariantDraft("A")],
        [VariantDraft("A", price=eur(0))],
        [VariantDraft("A", price=eur(100), stock=-1)],
        [VariantDraft("A", price=eur(100), compare_at=eur(100))],
        [VariantDraft("A", price=eur(100), compare_at=Money(200, "DKK"))],
        [VariantDraft("A", price=eur(100), tax_rate="25")],
        [VariantDraft("A\nB", price=eur(100))],
        [VariantDraft(f"A{n}", options={"N": str(n)}, price=eur(100)) for n in range(101)],
        [VariantDraft("A", options={f"Axis {n}": "x" for n in range(9)}, price=eur(100))],
    ],
)
def test_a_product_that_does_not_add_up_is_refused(variants: list[VariantDraft]) -> None:
    with pytest.raises(Invalid):
        drafts.create(_draft(*variants), SHOP)


def test_a_hundred_variants_over_four_axes_are_fine() -> None:
    variants = [
        VariantDraft(
            f"A{n}", options={"A": str(n % 5), "B": str(n // 5 % 5), "C": str(n // 25), "D": "x"}, price=eur(100)
        )
        for n in range(100)
    ]

    made = drafts.create(_draft(*variants), SHOP).product

    assert len(made.variants) == 100
    assert len({made.title_of(variant) for variant in made.variants}) == 100


def test_a_variant_cannot_have_an_option_that_its_product_does_not_have() -> None:
    with pytest.raises(Invalid):
        make_axes([("Glaze", ["Sea"])], [{"Size": "S"}])


def test_a_change_leaves_alone_what_it_does_not_name() -> None:
    before = drafts.create(
        _draft(VariantDraft("A", price=eur(100), compare_at=eur(200)), description_html="<p>x</p>", hold_s=60), SHOP
    ).product

    after = drafts.change(before, ProductDraft(variants=[VariantDraft("A", price=eur(150))]), SHOP).product

    assert after.variants[0].price == Price(eur(150), eur(200), True, "0.19")
    assert (after.title, after.description_html, after.hold_s) == ("Mug", "<p>x</p>", 60)
    assert after.version == before.version + 1


@given(st.text(max_size=60))
def test_every_title_has_a_handle(title: str) -> None:
    assert clean_handle(handle_for(title))


def test_handles_read_like_the_title() -> None:
    assert handle_for("Blåbær – Skål No. 2") == "blaabaer-skaal-no-2"


@pytest.mark.parametrize("sku", ["", " ", "a;b", "a'--", "<b>", "x" * 65, "{}:*", "a\x00"])
def test_a_sku_is_plain(sku: str) -> None:
    with pytest.raises(Invalid):
        clean_sku(sku)


@pytest.mark.parametrize(
    ("html", "kept"),
    [
        ("<p>Hej <b>du</b></p>", "<p>Hej <b>du</b></p>"),
        ("<script>alert(1)</script>x", "x"),
        ('<img src=x onerror="alert(1)">x', "x"),
        ('<p style="position:fixed" onclick="x()">x</p>', "<p>x</p>"),
        ('<a href="javascript:alert(1)">x</a>', '<a rel="noopener noreferrer nofollow">x</a>'),
        ("<svg><script>alert(1)</script></svg>", ""),
        (
            '<a href="https://example.com">x</a>',
            '<a href="https://example.com" rel="noopener noreferrer nofollow">x</a>',
        ),
        ("<iframe srcdoc='<script>1</script>'></iframe>", ""),
    ],
)
def test_check_26_of_html_only_plain_tags_are_kept(html: str, kept: str) -> None:
    assert clean_html(html) == kept
