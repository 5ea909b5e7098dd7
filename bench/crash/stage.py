"""The stage of the crash test: the three simulators, their people, and the bot's configuration."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Self

from bench.crash.options import GRACE_SECONDS
from bench.crash.places import Conversation, DiscordConversation, SlackConversation
from simulators.dify import DifySimulator
from simulators.discord import Channel as DiscordChannel
from simulators.discord import DiscordSimulator
from simulators.discord import Limits as DiscordLimits
from simulators.discord import User as DiscordUser
from simulators.journal import Journal
from simulators.slack import Channel as SlackChannel
from simulators.slack import Limits as SlackLimits
from simulators.slack import SlackSimulator
from simulators.slack import User as SlackUser

# Slack waits 0, 60 and 300 s; here a bot comes back sooner, and more often it is not there.
RETRY_DELAYS = (0.0, *[0.25] * 80, *[2.0] * 60)
APPS = {"plain": "chat", "flow": "advanced-chat"}  # name → kind: one forgets a lost client's answer, one not
KINDS = tuple((platform, kind) for kind in ("thread", "dm") for platform in ("slack", "discord"))


class Stage:
    """`async with Stage(people) as stage`: simulators without limits, and so many people per platform."""

    def __init__(self, people: int) -> None:
        self.dify = DifySimulator("1.16.1")
        self.slack = SlackSimulator(limits=SlackLimits.off(), retry_delays=RETRY_DELAYS)
        self.discord = DiscordSimulator(limits=DiscordLimits(enabled=False))
        self._people = {
            app: [
                (self.slack.add_user(f"{app}{at}"), self.discord.add_user(f"{app}{at}"))
                for at in range(people)
            ]
            for app in APPS
        }
        self._guild = self.discord.add_guild("Crash")
        self._slack_channels: dict[int, SlackChannel] = {}
        self._discord_channels: dict[int, DiscordChannel] = {}
        self._made = 0
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as opened:
            for simulator in (self.dify, self.slack, self.discord):
                await opened.enter_async_context(simulator)
            for app, mode in APPS.items():
                self.dify.add_app(f"app-{app}", mode=mode, name=app)
            self._open = opened.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    @property
    def journals(self) -> dict[str, Journal]:
        """Of every simulator."""
        slack, discord = self.slack.journal, self.discord.journal
        return {"dify": self.dify.journal, "slack": slack, "discord": discord}

    def listen(self, listener: Callable[[str, dict[str, Any]], None]) -> None:
        """Call the listener on every change anywhere."""
        for journal in self.journals.values():
            journal.listen(listener)

    def config(self, store: str) -> dict[str, Any]:
        """The bot's configuration, in the shape of its YAML file."""
        slack, discord, people = self.slack, self.discord, self._people["flow"]
        flow = {
            "slack": {"users": [person.id for person, _ in people]},
            "discord": {"users": [str(person.id) for _, person in people]},
        }
        return {
            "dify": {"base_url": self.dify.base_url, "max_streams": 0, "max_runs": 0},
            "apps": {app: {"api_key": f"app-{app}"} for app in APPS},
            "slack": {"bot_token": slack.bot_token, "app_token": slack.app_token, "api_url": slack.api_url},
            "discord": {
                "token": discord.token,
                "api_url": discord.api_url,
                "gateway_url": discord.gateway_url,
            },
            "routes": [{"app": "flow", **flow}, {"app": "plain"}],
            "store": {"url": store},
            "server": {"listen": "127.0.0.1:0", "grace": GRACE_SECONDS},
        }

    def conversation(self, slot: int) -> Conversation:
        """A new conversation of this slot: its platform, kind and app follow from the slot's number."""
        platform, kind = KINDS[slot % len(KINDS)]
        app = tuple(APPS)[slot // len(KINDS) % len(APPS)]
        self._made += 1
        people = self._people[app]
        on_slack, on_discord = people[(self._made if kind == "dm" else slot) % len(people)]
        if platform == "slack":
            where = self.slack.dm(on_slack) if kind == "dm" else self._slack_channel(slot, on_slack)
            return SlackConversation(self.slack, where, on_slack, kind, self._made)
        spot = self.discord.dm(on_discord) if kind == "dm" else self._discord_channel(slot, on_discord)
        return DiscordConversation(self.discord, spot, on_discord, kind, self._made)

    def _slack_channel(self, slot: int, person: SlackUser) -> SlackChannel:
        """The channel of a slot: posts are counted per channel."""
        if slot not in self._slack_channels:
            self._slack_channels[slot] = self.slack.add_channel(f"room-{slot}", person)
        return self._slack_channels[slot]

    def _discord_channel(self, slot: int, person: DiscordUser) -> DiscordChannel:
        if slot not in self._discord_channels:
            self.discord.join(self._guild, person)
            self._discord_channels[slot] = self.discord.add_channel(self._guild, f"room-{slot}")
        return self._discord_channels[slot]

    def forget_sessions(self) -> None:
        """Let Discord forget the sessions of processes that are gone; nobody will resume them."""
        sessions = self.discord.gateway.sessions
        for name in [name for name, session in sessions.items() if session.connection is None]:
            del sessions[name]
