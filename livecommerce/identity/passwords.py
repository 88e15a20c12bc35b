"""Passwords: argon2id (RFC 9106). A hash takes some 50 to 150 ms of a core: in threads, two at a time at most."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import TypeVar

import argon2

from livecommerce.foundation.core.errors import Busy

T = TypeVar("T")

AT_ONCE = 2
"""Hashes computed side by side: each takes 64 MB and a core."""
MAX_WAITING = 32
"""Sign-ins waiting for their turn; a guessing flood is answered `busy` instead of filling memory."""


class Passwords:
    """Hashes and verifies; verifying takes as long for nobody's password as for somebody's."""

    def __init__(self, hasher: argon2.PasswordHasher | None = None) -> None:
        self._hasher = hasher or argon2.PasswordHasher()
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0
        self._nobody: str | None = None

    async def hash(self, password: str) -> str:
        return await self._in_thread(self._hash, password)

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether the password fits; for None (nobody, or no password) the same work is done and the answer is no."""
        if self._nobody is None:
            self._nobody = await self.hash(secrets.token_urlsafe(24))
        fits = await self._in_thread(self._verify, stored or self._nobody, password)
        return fits and stored is not None

    def _hash(self, password: str) -> str:
        return self._hasher.hash(password)

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False

    async def _in_thread(self, work: Callable[..., T], *args: str) -> T:
        if self._waiting >= MAX_WAITING:
            raise Busy(retry_after_s=2)
        self._waiting += 1
        try:
            async with self._turn:
                return await asyncio.to_thread(work, *args)
        finally:
            self._waiting -= 1
