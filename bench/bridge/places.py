"""Where people talk to the bot: threads of Slack's channels and direct messages, and threads of Discord's."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from simulators.discord import DiscordSimulator
from simulators.discord import Message as DiscordMessage
from simulators.slack import SlackSimulator

DM, CHANNEL, DISCORD = "Slack, direct", "Slack, channel", "Discord"
KINDS = (DM, CHANNEL, DISCORD)
_MIX = (DM, DISCORD, CHANNEL, DISCORD)


def mixed(conversations: int) -> list[str]:
    """The kinds of so many conversations at once: half of them at either platform."""
    return [_MIX[at % len(_MIX)] for at in range(conversations)]


class Place(Protocol):
    """One conversation. A bot that hears nothing has nothing to do with it."""

    def say(self, text: str) -> None:
        """The person writes; the first time, so that the bot knows that it is meant."""
        ...

    @property
    def address(self) -> dict[str, str]:
        """Where an answer would be written."""
        ...


@dataclass(eq=False)
class SlackPlace:
    """A thread."""

    slack: SlackSimulator
    kind: str
    person: Any
    channel: Any
    root: str = ""

    @classmethod
    def make(cls, slack: SlackSimulator, kind: str, number: int) -> "SlackPlace":
        """Its own person; its own channel, where it is no direct message."""
        person = slack.add_user(f"person{number}")
        channel = slack.dm(person) if kind == DM else slack.add_channel(f"room{number}", person)
        return cls(slack, kind, person, channel)

    def say(self, text: str) -> None:
        """See Place."""
        begins = self.kind == CHANNEL and not self.root
        words = f"{self.slack.mention} {text}" if begins else text
        message = self.slack.post(self.channel, self.person, words, thread_ts=self.root or None)
        self.root = self.root or message.ts

    @property
    def address(self) -> dict[str, str]:
        """See Place."""
        return {"kind": self.kind, "channel": self.channel.id, "thread": self.root, "asker": self.person.id}


@dataclass(eq=False)
class DiscordPlace:
    """A channel, and the thread that the bot opens there on the first question."""

    discord: DiscordSimulator
    person: Any
    channel: Any
    root: DiscordMessage | None = None

    @classmethod
    def make(cls, discord: DiscordSimulator, guild: Any, number: int) -> "DiscordPlace":
        """Its own person and channel."""
        person = discord.add_user(f"person{number}")
        discord.join(guild, person)
        return cls(discord, person, discord.add_channel(guild, f"room{number}"))

    def say(self, text: str) -> None:
        """See Place. Raises KeyError where the bot should have opened a thread and has not."""
        if self.root is None:
            self.root = self.discord.post(self.channel, self.person, f"{self.discord.bot.mention} {text}")
        else:
            self.discord.post(self.discord.world.channels[self.root.id], self.person, text)

    @property
    def address(self) -> dict[str, str]:
        """See Place: in the channel, for who opens no threads."""
        return {"kind": DISCORD, "channel": str(self.channel.id), "thread": "", "asker": str(self.person.id)}


def places(kinds: Sequence[str], slack: SlackSimulator, discord: DiscordSimulator) -> list[Place]:
    """One for each kind."""
    guild = discord.add_guild("Bridge")
    return [
        DiscordPlace.make(discord, guild, number) if kind == DISCORD else SlackPlace.make(slack, kind, number)
        for number, kind in enumerate(kinds)
    ]
