from __future__ import annotations

import asyncio
from typing import Any

import pytest

from livecommerce.foundation.core.actors import Actor, ActorKind, Role
from livecommerce.foundation.core.errors import Invalid, RateLimited
from livecommerce.foundation.storage.postgres import Database
from livecommerce.identity.model import CODE_TRIES, MAX_OPEN_CODES, WrongCode, WrongPassword
from livecommerce.identity.service import IdentityRoom

EMAIL, HERE, THERE = "freja@example.com", "198.51.100.1", "198.51.100.2"


async def _guest(room: IdentityRoom) -> Actor:
    return await room.identity.authenticate((await room.guests.mint("Freja", address=None)).token)


async def test_a_guest_who_confirms_is_the_same_person_with_a_contact(room: IdentityRoom, outbox: Any) -> None:
    guest = await _guest(room)
    await room.accounts.request_code(EMAIL, "Freja", actor=guest, address=HERE)

    signed_in = await room.accounts.confirm(EMAIL, outbox.code_for(EMAIL), actor=guest, address=HERE)

    account = await room.identity.authenticate(signed_in.token)
    assert (account.id, account.kind, account.contact) == (guest.id, ActorKind.ACCOUNT, EMAIL)
    assert account.session_id != guest.session_id


async def test_the_guest_s_own_session_fades_after_they_confirmed(room: IdentityRoom, outbox: Any, clock: Any) -> None:
    minted = await room.guests.mint("Freja", address=None)
    guest = await room.identity.authenticate(minted.token)
    await room.accounts.request_code(EMAIL, "Freja", actor=guest, address=HERE)
    await room.accounts.confirm(EMAIL, outbox.code_for(EMAIL), actor=guest, address=HERE)

    await room.identity.authenticate(minted.token)
    clock.advance(91)

    with pytest.raises(Exception, match="Sign in"):
        await room.identity.authenticate(minted.token)


async def test_a_code_that_somebody_else_s_guest_asked_for_never_makes_that_guest_the_owner_of_the_address(
    room: IdentityRoom, outbox: Any
) -> None:
    attacker = await _guest(room)
    await room.accounts.request_code(EMAIL, "Freja", actor=attacker, address=THERE)

    signed_in = await room.accounts.confirm(EMAIL, outbox.code_for(EMAIL), actor=None, address=HERE)

    assert signed_in.person.id != attacker.id
    assert (await room.people.get(attacker.id)).contact is None


async def test_the_owner_of_a_known_address_signs_in_as_who_they_are(room: IdentityRoom, outbox: Any) -> None:
    await room.accounts.request_code(EMAIL, "Freja", actor=None, address=HERE)
    first = await room.accounts.confirm(EMAIL, outbox.code_for(EMAIL), actor=None, address=HERE)
    guest = await _guest(room)

    await room.accounts.request_code(EMAIL, "Another", actor=guest, address=HERE)
    second = await room.accounts.confirm(EMAIL, outbox.code_for(EMAIL), actor=guest, address=HERE)

    assert second.person == first.person


async def test_five_wrong_tries_void_a_code(room: IdentityRoom, outbox: Any) -> None:
    await room.accounts.request_code(EMAIL, "Freja", actor=None, address=HERE)
    code = outbox.code_for(EMAIL)
    wrong = f"{(int(code) + 1) % 10**8:08}"

    for _ in range(CODE_TRIES):
        with pytest.raises(WrongCode):
            await room.accounts.confirm(EMAIL, wrong, actor=None, address=HERE)

    with pytest.raises(WrongCode):
        await room.accounts.confirm(EMAIL, code, actor=None, address=HERE)


async def test_tries_made_at_once_are_all_counted(room: IdentityRoom, outbox: Any, database: Database) -> None:
    await room.accounts.request_code(EMAIL, "Freja", actor=None, address=HERE)
    wrong = f"{(int(outbox.code_for(EMAIL)) + 1) % 10**8:08}"

    await asyncio.gather(
        *(room.accounts.confirm(EMAIL, wrong, actor=None, address=HERE) for _ in range(10)), return_exceptions=True
    )

    assert await database.fetchval("SELECT max(tries) FROM contact_codes") == CODE_TRIES


async def test_a_code_is_used_once_and_grows_old(room: IdentityRoom, outbox: Any, clock: Any) -> None:
    await room.accounts.request_code(EMAIL, "Freja", actor=None, address=HERE)
    used = outbox.code_for(EMAIL)
    await room.accounts.confirm(EMAIL, used, actor=None, address=HERE)
    with pytest.raises(WrongCode):
        await room.accounts.confirm(EMAIL, used, actor=None, address=HERE)

    await room.accounts.request_code(EMAIL, "Freja", actor=None, address=HERE)
    clock.advance(601)

    with pytest.raises(WrongCode):
        await room.accounts.confirm(EMAIL, outbox.code_for(EMAIL), actor=None, address=HERE)


async def test_codes_are_kept_as_keyed_hashes_and_few_at_a_time(
    room: IdentityRoom, outbox: Any, database: Database, clock: Any
) -> None:
    for _ in range(MAX_OPEN_CODES + 2):
        await room.accounts.request_code(EMAIL, "Freja", actor=None, address=HERE)
        clock.advance(1)

    rows = await database.fetch("SELECT code_hash FROM contact_codes")
    assert len(rows) == MAX_OPEN_CODES
    assert all(outbox.code_for(EMAIL).encode() not in row["code_hash"] for row in rows)
    await room.accounts.confirm(EMAIL, outbox.code_for(EMAIL), actor=None, address=HERE)


async def test_mail_to_one_address_is_limited_whoever_asks(room: IdentityRoom, outbox: Any) -> None:
    for n in range(5):
        await room.accounts.request_code(EMAIL, "Freja", actor=None, address=f"198.51.100.{n}")

    with pytest.raises(RateLimited):
        await room.accounts.request_code(EMAIL, "Freja", actor=None, address="198.51.100.99")
    assert len(outbox.mails) == 5


async def test_staff_sign_in_with_their_password(room: IdentityRoom) -> None:
    await room.staff.add(Role.HOST, "Maja@Example.com", "Maja", "correct horse battery")

    signed_in = await room.staff.sign_in("maja@example.com", "correct horse battery", address=HERE)

    actor = await room.identity.authenticate(signed_in.token)
    assert (actor.role, actor.kind) == (Role.HOST, ActorKind.STAFF)


async def test_an_unknown_address_is_answered_like_a_wrong_password(room: IdentityRoom) -> None:
    await room.staff.add(Role.HOST, "maja@example.com", "Maja", "correct horse battery")
    await room.staff.add(Role.HOST, "svea@example.com", "Svea", None)

    refusals = []
    for email in ("maja@example.com", "nobody@example.com", "svea@example.com"):
        with pytest.raises(WrongPassword) as refused:
            await room.staff.sign_in(email, "wrong horse battery", address=HERE)
        refusals.append((refused.value.code, refused.value.message, refused.value.details))

    assert len({str(refusal) for refusal in refusals}) == 1


async def test_guessing_one_person_s_password_is_limited_over_all_addresses(room: IdentityRoom) -> None:
    await room.staff.add(Role.HOST, "maja@example.com", "Maja", "correct horse battery")
    for n in range(10):
        with pytest.raises(WrongPassword):
            await room.staff.sign_in("maja@example.com", "wrong horse battery", address=f"198.51.100.{n}")

    with pytest.raises(RateLimited):
        await room.staff.sign_in("maja@example.com", "correct horse battery", address="198.51.100.99")


async def test_a_new_password_ends_the_old_sessions(room: IdentityRoom, outbox: Any) -> None:
    maja, is_new = await room.staff.add(Role.HOST, "maja@example.com", "Maja", "correct horse battery")
    old = await room.staff.sign_in("maja@example.com", "correct horse battery", address=HERE)

    again, is_new_again = await room.staff.add(Role.OWNER, "maja@example.com", None, "another horse battery")

    assert (is_new, is_new_again) == (True, False)
    assert (again.id, again.role, again.display_name) == (maja.id, Role.OWNER, "Maja")
    with pytest.raises(Exception, match="Sign in"):
        await room.identity.authenticate(old.token)
    assert outbox.disconnected == [(maja.id, "signed_out")]


async def test_short_passwords_are_refused(room: IdentityRoom) -> None:
    with pytest.raises(Invalid):
        await room.staff.add(Role.HOST, "maja@example.com", "Maja", "hunter2")


async def test_a_mailed_code_never_opens_the_account_of_staff(room: IdentityRoom, outbox: Any) -> None:
    await room.accounts.request_code(EMAIL, "Freja", actor=None, address=HERE)
    code = outbox.code_for(EMAIL)
    await room.staff.add(Role.HOST, EMAIL, "Freja", "correct horse battery")

    with pytest.raises(WrongCode):
        await room.accounts.confirm(EMAIL, code, actor=None, address=HERE)
    await room.accounts.request_code(EMAIL, "Freja", actor=None, address=HERE)

    assert "password" in outbox.mails[-1][2]
    assert not any(part.isdigit() for part in outbox.mails[-1][2].split())
