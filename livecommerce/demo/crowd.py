"""The simulated crowd: viewers on the public interface, arriving one after the other, each with a name and a language.

Concurrency: one task per viewer in the crowd's own task group; nothing is shared but the tally.
"""

from __future__ import annotations

import asyncio
import random
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from itertools import cycle

import msgspec

from livecommerce.demo.client import Client
from livecommerce.demo.viewer import Habits, SimulatedViewer

LINE_EVERY_S = 2.5
"""One line of chat in this time, from the whole crowd together: readable, whatever its size."""
QUIETEST_S = 8.0
ARRIVE_WITHIN_S = 12.0
MOST_VIEWERS = 500
"""More than that is a benchmark's business."""


class _Speakers(msgspec.Struct, frozen=True):
    language: str
    names: list[str]


class Script(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`lines.toml`: names by language, and what people say."""

    viewer: list[_Speakers]
    any: dict[str, list[str]]
    sale: dict[str, list[str]]

    def people(self) -> list[tuple[str, str]]:
        """Names with their languages, mixed so that a small crowd already speaks several."""
        rows = [[(name, speakers.language) for name in speakers.names] for speakers in self.viewer]
        return [row[turn] for turn in range(max(map(len, rows))) for row in rows if turn < len(row)]


def load_script() -> Script:
    """Read `lines.toml`."""
    text = files(__package__).joinpath("lines.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Script)


@dataclass(slots=True)
class Crowd:
    """`viewers` simulated people in one show. `client` is nobody in particular; guests are minted from it."""

    client: Client
    show_id: str
    viewers: int
    tally: Counter[str]

    async def run(self) -> None:
        """Let them in and keep them there until cancelled."""
        async with asyncio.TaskGroup() as group:
            for viewer in self.people():
                group.create_task(viewer.run(), name=f"viewer {viewer.name}")
                await asyncio.sleep(ARRIVE_WITHIN_S / self.viewers)

    def people(self) -> list[SimulatedViewer]:
        """The crowd; beyond the names of the script people carry a number."""
        script = load_script()
        talk_every_s = max(QUIETEST_S, LINE_EVERY_S * self.viewers)
        habits = {
            language: Habits(_in_turn(lines), _in_turn(script.sale[language]), talk_every_s=talk_every_s)
            for language, lines in script.any.items()
        }
        known = script.people()
        people = [(*known[n % len(known)], n // len(known)) for n in range(min(self.viewers, MOST_VIEWERS))]
        return [self._viewer(name, habits[language], turn=turn) for name, language, turn in people]

    def _viewer(self, name: str, habits: Habits, *, turn: int) -> SimulatedViewer:
        return SimulatedViewer(
            name=f"{name} {turn + 1}" if turn else name,
            client=self.client,
            show_id=self.show_id,
            habits=habits,
            tally=self.tally,
            random=random.Random(),
        )


def _in_turn(lines: list[str]) -> Iterator[str]:
    """All lines in a mixed order, again and again."""
    return cycle(random.sample(lines, len(lines)))
