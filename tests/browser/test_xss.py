"""Check 26: what people type is only ever text, on every page that shows it."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

PATIENCE_MS = 30_000

CORPUS = [
    "<script>window.hacked=1</script>",
    "<img src=x onerror=window.hacked=1>",
    "<svg/onload=window.hacked=1>",
    "<iframe srcdoc='<script>parent.hacked=1</script>'></iframe>",
    "javascript:window.hacked=1",
    '"><b id=injected>bold</b>',
    "{{constructor.constructor('window.hacked=1')()}}",
    "${window.hacked=1}",
    "\u202etxet desrever\u202c <b id=injected>",
]
NAME = "<b id=injected>Anna"
TITLE = "<img src=x onerror=window.hacked=1> mug"
HTML = (
    "<p>Thrown by hand</p><script>window.hacked=1</script>"
    "<a href='javascript:window.hacked=1' onclick='window.hacked=1'>more</a>"
    "<svg><script>window.hacked=1</script></svg>"
)

FOREIGN = """() => {
  const found = [];
  const walk = (root) => {
    for (const element of root.querySelectorAll('*')) {
      if (element.id === 'injected' || element.localName === 'iframe') found.push(element.outerHTML);
      for (const { name, value } of element.attributes)
        if ((name.startsWith('on') && name in document.body) || /^javascript:/i.test(value))
          found.push(`${element.localName} ${name}=${value}`);
      if (element.shadowRoot) walk(element.shadowRoot);
    }
  };
  walk(document);
  return found;
}"""
INLINE = """() => {
  const script = document.createElement('script');
  script.textContent = 'window.inlineRan = 1';
  document.body.append(script);
  return window.inlineRan ?? 0;
}"""


async def people(shop: Any) -> tuple[Any, Any]:
    """A show whose every text is an attack."""
    host = await shop.hire("host", "maja@nordlys.example", "Maja")
    moderator = await shop.hire("moderator", "freja@nordlys.example", "Freja")
    made = await shop.product(host, TITLE, "MUG-XSS")
    await shop.call("PATCH", f"/products/{made['id']}", host.token, {"description_html": HTML})
    await shop.show(host, [made["id"]])
    await shop.seat(host, moderator)
    await shop.call("PATCH", f"/shows/{shop.show_id}", host.token, {"title": CORPUS[1], "description": CORPUS[0]})
    await shop.call("POST", f"/shows/{shop.show_id}/start", host.token)
    await shop.call("PUT", f"/shows/{shop.show_id}/pins/{made['id']}", host.token)
    for index, text in enumerate(CORPUS):  # one guest each: nobody may write so fast
        guest = await shop.call("POST", "/guests", "", {"display_name": NAME})
        posted = await shop.call("POST", f"/shows/{shop.show_id}/messages", guest["token"], {"text": text})
        assert posted["state"] in ("shown", "held"), index
    return host, moderator


async def looks_harmless(page: Page) -> None:
    assert await page.evaluate("() => window.hacked ?? 0") == 0
    assert await page.evaluate(FOREIGN) == []
    assert await page.evaluate(INLINE) == 0, "the Content-Security-Policy lets inline code run"


@pytest.mark.timeout(240)
async def test_check_26_markup_in_names_chat_products_and_titles_is_shown_as_text(shop: Any, chromium: Browser) -> None:
    host, moderator = await people(shop)
    pages = {"/": None, f"/shows/{shop.show_id}": None}
    pages |= {f"/studio/{shop.show_id}": host, f"/control/{shop.show_id}": moderator}
    dialogs: list[str] = []
    for path, employee in pages.items():
        context = await chromium.new_context(viewport={"width": 1440, "height": 900})
        page = await context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("dialog", lambda dialog: dialogs.append(dialog.message))
        await page.goto(shop.base_url + path)
        if employee is not None:
            await page.get_by_label("E-mail").fill(employee.email)
            await page.get_by_label("Password").fill(employee.password)
            await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_text(CORPUS[1]).first).to_be_attached(timeout=PATIENCE_MS)
        if path.startswith("/shows"):
            await expect(page.get_by_text(CORPUS[0]).first).to_be_attached(timeout=PATIENCE_MS)
            await page.get_by_role("article", name="On screen now").get_by_role("button", name=TITLE).click()
            await expect(page.get_by_text("Thrown by hand")).to_be_visible(timeout=PATIENCE_MS)
        await looks_harmless(page)
        await context.close()

    assert dialogs == []
