"""The moderation room, with the rooms below it."""

from tests.stage import (
    bus,
    cast,
    catalog,
    event_log,
    identity,
    moderation,
    pictures,
    show_id,
    shows,
    stock,
    told,
)

__all__ = [
    "bus",
    "cast",
    "catalog",
    "event_log",
    "identity",
    "moderation",
    "pictures",
    "show_id",
    "shows",
    "stock",
    "told",
]
