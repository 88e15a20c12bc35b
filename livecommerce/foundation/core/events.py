"""Domain events and counters: what rooms tell the world. AsyncAPI and the pages' types are generated from them."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar, TypeVar

import msgspec

T = TypeVar("T")


class Scope(StrEnum):
    """Who a logged event is for. Each scope of a show has its own `seq`."""

    PUBLIC = "public"
    STAFF = "staff"


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened in a show, `noun.past_tense`. Absolute and safe to apply twice."""

    type: ClassVar[str]
    version: ClassVar[int] = 1
    scope: ClassVar[Scope] = Scope.PUBLIC


class Counter(msgspec.Struct, frozen=True, kw_only=True):
    """An absolute value with a `version`: the latest wins; it carries no `seq` and is not replayed."""

    type: ClassVar[str]
    version: int

    @property
    def key(self) -> str:
        """What the value belongs to, so that newer values of the same thing replace older ones."""
        return self.type


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """Something one person is told, on all their connections."""

    type: ClassVar[str]


def declared(kind: type[T]) -> list[type[T]]:
    """Every concrete declared subclass (of `Event`, `Counter` or `Notice`), by type name."""
    found: dict[str, type[T]] = {}
    stack = list(kind.__subclasses__())
    while stack:
        cls = stack.pop()
        stack.extend(cls.__subclasses__())
        if "type" in cls.__dict__:
            found[cls.__dict__["type"]] = cls
    return [found[name] for name in sorted(found)]
