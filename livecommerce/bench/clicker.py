"""The load of the sale benchmark, in a process of its own: many sockets that press Buy.

It speaks Engine.IO 4 and Socket.IO 5 by hand, so that the load costs as little as possible beside what is measured.
Standard input: one JSON `Plan`. Standard output: one JSON `Tally`.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

import msgspec
import uvloop
from aiohttp import ClientSession, ClientWebSocketResponse

from livecommerce.foundation.core.ids import new_id
from livecommerce.foundation.http.outgoing import internal_session

CONNECT_AT_ONCE = 20
GRACE_S = 20.0
"""How long answers may take after the last click."""


class Plan(msgspec.Struct, frozen=True):
    """What to press. With `clicks`, so many within `seconds`, whatever is answered; else each socket keeps `window`
    clicks in flight for `seconds`."""

    url: str
    tokens: list[str]
    show_id: str
    variant_id: str
    seconds: float
    window: int = 4
    clicks: int = 0


class Tally(msgspec.Struct, frozen=True):
    """What was answered, and how fast."""

    seconds: float
    codes: dict[str, int]
    p50_ms: float
    p99_ms: float
    held: list[tuple[str, str]]
    """(key, hold id) of every HELD."""

    def per_s(self, *codes: str) -> float:
        return sum(self.codes.get(code, 0) for code in codes) / self.seconds


class Ack(msgspec.Struct):
    ok: bool
    code: str = ""
    hold_id: str = ""


ACKS = msgspec.json.Decoder(list[Ack])


@dataclass
class Crowd:
    """Everybody's answers."""

    plan: Plan
    codes: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    held: list[tuple[str, str]] = field(default_factory=list)
    last_answer: float = 0.0

    def tally(self, began: float) -> Tally:
        ordered = sorted(self.latencies) or [0.0]
        p50, p99 = (ordered[int(len(ordered) * share)] for share in (0.5, 0.99))
        seconds = max(self.last_answer - began, 0.001)
        return Tally(seconds, dict(self.codes), p50 * 1000, p99 * 1000, self.held)


class Presser:
    """One person's socket."""

    def __init__(self, crowd: Crowd, socket: ClientWebSocketResponse) -> None:
        self._crowd, self._socket = crowd, socket
        self._sent: dict[str, tuple[float, str]] = {}
        self._pressed, self._is_over = 0, False
        self.done = asyncio.Event()

    async def press(self) -> None:
        plan, key = self._crowd.plan, new_id()
        self._pressed += 1
        number = str(self._pressed)
        self._sent[number] = (time.perf_counter(), key)
        body = {"variant_id": plan.variant_id, "show_id": plan.show_id, "quantity": 1, "idempotency_key": key}
        await self._socket.send_str(f"42{number}{msgspec.json.encode(['sale.buy', body]).decode()}")

    async def listen(self) -> None:
        """Take answers; with a window, press again for each."""
        async for message in self._socket:
            text = str(message.data)
            if text == "2":
                await self._socket.send_str("3")
            elif text.startswith("43"):
                self._answered(text)
                if not self._is_over and not self._crowd.plan.clicks:
                    await self.press()
            if self._is_over and not self._sent:
                break
        self.done.set()

    def stop(self) -> None:
        self._is_over = True
        if not self._sent:
            self.done.set()

    def _answered(self, text: str) -> None:
        number, bracket, rest = text[2:].partition("[")
        at, key = self._sent.pop(number)
        [ack] = ACKS.decode(bracket + rest)
        crowd, now = self._crowd, time.perf_counter()
        crowd.last_answer = now
        crowd.latencies.append(now - at)
        crowd.codes["held" if ack.ok else ack.code] += 1
        if ack.ok:
            crowd.held.append((key, ack.hold_id))


async def run(plan: Plan) -> Tally:
    """Connect everybody, press, and count."""
    crowd = Crowd(plan)
    async with internal_session(timeout_s=600, connections=len(plan.tokens) + 10) as session:
        turns = asyncio.Semaphore(CONNECT_AT_ONCE)
        pressers = await asyncio.gather(*(_connect(session, crowd, token, turns) for token in plan.tokens))
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(presser.listen()) for presser in pressers]
            began = time.perf_counter()
            await (_burst(plan, pressers) if plan.clicks else _flood(plan, pressers))
            for presser in pressers:
                presser.stop()
            waits = [asyncio.ensure_future(presser.done.wait()) for presser in pressers]
            await asyncio.wait(waits, timeout=GRACE_S)
            for task in (*tasks, *waits):
                task.cancel()
    return crowd.tally(began)


async def _connect(session: ClientSession, crowd: Crowd, token: str, turns: asyncio.Semaphore) -> Presser:
    async with turns:
        socket = await session.ws_connect(f"{crowd.plan.url}/socket.io/?EIO=4&transport=websocket")
        await socket.receive_str()
        await socket.send_str("40" + msgspec.json.encode({"token": token}).decode())
        answer = await socket.receive_str()
        if not answer.startswith("40"):
            raise ConnectionError(answer[:200])
    return Presser(crowd, socket)


async def _flood(plan: Plan, pressers: list[Presser]) -> None:
    for presser in pressers:
        for _ in range(plan.window):
            await presser.press()
    await asyncio.sleep(plan.seconds)


async def _burst(plan: Plan, pressers: list[Presser]) -> None:
    began = time.perf_counter()
    for nth in range(plan.clicks):
        await pressers[nth % len(pressers)].press()
        late = began + nth * plan.seconds / plan.clicks - time.perf_counter()
        if late > 0:
            await asyncio.sleep(late)


if __name__ == "__main__":
    told = uvloop.run(run(msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)))
    sys.stdout.buffer.write(msgspec.json.encode(told))
