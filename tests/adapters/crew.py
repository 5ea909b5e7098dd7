"""Who plays in the contract suite: adapters that are started and ended, and questions to be answered."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from core.contract import Refused, Uncertain
from core.messages import Target
from tests.adapters.contract import ADAPTERS, Bot, Driver, Inbox, Notes, eventually

# each way to write, of each adapter
STAGES = [(name, stage) for name, driver in ADAPTERS.items() for stage in driver.stages]


def able(what):
    return [name for name, driver in ADAPTERS.items() if what in driver.can]


class Crew:
    """Starts adapters, and ends them when the test is over."""

    def __init__(self, driver):
        self.driver = driver
        self.bots = []

    def launch(self, **settings):
        adapter, inbox = self.driver.make(**settings), Inbox()
        bot = Bot(adapter, inbox, asyncio.create_task(adapter.run(inbox, Notes())))
        self.bots.append(bot)
        return bot

    async def start(self, **settings):
        bot = self.launch(**settings)
        await eventually(lambda: bot.adapter.status == "ok")
        return bot

    async def end(self):
        while self.bots:
            with suppress(Refused):
                await self.bots.pop().end()


@dataclass
class Stage:
    """A question that was asked in one of the ways a platform has, and what is needed to answer it."""

    driver: Driver
    crew: Crew
    bot: Bot
    target: Target
    settings: dict

    def live(self, posted=None):
        return self.bot.adapter.live(self.target, posted)

    def only(self):
        """What the single message of ours looks like."""
        [message] = self.driver.ours()
        return message


async def persist(live, draft):
    """Show a draft until it is known to be shown; returns how often that was uncertain."""
    for failures in range(10):
        with suppress(Uncertain):
            receipt = await live.show(draft)
            assert receipt.ref == live.ref
            return failures
    raise AssertionError("never shown")
