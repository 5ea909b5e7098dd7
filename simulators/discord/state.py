"""The world that the simulated Discord keeps: users, guilds, channels, threads, messages."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from typing import TYPE_CHECKING, Any, TypeVar

from simulators.discord.errors import Refusal
from simulators.discord.permissions import DEFAULT, Overwrite
from simulators.journal import Journal

if TYPE_CHECKING:
    from simulators.discord.interactions import Interaction

T = TypeVar("T")
EPOCH_MS = 1_420_070_400_000  # Discord: reference#snowflakes, the first second of 2015


class ChannelType(IntEnum):
    """Discord: resources/channel#channel-object-channel-types."""

    TEXT = 0
    DM = 1
    VOICE = 2
    CATEGORY = 4
    ANNOUNCEMENT = 5
    ANNOUNCEMENT_THREAD = 10
    PUBLIC_THREAD = 11
    PRIVATE_THREAD = 12
    STAGE = 13
    FORUM = 15
    MEDIA = 16


THREADS = frozenset({ChannelType.ANNOUNCEMENT_THREAD, ChannelType.PUBLIC_THREAD, ChannelType.PRIVATE_THREAD})
POSTS_ONLY = frozenset({ChannelType.FORUM, ChannelType.MEDIA})


@dataclass(eq=False)
class User:
    """A person or a bot."""

    id: int
    name: str
    bot: bool = False
    global_name: str | None = None
    accepts_dms: bool = True
    locale: str = "en-US"  # of the client, as interactions tell it

    @property
    def mention(self) -> str:
        return f"<@{self.id}>"


@dataclass(eq=False)
class Role:
    """A role of a guild; the one whose id is the guild's is @everyone."""

    id: int
    name: str
    permissions: int
    managed_by: int | None = None  # the bot that brought it


@dataclass(eq=False)
class Member:
    """A user in a guild."""

    user: User
    joined_at: datetime
    roles: list[int] = field(default_factory=list)
    nick: str | None = None


@dataclass(eq=False)
class Guild:
    """A server."""

    id: int
    name: str
    owner_id: int
    premium_tier: int = 0
    takes_commands: bool = True  # the bot was invited with the scope applications.commands
    roles: dict[int, Role] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)


@dataclass(eq=False)
class Attachment:
    """A file of a message; its bytes are served below the CDN address."""

    id: int
    filename: str
    data: bytes
    content_type: str | None
    description: str | None = None
    duration_secs: float | None = None
    waveform: str | None = None
    title: str | None = None  # the name as it was given, where Discord keeps another
    ephemeral: bool = False


@dataclass(frozen=True)
class Version:
    """One state of a message that people could see, and when it began (time.monotonic)."""

    content: str
    embeds: tuple[dict[str, Any], ...]
    components: tuple[dict[str, Any], ...]
    flags: int
    at: float


@dataclass(eq=False)
class Message:
    """A message; `history` holds each visible state, the current one last."""

    id: int
    channel: "Channel"
    author: User
    content: str
    timestamp: datetime
    type: int = 0
    embeds: list[dict[str, Any]] = field(default_factory=list)
    components: list[dict[str, Any]] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    flags: int = 0
    nonce: str | None = None
    tts: bool = False
    edited_timestamp: datetime | None = None
    reactions: dict[str, list[int]] = field(default_factory=dict)  # emoji as in the URL -> user ids
    reference: dict[str, Any] | None = None
    mentions: list[int] = field(default_factory=list)
    mention_roles: list[int] = field(default_factory=list)
    mention_everyone: bool = False
    allowed_mentions: dict[str, Any] | None = None  # as the last request gave it
    thread_id: int | None = None
    interaction: dict[str, Any] | None = None  # interaction_metadata
    webhook_id: int | None = None
    snapshots: list[dict[str, Any]] = field(default_factory=list)
    position: int | None = None
    pinned: bool = False
    deleted: bool = False
    history: list[Version] = field(default_factory=list)

    def remember(self) -> None:
        """Add the present state to the history, unless it looks like the one before."""
        version = Version(
            self.content, tuple(self.embeds), tuple(self.components), self.flags, time.monotonic()
        )
        if not self.history or _look(self.history[-1]) != _look(version):
            self.history.append(version)


def _look(version: Version) -> tuple[Any, ...]:
    return (version.content, version.embeds, version.components, version.flags)


@dataclass(eq=False)
class Channel:
    """A text, announcement, forum, voice or DM channel, or a thread."""

    id: int
    type: ChannelType
    name: str | None = None
    guild: Guild | None = None
    parent: "Channel | None" = None
    topic: str | None = None
    recipients: list[User] = field(default_factory=list)
    owner_id: int | None = None
    overwrites: dict[int, Overwrite] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict)
    last_message_id: int | None = None
    created_at: datetime | None = None
    archived: bool = False
    locked: bool = False
    auto_archive_duration: int = 1440
    member_ids: list[int] = field(default_factory=list)
    applied_tags: list[int] = field(default_factory=list)
    message_count: int = 0
    total_message_sent: int = 0
    rate_limit_per_user: int = 0
    settings: dict[str, Any] = field(default_factory=dict)  # whatever else a PATCH set

    @property
    def is_thread(self) -> bool:
        return self.type in THREADS

    @property
    def mention(self) -> str:
        return f"<#{self.id}>"


@dataclass(frozen=True)
class Event:
    """Something that the gateway tells the sessions which asked for it."""

    name: str
    data: dict[str, Any]
    channel: Channel | None = None
    guild: Guild | None = None
    everyone: bool = False  # sent whatever intents a session has


class World:
    """Everything the simulated Discord knows; announces changes to whoever listens."""

    def __init__(self, bot_name: str, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock  # Unix seconds
        self.journal = Journal()
        self.users: dict[int, User] = {}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.attachments: dict[int, Attachment] = {}
        self.nonces: dict[tuple[int, str], tuple[float, Message]] = {}
        self.listeners: list[Callable[[Event], None]] = []
        self.cdn: Callable[[Channel, Attachment], str] = lambda _channel, attachment: attachment.filename
        self._last_id = 0
        self.bot = self.add_user(bot_name, bot=True)
        self.owner = self.add_user("owner")
        self.message_content_enabled = True
        self.nonce_seconds = 300.0  # Discord says "the past few minutes"
        self.old_edits: int | None = None  # edits of messages older than an hour left; None: any number
        self.gateway_url = ""
        self.session_starts_left = 1000
        self.commands: dict[int | None, list[dict[str, Any]]] = {}  # by guild id; None: global
        self.interactions: dict[str, Interaction] = {}  # by token

    def emit(self, event: Event) -> None:
        """Tell the gateway, then wake whoever waits for the journal."""
        for listener in list(self.listeners):
            listener(event)
        self.journal.changed(event.name, event.data)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock(), UTC)

    def new_id(self) -> int:
        """A fresh snowflake: later ones are always larger."""
        self._last_id = max(self._last_id + 1, int(self.clock() * 1000 - EPOCH_MS) << 22)
        return self._last_id

    def add_user(self, name: str, *, bot: bool = False) -> User:
        user = User(self.new_id(), name, bot=bot, global_name=None if bot else name.title())
        self.users[user.id] = user
        return user

    def add_guild(self, name: str, members: Iterable[User] = ()) -> Guild:
        """A guild with the bot (and its managed role), its owner and the given members."""
        guild = Guild(self.new_id(), name, self.owner.id)
        guild.roles[guild.id] = Role(guild.id, "@everyone", DEFAULT)
        role = Role(self.new_id(), self.bot.name, DEFAULT, managed_by=self.bot.id)
        guild.roles[role.id] = role
        for user in (self.owner, self.bot, *members):
            guild.members[user.id] = Member(user, self.now(), [role.id] if user is self.bot else [])
        self.guilds[guild.id] = guild
        return guild

    def add_channel(self, kind: ChannelType, **fields: Any) -> Channel:
        channel = Channel(fields.pop("id", None) or self.new_id(), kind, created_at=self.now(), **fields)
        self.channels[channel.id] = channel
        return channel

    def channel(self, channel_id: int) -> Channel:
        """Raises Refusal 10003."""
        return _found(self.channels, channel_id, 10003)

    def guild(self, guild_id: int) -> Guild:
        """Raises Refusal 10004; a guild without the bot counts as unknown."""
        guild = _found(self.guilds, guild_id, 10004)
        if self.bot.id not in guild.members:
            raise Refusal(10004)
        return guild

    def user(self, user_id: int) -> User:
        """Raises Refusal 10013."""
        return _found(self.users, user_id, 10013)

    def message(self, channel: Channel, message_id: int) -> Message:
        """Raises Refusal 10008."""
        return _found(channel.messages, message_id, 10008)

    def dm(self, user: User) -> Channel:
        """The DM channel of the bot and this user; made when there was none."""
        for channel in self.channels.values():
            if channel.type == ChannelType.DM and channel.recipients == [user]:
                return channel
        return self.add_channel(ChannelType.DM, recipients=[user])

    def threads_of(self, guild: Guild) -> list[Channel]:
        return [c for c in self.channels.values() if c.guild is guild and c.is_thread and not c.archived]


def _found(things: dict[int, T], key: int, code: int) -> T:
    if key not in things:
        raise Refusal(code)
    return things[key]
