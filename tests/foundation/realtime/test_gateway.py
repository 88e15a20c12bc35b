"""The door as strangers' clients meet it: python-socketio's own client with both parsers, and bare frames."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgpack
import pytest
import socketio

from livecommerce.foundation.core.ids import PersonId, ShowId
from livecommerce.foundation.realtime.eventlog import EventLog
from livecommerce.foundation.realtime.gateway import admission, door


class Viewer:
    """A stock Socket.IO client."""

    def __init__(self, serializer: str = "default") -> None:
        self.client = socketio.AsyncClient(serializer=serializer, reconnection=False)
        self.events: list[dict[str, Any]] = []
        self.frames = 0
        self.notices: list[dict[str, Any]] = []
        self.gone = asyncio.Event()
        self.client.on("show.events", self._events)
        self.client.on("notice", self._notice)
        self.client.on("disconnect", self._disconnect)

    async def _disconnect(self, *_: Any) -> None:
        self.gone.set()

    async def _events(self, envelopes: list[dict[str, Any]]) -> None:
        self.frames += 1
        self.events += envelopes

    async def _notice(self, notice: dict[str, Any]) -> None:
        self.notices.append(notice)

    async def call(self, name: str, data: Any) -> Any:
        return await self.client.call(name, data, timeout=5)


@asynccontextmanager
async def viewing(node: Any, token: str = "ann", serializer: str = "default") -> AsyncIterator[Viewer]:
    viewer = Viewer(serializer)
    await viewer.client.connect(node.url, transports=["websocket"], auth={"token": token})
    try:
        yield viewer
    finally:
        await viewer.client.disconnect()
        await viewer.client.shutdown()


async def until(condition: Callable[[], bool], timeout: float = 5.0) -> None:
    async with asyncio.timeout(timeout):
        while not condition():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def raw(node: Any, **headers: str) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """An Engine.IO WebSocket after the server's OPEN."""
    async with aiohttp.ClientSession() as session:
        url = f"{node.url}/socket.io/?EIO=4&transport=websocket"
        async with session.ws_connect(url, headers=headers, compress=15, autoclose=False) as ws:
            assert (await ws.receive_str()).startswith('0{"sid":')
            yield ws


async def ring(log: EventLog, show_id: ShowId, rang: Any, *numbers: int) -> None:
    for n in numbers:
        async with log.transaction(show_id) as tx:
            tx.tell(rang(n=n))


@pytest.mark.parametrize("serializer", ["default", "msgpack"])
async def test_a_stock_client_is_answered_and_hears_events_in_its_own_parser(
    node: Any, event_log: EventLog, show_id: ShowId, rang: Any, serializer: str
) -> None:
    async with viewing(node, serializer=serializer) as viewer:
        entered = await viewer.call("test.enter", {"show_id": show_id})
        await ring(event_log, show_id, rang, 1, 2, 3)
        await until(lambda: len(viewer.events) == 3)

        assert entered["ok"] is True
        assert [e["seq"] for e in viewer.events] == [1, 2, 3]
        assert [e["data"]["n"] for e in viewer.events] == [1, 2, 3]
        assert viewer.events[0]["epoch"] == entered["epoch"]
        assert viewer.events[0]["type"] == "bell.rang"


async def test_events_of_one_tick_share_a_frame(node: Any, event_log: EventLog, show_id: ShowId, rang: Any) -> None:
    async with viewing(node) as viewer:
        await viewer.call("test.enter", {"show_id": show_id})
        async with event_log.transaction(show_id) as tx:
            for n in range(50):
                tx.tell(rang(n=n))
        await until(lambda: len(viewer.events) == 50)

        assert viewer.frames <= 2


async def test_counters_are_conflated_and_the_newest_wins(
    node: Any, show_id: ShowId, chimes: Any, start_node: Any
) -> None:
    async with viewing(node) as viewer:
        await viewer.call("test.enter", {"show_id": show_id})
        for version in range(1, 201):
            await node.bus.count(show_id, chimes(version=version, n=version))
        await node.bus.count(show_id, chimes(version=7, n=-1))
        await until(lambda: bool(viewer.events) and viewer.events[-1]["data"]["version"] == 200)

        assert len(viewer.events) < 10
        assert all(e["data"]["n"] > 0 for e in viewer.events)
        assert "seq" not in viewer.events[-1]


async def test_who_connects_without_a_valid_token_is_refused_with_a_code(node: Any) -> None:
    client = socketio.AsyncClient(reconnection=False)
    heard: list[Any] = []
    client.on("connect_error", heard.append)

    with pytest.raises(socketio.exceptions.ConnectionError):
        await client.connect(node.url, transports=["websocket"], auth={"token": "not valid"})

    assert heard[0]["code"] == "unauthenticated"
    assert heard[0]["data"]["code"] == "unauthenticated"
    await client.shutdown()


@pytest.mark.parametrize("serializer", ["default", "msgpack"])
async def test_another_namespace_is_refused_with_a_code_and_the_connection_stays(node: Any, serializer: str) -> None:
    client = socketio.AsyncClient(reconnection=False, serializer=serializer)
    heard: list[Any] = []
    client.on("connect_error", heard.append, namespace="/admin")

    with pytest.raises(socketio.exceptions.ConnectionError):
        await client.connect(node.url, transports=["websocket"], auth={"token": "ann"}, namespaces=["/admin"])

    assert heard[0]["code"] == heard[0]["data"]["code"] == "unknown_namespace"
    assert heard[0]["message"]
    await client.shutdown()


async def test_a_second_connect_is_blamed_and_changes_nothing(node: Any) -> None:
    async with raw(node) as ws:
        for _ in range(2):
            await ws.send_str('40{"token":"ann"}')
        await ws.send_str('421["clock.none",{}]')

        assert (await ws.receive_str()).startswith('40{"sid":')
        assert (await ws.receive_str()).startswith('431[{"ok":false')


async def test_unknown_messages_and_bad_bodies_are_refused_and_do_nothing(node: Any) -> None:
    async with viewing(node) as viewer:
        answers = [
            await viewer.call("no.such", {}),
            await viewer.call("test.say", {"text": 5}),
            await viewer.call("test.say", {"text": "x" * 101}),
            await viewer.call("test.say", {"text": "x", "price": 1}),
            await viewer.call("test.say", [1]),
            await viewer.call("test.say", {"text": "fine"}),
        ]

        assert [a.get("code") for a in answers] == ["unknown_message", "invalid", "invalid", "invalid", "invalid", None]
        assert answers[1]["field"] == "text"
        assert node.said == ["fine"]


async def test_messages_of_one_client_keep_their_order(node: Any) -> None:
    async with viewing(node) as viewer:
        for n in range(20):
            await viewer.client.emit("test.say", {"text": str(n), "delay_s": 0.02 if n % 5 == 0 else 0.0})
        await until(lambda: len(node.said) == 20)

        assert node.said == [str(n) for n in range(20)]


async def test_check_14_an_announced_attachment_ends_the_connection_at_once(node: Any) -> None:
    for opening in ('451-["x",{"_placeholder":true,"num":0}]', "459999999-[", '461-1[{"_placeholder":true,"num":0}]'):
        async with raw(node) as ws:
            await ws.send_str('40{"token":"ann"}')
            assert (await ws.receive_str()).startswith("40")

            await ws.send_str(opening)

            kinds = [await ws.receive(timeout=5) for _ in range(2)]
            assert kinds[-1].type is aiohttp.WSMsgType.CLOSE


async def test_check_13_a_frame_over_16_kb_closes_with_1009(node: Any) -> None:
    async with raw(node) as ws:
        await ws.send_str("4" + "x" * 16_384)

        message = await ws.receive(timeout=5)

        assert message.type is aiohttp.WSMsgType.CLOSE
        assert message.data == 1009


async def test_check_20_compression_is_never_negotiated(node: Any) -> None:
    async with raw(node) as ws:
        assert ws._response.headers.get("Sec-WebSocket-Extensions") is None
        assert ws.compress == 0


async def test_check_21_a_foreign_origin_is_refused_before_the_upgrade(node: Any) -> None:
    host = node.url.removeprefix("http://")
    refused = ["https://evil.com", f"http://{host}.evil.com", "null", "https://shop.example.evil.com"]

    async with aiohttp.ClientSession() as session:
        for origin in refused:
            with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                await session.ws_connect(f"{node.url}/socket.io/?EIO=4&transport=websocket", headers={"Origin": origin})
            assert caught.value.status == 403
    for origin in (f"http://{host}", "https://shop.example"):
        async with raw(node, Origin=origin):
            pass


async def test_a_cookie_lets_in_only_from_our_own_page(node: Any) -> None:
    cookie = {"Cookie": "__Host-lc-studio=ann"}

    async with raw(node, **cookie) as ws:
        await ws.send_str('40{"desk":"studio"}')
        assert (await ws.receive_str()).startswith("44")
    async with raw(node, Origin=node.url, **cookie) as ws:
        await ws.send_str('40{"desk":"control"}')
        assert (await ws.receive_str()).startswith("44")
    async with raw(node, Origin=node.url, **cookie) as ws:
        await ws.send_str('40{"desk":"studio"}')
        assert (await ws.receive_str()).startswith("40")


async def test_polling_is_refused(node: Any) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{node.url}/socket.io/?EIO=4&transport=polling") as answer:
            assert answer.status == 400
        async with session.get(f"{node.url}/socket.io/?EIO=4&transport=websocket") as answer:
            assert answer.status == 400


async def test_check_15_garbage_is_counted_and_then_the_connection_closes(node: Any) -> None:
    garbage = ["4", "4{", "42{}", "42[]", "42[1]", '42["connect"]', "4" + "[" * 10_000, "42" + "[" * 10_000, "43[]",
               '42["x",NaN]', "bQUJD", "9", "49", '42/other,["x"]', '42["a","b","c"]', "44{}"]  # fmt: skip
    for packet in garbage:
        async with raw(node) as ws:
            await ws.send_str('40{"token":"ann"}')
            assert (await ws.receive_str()).startswith("40")
            for _ in range(5):
                await ws.send_str(packet)

            last = await ws.receive(timeout=5)
            while last.type is not aiohttp.WSMsgType.CLOSE:
                last = await ws.receive(timeout=5)

            assert last.extra == "protocol"


async def test_check_15_garbage_in_messagepack_closes_too(node: Any) -> None:
    connect = msgpack.packb({"type": 0, "data": {"token": "ann"}, "nsp": "/"})
    garbage = [b"\xc1", b"\x91" * 5000, msgpack.packb([1]), msgpack.packb({"type": 5, "nsp": "/"}),
               msgpack.packb({"type": True, "nsp": "/"}), msgpack.packb({"type": 2, "nsp": 3, "data": ["x"]}),
               msgpack.packb({"type": 2, "nsp": "/", "data": ["x", msgpack.ExtType(5, b"x")]})]  # fmt: skip
    for packet in garbage:
        async with raw(node) as ws:
            await ws.send_bytes(connect)
            assert msgpack.unpackb(await ws.receive_bytes())["type"] == 0
            for _ in range(5):
                await ws.send_bytes(packet)

            last = await ws.receive(timeout=5)
            while last.type is not aiohttp.WSMsgType.CLOSE:
                last = await ws.receive(timeout=5)

            assert last.extra == "protocol"


async def test_the_javascript_messagepack_parser_is_understood(node: Any) -> None:
    """socket.io-msgpack-parser sends the client's options along, and `undefined` as extension 0."""
    undefined = msgpack.ExtType(0, b"\x00")
    async with raw(node) as ws:
        await ws.send_bytes(msgpack.packb({"type": 0, "data": {"token": "ann"}, "nsp": "/"}))
        connected = msgpack.unpackb(await ws.receive_bytes())
        event = {"type": 2, "data": ["test.say", {"text": "hi", "delay_s": undefined}], "id": 0, "nsp": "/"}
        await ws.send_bytes(msgpack.packb({**event, "options": {"compress": True}, "extra": undefined}))
        ack = msgpack.unpackb(await ws.receive_bytes())

    assert set(connected) == {"type", "nsp", "data"}
    assert ack == {"type": 3, "nsp": "/", "id": 0, "data": [{"ok": True, "text": "hi"}]}


async def test_check_17_a_socket_that_never_connects_is_closed(node: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node.gateway._unconnected, "delay_s", 0.2)

    async with raw(node) as ws:
        await ws.send_str("3")
        message = await ws.receive(timeout=5)

        assert message.type is aiohttp.WSMsgType.CLOSE
        assert message.extra == "silent"


async def test_a_client_that_answers_no_ping_is_dropped(node: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node.gateway._pings, "delay_s", 0.1)
    monkeypatch.setattr(node.gateway._pongs, "delay_s", 0.1)
    monkeypatch.setattr(door, "PING_TIMEOUT_S", 0.1)

    async with raw(node) as ws:
        await ws.send_str('40{"token":"ann"}')
        await ws.receive_str()
        assert await ws.receive_str() == "2"

        last = await ws.receive(timeout=5)
        while last.type is aiohttp.WSMsgType.TEXT:
            last = await ws.receive(timeout=5)

    assert last.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.ERROR)


async def test_check_18_the_connection_too_many_of_a_person_is_refused(start_node: Any) -> None:
    node = await start_node(connections_per_person=2)
    async with viewing(node, "ann"), viewing(node, "ann"):
        with pytest.raises(socketio.exceptions.ConnectionError):
            async with viewing(node, "ann"):
                pass
        async with viewing(node, "bob"):
            pass
    async with viewing(node, "ann"):
        pass


async def test_check_18_the_connection_too_many_of_an_address_is_refused(start_node: Any) -> None:
    node = await start_node(connections_per_address=1)
    async with raw(node):
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            async with raw(node):
                pass
    assert caught.value.status == 429


async def test_check_22_a_revoked_token_closes_its_connections(node: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert admission.RECHECK_S < 60
    monkeypatch.setattr(node.gateway._admission._recheck, "delay_s", 0.1)

    async with viewing(node, "ann") as ann, viewing(node, "bob") as bob:
        node.people.revoked.add("ann")
        await asyncio.wait_for(ann.gone.wait(), 5)

        assert ann.notices[-1] == {
            "type": "connection.closing",
            "data": {"code": "signed_out", "is_terminal": True},
        }
        assert bob.client.connected


async def test_check_22_a_banned_person_is_closed_on_every_node_within_2_s(start_node: Any, show_id: ShowId) -> None:
    one, two = await start_node(), await start_node()
    two.people.ids = one.people.ids
    async with viewing(one, "ann") as here, viewing(two, "ann") as there, viewing(two, "bob") as other:
        for viewer in (here, there, other):
            await viewer.call("test.enter", {"show_id": show_id})

        await one.bus.disconnect(one.people.ids["ann"], "banned", show_id)

        await asyncio.wait_for(asyncio.gather(here.gone.wait(), there.gone.wait()), 2)
        assert [v.notices[-1]["data"]["code"] for v in (here, there)] == ["banned", "banned"]
        assert other.client.connected


async def test_a_notice_reaches_one_person_everywhere_and_nobody_else(start_node: Any) -> None:
    import msgspec

    class Told(msgspec.Struct):
        order_id: str

    one, two = await start_node(), await start_node()
    two.people.ids = one.people.ids
    async with viewing(one, "ann") as here, viewing(two, "ann", "msgpack") as there, viewing(two, "bob") as other:
        await one.bus.notify(PersonId(one.people.ids["ann"]), "order.paid", Told("o1"))
        await until(lambda: bool(here.notices and there.notices))

        assert here.notices == there.notices == [{"type": "order.paid", "data": {"order_id": "o1"}}]
        assert other.notices == []


async def test_draining_sends_everybody_elsewhere_and_lets_nobody_in(node: Any) -> None:
    async with viewing(node, "ann") as viewer:
        await node.gateway.drain()
        await asyncio.wait_for(viewer.gone.wait(), 5)

        assert viewer.notices[-1]["data"] == {"code": "draining", "is_terminal": False}
        with pytest.raises(aiohttp.WSServerHandshakeError):
            async with raw(node):
                pass


async def test_nothing_is_kept_of_those_who_left(node: Any, show_id: ShowId) -> None:
    async with viewing(node, "ann") as viewer:
        await viewer.call("test.enter", {"show_id": show_id})
        assert node.hub.viewers() == {show_id: 1}
    await until(lambda: len(node.gateway) == 0)

    assert node.hub.viewers() == {}
    assert node.gateway._people == {}
    assert not node.gateway._server.eio.sockets
    assert not node.gateway._server.environ
    assert not node.gateway._server.manager._eio_by_sid
    assert not node.gateway._admission._by_address
    assert not node.gateway._admission._by_person


async def test_the_seams_of_python_socketio_are_where_we_touch_them() -> None:
    """What `seams.py` relies on without a promise. A new version that moves it must fail here first."""
    import inspect

    import engineio

    for cls, name, parameters in (
        (socketio.AsyncServer, "_send_packet", ["self", "eio_sid", "pkt"]),
        (socketio.AsyncServer, "_handle_connect", ["self", "eio_sid", "namespace", "data"]),
        (socketio.AsyncServer, "_handle_disconnect", ["self", "eio_sid", "namespace", "reason"]),
        (socketio.AsyncServer, "_handle_event", ["self", "eio_sid", "namespace", "id", "data"]),
        (socketio.AsyncServer, "_handle_eio_message", ["self", "eio_sid", "data"]),
        (socketio.AsyncServer, "_engineio_server_class", ["self"]),
        (socketio.AsyncManager, "pre_connect", ["self", "eio_sid", "namespace"]),
        (socketio.AsyncManager, "is_connected", ["self", "sid", "namespace"]),
        (socketio.AsyncManager, "basic_disconnect", ["self", "sid", "namespace", "kwargs"]),
    ):
        assert list(inspect.signature(getattr(cls, name)).parameters) == parameters, name
    server = socketio.AsyncServer(async_mode="aiohttp")
    assert set(server.eio.handlers) == {"connect", "message", "disconnect"}
    assert isinstance(server.eio, engineio.AsyncServer)
    assert server.eio.sockets == {}
    assert json.loads(json.dumps(socketio.exceptions.ConnectionRefusedError("x").error_args)) == {"message": "x"}
