"""The rooms up to shows, and their doors."""

from tests.house import client, house

__all__ = ["client", "house"]
