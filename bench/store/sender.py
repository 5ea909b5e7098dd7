"""The other side, in a process of its own: Slack and Dify simulated, and people who write at a given pace.

It says where it can be reached in a line of JSON, then does what each line on its input asks for, and says
what it measured in a line. It ends with its input.
"""

import asyncio
import contextlib
import gc
import json
import os
import sys
import time
from functools import partial
from typing import Any

from simulators.dify import DifySimulator
from simulators.dify.script import Answer
from simulators.slack import Channel, SlackSimulator, User
from simulators.slack import Limits as SlackLimits

KEY = "app-bench"
MENTION = "room"  # a channel where each message mentions the bot
_PEOPLE = 50
_PATIENCE = 60.0  # seconds for an acknowledgement; Slack has 3
_WORDS = [f"word{number} " for number in range(2000)]


class Sender:
    """People at Slack who write, and clocks."""

    def __init__(self) -> None:
        self.slack = SlackSimulator(limits=SlackLimits.off(), ack_timeout=_PATIENCE, retry_delays=())
        self.dify = DifySimulator(pace=10.0)
        self.dify.script = lambda _: Answer(_WORDS)  # longer than anybody waits here
        people = [self.slack.add_user(f"person{number}") for number in range(_PEOPLE)]
        self._homes: list[tuple[Channel, User]] = [(self.slack.dm(person), person) for person in people]
        self.slack.add_channel(MENTION, *people)
        self._written = 0
        self._waiting = 0

    async def obey(self, order: dict[str, Any]) -> dict[str, Any]:
        """Do one thing; what was measured, in milliseconds."""
        match order["do"]:
            case "connect":
                await self.slack.journal.wait(lambda: self.slack.socket.open, within=_PATIENCE)
                return {}
            case "load":
                return await self._load(order["rate"], order["seconds"], mention=order["mention"])
            case "ask":
                return await self._ask(order["count"])
            case "burst":
                return await self._burst(order["count"])
        raise ValueError(order["do"])

    @property
    def addresses(self) -> dict[str, str]:
        """What a bot has to know."""
        slack = self.slack
        return {
            "api_url": slack.api_url,
            "bot_token": slack.bot_token,
            "app_token": slack.app_token,
            "dify_url": self.dify.base_url,
            "dify_key": KEY,
        }

    async def _load(self, rate: float, seconds: float, *, mention: bool) -> dict[str, Any]:
        """So many messages per second, whatever becomes of the earlier ones."""
        acks, late = list[float](), list[float]()
        start = time.perf_counter()
        for number in range(int(rate * seconds)):
            due = start + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            late.append((time.perf_counter() - due) * 1000)
            self._write(acks, mention=mention)
        lost = await self._until_acknowledged()
        return {"acks": acks, "late": late, "lost": lost}

    async def _ask(self, count: int) -> dict[str, Any]:
        """So many questions whose answers go on and on; returns when all of them grow."""
        for _ in range(count):
            self._write([], mention=False)
        lost = await self._until_acknowledged()
        await self.dify.journal.wait(lambda: self.dify.open_streams >= count, within=_PATIENCE)
        return {"lost": lost}

    async def _burst(self, count: int) -> dict[str, Any]:
        """So many messages in the same moment."""
        acks = list[float]()
        for _ in range(count):
            self._write(acks, mention=False)
        lost = await self._until_acknowledged()
        return {"acks": acks, "lost": lost, "streams": self.dify.open_streams}

    def _write(self, acks: list[float], *, mention: bool) -> None:
        """One message; its acknowledgement's milliseconds are appended. A mention makes two events of it."""
        channel, person = self._homes[self._written % len(self._homes)]
        self._written += 1
        known = len(self.slack.deliveries)
        began = time.perf_counter()
        if mention:
            self.slack.post(MENTION, person, f"{self.slack.mention} question {self._written}")
        else:
            self.slack.post(channel, person, f"question {self._written}")
        for delivery in self.slack.deliveries[known:]:
            self._waiting += 1
            delivery.on_ack = partial(self._acknowledged, acks, began)

    def _acknowledged(self, acks: list[float], began: float, _response: object) -> None:
        acks.append((time.perf_counter() - began) * 1000)
        self._waiting -= 1

    async def _until_acknowledged(self) -> int:
        """Wait for the last acknowledgement; how many did not come."""
        with contextlib.suppress(TimeoutError):
            await self.slack.journal.wait(lambda: not self._waiting, within=_PATIENCE)
        self.slack.deliveries.clear()
        lost, self._waiting = self._waiting, 0
        return lost


async def _lines() -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    return reader


async def main() -> None:
    """Serve until the input ends."""
    sender, orders = Sender(), await _lines()
    async with sender.slack, sender.dify:
        sender.dify.add_app(KEY, mode="chat", name="Support")
        print(json.dumps(sender.addresses), flush=True)
        while line := await orders.readline():
            print(json.dumps(await sender.obey(json.loads(line))), flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        os.sched_setaffinity(0, {int(sys.argv[1])})
    gc.disable()  # its pauses would be taken for ours, and it does not live for long
    asyncio.run(main())
