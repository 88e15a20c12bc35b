"""Random sequences of everything that can happen to stock, against the simplest model of it.

Each walk is made by its seed: a failing one can be walked again.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from livecommerce.foundation.core.errors import LiveCommerceError
from livecommerce.foundation.core.ids import FlashSaleId, HoldId, PoolId, VariantId, new_id
from livecommerce.stock.model import Ask, HoldState, NotEnoughStock

STEPS = 40
UNITS = 3


@dataclass
class Walk:
    """What the stock should be, as one would count it on paper."""

    shop: object
    variant: PoolId
    dice: random.Random
    buyers: list[str]
    flash: PoolId | None = None
    total: int = UNITS
    clicks: list[tuple[PoolId, Ask]] = field(default_factory=list)
    state: dict[HoldId, str] = field(default_factory=dict)
    quantity: dict[HoldId, int] = field(default_factory=dict)
    promised: dict[str, HoldId] = field(default_factory=dict)

    def some(self, state: str) -> HoldId | None:
        fitting = [hold_id for hold_id, known in self.state.items() if known == state]
        return self.dice.choice(fitting) if fitting else None

    async def click(self) -> None:
        pool = self.dice.choice([pool for pool in (self.variant, self.flash) if pool])
        ask = self.shop.ask(self.dice.choice((1, 1, 2)), buyer=self.dice.choice(self.buyers))
        self.clicks.append((pool, ask))
        await self._hold(pool, ask)

    async def repeat(self) -> None:
        if self.clicks:
            pool, ask = self.dice.choice(self.clicks)
            await self._hold(pool, self.shop.again(ask))

    async def _hold(self, pool: PoolId, ask: Ask) -> None:
        try:
            decision = await self.shop.stock.hold(pool, ask)
        except LiveCommerceError:
            known = self.promised.get(ask.key)
            assert known is None or self.state[known] in {"released", "expired", "sold", "returned", "paying", "held"}
            return
        assert self.promised.setdefault(ask.key, decision.hold_id) == decision.hold_id  # I8
        if decision.hold_id not in self.state:
            assert decision.state is HoldState.HELD
            self.state[decision.hold_id], self.quantity[decision.hold_id] = "held", ask.quantity

    async def pay(self) -> None:
        if (hold_id := self.some("held")) is None:
            return
        hold = (await self.shop.stock.holds([hold_id]))[0]
        async with self.shop.database.transaction() as tx:
            await self.shop.stock.pay(tx, [hold_id], hold.buyer)
        self.state[hold_id] = "paying"

    async def sell(self) -> None:
        if (hold_id := self.some("paying")) is not None:
            async with self.shop.database.transaction() as tx:
                await self.shop.stock.sell(tx, [hold_id])
            self.state[hold_id] = "sold"

    async def release(self) -> None:
        if (hold_id := self.some(self.dice.choice(("held", "paying")))) is not None:
            async with self.shop.database.transaction() as tx:
                await self.shop.stock.release(tx, [hold_id], actor=new_id())
            self.state[hold_id] = "released"

    async def take_back(self) -> None:
        if (hold_id := self.some("sold")) is not None:
            async with self.shop.database.transaction() as tx:
                await self.shop.stock.take_back(tx, [hold_id], refund=new_id(), actor=new_id())
            self.state[hold_id] = "returned"

    async def expire(self) -> None:
        await self.shop.database.execute("UPDATE stock_hold SET expires_at = clock_timestamp() WHERE state = 'held'")
        await self.shop.upkeep.sweep()
        self.state = {hold_id: "expired" if state == "held" else state for hold_id, state in self.state.items()}

    async def adjust(self) -> None:
        delta = self.dice.choice((-1, 1))
        try:
            async with self.shop.database.transaction() as tx:
                await self.shop.stock.adjust(tx, self.variant, delta, reason="counted", actor=new_id())
        except NotEnoughStock:
            return
        self.total += delta

    async def open_or_close_a_sale(self) -> None:
        if self.flash is not None:
            async with self.shop.database.transaction() as tx:
                await self.shop.stock.give_back(tx, FlashSaleId(self.flash))
            self.flash = None
            return
        flash, now = FlashSaleId(new_id()), datetime.now(UTC)
        try:
            async with self.shop.database.transaction() as tx:
                await self.shop.stock.fence(
                    tx,
                    flash,
                    VariantId(self.variant),
                    show_id=self.shop.show,
                    units=1,
                    limit_per_buyer=2,
                    starts_at=now - timedelta(seconds=1),
                    ends_at=now + timedelta(seconds=600),
                    hold_s=60,
                )
        except NotEnoughStock:
            return
        self.flash = PoolId(flash)

    async def lose_redis(self) -> None:
        await self.shop.redis.flushall()

    async def lie(self) -> None:
        await self.shop.redis.hset(
            f"pool:{{{self.variant}}}:g", mapping={"base": self.dice.randint(-5, 50), "pend": self.dice.randint(-5, 5)}
        )

    async def check(self) -> None:
        """I1–I5 and I10 in the ledger, and nothing promised but what is there."""
        await self.shop.sound()
        taken = sum(self.quantity[h] for h, state in self.state.items() if state in {"held", "paying", "sold"})
        rows = await self.shop.database.fetch(
            "SELECT sum(total)::int AS total, sum(held + sold)::int AS taken FROM stock_pool WHERE variant_id = $1",
            self.variant,
        )
        assert (rows[0]["total"], rows[0]["taken"]) == (self.total, taken)


@pytest.mark.parametrize("seed", range(8))
async def test_whatever_happens_the_books_agree_with_paper(shop, seed) -> None:
    dice = random.Random(seed)
    walk = Walk(shop, await shop.variant(UNITS, limit=3), dice, [new_id() for _ in range(3)])
    steps = [walk.click] * 6 + [walk.repeat] * 2 + [walk.pay, walk.sell] * 2
    steps += [walk.release, walk.take_back, walk.expire, walk.adjust, walk.open_or_close_a_sale]
    steps += [walk.lose_redis, walk.lie]

    for _ in range(STEPS):
        await dice.choice(steps)()
        await walk.check()

    assert walk.promised
