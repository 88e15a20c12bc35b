"""All ways in and all background work, room by room: the table that a newcomer reads to find a door."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from livecommerce.broadcast import http as broadcast_http
from livecommerce.catalog import http as catalog_http
from livecommerce.catalog.jobs import ImageJob
from livecommerce.chat import http as chat_http
from livecommerce.chat import socket as chat_socket
from livecommerce.chat.jobs import ReactionPulse
from livecommerce.foundation.http.server import Routes
from livecommerce.foundation.realtime.gateway import Gateway
from livecommerce.foundation.storage.outbox import Outbox
from livecommerce.identity import http as identity_http
from livecommerce.identity.jobs import ExpiryJob
from livecommerce.moderation import http as moderation_http
from livecommerce.processes.house import House
from livecommerce.processes.resources import Resources
from livecommerce.sales import http as sales_http
from livecommerce.sales import socket as sales_socket
from livecommerce.sales.jobs import SalesClock
from livecommerce.shows import http as shows_http
from livecommerce.shows.jobs import ShowJobs
from livecommerce.stock.jobs import Janitor


def routes(house: House) -> list[Routes]:
    """Every HTTP route below `/api/v1`."""
    return [
        identity_http.routes(house.identity),
        catalog_http.routes(house.catalog, house.csv_import),
        shows_http.routes(house.shows),
        moderation_http.routes(house.moderation),
        chat_http.routes(house.chat),
        broadcast_http.routes(house.broadcast),
        sales_http.routes(house.sales, house.buying, house.holds),
    ]


def register(gateway: Gateway, house: House) -> None:
    """Every message that clients may send over the socket."""
    chat_socket.register(gateway, house.chat, house.reactions)
    sales_socket.register(gateway, house.buying)


def jobs(resources: Resources, house: House, gateway: Gateway) -> dict[str, Coroutine[Any, Any, None]]:
    """What runs beside requests, by name. Every web process runs all of it."""
    outbox = Outbox(resources.database)
    identity = house.identity
    return {
        "expired sessions": ExpiryJob(identity.sessions, identity.codes, resources.clock).run(),
        "stock janitor": Janitor(house.upkeep).run(),
        "imported pictures": ImageJob(outbox, house.catalog).run(),
        "changed products": ShowJobs(outbox, house.shows).run(),
        "reactions": ReactionPulse(house.reactions).run(),
        "sales": SalesClock(house.sales, house.holds, outbox).run(),
    }
