import asyncio
from collections.abc import AsyncIterator
from typing import cast

import pytest
from aioice import stun
from hypothesis import given, settings
from hypothesis import strategies as st

from livecommerce.foundation.media.rtc.icelite import CONSENT_S, FIRST_CHECK_S, INBOX_PACKETS, IceLite, MuxPort


class Client(asyncio.DatagramProtocol):
    """A bare UDP socket."""

    def __init__(self) -> None:
        self.received: asyncio.Queue[bytes] = asyncio.Queue()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.received.put_nowait(data)

    async def hears_something(self, seconds: float = 0.2) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self.received.get()
        except TimeoutError:
            return False
        return True


@pytest.fixture
async def port() -> AsyncIterator[MuxPort]:
    opened = await MuxPort.open("127.0.0.1", 0)
    yield opened
    await opened.close()


async def client_of(port: MuxPort) -> Client:
    _, client = await asyncio.get_running_loop().create_datagram_endpoint(
        Client, remote_addr=("127.0.0.1", port.number)
    )
    return client


def check(
    session: IceLite, *, username: str | None = None, password: str | None = None, nominate: bool = True
) -> bytes:
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    request.attributes["USERNAME"] = username or session.username
    if nominate:
        request.attributes["USE-CANDIDATE"] = None
    request.add_message_integrity((password or session.password).encode())
    return bytes(request)


async def test_a_check_with_the_right_password_is_answered_and_selects_the_pair(port: MuxPort) -> None:
    session, client = IceLite(port, "theirs"), await client_of(port)

    client.transport.sendto(check(session))
    answer = stun.parse_message(await client.received.get())

    assert answer.message_class is stun.Class.RESPONSE
    assert answer.check_message_integrity(session.password.encode())
    assert session.address == client.transport.get_extra_info("sockname")
    client.transport.close()


@pytest.mark.parametrize(
    ("username", "password"),
    [("nobody:theirs", None), ("{ufrag}:other", None), ("{ufrag}", None), (None, "0" * 32)],
    ids=["unknown user", "other peer", "half a name", "wrong password"],
)
async def test_a_check_that_is_not_authenticated_gets_silence(
    port: MuxPort, username: str | None, password: str | None
) -> None:
    session, client = IceLite(port, "theirs"), await client_of(port)
    name = username.format(ufrag=session.ufrag) if username else None

    client.transport.sendto(check(session, username=name, password=password))

    assert not await client.hears_something()
    assert session.address is None
    assert port.dropped == 1
    client.transport.close()


async def test_media_from_an_address_that_was_not_selected_is_dropped(port: MuxPort) -> None:
    session, client, stranger = IceLite(port, "theirs"), await client_of(port), await client_of(port)
    client.transport.sendto(check(session))
    await client.received.get()

    stranger.transport.sendto(b"\x80stranger")
    client.transport.sendto(b"\x80friend")

    async with asyncio.timeout(2):
        assert await session._recv() == b"\x80friend"
    assert port.dropped == 1
    client.transport.close()
    stranger.transport.close()


async def test_a_nomination_from_a_new_address_moves_the_session_and_another_check_does_not(port: MuxPort) -> None:
    session, home, mobile = IceLite(port, "theirs"), await client_of(port), await client_of(port)
    home.transport.sendto(check(session))
    await home.received.get()

    mobile.transport.sendto(check(session, nominate=False))
    await mobile.received.get()
    assert session.address == home.transport.get_extra_info("sockname")
    mobile.transport.sendto(check(session))
    await mobile.received.get()

    assert session.address == mobile.transport.get_extra_info("sockname")
    home.transport.sendto(b"\x80late")
    mobile.transport.sendto(b"\x80now")
    assert await session._recv() == b"\x80now"
    home.transport.close()
    mobile.transport.close()


async def test_a_session_dies_without_a_first_check_and_without_later_ones(port: MuxPort) -> None:
    loop = asyncio.get_running_loop()
    silent, served = IceLite(port, "theirs"), IceLite(port, "others")
    served.checked(("192.0.2.1", 9), is_nominated=True)

    assert not silent.is_dead(loop.time() + FIRST_CHECK_S - 1)
    assert silent.is_dead(loop.time() + FIRST_CHECK_S + 1)
    assert not served.is_dead(loop.time() + CONSENT_S - 1)
    assert served.is_dead(loop.time() + CONSENT_S + 1)


async def test_a_full_inbox_drops_and_closing_wakes_the_reader(port: MuxPort) -> None:
    session = IceLite(port, "theirs")
    for _ in range(INBOX_PACKETS + 5):
        session.receive(b"\x80")

    session.close()

    assert session.dropped == 5
    for _ in range(INBOX_PACKETS - 1):
        await session._recv()
    with pytest.raises(ConnectionError):
        await session._recv()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([b"", b"\0\1\0\0\x21\x12\xa4\x42", b"\0\1\0\x20"]), st.binary(max_size=120))))
def test_hostile_datagrams_neither_raise_nor_select_anything(datagrams: list[tuple[bytes, bytes]]) -> None:
    async def receive() -> IceLite:
        port = MuxPort()
        session = IceLite(port, "theirs")
        for head, data in datagrams:
            port.datagram_received(head + data, ("192.0.2.1", 9))
        return session

    session = asyncio.run(receive())

    assert session.address is None
