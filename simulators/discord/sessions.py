"""Gateway sessions: which events each one asked for, and what it has to be told again after a RESUME."""

from collections import deque
from dataclasses import dataclass, field
from enum import IntFlag
from typing import Any

from simulators.discord import message_payloads
from simulators.discord.connection import Connection
from simulators.discord.permissions import Permission, may
from simulators.discord.state import Channel, ChannelType, Event, World

DISPATCH = 0
KEPT = 5000  # events a session can be told again


class Intent(IntFlag):
    """Discord: events/gateway#list-of-intents (those that events here need)."""

    GUILDS = 1 << 0
    GUILD_MEMBERS = 1 << 1
    GUILD_PRESENCES = 1 << 8
    GUILD_MESSAGES = 1 << 9
    GUILD_MESSAGE_REACTIONS = 1 << 10
    GUILD_MESSAGE_TYPING = 1 << 11
    DIRECT_MESSAGES = 1 << 12
    DIRECT_MESSAGE_REACTIONS = 1 << 13
    DIRECT_MESSAGE_TYPING = 1 << 14
    MESSAGE_CONTENT = 1 << 15


HIGHEST = 1 << 26
PRIVILEGED = Intent.GUILD_MEMBERS | Intent.GUILD_PRESENCES | Intent.MESSAGE_CONTENT
NEEDED = {  # what an event needs in a guild and in a DM, by how its name begins
    "MESSAGE_REACTION": (Intent.GUILD_MESSAGE_REACTIONS, Intent.DIRECT_MESSAGE_REACTIONS),
    "MESSAGE": (Intent.GUILD_MESSAGES, Intent.DIRECT_MESSAGES),
    "TYPING": (Intent.GUILD_MESSAGE_TYPING, Intent.DIRECT_MESSAGE_TYPING),
    "GUILD_MEMBER_": (Intent.GUILD_MEMBERS, Intent.GUILD_MEMBERS),
    "GUILD": (Intent.GUILDS, Intent.GUILDS),
    "CHANNEL": (Intent.GUILDS, Intent.GUILDS),
    "THREAD": (Intent.GUILDS, Intent.GUILDS),
}


@dataclass(eq=False)
class Session:
    """What IDENTIFY started: it outlives its connection and is told what it missed after a RESUME."""

    id: str
    intents: int
    shard: tuple[int, int] = (0, 1)
    connection: Connection | None = None
    sequence: int = 0
    sent: deque[tuple[int, str, dict[str, Any]]] = field(default_factory=lambda: deque(maxlen=KEPT))

    def dispatch(self, name: str, data: dict[str, Any]) -> None:
        """Send an event now, or keep it for the RESUME."""
        self.sequence += 1
        self.sent.append((self.sequence, name, data))
        if self.connection and not self.connection.closing:
            self.connection.send(DISPATCH, data, seq=self.sequence, name=name)

    def replay(self, after: int) -> None:
        """Send again what came after that sequence number, in order."""
        if self.connection:
            for sequence, name, data in [each for each in self.sent if each[0] > after]:
                self.connection.send(DISPATCH, data, seq=sequence, name=name)

    def tell(self, world: World, event: Event) -> None:
        """Dispatch the event if this session is to hear of it, without what its intents hide."""
        if not event.everyone and not self._hears(world, event):
            return
        data = event.data
        hidden = not self.intents & Intent.MESSAGE_CONTENT and _guild_of(event) is not None
        if event.name in ("MESSAGE_CREATE", "MESSAGE_UPDATE") and hidden:
            data = message_payloads.without_content(data, world.bot)
        self.dispatch(event.name, data)

    def _hears(self, world: World, event: Event) -> bool:
        if event.channel and not can_see(world, event.channel):
            return False
        return self._covers(event) and self._asked_for(event)

    def _covers(self, event: Event) -> bool:
        """Discord: events/gateway#sharding-sharding-formula; DMs go to shard 0 only."""
        guild = _guild_of(event)
        index, count = self.shard
        return (guild.id >> 22) % count == index if guild else index == 0

    def _asked_for(self, event: Event) -> bool:
        for prefix, (in_guild, in_dm) in NEEDED.items():
            if event.name.startswith(prefix):
                return bool(self.intents & (in_guild if _guild_of(event) else in_dm))
        return True  # INTERACTION_CREATE and the like need none


def _guild_of(event: Event) -> Any:
    return event.guild or (event.channel.guild if event.channel else None)


def can_see(world: World, channel: Channel) -> bool:
    if channel.type == ChannelType.PRIVATE_THREAD and world.bot.id not in channel.member_ids:
        return False
    return may(channel, world.bot, Permission.VIEW_CHANNEL)
