"""A live show that sells, and its orders."""

from tests.house import house
from tests.storefront import storefront

__all__ = ["house", "storefront"]
