from __future__ import annotations

import asyncio
import threading

import argon2
import pytest

from livecommerce.foundation.core.errors import Busy
from livecommerce.identity.passwords import AT_ONCE, MAX_WAITING, Passwords


class CountingHasher(argon2.PasswordHasher):
    """Counts the hashes computed, and how many at once at most; waits for `gate` in each."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=1024, parallelism=1)
        self.verified = self.running = self.most = 0
        self.gate = threading.Event()
        self.gate.set()
        self._lock = threading.Lock()

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:
        with self._lock:
            self.verified += 1
            self.running += 1
            self.most = max(self.most, self.running)
        try:
            assert self.gate.wait(20)
            return super().verify(hash, password)
        finally:
            with self._lock:
                self.running -= 1


async def test_a_password_fits_itself_and_nothing_else() -> None:
    passwords = Passwords(argon2.PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1))

    stored = await passwords.hash("correct horse battery")

    assert stored.startswith("$argon2id$")
    assert await passwords.verify(stored, "correct horse battery")
    for wrong in ("correct horse batter", "", "correct horse battery\0"):
        assert not await passwords.verify(stored, wrong)
    assert not await passwords.verify("not a hash", "correct horse battery")


async def test_nobody_s_password_costs_as_much_as_somebody_s() -> None:
    hasher = CountingHasher()
    passwords = Passwords(hasher)
    stored = await passwords.hash("correct horse battery")
    await passwords.verify(stored, "x")
    work = []

    for case in (stored, None):
        before = hasher.verified
        assert not await passwords.verify(case, "wrong")
        work.append(hasher.verified - before)

    assert work == [1, 1]


async def test_hashes_are_computed_few_at_a_time_and_a_flood_is_told_to_wait() -> None:
    hasher = CountingHasher()
    passwords = Passwords(hasher)
    stored = await passwords.hash("correct horse battery")
    await passwords.verify(stored, "x")
    hasher.gate.clear()

    waiting = [asyncio.create_task(passwords.verify(stored, "x")) for _ in range(MAX_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await passwords.verify(stored, "x")
    hasher.gate.set()
    answers = await asyncio.gather(*waiting)

    assert answers == [False] * MAX_WAITING
    assert hasher.most <= AT_ONCE
