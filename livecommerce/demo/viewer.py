"""One simulated viewer: a guest on the public socket who watches, talks, reacts and buys.

A session is one task group: talking, reacting and shopping, over one socket that comes from outside. It ends when the
socket does; another follows after a pause with jitter, so that a restarted server is not met by everybody at once.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import socketio
import structlog
from socketio.exceptions import SocketIOError

from livecommerce.demo.certificate import trust
from livecommerce.demo.client import Client, Json, Refused, Unreachable

log = structlog.get_logger(__name__)

ACK_S = 10.0
CONNECT_S = 10.0
PAUSES_S = (0.5, 1.0, 2.0, 4.0, 8.0)
STEADY_S = 10.0
TRIES_TO_BUY = 4
TERMINAL = frozenset({"banned", "show_not_found"})
REACTIONS = ("heart", "heart", "heart", "clap", "fire", "wow", "laugh")
STREETS = (("Lindenstraße 14", "04109", "Leipzig"), ("Am Deich 3", "28199", "Bremen"), ("Hafenweg 22", "24103", "Kiel"))


@dataclass(frozen=True, slots=True)
class Habits:
    """How a viewer behaves; times are means of exponential distributions, in seconds."""

    lines: Iterator[str]
    """What to say next; whoever speaks the same language shares it, so that nothing is said twice in a row."""
    sale_lines: Iterator[str]
    talk_every_s: float
    react_every_s: float = 12.0
    buys: float = 0.5
    """Probability of trying to buy in a flash sale."""
    pays: float = 0.85
    """Probability of paying for what is held; others let it go."""
    dawdles_s: float = 4.0
    """How long after a sale opened a buyer clicks, and again before paying."""


class Gone(Exception):
    """This viewer may not come back."""


class Dropped(Exception):
    """The socket ended."""


@dataclass(slots=True)
class SimulatedViewer:
    """Somebody with a name and habits; `tally` counts what they did (shared by a crowd)."""

    name: str
    client: Client
    show_id: str
    habits: Habits
    tally: Counter[str]
    random: random.Random = field(default_factory=random.Random)
    _sales: asyncio.Queue[Json] = field(default_factory=lambda: asyncio.Queue(maxsize=4))
    _seen: set[str] = field(default_factory=set)
    _is_gone: bool = False
    _ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Watch until cancelled, or until somebody bans them."""
        failures = 0
        while not self._is_gone:
            started = asyncio.get_running_loop().time()
            try:
                await self._watch()
            except* Gone:
                self._is_gone = True
            except* (Dropped, Refused, Unreachable, SocketIOError, OSError) as group:  # TimeoutError is an OSError
                log.debug("a simulated viewer lost the show", reason=type(group.exceptions[0]).__name__)
            failures = 0 if asyncio.get_running_loop().time() - started > STEADY_S else failures + 1
            if failures >= len(PAUSES_S):
                self.client = self.client.as_person("")  # perhaps the token is no longer good
            await asyncio.sleep(PAUSES_S[min(failures, len(PAUSES_S) - 1)] * self.random.uniform(0.5, 1.5))

    async def _watch(self) -> None:
        if not self.client.token:
            await self._arrive()
        socket = self._new_socket()
        self._ended.clear()
        try:
            await socket.connect(
                self.client.base_url,
                auth={"token": self.client.token},
                transports=["websocket"],
                wait_timeout=CONNECT_S,
            )
            await self._join(socket)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._until_dropped(), name="dropped")
                group.create_task(self._talk(socket), name="talk")
                group.create_task(self._react(socket), name="react")
                group.create_task(self._shop(socket), name="shop")
        finally:
            await socket.disconnect()

    async def _arrive(self) -> None:
        try:
            answer = await self.client.post("/guests", {"display_name": self.name})
        except Refused as refusal:
            await asyncio.sleep(min(refusal.retry_after_s, 30) * self.random.uniform(1.0, 2.0))
            raise
        self.client = self.client.as_person(answer["token"])

    def _new_socket(self) -> socketio.AsyncClient:
        socket = socketio.AsyncClient(
            reconnection=False,
            serializer="msgpack",
            handle_sigint=False,
            websocket_extra_options={"ssl": trust(self.client.certificate)},
        )
        socket.on("show.events", self._hear)
        socket.on("notice", self._take_notice)
        socket.on("disconnect", self._drop)
        return socket

    async def _join(self, socket: socketio.AsyncClient) -> None:
        answer = await self._ask(socket, "show.join", {"show_id": self.show_id})
        if not answer.get("ok"):
            if answer.get("code") in ("unauthenticated", "signed_out"):
                self.client = self.client.as_person("")
            raise Gone if answer.get("code") in TERMINAL else Dropped
        self.tally["joined"] += 1
        for sale in (answer.get("snapshot") or {}).get("sales") or []:
            self._notice_sale(sale)

    async def _hear(self, envelopes: list[Json]) -> None:
        self.tally["events"] += len(envelopes)
        for envelope in envelopes:
            if envelope.get("type") == "sale.opened":
                self._notice_sale(envelope["data"]["sale"])

    async def _take_notice(self, notice: Json) -> None:
        if notice.get("type") == "connection.closing" and notice.get("data", {}).get("code") == "signed_out":
            self.client = self.client.as_person("")

    async def _drop(self, *_: object) -> None:
        self._ended.set()

    async def _until_dropped(self) -> None:
        await self._ended.wait()
        raise Dropped

    def _notice_sale(self, sale: Json) -> None:
        if sale.get("state") != "open" or sale["id"] in self._seen or self._sales.full():
            return
        self._seen = {*list(self._seen)[-50:], sale["id"]}
        self._sales.put_nowait(sale)

    async def _talk(self, socket: socketio.AsyncClient) -> None:
        while True:
            await asyncio.sleep(1 + self.random.expovariate(1 / self.habits.talk_every_s))
            await self._say(socket, next(self.habits.lines))

    async def _say(self, socket: socketio.AsyncClient, text: str) -> None:
        message = {"show_id": self.show_id, "text": text, "nonce": secrets.token_hex(8)}
        answer = await self._ask(socket, "chat.post", message)
        if answer.get("ok"):
            self.tally["messages"] += 1
        elif answer.get("code") in TERMINAL:
            raise Gone
        else:
            await asyncio.sleep(min(60.0, float(answer.get("retry_after_ms") or 5000) / 1000))

    async def _react(self, socket: socketio.AsyncClient) -> None:
        while True:
            await asyncio.sleep(0.5 + self.random.expovariate(1 / self.habits.react_every_s))
            kind, count = self.random.choice(REACTIONS), self.random.randint(1, 5)
            reaction = {"show_id": self.show_id, "kind": kind, "count": count}
            if (await self._ask(socket, "reaction.send", reaction)).get("ok"):
                self.tally["reactions"] += count

    async def _shop(self, socket: socketio.AsyncClient) -> None:
        while True:
            sale = await self._sales.get()
            if self.random.random() >= self.habits.buys:
                continue
            await asyncio.sleep(0.3 + self.random.expovariate(1 / self.habits.dawdles_s))
            try:
                await self._buy(socket, sale)
            except (Refused, Unreachable) as exc:
                log.debug("a simulated buyer gave up", reason=str(exc))

    async def _buy(self, socket: socketio.AsyncClient, sale: Json) -> None:
        wanted = {"flash_sale_id": sale["id"], "quantity": 1, "idempotency_key": secrets.token_hex(16)}
        for _ in range(TRIES_TO_BUY):
            answer = await self._ask(socket, "sale.buy", wanted)
            if answer.get("code") not in ("busy", "rate_limited"):
                break
            await asyncio.sleep(self.random.uniform(1.0, 1.5) * float(answer.get("retry_after_ms") or 1000) / 1000)
        if not answer.get("ok"):
            self.tally[f"buy {answer.get('code', 'failed')}"] += 1
            return
        self.tally["holds"] += 1
        await asyncio.sleep(0.5 + self.random.expovariate(1 / self.habits.dawdles_s))
        if self.random.random() < self.habits.pays:
            await self._pay(answer["hold_id"])
            await self._say(socket, next(self.habits.sale_lines))
        elif self.random.random() < 0.5:
            await self.client.delete(f"/holds/{answer['hold_id']}")

    async def _pay(self, hold_id: str) -> None:
        order = await self.client.post(
            "/orders",
            {"hold_ids": [hold_id], "address": self._address(), "payment_method": "sandbox"},
            key=secrets.token_hex(16),
        )
        self.tally["orders"] += 1
        paid = await self.client.post(f"/orders/{order['id']}/pay", {"outcome": "success"}, key=secrets.token_hex(16))
        self.tally["paid"] += paid["status"] == "paid"

    def _address(self) -> Mapping[str, str]:
        line, code, city = self.random.choice(STREETS)
        return {"name": self.name, "line1": line, "postal_code": code, "city": city, "country": "DE"}

    async def _ask(self, socket: socketio.AsyncClient, name: str, data: Mapping[str, Any]) -> Json:
        answer = await socket.call(name, data, timeout=ACK_S)
        return answer if isinstance(answer, dict) else {}
