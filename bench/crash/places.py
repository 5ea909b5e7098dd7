"""Where people talk to the bot in the crash test: threads and direct messages of both platforms."""

import random
from dataclasses import dataclass, field
from typing import Any, Protocol

from bench.crash.posts import discord_place, slack_place
from bench.crash.questions import Question
from simulators.discord import DiscordSimulator
from simulators.slack import SlackSimulator

LONG = {"slack": 850, "discord": 180}  # words that need a second message: 9,000 bytes and 1,700 characters


class Conversation(Protocol):
    """A sequence of questions in one place, each of which has to be answered after the one before."""

    platform: str
    kind: str  # thread | dm
    number: int
    questions: list[Question]

    @property
    def place(self) -> str:
        """Where the answers stand, as Post.place says it; empty before the first question."""
        ...

    def say(self, question: Question) -> None:
        """Let the person write the question."""
        ...

    def repeat(self, question: Question, chance: random.Random) -> None:
        """Deliver the question's event once more."""
        ...


@dataclass(eq=False, repr=False)
class SlackConversation:
    """A thread of a channel, each message with a mention, or of a direct message."""

    slack: SlackSimulator
    channel: Any
    person: Any
    kind: str
    number: int
    root: str = ""
    questions: list[Question] = field(default_factory=list)
    platform: str = "slack"

    @property
    def place(self) -> str:
        """See Conversation."""
        return slack_place(self.channel.id, self.root) if self.root else ""

    def say(self, question: Question) -> None:
        """See Conversation. A mention makes two events."""
        text = f"{self.slack.mention} {question.text}" if self.kind == "thread" else question.text
        known = len(self.slack.deliveries)
        message = self.slack.post(self.channel, self.person, text, thread_ts=self.root or None)
        question.message, question.deliveries = message, self.slack.deliveries[known:]
        self.root = self.root or message.ts

    def repeat(self, question: Question, chance: random.Random) -> None:
        """See Conversation. What is not acknowledged yet is repeated by Slack anyway."""
        delivery = chance.choice(question.deliveries)
        if delivery.done:
            self.slack.redeliver(delivery)


@dataclass(eq=False, repr=False)
class DiscordConversation:
    """A thread that the bot opens on a mention, or a direct message."""

    discord: DiscordSimulator
    channel: Any  # where the first question is written
    person: Any
    kind: str
    number: int
    questions: list[Question] = field(default_factory=list)
    platform: str = "discord"

    @property
    def place(self) -> str:
        """See Conversation. A thread has the id of the message that it stands on."""
        if not self.questions:
            return ""
        where = self.channel if self.kind == "dm" else self.questions[0].message
        return discord_place(where.id)

    def say(self, question: Question) -> None:
        """See Conversation."""
        first = question.opens and self.kind == "thread"
        text = f"{self.discord.bot.mention} {question.text}" if first else question.text
        question.message = self.discord.post(self._home(question), self.person, text)

    def _home(self, question: Question) -> Any:
        """Where the question is written. Raises KeyError as long as the bot has not opened its thread."""
        if question.opens or self.kind == "dm":
            return self.channel
        return self.discord.world.channels[self.questions[0].message.id]

    def repeat(self, question: Question, chance: random.Random) -> None:
        """See Conversation."""
        del chance
        self.discord.repeat(question.message)
