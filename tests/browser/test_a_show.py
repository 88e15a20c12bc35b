"""The main job, as people do it: one goes live, one watches, talks and buys, one keeps order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest
from playwright.async_api import Browser, Locator, Page, expect

PATIENCE_MS = 30_000

FRAME_HASH = """(video) => {
  const canvas = document.createElement('canvas');
  canvas.width = 64; canvas.height = 36;
  const context = canvas.getContext('2d');
  context.drawImage(video, 0, 0, 64, 36);
  return context.getImageData(0, 0, 64, 36).data.join(',');
}"""


async def open_page(chromium: Browser, url: str, complaints: list[str]) -> Page:
    """A person of their own, on a desktop screen."""
    context = await chromium.new_context(viewport={"width": 1440, "height": 900}, permissions=["camera", "microphone"])
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if "Content Security Policy" in said.text else None)
    await page.goto(url)
    return page


async def sign_in(page: Page, email: str, password: str) -> None:
    await page.get_by_label("E-mail").fill(email)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Sign in").click()


async def becomes(read: Callable[[], Any], wanted: Callable[[Any], bool], *, within_s: float = 30) -> Any:
    async with asyncio.timeout(within_s):
        while not wanted(value := await read()):
            await asyncio.sleep(0.1)
    return value


async def sees_moving_pictures(video: Locator) -> None:
    first = await becomes(lambda: video.evaluate("v => v.currentTime"), lambda t: t > 0)
    picture = await video.evaluate(FRAME_HASH)
    await becomes(lambda: video.evaluate("v => v.currentTime"), lambda t: t > first + 1)
    await becomes(lambda: video.evaluate(FRAME_HASH), lambda now: now != picture)


async def prepared(shop: Any) -> tuple[Any, Any]:
    host = await shop.hire("host", "maja@nordlys.example", "Maja")
    moderator = await shop.hire("moderator", "freja@nordlys.example", "Freja")
    made = await shop.product(host, "Kyst mug", "MUG-SEA")
    await shop.show(host, [made["id"]])
    await shop.seat(host, moderator)
    return host, moderator


@pytest.mark.timeout(300)
async def test_one_goes_live_one_watches_talks_and_buys_one_keeps_order(shop: Any, chromium: Browser) -> None:
    host, moderator = await prepared(shop)
    complaints: list[str] = []

    studio = await open_page(chromium, f"{shop.base_url}/studio/{shop.show_id}", complaints)
    await sign_in(studio, host.email, host.password)
    await go_live(studio)

    viewer = await open_page(chromium, f"{shop.base_url}/shows/{shop.show_id}", complaints)
    await sees_moving_pictures(viewer.locator("lc-player video"))

    await studio.get_by_role("button", name="Pin Kyst mug").click()
    card = viewer.get_by_role("article", name="On screen now")
    await expect(card).to_contain_text("Kyst mug", timeout=PATIENCE_MS)

    await talk(viewer, "Is the glaze dishwasher safe?")
    await buy(viewer, card)

    control = await open_page(chromium, f"{shop.base_url}/control/{shop.show_id}", complaints)
    await sign_in(control, moderator.email, moderator.password)
    line = control.get_by_role("article").filter(has_text="dishwasher")
    await line.get_by_text("dishwasher").click()
    await control.keyboard.press("h")
    await expect(viewer.get_by_text("Is the glaze dishwasher safe?")).to_have_count(0, timeout=PATIENCE_MS)

    order = await paid_order(shop.server.database_url)
    assert (order["status"], order["title"], order["quantity"]) == ("paid", "Kyst mug", 1)
    assert order["sold"] == 1
    assert complaints == []


async def go_live(studio: Page) -> None:
    button = studio.get_by_role("button", name="Go live")
    await expect(button).to_be_enabled(timeout=PATIENCE_MS)
    await button.click()
    await expect(studio.get_by_role("button", name="End the show")).to_be_visible(timeout=PATIENCE_MS)


async def talk(viewer: Page, text: str) -> None:
    await viewer.get_by_label("Say something").fill(text)
    await viewer.keyboard.press("Enter")
    name = viewer.get_by_label("Name in the chat")
    await name.fill("Anna")
    await viewer.keyboard.press("Enter")
    await expect(viewer.get_by_role("log").get_by_text(text)).to_be_visible(timeout=PATIENCE_MS)


async def buy(viewer: Page, card: Locator) -> None:
    await card.get_by_role("button", name="Buy").click()
    address = {
        "Name": "Anna Berg",
        "Street": "Kiln Lane 3",
        "Postal code": "10115",
        "Town": "Berlin",
        "E-mail": "anna@example.com",
    }
    checkout = viewer.get_by_role("button", name="Check out")
    pay = viewer.get_by_role("button", name="Order and pay")
    name = viewer.locator("lc-address").get_by_label("Name")
    await expect(checkout.or_(pay).or_(name).first).to_be_visible(timeout=PATIENCE_MS)
    if await checkout.is_visible():
        await checkout.click()
        await expect(pay.or_(name).first).to_be_visible(timeout=PATIENCE_MS)
    if await name.is_visible():
        for label, value in address.items():
            await viewer.locator("lc-address").get_by_label(label).first.fill(value)
        await viewer.keyboard.press("Enter")
    await pay.click()
    await expect(viewer.get_by_text("Order N-").first).to_be_visible(timeout=PATIENCE_MS)


async def paid_order(database_url: str) -> asyncpg.Record:
    connection = await asyncpg.connect(database_url)
    try:
        row = await connection.fetchrow(
            """SELECT o.status, l.title, l.quantity, p.sold
               FROM orders o JOIN order_line l ON l.order_id = o.id
               JOIN stock_hold h ON h.id = l.hold_id JOIN stock_pool p ON p.id = h.pool_id"""
        )
    finally:
        await connection.close()
    assert row is not None
    return row
