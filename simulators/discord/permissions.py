"""Who may do what in a channel: Discord's permission bits and how overwrites apply."""

from dataclasses import dataclass
from enum import IntFlag
from typing import TYPE_CHECKING

from simulators.discord.errors import Refusal

if TYPE_CHECKING:
    from simulators.discord.state import Channel, Guild, User


class Permission(IntFlag):
    """Discord: topics/permissions#permissions-bitwise-permission-flags (those that are enforced here)."""

    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    CREATE_PRIVATE_THREADS = 1 << 36
    SEND_MESSAGES_IN_THREADS = 1 << 38


ALL = (1 << 53) - 1
DEFAULT = int(
    Permission.ADD_REACTIONS
    | Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.MENTION_EVERYONE
    | Permission.USE_APPLICATION_COMMANDS
    | Permission.CREATE_PUBLIC_THREADS
    | Permission.CREATE_PRIVATE_THREADS
    | Permission.SEND_MESSAGES_IN_THREADS
)


@dataclass
class Overwrite:
    """What a channel grants or takes from a role (type 0) or a member (type 1)."""

    type: int
    allow: int = 0
    deny: int = 0

    def apply(self, permissions: int) -> int:
        return (permissions & ~self.deny) | self.allow


def guild_permissions(guild: "Guild", user: "User") -> int:
    """What the user's roles grant in the whole guild."""
    if user.id == guild.owner_id:
        return ALL
    member = guild.members.get(user.id)
    granted = guild.roles[guild.id].permissions
    for role_id in member.roles if member else ():
        granted |= guild.roles[role_id].permissions
    return ALL if granted & Permission.ADMINISTRATOR else granted


def permissions_in(channel: "Channel", user: "User") -> int:
    """Discord: topics/permissions#permission-overwrites; a thread has its parent's overwrites."""
    place = channel.parent if channel.is_thread and channel.parent else channel
    guild = place.guild
    if guild is None:
        return ALL
    granted = guild_permissions(guild, user)
    member = guild.members.get(user.id)
    if granted == ALL or member is None:
        return granted if member else 0
    for target in (guild.id, *member.roles, user.id):
        if target in place.overwrites:
            granted = place.overwrites[target].apply(granted)
    return granted


def may(channel: "Channel", user: "User", permission: Permission) -> bool:
    granted = permissions_in(channel, user)
    return bool(granted & Permission.VIEW_CHANNEL) and granted & permission == permission


def require(channel: "Channel", user: "User", permission: Permission = Permission.VIEW_CHANNEL) -> None:
    """Raises Refusal 50001 where the channel is hidden, 50013 where the permission is missing."""
    if not may(channel, user, Permission.VIEW_CHANNEL):
        raise Refusal(50001)
    if not may(channel, user, permission):
        raise Refusal(50013)
