"""Accounts: an address proven by a mailed code, and no password.

The answer to a request for a code says nothing about whether the address is known. A code makes a *guest* into an
account only when that same guest brings it: otherwise somebody could ask for a code in your name as their guest, and
your typing it would hand them your account.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta

from livecommerce.foundation.core.actors import Actor, ActorKind, Role
from livecommerce.foundation.core.ids import PersonId, new_id
from livecommerce.foundation.core.settings import IdentitySettings
from livecommerce.foundation.http.mail import Mailer
from livecommerce.foundation.storage.postgres import Transaction
from livecommerce.identity.model import CODE_DIGITS, ContactCode, Person, WrongCode, clean_email, clean_name
from livecommerce.identity.service.entrance import Entrance
from livecommerce.identity.service.rates import (
    CODE_TRIES_PER_EMAIL,
    CODE_TRIES_PER_NETWORK,
    CODES_PER_EMAIL,
    CODES_PER_NETWORK,
    email_key,
    network_key,
)
from livecommerce.identity.service.sessions import SignedIn
from livecommerce.identity.store import CodeStore


class Accounts:
    """Mails codes and trades them for sessions."""

    def __init__(
        self,
        entrance: Entrance,
        codes: CodeStore,
        *,
        mailer: Mailer,
        secret: bytes,
        settings: IdentitySettings,
        shop_name: str,
    ) -> None:
        self._in, self._codes, self._mailer = entrance, codes, mailer
        self._secret, self._shop_name = secret, shop_name
        self._lifetime = timedelta(seconds=settings.code_ttl_s)

    async def request_code(self, email: str, display_name: str, *, actor: Actor | None, address: str) -> None:
        """Mail a code that proves the address; staff, who have a password, get a letter that says so instead.

        `actor` is the guest who asks, if any.
        """
        email, name = clean_email(email), clean_name(display_name)
        await self._in.limiter.hit("codes.network", network_key(address), CODES_PER_NETWORK)
        await self._in.limiter.hit("codes.email", email_key(email), CODES_PER_EMAIL)
        known = await self._in.people.by_contact(email)
        if known is not None and known.kind is ActorKind.STAFF:
            subject, text = self._staff_letter()
        else:
            subject, text = self._letter(await self._new_code(email, name, actor))
        await self._mailer.send(to=email, subject=subject, text=text)

    async def _new_code(self, email: str, name: str, actor: Actor | None) -> str:
        code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
        requested_by = actor.id if actor and actor.kind is ActorKind.GUEST else None
        code_hash, at = self._hash(email, code), self._in.clock.now()
        async with self._in.database.transaction() as tx:
            await self._codes.add(tx, email, name, requested_by, code_hash, at=at, lifetime=self._lifetime)
        return code

    async def confirm(self, email: str, code: str, *, actor: Actor | None, address: str) -> SignedIn:
        """Trade a code for a session; `WrongCode` for any that is wrong, used or older than its lifetime."""
        email = clean_email(email)
        await self._in.limiter.hit("code_tries.network", network_key(address), CODE_TRIES_PER_NETWORK)
        await self._in.limiter.hit("code_tries.email", email_key(email), CODE_TRIES_PER_EMAIL)
        signed_in: SignedIn | None = None
        async with self._in.database.transaction() as tx:
            open_codes = await self._codes.lock(tx, email, self._in.clock.now())
            fitting = self._fitting(open_codes, self._hash(email, code))
            if fitting is None:
                await self._codes.count_try(tx, open_codes)  # stands, since the refusal is raised after the commit
            else:
                await self._codes.drop(tx, email)
                signed_in = await self._admit(tx, email, fitting, actor)
        if signed_in is None:
            raise WrongCode()
        return signed_in

    async def _admit(self, tx: Transaction, email: str, code: ContactCode, actor: Actor | None) -> SignedIn | None:
        """The owner of the address: a known person, the guest who asked and now answers, or a new account."""
        known = await self._in.people.by_contact(email, tx)
        if known is not None and known.kind is ActorKind.STAFF:
            return None  # became staff after the code was mailed
        if known is not None:
            return await self._in.identity.start(tx, known)
        if actor is not None and actor.kind is ActorKind.GUEST and actor.id == code.requested_by:
            person = (await self._in.people.lock(actor.id, tx)).confirmed(email)
            await self._in.people.save(tx, person)
            if actor.session_id:
                await self._in.identity.outgrow(tx, actor.session_id)
        else:
            person = Person(PersonId(new_id()), ActorKind.ACCOUNT, Role.VIEWER, code.display_name, email)
            await self._in.people.add(tx, person, self._in.clock.now())
        return await self._in.identity.start(tx, person)

    def _fitting(self, codes: list[ContactCode], code_hash: bytes) -> ContactCode | None:
        matches = [code for code in codes if hmac.compare_digest(code.code_hash, code_hash)]
        return matches[0] if matches else None

    def _hash(self, email: str, code: str) -> bytes:
        """Keyed, because whoever reads the table could try all codes in a minute."""
        return hmac.digest(self._secret, f"{email}\n{code}".encode(), hashlib.sha256)

    def _letter(self, code: str) -> tuple[str, str]:
        """Subject and text."""
        minutes = max(1, round(self._lifetime.total_seconds() / 60))
        return f"{code} is your code for {self._shop_name}", (
            f"Your code for {self._shop_name} is\n\n    {code}\n\n"
            f"It is good for {minutes} minutes. If you did not ask for it, somebody mistyped their address: "
            "do nothing, and tell nobody the code.\n"
        )

    def _staff_letter(self) -> tuple[str, str]:
        return f"Signing in to {self._shop_name}", (
            f"Somebody asked for a code for your address at {self._shop_name}. You are staff there: "
            "sign in with your password instead. If it was not you, do nothing.\n"
        )
