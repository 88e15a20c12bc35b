"""The demo's shop and show, made through the public interface; what is there already stays as it is."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog

from livecommerce.demo.client import Client, Json, Refused
from livecommerce.demo.shop import DemoProduct, image, products

log = structlog.get_logger(__name__)

SHOW_TITLE = "Kiln opening: autumn glazes"
SHOW_DESCRIPTION = "Forty pots, straight from the kiln. Ask Maja about any of them."
MODERATOR_PERMISSIONS = ("staff.read", "chat.hide", "chat.mode", "viewer.mute", "viewer.ban", "product.pin")
PAGE = 200


async def seed_products(owner: Client) -> list[tuple[DemoProduct, Json]]:
    """Make the products that are missing; return all of them as the catalogue has them, in the demo's order."""
    existing = {product["handle"]: product for product in (await owner.get(f"/products?limit={PAGE}"))["items"]}
    return [(plan, await _seed_product(owner, plan, existing.get(plan.handle))) for plan in products()]


async def _seed_product(owner: Client, plan: DemoProduct, product: Json | None) -> Json:
    if product is None:
        product = await owner.post("/products", plan.body())
    for picture in plan.pictures()[len(product["image_urls"]) :]:
        path = f"/products/{product['id']}/images"
        product = await owner.request("POST", path, picture, content_type="image/png")
    return dict(product)


async def seed_show(host: Client, product_ids: list[str]) -> Json:
    """Return the demo's show, live: the one of last time if it has not ended, else a new one."""
    unfinished = (await host.get("/shows?status=live,paused,scheduled"))["items"]
    show = next((show for show in unfinished if show["title"] == SHOW_TITLE), None)
    if show is None:
        show = await host.post(
            "/shows",
            {
                "title": SHOW_TITLE,
                "description": SHOW_DESCRIPTION,
                "starts_at": datetime.now(UTC).isoformat(timespec="seconds"),
                "visibility": "public",
            },
        )
        poster = image("host-maja.jpg")
        show = await host.request("POST", f"/shows/{show['id']}/poster", poster, content_type="image/jpeg")
    if show["lineup"] != product_ids:
        show = await host.put(f"/shows/{show['id']}/lineup", product_ids)
    if show["status"] == "scheduled":
        show = await host.post(f"/shows/{show['id']}/start")
    elif show["status"] == "paused":
        show = await _resume(host, show)
    for pin in show["pins"]:  # of last time
        show = await host.delete(f"/shows/{show['id']}/pins/{pin['product_id']}")
    return dict(show)


async def _resume(host: Client, show: Json) -> Json:
    try:
        return dict(await host.post(f"/shows/{show['id']}/resume"))
    except Refused:  # it waits for a picture, and goes on by itself when there is one
        return show


async def seat_moderator(host: Client, show_id: str, person_id: str) -> None:
    """Let the moderator work in this show."""
    body = {"person_id": person_id, "permissions": list(MODERATOR_PERMISSIONS)}
    await host.post(f"/shows/{show_id}/moderators", body)
