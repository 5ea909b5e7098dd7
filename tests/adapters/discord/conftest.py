"""The adapter with the real discord.py inside, on the simulator, and an inbox that keeps what it is told."""

import asyncio
import contextlib

import pytest

from adapters.discord.adapter import DiscordAdapter
from adapters.discord.settings import DiscordSettings
from core.messages import Draft, Target
from simulators.discord import DiscordSimulator
from simulators.discord.state import Role


class FakeInbox:
    """Keeps everything; the next `failures` calls raise, the next actions return what is in `says`."""

    def __init__(self):
        self.events = []
        self.failures = 0
        self.says = []
        self.gate = asyncio.Event()  # what is said waits for it
        self.gate.set()
        self._waiter = asyncio.Event()

    async def message(self, message):
        self._take(message)

    async def reaction(self, reaction):
        self._take(reaction)

    async def action(self, action):
        self._take(action)
        await self.gate.wait()
        return self.says.pop(0) if self.says else None

    def _take(self, event):
        if self.failures:
            self.failures -= 1
            raise RuntimeError("the store is full")
        self.events.append(event)
        self._waiter.set()

    async def next(self, *, within=10):
        """The oldest event not seen yet."""
        async with asyncio.timeout(within):
            while not self.events:
                self._waiter.clear()
                await self._waiter.wait()
        return self.events.pop(0)


class FakeNotes:
    """Notes that outlive an adapter, and the places that were active lately."""

    def __init__(self):
        self.kept = {}
        self.places = []
        self.asked = asyncio.Event()
        self._put = asyncio.Event()

    async def until(self, condition):
        """Returns once what is kept fulfils the condition."""
        while not condition(self.kept):
            self._put.clear()
            await self._put.wait()

    async def get(self, key):
        return self.kept.get(key)

    async def put(self, key, value):
        self.kept[key] = value
        self._put.set()

    async def active(self, platform, seconds):
        assert (platform, seconds > 3600) == ("discord", True)
        self.asked.set()
        return self.places


@pytest.fixture
def target():
    """Makes what the core would write an answer for."""

    def target(message, key="turn-1/0"):
        return Target(message.place, message.ref, message.author, key)

    return target


@pytest.fixture
def say():
    """Shows a growing answer; returns the last receipt."""

    async def say(live, *texts, notices=()):
        for text in texts[:-1]:
            await live.show(Draft(text))
        return await live.show(Draft(texts[-1], final=True, notices=notices))

    return say


@pytest.fixture
async def simulator():
    async with DiscordSimulator() as running:
        yield running


@pytest.fixture
def inbox():
    return FakeInbox()


@pytest.fixture
def notes():
    return FakeNotes()


@pytest.fixture
async def launch(simulator, inbox, notes):
    """Starts adapters and ends them like the assembly does: run is cancelled, then aclose."""
    running = []

    def launch(*, token=None, inbox=inbox, **options):
        settings = {"token": token or simulator.token, "api_url": simulator.api_url} | options
        adapter = DiscordAdapter(DiscordSettings(**settings), first_pause=0.05)
        running.append((adapter, asyncio.create_task(adapter.run(inbox, notes))))
        return adapter

    async def end():
        while running:
            adapter, task = running.pop()
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            await adapter.aclose()

    launch.end = end
    launch.tasks = running
    yield launch
    await end()


@pytest.fixture
async def start(launch):
    """An adapter that is connected."""

    async def start(**options):
        adapter = launch(**options)
        await _until_ok(adapter)
        return adapter

    return start


@pytest.fixture
def until_ok():
    return _until_ok


async def _until_ok(adapter):
    await _eventually(lambda: adapter.status == "ok")


@pytest.fixture
def eventually():
    return _eventually


async def _eventually(condition):
    """Wait for what happens inside the adapter, which no simulator hears of."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - a property has no event
            await asyncio.sleep(0.005)


@pytest.fixture
async def adapter(guild, start):
    return await start()


@pytest.fixture
def alice(simulator):
    return simulator.add_user("alice")


@pytest.fixture
def bob(simulator):
    return simulator.add_user("bob")


@pytest.fixture
def guild(simulator, alice, bob):
    return simulator.add_guild("Acme", alice, bob)


@pytest.fixture
def staff(guild, alice):
    """The id of a role that Alice has."""
    guild.roles[5] = Role(5, "staff", 0)
    guild.members[alice.id].roles = [5]
    return "5"


@pytest.fixture
def general(simulator, guild):
    return simulator.add_channel(guild, "general")
