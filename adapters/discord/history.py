"""Reading what stands in a channel (Discord: resources/message#get-channel-messages)."""

from typing import Any

from adapters.discord.client import Client
from adapters.discord.library import discord

PAGE = 100  # messages of one call, the most that Discord gives


async def after(client: Client, channel: str, message: int, *, pages: int = 1) -> list[dict[str, Any]]:
    """The messages after a message's id, oldest first, at most `pages` hundreds of them.

    Raises discord.HTTPException, discord.RateLimited, or an error of the connection.
    """
    found: list[dict[str, Any]] = []
    for _ in range(pages):
        page: list[Any] = await client.http.logs_from(int(channel), PAGE, after=message)
        found += sorted(page, key=_id)  # Discord gives the oldest after it, but the newest of them first
        if len(page) < PAGE:
            break
        message = _id(found[-1])
    return found


def _id(message: dict[str, Any]) -> int:
    return int(message["id"])


def readable(client: Client, channel: str) -> bool:
    """Whether we may read its history, as far as the gateway told: if not, Discord's answer is empty."""
    known = client.get_channel(int(channel))
    if not isinstance(known, discord.Thread | discord.abc.GuildChannel):
        return True
    try:
        return known.permissions_for(known.guild.me).read_message_history
    except discord.ClientException:  # a thread whose channel is hidden from us
        return False
