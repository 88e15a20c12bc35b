"""The rules of stock: what a pool has, what a hold may become, and why a click is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from livecommerce.foundation.core import ids
from livecommerce.foundation.core.errors import Conflict, Invalid, LiveCommerceError, NotFound
from livecommerce.foundation.core.ids import HoldId, PersonId, PoolId, ShowId, VariantId
from livecommerce.foundation.core.money import Money

MAX_UNITS = 1_000_000_000
"""Units of one pool: fits the integer of the ledger with room to add."""
MAX_QUANTITY = 1000
"""Units of one hold."""
_KEY = re.compile(r"[0-9A-Za-z_-]{1,64}")


class PoolKind(StrEnum):
    VARIANT = "variant"
    FLASH_SALE = "flash_sale"


class HoldState(StrEnum):
    """`held → paying → sold`, or `released | expired`; a refusal worth remembering is `rejected`."""

    HELD = "held"
    PAYING = "paying"
    SOLD = "sold"
    RELEASED = "released"
    EXPIRED = "expired"
    REJECTED = "rejected"


class Closing(StrEnum):
    """How a hold ends in the journal."""

    SELL = "sell"
    RELEASE = "release"
    EXPIRE = "expire"
    RETURN = "return"


OPEN = frozenset({HoldState.HELD, HoldState.PAYING})
"""States in which units are promised and not yet paid."""

CLOSABLE: Mapping[Closing, frozenset[HoldState]] = {
    Closing.SELL: OPEN,
    Closing.RELEASE: OPEN,
    Closing.EXPIRE: frozenset({HoldState.HELD}),
    Closing.RETURN: frozenset({HoldState.SOLD}),
}


@dataclass(frozen=True, slots=True)
class Pool:
    """A countable allotment. `version` grows with every change; times are None where the window is open."""

    id: PoolId
    kind: PoolKind
    variant_id: VariantId
    show_id: ShowId | None
    total: int
    held: int
    sold: int
    limit_per_buyer: int | None
    starts_at: datetime | None
    ends_at: datetime | None
    is_paused: bool
    version: int
    waiting: int = 0
    """Units that people in line wait for."""

    @property
    def free(self) -> int:
        """Units that are neither held nor sold."""
        return self.total - self.held - self.sold

    @property
    def available(self) -> int:
        """Units that a click can have: what comes back while people are in line is theirs."""
        return max(0, self.free - self.waiting)

    def has_ended(self, now: datetime) -> bool:
        """Whether nothing more is sold from it."""
        return self.ends_at is not None and now >= self.ends_at


@dataclass(frozen=True, slots=True)
class Ask:
    """One click: units of a pool for a buyer, under the key of the intent. The price is promised with the units."""

    hold_id: HoldId
    show_id: ShowId
    buyer: PersonId
    key: str
    quantity: int
    price: Money

    def __post_init__(self) -> None:
        """Refuse what would cost a whole batch: nothing that is not checked here reaches the gate or the ledger."""
        check_quantity(self.quantity)
        check_key(self.key)
        if not all(map(ids.is_uuid, (self.hold_id, self.show_id, self.buyer))):
            raise NotFound()
        if not 0 <= self.price.minor < 1 << 53:
            raise Invalid("The price is out of range.", field="price")


@dataclass(frozen=True, slots=True)
class Decision:
    """What the ledger says to one click, after COMMIT, and what the pool has then."""

    hold_id: HoldId
    state: HoldState
    reason: str | None
    price: Money
    expires_at: datetime | None
    expires_in_ms: int
    extended: bool
    available: int
    version: int


@dataclass(frozen=True, slots=True)
class Hold:
    """Units of a pool promised to a buyer until `expires_at`; `extended` once the buyer has asked for more time."""

    id: HoldId
    pool_id: PoolId
    kind: PoolKind
    variant_id: VariantId
    show_id: ShowId
    buyer: PersonId
    quantity: int
    price: Money
    state: HoldState
    expires_at: datetime | None
    expires_in_ms: int
    extended: bool

    def require_payable(self) -> None:
        """Raise unless the hold may become part of an order."""
        if self.state is HoldState.EXPIRED:
            raise HoldExpired()
        if self.state is not HoldState.HELD:
            raise HoldNotOpen(state=self.state.value)

    def require_extendable(self) -> None:
        """Raise unless the buyer may still ask for more time: once, and before the hold ends."""
        self.require_payable()
        if self.extended:
            raise AlreadyExtended()

    def require_closable(self, closing: Closing) -> None:
        """Raise unless the hold may end this way."""
        if self.state in CLOSABLE[closing]:
            return
        if self.state is HoldState.EXPIRED:
            raise HoldExpired()
        raise HoldNotOpen(state=self.state.value)


def check_quantity(quantity: int) -> None:
    """Refuse what is not strictly a whole number of units."""
    if type(quantity) is not int or not 1 <= quantity <= MAX_QUANTITY:
        raise Invalid(f"A quantity is a whole number from 1 to {MAX_QUANTITY}.", field="quantity")


def check_key(key: str) -> None:
    """Refuse a key that could be more than a part of a name."""
    if type(key) is not str or _KEY.fullmatch(key) is None:
        raise Invalid("An idempotency key has 1 to 64 letters, digits, - or _.", field="idempotency_key")


class Refused(LiveCommerceError):
    """This cannot be bought right now."""

    code, status = "refused", 409


class SoldOut(Refused):
    """Sold out."""

    code = "sold_out"


class LimitReached(Refused):
    """You already have as many as one buyer may have."""

    code = "limit_reached"


class NotStarted(Refused):
    """The sale has not started yet."""

    code = "not_started"


class Ended(Refused):
    """The sale has ended."""

    code = "ended"


class Paused(Refused):
    """The sale is paused."""

    code = "paused"


class KeyReused(Refused):
    """This key was used for another quantity; a new click is a new key."""

    code = "key_reused"


class HoldExpired(Refused):
    """The hold has expired."""

    code = "expired"


class HoldNotOpen(Conflict):
    """The hold is closed or being paid."""

    code = "hold_not_open"


class AlreadyExtended(Conflict):
    """The hold has been extended already; once is all."""

    code = "already_extended"


class NotEnoughStock(Conflict):
    """There is not so much in stock."""

    code = "not_enough_stock"


REFUSALS: Mapping[str, type[Refused]] = {
    refused.code: refused for refused in (SoldOut, LimitReached, NotStarted, Ended, Paused, KeyReused, HoldExpired)
}


def refusal(reason: str, *, available: int | None = None, retry_after_ms: int | None = None) -> Refused:
    """The error that tells a buyer why."""
    details: dict[str, object] = {"available": available, "retry_after_ms": retry_after_ms}
    return REFUSALS[reason](None, **{name: value for name, value in details.items() if value is not None})
