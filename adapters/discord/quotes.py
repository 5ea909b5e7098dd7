"""Words of a person that we write down in their name, so that an answer has a question to stand below."""

import asyncio
from collections.abc import Mapping
from typing import Any

from adapters.discord.client import Client
from adapters.discord.inbound import ref
from adapters.discord.library import discord
from adapters.discord.live import NO_PINGS, SUPPRESS_EMBEDS, nonce
from adapters.discord.markdown import GAP, render
from adapters.discord.refusals import SECONDS, UNKNOWN_CHANNEL, translated
from adapters.discord.wording import escaped
from core.messages import Draft, MessageRef, Person, Place

MARK = f"{GAP}**"  # begins a quote: Discord keeps nothing else by which it could be told from an answer
NAMED = "**: "  # between the name and the words


def worded(person: Person, text: str) -> str:
    """What stands there, of at most 2,000 characters; nobody is pinged by it."""
    return render(Draft(f"**{escaped(person.name or person.id)}{NAMED}{text}"))


def is_quote(message: Mapping[str, Any]) -> bool:
    """Whether a message of ours holds the words of a person."""
    return str(message["content"]).startswith(MARK)


async def quote(client: Client, place: Place, person: Person, text: str, key: str) -> MessageRef:
    """Post it where the conversation takes place: its thread, or the channel if no thread was opened.

    Within some minutes Discord recognises a repetition by the nonce; later it would be posted again.
    Raises RateLimited, Gone, Uncertain.
    """
    body = {
        "content": f"{GAP}{worded(person, text)}"[:2000],
        "nonce": nonce(key),
        "enforce_nonce": True,
        "flags": SUPPRESS_EMBEDS,
        "allowed_mentions": NO_PINGS,
    }
    with translated():
        async with asyncio.timeout(SECONDS):
            try:
                return await _post(client, place, place.thread or place.channel, body)
            except discord.NotFound as error:
                if error.code != UNKNOWN_CHANNEL or not place.thread:
                    raise
                return await _post(client, place, place.channel, body)


async def _post(client: Client, place: Place, channel: str, body: dict[str, Any]) -> MessageRef:
    parameters = discord.http.MultipartParameters(payload=body, multipart=None, files=None)
    sent = await client.http.send_message(int(channel), params=parameters)
    return ref(place.workspace, channel, sent["id"])
