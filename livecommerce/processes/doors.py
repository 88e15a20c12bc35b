"""All ways in and all background work, room by room: the table that a newcomer reads to find a door."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from livecommerce.audience import http as audience_http
from livecommerce.audience import socket as audience_socket
from livecommerce.audience.jobs import AudiencePulse
from livecommerce.broadcast import http as broadcast_http
from livecommerce.catalog import http as catalog_http
from livecommerce.chat import http as chat_http
from livecommerce.chat import socket as chat_socket
from livecommerce.chat.jobs import ReactionPulse
from livecommerce.foundation.http.server import Routes
from livecommerce.foundation.realtime.gateway import Gateway
from livecommerce.foundation.storage.outbox import Outbox
from livecommerce.identity import http as identity_http
from livecommerce.identity.jobs import ExpiryJob
from livecommerce.moderation import http as moderation_http
from livecommerce.orders import http as orders_http
from livecommerce.orders.jobs import OrdersClock
from livecommerce.orders.payment import hosted as sandbox_page
from livecommerce.processes.house import House
from livecommerce.processes.resources import Resources
from livecommerce.sales import http as sales_http
from livecommerce.sales import socket as sales_socket
from livecommerce.sales.jobs import SalesClock, WaitlistClerk
from livecommerce.shows import http as shows_http
from livecommerce.shows.jobs import ShowJobs
from livecommerce.stock.jobs import Janitor


def routes(house: House) -> list[Routes]:
    """Every HTTP route below `/api/v1`."""
    lower, trade = house.lower, house.trade
    return [
        identity_http.routes(lower.identity),
        catalog_http.routes(lower.catalog, lower.csv_import),
        shows_http.routes(lower.shows),
        moderation_http.routes(house.talk.moderation),
        chat_http.routes(house.talk.chat),
        broadcast_http.routes(house.broadcast),
        sales_http.routes(trade.sales, trade.buying, trade.holds),
        sales_http.waitlist_routes(trade.waitlist),
        orders_http.routes(trade.orders, trade.payments, trade.numbers, trade.parcels),
        orders_http.export_routes(trade.orders),
        orders_http.checkout_routes(trade.quotes, trade.pricing),
        *([sandbox_page.routes(trade.sandbox, trade.payments)] if trade.sandbox else []),
        audience_http.routes(house.audience),
    ]


def register(gateway: Gateway, house: House) -> None:
    """Every message that clients may send over the socket."""
    chat_socket.register(gateway, house.talk.chat, house.talk.reactions)
    sales_socket.register(gateway, house.trade.buying)
    audience_socket.register(gateway, house.audience)


def jobs(resources: Resources, house: House, gateway: Gateway) -> dict[str, Coroutine[Any, Any, None]]:
    """What runs beside requests, by name. Every web process runs all of it."""
    outbox = Outbox(resources.database)
    lower, trade = house.lower, house.trade
    return {
        "expired sessions": ExpiryJob(lower.identity.sessions, lower.identity.codes, resources.clock).run(),
        "stock janitor": Janitor(lower.upkeep).run(),
        "changed products": ShowJobs(outbox, lower.shows).run(),
        "reactions": ReactionPulse(house.talk.reactions).run(),
        "sales": SalesClock(trade.sales, trade.holds, outbox).run(),
        "waitlist": WaitlistClerk(trade.waitlist, outbox).run(),
        "orders": OrdersClock(trade.orders, trade.payments, outbox, sandbox=trade.sandbox).run(),
        "audience": AudiencePulse(gateway.hub, house.presence).run(),
    }
