"""One number of conversations: first with the bare reader, then with the real bot, on the same answers."""

import asyncio
import json
import signal
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.bridge.cores import Spent, spent
from bench.bridge.options import Options
from bench.bridge.places import KINDS, mixed
from bench.bridge.sides import Side
from bench.bridge.watch import Row
from bench.crash.processes import Bot

_SERVERS = {"slack", "discord"}


@dataclass(frozen=True)
class Call:
    """A call that came to a platform."""

    at: float  # time.monotonic
    method: str
    channel: str
    error: str
    number: int  # of the answer that it shows; 0 for none
    pieces: int  # so many of it stood then

    @property
    def limited(self) -> bool:
        """Whoever called was told to wait."""
        return self.error in ("429", "ratelimited")


@dataclass(frozen=True)
class Leg:
    """Conversations that went on at the same time."""

    kinds: Mapping[int, str]  # by conversation
    asked: Mapping[int, int]  # by question: the conversation
    calls: Sequence[Call]
    unanswered: int = 0


@dataclass
class Played:
    """All that one of the two did."""

    legs: list[Leg] = field(default_factory=list)
    answer: float = 15.0  # seconds that an answer grows in the mean: which text each has
    sent: dict[int, list[float]] = field(default_factory=dict)  # by question: when each piece left Dify
    faults: Sequence[str] = ()  # what does not stand as it should
    spent: Spent | None = None  # by the process; None where that can't be told

    @property
    def answers(self) -> int:
        """How many were asked for."""
        return sum(len(leg.asked) for leg in self.legs)

    @property
    def refused(self) -> Counter[str]:
        """By method: calls that were told to wait."""
        calls = (call for leg in self.legs for call in leg.calls)
        return Counter(call.method for call in calls if call.limited)


def legs(conversations: int) -> list[list[str]]:
    """The kinds of conversations that go on at once; a single one is tried with each kind in turn."""
    return [[kind] for kind in KINDS] if conversations == 1 else [mixed(conversations)]


@dataclass
class Trial:
    """The processes beside the bot, and how much they are asked for."""

    dify: Side
    platforms: Side
    reader: Side
    options: Options

    async def bare(self, conversations: int) -> Played:
        """With the yardstick, and nobody who refuses anything."""
        opened = await self._open(conversations, muted=True)
        await self.reader.order("open", addresses=opened)
        played, before = Played(answer=self.options.answer), spent(self.reader.pid)
        for kinds in self._numbered(conversations):
            asked = await self.reader.order("talk", who=list(kinds), seconds=self.options.seconds)
            calls = await self.platforms.order("calls")
            played.legs.append(_leg(kinds, {"asked": asked, "calls": calls}))
        return await self._completed(played, before, spent(self.reader.pid))

    async def bot(self, conversations: int, folder: Path) -> Played:
        """With the product, as anybody starts it. Raises BotFailed."""
        opened = await self._open(conversations, muted=False)
        config = folder / f"bridge-{conversations}.yaml"
        config.write_text(json.dumps(_config(opened, folder / f"bridge-{conversations}.db")))
        bot = Bot(f"bridge-{conversations}", config, folder)
        try:
            await bot.start()
            played = await self._talk(bot, conversations)
            bot.send(signal.SIGTERM)
            await bot.ended()
        finally:
            await bot.destroy()
        return played

    async def _talk(self, bot: Bot, conversations: int) -> Played:
        played, before = Played(answer=self.options.answer), spent(bot.pid)
        for kinds in self._numbered(conversations):
            said = await self.platforms.order("talk", who=list(kinds), seconds=self.options.seconds)
            played.legs.append(_leg(kinds, said))
        after = spent(bot.pid)
        played.faults = await self.platforms.order("settle")
        return await self._completed(played, before, after)

    async def _completed(self, played: Played, before: Spent | None, after: Spent | None) -> Played:
        sent = await self.dify.order("sent")
        played.sent = {int(number): stamps for number, stamps in sent.items()}
        played.spent = after.since(before) if after is not None and before is not None else None
        return played

    async def _open(self, conversations: int, *, muted: bool) -> dict[str, Any]:
        kinds = [kind for leg in legs(conversations) for kind in leg]
        answer = self.options.answer
        dify, platforms = await asyncio.gather(
            self.dify.order("open", answer=answer),
            self.platforms.order("open", kinds=kinds, answer=answer, muted=muted),
        )
        return {**platforms, "dify": dify}

    def _numbered(self, conversations: int) -> list[dict[int, str]]:
        """The legs: by conversation, its kind."""
        numbered, first = [], 0
        for kinds in legs(conversations):
            numbered.append(dict(enumerate(kinds, first)))
            first += len(kinds)
        return numbered


def _leg(kinds: Mapping[int, str], said: Mapping[str, Any]) -> Leg:
    rows: list[Row] = said["calls"]
    return Leg(kinds, dict(said["asked"]), [Call(*row) for row in rows], said.get("unanswered", 0))


def _config(opened: Mapping[str, Any], store: Path) -> dict[str, Any]:
    """The bot's configuration, in the shape of its YAML file."""
    dify = opened["dify"]
    return {
        "dify": {"base_url": dify["url"], "max_streams": 0, "max_runs": 0},
        "apps": {"bridge": {"api_key": dify["key"]}},
        **{name: opened[name] for name in _SERVERS},
        "routes": [{"app": "bridge"}],
        "store": {"url": f"sqlite:///{store}"},
        "server": {"listen": "127.0.0.1:0", "grace": 5},
    }
