"""Opaque identifiers: UUIDv7 (RFC 9562 5.7) as lower-case text, one NewType per noun."""

from __future__ import annotations

import re
import secrets
import time
import uuid
from typing import NewType

ShowId = NewType("ShowId", str)
PersonId = NewType("PersonId", str)
SessionId = NewType("SessionId", str)
ProductId = NewType("ProductId", str)
VariantId = NewType("VariantId", str)
FlashSaleId = NewType("FlashSaleId", str)
PoolId = NewType("PoolId", str)
HoldId = NewType("HoldId", str)
EntryId = NewType("EntryId", str)
OrderId = NewType("OrderId", str)
MessageId = NewType("MessageId", str)
SanctionId = NewType("SanctionId", str)
EventId = NewType("EventId", str)

_ID = re.compile(r"[0-9a-z-]{1,36}")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def new_id() -> str:
    """Return a UUIDv7: 48 bits of Unix milliseconds, then 74 random bits, so that ids sort roughly by age."""
    random = secrets.randbits(74)
    value = (time.time_ns() // 1_000_000 & (1 << 48) - 1) << 80
    value |= 0x7 << 76 | (random >> 62) << 64 | 0b10 << 62 | random & (1 << 62) - 1
    return str(uuid.UUID(int=value))


def is_id(text: str) -> bool:
    """Whether the text may stand in a key or a path: `^[0-9a-z-]{1,36}$`."""
    return _ID.fullmatch(text) is not None


def is_uuid(text: str) -> bool:
    """Whether the text is a UUID in canonical lower-case form, as our rows use."""
    return _UUID.fullmatch(text) is not None
