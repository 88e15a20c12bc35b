"""The chat room, with the rooms below it."""

from tests.stage import (
    bus,
    cast,
    catalog,
    chat,
    event_log,
    identity,
    moderation,
    pictures,
    postgres_line,
    reactions,
    show_id,
    shows,
    stock,
    told,
)

__all__ = [
    "bus",
    "cast",
    "catalog",
    "chat",
    "event_log",
    "identity",
    "moderation",
    "pictures",
    "postgres_line",
    "reactions",
    "show_id",
    "shows",
    "stock",
    "told",
]
