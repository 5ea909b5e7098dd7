"""What every part of the simulator shares: the world, the journal, the sockets and the switches."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from simulators.journal import Journal
from simulators.slack import events
from simulators.slack.faults import Faults
from simulators.slack.rates import Limits, Throttle
from simulators.slack.refusal import Refusal
from simulators.slack.socket_mode import Delivery, SocketMode
from simulators.slack.state import SLACKBOT, Channel, Interaction, Message, User, World

EVENTS = frozenset({
    "agent_session_stopped", "agent_session_title_changed", "app_context_changed", "app_home_opened",
    "app_mention", "app_uninstalled", "assistant_thread_started", "member_joined_channel",
    "member_left_channel", "message.channels", "message.groups", "message.im", "message.mpim",
    "reaction_added", "reaction_removed", "tokens_revoked",
})  # fmt: skip
SCOPES = frozenset({
    "app_mentions:read", "assistant:write", "channels:history", "channels:read", "chat:write", "commands",
    "files:read", "files:write", "groups:history", "groups:read", "im:history", "im:read", "im:write",
    "mpim:history", "mpim:read", "reactions:read", "reactions:write", "users:read",
})  # fmt: skip


@dataclass
class Settings:
    """The numbers and lists that a test may choose."""

    events: set[str]  # what the app has subscribed to
    scopes: set[str]  # what the bot token may do
    stream_ttl: float = 300.0  # seconds
    stream_cap: int = 10_600  # bytes
    trigger_ttl: float = 3.0  # seconds; response_urls live 600 times as long


class Workspace:
    """One simulated workspace with one installed app."""

    def __init__(
        self,
        *,
        settings: Settings,
        limits: Limits,
        clock: Callable[[], float] = time.monotonic,
        ack_timeout: float = 3.0,
        retry_delays: Iterable[float] = (0.0, 60.0, 300.0),
        bot_name: str = "parley",
    ) -> None:
        self.clock = clock
        self.settings = settings
        self.journal = Journal()
        self.world = World(
            "T0SIMTEAM01", "Simulated", "simulated", "A0SIMAPP001", "U0SIMBOT001", "B0SIMBOT001", clock=clock
        )
        self.faults = Faults()
        self.throttle = Throttle(limits, clock)
        self.socket = SocketMode(self.journal, self.world.app_id, ack_timeout, tuple(retry_delays))
        self.bot_token = "xoxb-simulated-bot-token"
        self.app_token = "xapp-simulated-app-token"
        self.revoked = False
        self.base = ""  # "http://127.0.0.1:PORT" while running
        self.triggers: dict[str, tuple[str, float]] = {}  # trigger_id -> (user, when it expires)
        self._populate(bot_name)

    def _populate(self, bot_name: str) -> None:
        world = self.world
        for id_, name, bot in ((world.bot_user, bot_name, True), (SLACKBOT, "slackbot", False)):
            world.users[id_] = User(id_, name, world.team_id, real_name=name.title(), is_bot=bot)
        for name in ("ada", "ben"):
            id_ = world.next_id("U")
            world.users[id_] = User(id_, name, world.team_id, name.title(), email=f"{name}@example.com")
        people = [user.id for user in world.users.values() if user.id != SLACKBOT]
        world.add_channel("general", "channel", people)

    def publish(self, event: dict[str, Any]) -> Delivery | None:
        """Send an event to the app, if it subscribed to it and its bot is in the channel."""
        world = self.world
        channel = events.event_channel(event)
        known = world.channels.get(channel or "")
        if (
            known is not None
            and world.bot_user not in known.members
            and event["type"] != "member_left_channel"
        ):
            return None
        if self.revoked or events.subscription(world, event) not in self.settings.events:
            return None
        return self.socket.deliver(Delivery("events_api", events.event_callback(world, event)))

    def announce(self, message: Message, app_context: dict[str, Any] | None = None) -> None:
        """Tell the app about a new message: as `message`, and also as `app_mention` if it names the bot."""
        self.journal.changed("message", {"channel": message.channel, "ts": message.ts})
        if message.ephemeral_to is not None:
            return
        seen = {"app_context": app_context} if app_context else {}
        self.publish({**events.message_event(self.world, message, self.base), **seen})
        mentioned = f"<@{self.world.bot_user}>" in message.text and message.user != self.world.bot_user
        if mentioned and self.world.channels[message.channel].kind != "im":
            self.publish(events.mention_event(self.world, message, self.base))

    def wire(self, message: Message) -> dict[str, Any]:
        """The message object as replies carry it."""
        return events.message_fields(self.world, message, self.base)

    def changed(self, message: Message, previous: dict[str, Any] | None = None) -> None:
        """Note a message's new look; with `previous` (its old wire form) also tell the app."""
        self.world.note(message)
        self.journal.changed("message", {"channel": message.channel, "ts": message.ts})
        if previous is not None and message.ephemeral_to is None:
            self.publish(events.changed_event(self.world, message, previous, self.base))

    def remove(self, message: Message) -> None:
        """Delete a message: one with replies stays as a tombstone (a message_changed), others go away."""
        previous = self.wire(message)
        if "reply_count" in previous:
            events.make_tombstone(message)
            self.changed(message, previous)
            return
        message.deleted = True
        self.journal.changed("deleted", {"channel": message.channel, "ts": message.ts})
        if message.ephemeral_to is None:
            self.publish(events.deleted_event(self.world, message, previous))

    def bot_message(self, channel: Channel, text: str, **fields: Any) -> Message:
        """A message by the app's bot, not yet added to the world."""
        world = self.world
        return Message(
            channel.id,
            world.next_ts(),
            world.bot_user,
            text,
            team=world.team_id,
            bot_id=world.bot_id,
            app_id=world.app_id,
            **fields,
        )

    def trigger(self, user: User) -> str:
        """A trigger_id that opens one view within the next seconds."""
        trigger_id = events.new_trigger()
        self.triggers[trigger_id] = (user.id, self.clock() + self.settings.trigger_ttl)
        return trigger_id

    def response_url(self, user: User, channel: Channel, message: Message | None) -> str:
        """A URL that takes up to five answers to an interaction."""
        token = events.new_trigger().replace(".", "")
        expires = self.clock() + 600 * self.settings.trigger_ttl
        self.world.interactions[token] = Interaction(token, user.id, channel.id, message, expires=expires)
        return f"{self.base}/response/{token}"


def reachable(ws: Workspace, ref: Any) -> Channel:
    """The conversation that the bot may read and write, or a Refusal."""
    channel = ws.world.channels.get(str(ref))
    if channel is None:
        raise Refusal("channel_not_found")
    if ws.world.bot_user not in channel.members:
        raise Refusal("not_in_channel" if channel.kind == "channel" else "channel_not_found")
    if channel.is_archived:
        raise Refusal("is_archived")
    return channel


def existing(ws: Workspace, channel: Channel, ts: Any) -> Message:
    """A message that is there, or the refusal `message_not_found`."""
    message = ws.world.message(channel, str(ts))
    if message is None:
        raise Refusal("message_not_found")
    return message
