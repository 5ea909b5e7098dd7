"""What the contract suite asks of a platform (a driver per adapter, in ADAPTERS), and a bot to run on it."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal, Protocol, Self

from core.contract import ChatAdapter
from core.messages import IncomingMessage, MessageRef, Target
from simulators.journal import Journal
from tests.adapters.drivers_discord import DiscordDriver
from tests.adapters.drivers_slack import SlackDriver

Person = Literal["alice", "bob"]
Where = Literal["direct", "channel"]
Trouble = Literal["limited", "reply lost", "not done"]


class Shown(Protocol):
    """One message of ours, as people see it."""

    ref: MessageRef
    text: str  # the answer's own text, in the platform's dialect
    notices: Sequence[str]  # what stands apart from it
    states: Sequence[str]  # everything that people saw in this message, oldest first
    pings: Sequence[str]  # whom the platform notified because of it
    previews: bool  # the platform may add previews of its links
    growing: bool  # the platform shows that it is still being written


class Driver(Protocol):
    """One platform's simulator and the people in it. `async with` starts and stops it.

    Alice and Bob know the bot: each can write to it directly, and both are in one channel with it. What a
    person writes is given as on the wire (`typed`, `me`, `them`); messages are named as the seam names them.
    """

    name: str  # of the adapter's folder, and Place.platform
    stages: Mapping[str, tuple[Mapping[str, Any], Where]]  # each way to write: settings, and where to ask
    can: frozenset[str]  # what not every platform has: "stop", "reply"
    wait: float  # seconds that a "limited" call is told to wait
    journal: Journal  # of the simulator
    secrets: Sequence[str]  # the tokens
    wrong: Sequence[Mapping[str, Any]]  # settings, each with one token that is refused
    me: str  # the mention of the bot
    them: Mapping[Person, str]  # the mention of a person
    ids: Mapping[Person, str]

    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *exc: object) -> None: ...

    def make(self, **settings: Any) -> ChatAdapter:
        """A new adapter for this platform, quick to try again."""

    # ---- people

    def typed(self, text: str) -> str:
        """How the platform puts what somebody typed on the wire."""

    def whisper(
        self, text: str, who: Person = "alice", file: tuple[str, bytes, str] | None = None
    ) -> MessageRef:
        """Write to the bot directly; a file is its name, bytes and type."""

    def mention(self, text: str, who: Person = "alice") -> MessageRef:
        """Mention the bot in the channel and go on with the text."""

    def follow(self, question: MessageRef, text: str, who: Person = "bob") -> MessageRef:
        """Write in the thread of a message in the channel, mentioning nobody."""

    def reply(self, to: MessageRef, text: str, who: Person = "bob") -> MessageRef:
        """Answer one message with the platform's own reply (can: "reply")."""

    def noise(self, question: MessageRef) -> None:
        """Everything in the channel and the question's thread that is no new message of a person to us.

        Other bots that mention us, system messages, edits and previews of the question.
        """

    def chatter(self, text: str) -> None:
        """Write in the channel to nobody in particular."""

    def react(self, to: MessageRef, who: Person | Literal["robot", "us"] = "alice") -> str:
        """React with a thumb up that has a skin tone; returns it as the seam has it."""

    def unreact(self, to: MessageRef, who: Person = "alice") -> None:
        """Take that reaction away."""

    def delete(self, ref: MessageRef) -> None:
        """Somebody deletes a message, a person's or ours."""

    def repeat(self, ref: MessageRef) -> None:
        """The platform tells the adapter of a message once more."""

    def press_stop(self, said: IncomingMessage) -> None:
        """The author presses the platform's own stop control (can: "stop")."""

    def press(self, ref: MessageRef, key: str, who: Person = "alice") -> None:
        """Press the button with this Button.key under a message of ours. KeyError where it has none such."""

    # ---- what is seen

    def ours(self) -> Sequence[Shown]:
        """All messages of ours that stand anywhere for everybody there to see, oldest first."""

    def buttons(self, ref: MessageRef) -> Sequence[tuple[str, str]]:
        """Button.key and label of each button that a message of ours has now, in the order shown."""

    def failed_presses(self, who: Person) -> int:
        """How often the platform told a person that a press did nothing: they will press again."""

    def whispers(self, who: Person) -> Sequence[str]:
        """What we said so that only this person sees it, wherever that was, oldest first."""

    def signs(self, target: Target) -> bool:
        """Whether a sign that stays until it is taken away is shown for the question."""

    @property
    def connections(self) -> int:
        """How many connections for events are open."""

    async def settled(self) -> None:
        """Return when the platform has nothing left to deliver, as far as it can know."""

    # ---- misbehaviour

    def trouble(self, kind: Trouble) -> AbstractContextManager[None]:
        """Within it the next call of each method that writes messages fails like this."""

    def failing(self) -> AbstractContextManager[None]:
        """Within it each method that `busy` may use fails, one after the other in another way."""

    def unreachable(self) -> AbstractAsyncContextManager[None]:
        """Within it all lines are cut and nobody answers."""

    def close(self, ref: MessageRef) -> None:
        """The channel of a message is gone for us."""

    async def malformed(self, secret: str) -> None:
        """Send events that no parser can make sense of; the secret stands where people's words would."""


ADAPTERS: Mapping[str, Callable[[], Driver]] = {"slack": SlackDriver, "discord": DiscordDriver}


class Inbox:
    """Keeps what it was given, once; raises instead, `failures` times."""

    def __init__(self):
        self.journal = Journal()
        self.kept = []
        self.failures = 0
        self._seen = 0

    async def message(self, message):
        self._keep(message)

    async def reaction(self, reaction):
        self._keep(reaction)

    async def action(self, action):
        self._keep(action)

    def _keep(self, said):
        if self.failures:
            self.failures -= 1
            raise RuntimeError("the store is full")
        self.kept.append(said)
        self.journal.changed("kept", {})

    async def next(self):
        """The oldest that was not asked for yet; what came twice counts once."""
        while True:
            await self.journal.wait(lambda: len(self.kept) > self._seen)
            said = self.kept[self._seen]
            self._seen += 1
            if said not in self.kept[: self._seen - 1]:
                return said

    async def about(self, ref):
        """Everything that came about one message, when there is something."""
        return await self.journal.wait(lambda: [said for said in self.kept if said.ref == ref])


class Notes:
    """An adapter's notes, which live as long as the test."""

    def __init__(self):
        self.kept = {}
        self.places = ()

    async def get(self, key):
        return self.kept.get(key)

    async def put(self, key, value):
        self.kept[key] = value

    async def active(self, platform, seconds):
        return [place for place in self.places if place.platform == platform]


@dataclass
class Bot:
    """A running adapter."""

    adapter: ChatAdapter
    inbox: Inbox
    task: asyncio.Task

    async def leave(self):
        """End `run`, as the assembly does."""
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task

    async def end(self):
        await self.leave()
        await self.adapter.aclose()


async def eventually(condition):
    """Wait for what no event tells: an adapter's status."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - by contract a property
            await asyncio.sleep(0.005)
