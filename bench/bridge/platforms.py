"""Slack and Discord, in a process of their own, and the people there who ask one question after another."""

import asyncio
import random
import time
from itertools import count
from typing import Any

from bench.bridge.answers import answer, question
from bench.bridge.places import Place, places
from bench.bridge.sides import main, serve
from bench.bridge.watch import Watch
from simulators.discord import DiscordSimulator
from simulators.discord import Limits as DiscordLimits
from simulators.slack import Limits as SlackLimits
from simulators.slack import SlackSimulator
from simulators.slack.workspace import EVENTS

_STARTS = 4.0  # seconds over which conversations begin
_PAUSE = (0.5, 2.0)  # seconds until a person asks the next question
_PATIENCE = 240.0  # seconds for a whole answer
_SETTLED = 90.0  # seconds until everything stands as it should: a minute's budget, and some
_LOOK = 0.5


class Platforms:
    """Both, with their limits as strict as they are published, or (`muted`) with none, and deaf."""

    def __init__(self, kinds: list[str], seconds: float, *, muted: bool) -> None:
        slack_limits = SlackLimits.off() if muted else SlackLimits()
        self.slack = SlackSimulator(limits=slack_limits, events=() if muted else EVENTS)
        self.discord = DiscordSimulator(limits=DiscordLimits(enabled=not muted))
        self.places: list[Place] = []
        self.watch = Watch(self.slack, self.discord, self._shown)
        self._kinds = kinds
        self._seconds = seconds
        self._muted = muted
        self._numbers = count(1)
        self._open: dict[int, asyncio.Event] = {}  # by number: set when the whole answer was shown
        self._asked: list[tuple[int, int]] = []  # number, conversation
        self._chance = random.Random(1)

    async def start(self) -> None:
        """Listen, and let the people come."""
        await self.slack.start()
        await self.discord.start()
        self.places = places(self._kinds, self.slack, self.discord)
        if self._muted:
            for place in self.places:
                place.say("here")

    async def stop(self) -> None:
        """Close everything."""
        await self.slack.stop()
        await self.discord.stop()

    @property
    def addresses(self) -> dict[str, Any]:
        """What a bot has to know."""
        slack, discord = self.slack, self.discord
        return {
            "slack": {"bot_token": slack.bot_token, "app_token": slack.app_token, "api_url": slack.api_url},
            "discord": {
                "token": discord.token,
                "api_url": discord.api_url,
                "gateway_url": discord.gateway_url,
            },
            "places": [place.address for place in self.places],
        }

    async def talk(self, who: list[int], seconds: float) -> dict[str, Any]:
        """Let these conversations go on for so long, and wait for the last answers."""
        self._asked.clear()
        self.watch.taken()
        until = time.monotonic() + seconds
        within = min(_STARTS, seconds) if len(who) > 1 else 0.0
        async with asyncio.TaskGroup() as group:
            begun = [group.create_task(self._converse(number, until, within)) for number in who]
        return {
            "asked": list(self._asked),
            "unanswered": sum(task.result() for task in begun),
            "calls": self.watch.taken(),
        }

    async def _converse(self, at: int, until: float, within: float) -> int:
        """Questions and answers, the first `within` so many seconds; how many were not answered (0, 1)."""
        await asyncio.sleep(self._chance.uniform(0.0, within))
        while True:
            number = next(self._numbers)
            whole = self._open[number] = asyncio.Event()
            self._asked.append((number, at))
            self.places[at].say(question(number))
            try:
                async with asyncio.timeout(_PATIENCE):
                    await whole.wait()
            except TimeoutError:
                return 1
            await asyncio.sleep(min(self._chance.uniform(*_PAUSE), max(0.0, until - time.monotonic())))
            if time.monotonic() >= until:
                return 0

    def _shown(self, number: int, pieces: int) -> None:
        waiting = self._open.get(number)
        if waiting is not None and pieces == len(answer(number, self._seconds).pieces):
            waiting.set()

    async def settle(self) -> list[str]:
        """Wait until everything stands as it should, but not for ever; what does not."""
        until = time.monotonic() + _SETTLED
        while True:
            faults = self.watch.faults(self._open, self._seconds)
            if not faults or time.monotonic() > until:
                return faults
            await asyncio.sleep(_LOOK)  # a look costs too much to take one at every call


class Server:
    """One pair of platforms after the other."""

    def __init__(self) -> None:
        self._platforms: Platforms | None = None

    async def obey(self, order: dict[str, Any]) -> Any:
        """Open new platforms (closes the last ones), let people talk, or say what was seen."""
        if order["do"] == "open":
            return await self._open(order)
        assert self._platforms is not None
        match order["do"]:
            case "talk":
                return await self._platforms.talk(order["who"], order["seconds"])
            case "calls":
                return self._platforms.watch.taken()
            case "settle":
                return await self._platforms.settle()
        raise ValueError(order["do"])

    async def _open(self, order: dict[str, Any]) -> dict[str, Any]:
        if self._platforms is not None:
            await self._platforms.stop()
        self._platforms = Platforms(order["kinds"], order["answer"], muted=order["muted"])
        await self._platforms.start()
        return self._platforms.addresses


if __name__ == "__main__":
    main(lambda: serve(Server().obey))
