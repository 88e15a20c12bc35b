"""Fan-out under trouble: a bus that went deaf, a viewer who stopped reading, a counter that came late."""

from __future__ import annotations

import asyncio
import socket as kernel
from collections.abc import Callable
from typing import Any

import pytest
from redis.asyncio import Redis

from livecommerce.foundation.core.events import Scope
from livecommerce.foundation.core.ids import ShowId
from livecommerce.foundation.realtime import listening
from livecommerce.foundation.realtime.eventlog import EventLog
from livecommerce.foundation.realtime.gateway import socket as sockets
from livecommerce.foundation.realtime.publishing import Sweep


class Collector:
    """A member of a feed, without a socket."""

    def __init__(self) -> None:
        self.seqs: list[int] = []

    def deliver(self, full: Any, lean: Any) -> None:
        self.seqs += [e.seq for e in full.envelopes if e.seq is not None]


async def until(condition: Callable[[], bool], timeout: float = 8.0) -> None:
    async with asyncio.timeout(timeout):
        while not condition():
            await asyncio.sleep(0.01)


async def ring(log: EventLog, show_id: ShowId, rang: Any, *numbers: int, text: str = "") -> None:
    for n in numbers:
        async with log.transaction(show_id) as tx:
            tx.tell(rang(n=n, text=text))


async def test_check_10_what_was_published_while_the_bus_was_cut_is_healed_in_order(
    node: Any, event_log: EventLog, show_id: ShowId, rang: Any, redis: Redis
) -> None:
    collector = Collector()
    await node.hub.enter(collector, show_id, Scope.PUBLIC)
    await ring(event_log, show_id, rang, 1, 2)
    await until(lambda: collector.seqs == [1, 2])

    await redis.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
    await ring(event_log, show_id, rang, 3, 4, 5)

    await until(lambda: len(collector.seqs) >= 5)
    await ring(event_log, show_id, rang, 6)
    await until(lambda: len(collector.seqs) >= 6)
    assert collector.seqs == [1, 2, 3, 4, 5, 6]


async def test_without_healing_the_same_cut_loses_events(
    node: Any, event_log: EventLog, show_id: ShowId, rang: Any, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    collector = Collector()
    await node.hub.enter(collector, show_id, Scope.PUBLIC)
    node.hub._ear.on_reconnect.clear()
    monkeypatch.setattr(node.hub, "_compare_places", nothing)
    await redis.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
    await ring(event_log, show_id, rang, 1, 2, 3)

    with pytest.raises(TimeoutError):
        await until(lambda: bool(collector.seqs), timeout=2)


async def test_check_10_places_are_compared_even_when_nobody_noticed_the_cut(
    node: Any, event_log: EventLog, show_id: ShowId, rang: Any, redis: Redis
) -> None:
    collector = Collector()
    await node.hub.enter(collector, show_id, Scope.PUBLIC)
    node.hub._ear.on_reconnect.clear()
    await redis.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
    await ring(event_log, show_id, rang, 1, 2, 3)

    await until(lambda: collector.seqs == [1, 2, 3])


async def nothing() -> None:
    """Compares no places."""


async def test_a_gap_on_the_bus_is_filled_from_the_log(
    node: Any, event_log: EventLog, show_id: ShowId, rang: Any
) -> None:
    collector = Collector()
    await node.hub.enter(collector, show_id, Scope.PUBLIC)
    event_log.publisher._silent_until = float("inf")
    await ring(event_log, show_id, rang, 1, 2, 3)
    event_log.publisher._silent_until = 0.0
    await Sweep(event_log).sweep()
    feed = node.hub._feeds[show_id, Scope.PUBLIC]
    await until(lambda: feed.head.seq == 3)

    await event_log.publisher._redis.publish(f"log:{{{show_id}}}:public", b"not an event")
    await ring(event_log, show_id, rang, 4)

    await until(lambda: len(collector.seqs) == 4)
    assert collector.seqs == [1, 2, 3, 4]


async def test_an_ear_that_hears_no_heartbeat_connects_again(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "DEAF_AFTER_S", 0.3)
    monkeypatch.setattr(listening, "BEAT_EVERY_S", 0.1)
    monkeypatch.setattr(listening, "RETRY_S", 0.05)
    client = Redis.from_url(redis_url, socket_timeout=None)
    ear = listening.Ear(client)
    again = asyncio.Event()
    ear.on_reconnect.append(again.set)
    running = asyncio.create_task(ear.run())
    await ear.listen("somewhere", lambda _: None)

    ear._wanted[ear._beat] = lambda _: None

    await asyncio.wait_for(again.wait(), 5)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await client.aclose()


async def test_check_11_a_viewer_who_stops_reading_is_bounded_and_closed_and_others_go_on(
    node: Any, event_log: EventLog, show_id: ShowId, rang: Any
) -> None:
    collector = Collector()
    await node.hub.enter(collector, show_id, Scope.PUBLIC)
    reader, writer = await stalled_viewer(node.url, show_id)
    (socket,) = node.gateway._server.eio.sockets.values()
    largest = 0

    for n in range(400):
        await ring(event_log, show_id, rang, n, text="x" * 6000)
        largest = max(largest, socket.unsent if socket.is_open else 0)
        if not socket.is_open:
            break

    assert socket.closing == "slow"
    assert 64 * 1024 < largest <= sockets.SLOW_BYTES + 150_000
    head = await event_log.head(show_id, Scope.PUBLIC)
    await until(lambda: len(collector.seqs) == head.seq)
    writer.close()
    assert reader is not None


async def stalled_viewer(url: str, show_id: ShowId) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Joins a show over a bare TCP connection and never reads again."""
    raw = kernel.socket()
    raw.setsockopt(kernel.SOL_SOCKET, kernel.SO_RCVBUF, 8192)
    raw.setblocking(False)
    host, port = url.removeprefix("http://").split(":")
    await asyncio.get_running_loop().sock_connect(raw, (host, int(port)))
    reader, writer = await asyncio.open_connection(sock=raw, limit=2048)
    head = (
        f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    writer.write(head.encode())
    for text in ('40{"token":"slow"}', f'420["test.enter",{{"show_id":"{show_id}"}}]'):
        # A client's frame is masked; an all-zero key leaves the payload as it is.
        writer.write(bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text.encode())
    await reader.readuntil(b'430[{"ok":true')
    return reader, writer
