"""The simulated workspace: its people, channels and messages, and what a reader sees of them."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from simulators.slack import blocks as block_kit
from simulators.slack.files import StoredFile
from simulators.slack.streams import Stream

SLACKBOT = "USLACKBOT"
CHANNEL_PREFIX = {"channel": "C", "group": "G", "im": "D", "mpim": "G"}


@dataclass
class User:
    """A person (or bot) of a workspace. `team` differs from the world's for people over Slack Connect."""

    id: str
    name: str
    team: str
    real_name: str = ""
    is_bot: bool = False
    locale: str = "en-US"
    tz: str = "Europe/Berlin"
    email: str = ""
    home: dict[str, Any] | None = None  # the view that views.publish put on the person's Home tab


@dataclass
class Channel:
    """A conversation; `kind` is Slack's channel_type: channel (public), group (private), im or mpim."""

    id: str
    name: str
    kind: str
    members: list[str] = field(default_factory=list)
    is_archived: bool = False
    created: int = field(default_factory=lambda: int(time.time()))
    topic: str = ""


@dataclass(frozen=True)
class Shown:
    """One visible state of a message; `at` is on the simulator's clock (seconds)."""

    text: str
    at: float
    blocks: list[dict[str, Any]]
    streaming: bool


@dataclass
class Message:
    """A message as Slack keeps it. For a streamed one, `text` and `blocks` are what has arrived so far."""

    channel: str
    ts: str
    user: str
    text: str = ""
    thread_ts: str | None = None
    parent_user_id: str | None = None
    team: str = ""
    bot_id: str | None = None
    app_id: str | None = None
    client_msg_id: str | None = None
    subtype: str | None = None
    blocks: list[dict[str, Any]] = field(default_factory=list)
    attachments: list[dict[str, Any]] = field(default_factory=list)
    metadata: dict[str, Any] | None = None
    edited: dict[str, str] | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    files: list[StoredFile] = field(default_factory=list)
    history: list[Shown] = field(default_factory=list)
    stream: Stream | None = None
    ephemeral_to: str | None = None
    unfurl_links: bool | None = None
    unfurl_media: bool | None = None
    username: str | None = None
    deleted: bool = False
    replies: list[str] = field(default_factory=list)  # the ts of the thread's messages, on its root

    @property
    def streaming(self) -> bool:
        """The message is a native stream that still takes text."""
        return self.stream is not None and self.stream.live

    @property
    def shown(self) -> str:
        """The text that the person it is meant for sees now: of the blocks if there are any, else `text`."""
        seen = block_kit.shown(self.blocks)
        if self.stream is not None:  # blocks of a stream stand below its text, they do not replace it
            return "\n".join(part for part in (self.text, seen) if part)
        return seen or self.text

    def shown_to(self, user: str) -> str:
        """What one member sees: of a live channel stream others than the recipient get the first chunk."""
        if self.ephemeral_to not in (None, user):
            return ""
        stream = self.stream
        if stream is None or not stream.live or stream.recipient in (None, user):
            return self.shown
        return stream.first or ""

    @property
    def tasks(self) -> list[dict[str, Any]]:
        """The task cards of a streamed message, in the order they appeared."""
        return list(self.stream.tasks.values()) if self.stream else []

    @property
    def buttons(self) -> list[dict[str, Any]]:
        """The interactive elements a person can use now, each with its block_id."""
        return [
            {**element, "block_id": block.get("block_id")}
            for block in self.blocks
            for element in block_kit.interactive(block)
        ]

    @property
    def pings(self) -> list[str]:
        """Who the message notifies: `!channel`, `@U…`, …; escaped tokens notify nobody."""
        return block_kit.pings(f"{self.text}\n{block_kit.shown(self.blocks)}")


@dataclass
class View:
    """A modal (or Home tab) that the app opened."""

    id: str
    user: str
    body: dict[str, Any]
    hash: str
    root_id: str
    external_id: str = ""
    previous_id: str | None = None
    closed: bool = False
    errors: dict[str, str] = field(default_factory=dict)  # by block_id, as the person sees them now


@dataclass
class Session:
    """An agent session: the status that Slack shows in a thread."""

    channel: str
    thread_ts: str
    status: str = "active"
    title: str = ""
    history: list[str] = field(default_factory=list)


@dataclass
class Interaction:
    """What a response_url refers to: who acted where, on which message, and how often it was answered."""

    token: str
    user: str
    channel: str
    message: Message | None
    uses: int = 0
    expires: float = 0.0


@dataclass
class World:
    """Everything a workspace remembers."""

    team_id: str
    team_name: str
    team_domain: str
    app_id: str
    bot_user: str
    bot_id: str
    clock: Callable[[], float]
    users: dict[str, User] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    log: dict[tuple[str, str], Message] = field(default_factory=dict)
    files: dict[str, StoredFile] = field(default_factory=dict)
    views: dict[str, View] = field(default_factory=dict)
    sessions: dict[tuple[str, str], Session] = field(default_factory=dict)
    statuses: dict[tuple[str, str], str] = field(
        default_factory=dict
    )  # assistant.threads.setStatus texts shown now
    titles: dict[tuple[str, str], str] = field(default_factory=dict)
    prompts: dict[tuple[str, str | None], list[dict[str, str]]] = field(default_factory=dict)
    interactions: dict[str, Interaction] = field(default_factory=dict)
    _last_ts: int = 0
    _serial: int = 0

    def next_ts(self) -> str:
        """A message timestamp that no other message has ("1767406613.568609")."""
        self._last_ts = max(self._last_ts + 1, time.time_ns() // 1000)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def next_id(self, prefix: str) -> str:
        """A new id in Slack's look: a letter and ten capitals or digits."""
        self._serial += 1
        return f"{prefix}0SIM{self._serial:06d}"

    def user(self, ref: User | str) -> User:
        """The person with this id or name. Raises KeyError."""
        if isinstance(ref, User):
            return ref
        found = self.users.get(ref) or next((user for user in self.users.values() if user.name == ref), None)
        if found is None:
            raise KeyError(ref)
        return found

    def channel(self, ref: Channel | str) -> Channel:
        """The conversation with this id or name (with or without #). Raises KeyError."""
        if isinstance(ref, Channel):
            return ref
        named = (channel for channel in self.channels.values() if channel.name == ref.removeprefix("#"))
        found = self.channels.get(ref) or next(named, None)
        if found is None:
            raise KeyError(ref)
        return found

    def message(self, channel: Channel | str, ts: str) -> Message | None:
        """The message at this place, unless it was deleted."""
        found = self.log.get((self.channel(channel).id, ts))
        return None if found is None or found.deleted else found

    def messages(self, channel: Channel | str) -> list[Message]:
        """All messages of a conversation that are there now, threads included, oldest first."""
        here = self.channel(channel).id
        return sorted(
            (m for m in self.log.values() if m.channel == here and not m.deleted), key=lambda m: m.ts
        )

    def thread(self, channel: Channel | str, thread_ts: str) -> list[Message]:
        """A thread: its root (if still there) and its replies, oldest first."""
        return [m for m in self.messages(channel) if thread_ts in (m.ts, m.thread_ts)]

    def dm(self, user: str) -> Channel:
        """The direct conversation of the bot with a person, made if there is none."""
        members = [user, self.bot_user]
        for channel in self.channels.values():
            if channel.kind == "im" and user in channel.members:
                return channel
        return self.add_channel("", "im", members)

    def add_channel(self, name: str, kind: str, members: list[str]) -> Channel:
        """A new conversation."""
        channel = Channel(self.next_id(CHANNEL_PREFIX[kind]), name, kind, list(members))
        self.channels[channel.id] = channel
        return channel

    def add(self, message: Message) -> Message:
        """Keep a new message: link it to its thread and note its first visible state."""
        self.log[message.channel, message.ts] = message
        root = self.log.get((message.channel, message.thread_ts or ""))
        if root is not None and root is not message:
            root.thread_ts = root.ts
            root.replies.append(message.ts)
            message.parent_user_id = root.user
        self.statuses.pop((message.channel, message.thread_ts or message.ts), None)
        self.note(message)
        return message

    def note(self, message: Message) -> None:
        """Add the message's present look to its history."""
        message.history.append(Shown(message.shown, self.clock(), list(message.blocks), message.streaming))
