"""A simulator, and the real discord.py on it, over real sockets."""

import asyncio
import contextlib
import warnings

import pytest
import yarl

from simulators.discord import DiscordSimulator

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # discord.py 2.7.1 imports audioop
    import discord as library


class Bot(library.Client):
    """The real client; keeps what it was told."""

    def __init__(self, **options):
        intents = library.Intents(
            guilds=True,
            guild_messages=True,
            guild_reactions=True,
            dm_messages=True,
            dm_reactions=True,
            message_content=options.pop("message_content", True),
        )
        super().__init__(
            intents=intents,
            guild_ready_timeout=0.02,
            max_messages=None,
            allowed_mentions=library.AllowedMentions.none(),
            **options,
        )
        self.heard = asyncio.Queue()
        self.running = None

    def dispatch(self, event, /, *args):
        super().dispatch(event, *args)
        if event in WATCHED:
            self.heard.put_nowait((event, args[0] if args else None))

    async def before_identify_hook(self, shard_id, *, initial=False):
        """Not the five seconds that discord.py waits before it identifies again."""

    async def next(self, event):
        """The next event of this name; others before it are dropped."""
        async with asyncio.timeout(10):
            while True:
                name, value = await self.heard.get()
                if name == event:
                    return value

    async def run_on(self, simulator):
        await self.login(simulator.token)
        self.running = asyncio.create_task(self.connect())
        ready = asyncio.create_task(self.wait_until_ready())
        await asyncio.wait([ready, self.running], return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        return self


WATCHED = {
    "message",
    "raw_message_edit",
    "raw_message_delete",
    "raw_reaction_add",
    "raw_reaction_remove",
    "thread_create",
    "interaction",
    "resumed",
    "connect",
}


@pytest.fixture
async def simulator():
    async with DiscordSimulator() as running:
        library.http.Route.BASE = running.api_url
        library.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(running.gateway_url)
        yield running


@pytest.fixture
async def start(simulator):
    """Makes bots that are logged in and ready, and closes them at the end."""
    bots = []

    async def start(**options):
        bot = Bot(**options)
        bots.append(bot)
        return await bot.run_on(simulator)

    yield start
    for bot in bots:
        await bot.close()
        if bot.running:
            bot.running.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await bot.running


@pytest.fixture
async def bot(world, start):
    return await start()


@pytest.fixture
def alice(simulator):
    return simulator.add_user("alice")


@pytest.fixture
def world(simulator, alice):
    """A guild with a text channel."""
    guild = simulator.add_guild("Acme", alice)
    simulator.add_channel(guild, "general")
    return simulator


@pytest.fixture
def general(world):
    return next(each for each in world.world.channels.values() if each.name == "general")
