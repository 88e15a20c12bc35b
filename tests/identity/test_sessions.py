from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from livecommerce.foundation.core.actors import ActorKind, Permission, Role
from livecommerce.foundation.core.errors import RateLimited, Unauthenticated
from livecommerce.foundation.core.ids import ShowId, new_id
from livecommerce.foundation.core.settings import IdentitySettings
from livecommerce.foundation.storage.postgres import Database
from livecommerce.identity.model import WrongCode
from livecommerce.identity.service import Identity, IdentityRoom
from livecommerce.identity.store import SessionStore
from livecommerce.identity.tokens import Tokens


class CountingSessions(SessionStore):
    loads = 0

    async def load(self, *args: Any, **kwargs: Any) -> Any:
        self.loads += 1
        return await super().load(*args, **kwargs)


async def _refused_within(room: IdentityRoom, token: str, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            await room.identity.authenticate(token)
        except Unauthenticated:
            return True
        await asyncio.sleep(0.05)
    return False


async def test_a_guest_acts_under_the_name_they_chose(room: IdentityRoom) -> None:
    signed_in = await room.guests.mint("  Freja ", address="198.51.100.1")

    actor = await room.identity.authenticate(signed_in.token)

    assert (actor.id, actor.display_name, actor.role, actor.kind) == (
        signed_in.person.id,
        "Freja",
        Role.VIEWER,
        ActorKind.GUEST,
    )
    assert actor.contact is None


async def test_guests_are_minted_under_a_rate_limit_per_address(room: IdentityRoom) -> None:
    for _ in range(5):
        await room.guests.mint("Freja", address="198.51.100.1")

    with pytest.raises(RateLimited):
        await room.guests.mint("Freja", address="198.51.100.1")
    await room.guests.mint("Bo", address="198.51.100.2")


async def test_a_session_ends_when_its_time_is_over(room: IdentityRoom, clock: Any) -> None:
    signed_in = await room.guests.mint("Freja", address=None)
    await room.identity.authenticate(signed_in.token)

    clock.advance(24 * 3600 + 31)

    with pytest.raises(Unauthenticated):
        await room.identity.authenticate(signed_in.token)


async def test_signing_out_ends_the_session_here_at_once_and_closes_sockets(room: IdentityRoom, outbox: Any) -> None:
    signed_in = await room.guests.mint("Freja", address=None)
    actor = await room.identity.authenticate(signed_in.token)

    await room.identity.end(actor)

    with pytest.raises(Unauthenticated):
        await room.identity.authenticate(signed_in.token)
    assert outbox.disconnected == [(actor.id, "signed_out")]


async def test_check_22_signing_out_is_seen_by_another_process_within_2_s(room: IdentityRoom, elsewhere: Any) -> None:
    signed_in = await room.guests.mint("Freja", address=None)
    actor = await elsewhere.identity.authenticate(signed_in.token)

    await room.identity.end(actor)

    assert await _refused_within(elsewhere, signed_in.token, 2.0)


async def test_many_who_come_at_once_are_read_together(
    room: IdentityRoom, database: Database, clock: Any, outbox: Any
) -> None:
    tokens = [(await room.guests.mint(f"Guest {n}", address=None)).token for n in range(40)]
    store = CountingSessions(database)
    signer = Tokens(room.keys, clock, issuer="livecommerce")
    identity = Identity(database, store, tokens=signer, clock=clock, disconnects=outbox, settings=IdentitySettings())

    actors = await asyncio.gather(*(identity.authenticate(token) for token in tokens * 3))

    assert [actor.display_name for actor in actors] == [f"Guest {n}" for n in range(40)] * 3
    assert store.loads <= 4


async def test_a_caller_who_gives_up_does_not_take_the_others_along(room: IdentityRoom, elsewhere: Any) -> None:
    tokens = [(await room.guests.mint(f"Guest {n}", address=None)).token for n in range(6)]
    tasks = [asyncio.ensure_future(elsewhere.identity.authenticate(token)) for token in tokens for _ in range(2)]
    await asyncio.sleep(0)

    tasks[0].cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)

    assert isinstance(answers[0], asyncio.CancelledError)
    assert [getattr(answer, "display_name", None) for answer in answers[1:]] == [
        f"Guest {n // 2}" for n in range(1, 12)
    ]


async def test_a_grant_makes_a_viewer_a_moderator_of_that_show_only(room: IdentityRoom, database: Database) -> None:
    shows = ShowId(new_id()), ShowId(new_id())
    signed_in = await room.guests.mint("Bo", address=None)
    async with database.transaction() as tx:
        await room.grants.host(tx, shows[0], signed_in.person.id, [Permission.CHAT_HIDE])

    actor = await room.identity.authenticate(signed_in.token)

    assert actor.role_in(shows[0]) is Role.MODERATOR
    assert actor.role_in(shows[1]) is Role.VIEWER
    assert actor.may(Permission.CHAT_HIDE, shows[0])
    assert not actor.may(Permission.CHAT_HIDE, shows[1])
    assert not actor.may(Permission.CHAT_HIDE)


async def test_a_one_time_code_is_worth_one_sign_in(room: IdentityRoom) -> None:
    owner, _ = await room.staff.add(Role.OWNER, "owner@example.com", "Idris", "correct horse battery")
    code = await room.once.mint(owner.id)

    answers = await asyncio.gather(
        *(room.once.trade(code, address="198.51.100.1") for _ in range(5)), return_exceptions=True
    )

    assert sum(not isinstance(answer, WrongCode) for answer in answers) == 1


async def test_a_one_time_code_grows_old(room: IdentityRoom, clock: Any) -> None:
    owner, _ = await room.staff.add(Role.OWNER, "owner@example.com", "Idris", None)
    code = await room.once.mint(owner.id)

    clock.advance(24 * 3600 + 1)

    with pytest.raises(WrongCode):
        await room.once.trade(code, address="198.51.100.1")


async def test_what_staff_have_just_been_given_counts_at_once_in_every_process(
    room: IdentityRoom, elsewhere: Any, database: Database
) -> None:
    show = ShowId(new_id())
    maja, _ = await room.staff.add(Role.HOST, "maja@example.com", "Maja", None)
    token = (await room.once.trade(await room.once.mint(maja.id), address="198.51.100.1")).token
    await elsewhere.identity.authenticate(token)

    async with database.transaction() as tx:
        await room.grants.host(tx, show, maja.id, [Permission.SHOW_RUN])

    assert (await elsewhere.identity.authenticate(token)).may(Permission.SHOW_RUN, show)
