"""The adapter over a simulated Slack: the real SDK and Bolt on loopback, and an inbox that remembers."""

import asyncio
from dataclasses import dataclass, field

import pytest

from adapters.slack.adapter import SlackAdapter
from adapters.slack.settings import SlackSettings
from core.messages import MessageRef, Person, Place, Target
from simulators.slack import Limits, SlackSimulator


class Clock:
    """A clock that a test moves by hand."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@dataclass
class Inbox:
    """Remembers what it was given; `trouble` is raised instead, `hold` is waited for first.

    `responses` are what actions are answered with, in turn; then None.
    """

    slack: SlackSimulator
    messages: list = field(default_factory=list)
    reactions: list = field(default_factory=list)
    actions: list = field(default_factory=list)
    responses: list = field(default_factory=list)
    trouble: Exception | None = None
    hold: asyncio.Event | None = None
    offered: int = 0

    async def message(self, message):
        await self._keep(self.messages, message)

    async def reaction(self, reaction):
        await self._keep(self.reactions, reaction)

    async def action(self, action):
        await self._keep(self.actions, action)
        return self.responses.pop(0) if self.responses else None

    async def _keep(self, kept, said):
        self.offered += 1
        self.slack.journal.changed("offered", {})
        if self.hold is not None:
            await self.hold.wait()
        if self.trouble is not None:
            raise self.trouble
        kept.append(said)
        self.slack.journal.changed("kept", {})


class Notes:
    def __init__(self):
        self.kept = {}

    async def get(self, key):
        return self.kept.get(key)

    async def put(self, key, value):
        self.kept[key] = value


@dataclass
class Bot:
    """A running adapter."""

    adapter: SlackAdapter
    inbox: Inbox
    task: asyncio.Task
    notes: Notes


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def slack(clock):
    simulator = SlackSimulator(clock=clock, limits=Limits.off(), ack_timeout=0.3, retry_delays=(0.0, 60.0))
    async with simulator:
        yield simulator


@pytest.fixture
async def make(slack):
    """Makes adapters for the simulated workspace, not running; closes them."""
    made = []

    def new(**settings):
        given = {"bot_token": slack.bot_token, "app_token": slack.app_token, "api_url": slack.api_url}
        made.append(SlackAdapter(SlackSettings(**{**given, **settings}), ping_interval=0.2, patience=1))
        return made[-1]

    yield new
    for adapter in made:
        await adapter.aclose()


@pytest.fixture
async def run(slack, make):
    """Runs adapters until the test is over; waits until they are connected."""
    bots = []

    async def start(**settings):
        inbox, notes = Inbox(slack), Notes()
        adapter = make(**settings)
        task = asyncio.create_task(adapter.run(inbox, notes))
        bots.append(Bot(adapter, inbox, task, notes))
        connected = asyncio.create_task(slack.journal.wait(lambda: slack.socket.open))
        await asyncio.wait([connected, task], return_when=asyncio.FIRST_COMPLETED)
        connected.cancel()
        return bots[-1]

    yield start
    for bot in bots:
        bot.task.cancel()
    await asyncio.gather(*(bot.task for bot in bots), return_exceptions=True)


@pytest.fixture
def ask(slack):
    """A question of Ada's in a channel or a direct message, and the target that answers it."""

    def question(channel=None, *, thread=True, key="turn-1:0", text="What is love?"):
        direct = channel is None
        place = slack.dm("ada") if direct else slack.channel(channel)
        asked = slack.post(place, "ada", text)
        here = Place("slack", slack.world.team_id, place.id, asked.ts if thread else "", direct=direct)
        ref = MessageRef("slack", slack.world.team_id, place.id, asked.ts)
        return Target(here, ref, Person(slack.user("ada").id), key)

    return question


@pytest.fixture
def answers(slack):
    """What the bot wrote in a place, oldest first."""

    def of(target):
        bot = slack.world.bot_id
        return [m for m in slack.world.messages(target.place.channel) if m.bot_id == bot]

    return of


@pytest.fixture
async def stream(make, ask):
    """A message in Ada's direct messages, and its target."""
    target = ask()
    return make().live(target), target
