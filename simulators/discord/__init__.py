"""A Discord on loopback that the real discord.py talks to: REST API, gateway, attachments, people."""

from simulators.discord.app import DiscordSimulator
from simulators.discord.interactions import Interaction
from simulators.discord.limits import Limits
from simulators.discord.permissions import Permission
from simulators.discord.state import Attachment, Channel, ChannelType, Guild, Message, User, Version

__all__ = [
    "Attachment",
    "Channel",
    "ChannelType",
    "DiscordSimulator",
    "Guild",
    "Interaction",
    "Limits",
    "Message",
    "Permission",
    "User",
    "Version",
]
