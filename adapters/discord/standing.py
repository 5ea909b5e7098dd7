"""Which messages of ours stand below a question, for an answer that an earlier process began."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from adapters.discord import history
from adapters.discord.client import Client
from adapters.discord.inbound import ref
from adapters.discord.library import discord
from adapters.discord.quotes import is_quote
from adapters.discord.refusals import SECONDS, translated
from adapters.discord.threads import Threads
from core.messages import MessageRef, Standing, Target

log = logging.getLogger(__name__)

PAGES = 3  # of history: an answer begins soon after its question
FORBIDDEN = "discord: an unfinished answer can't be looked for: Read Message History is not granted"
WRITTEN, REPLY = 0, 19  # types of messages; what else is ours there, Discord wrote (a thread's first line)


async def find(client: Client, threads: Threads, target: Target) -> Sequence[Standing]:
    """Our messages after the question, where its answer stands or would stand, oldest first.

    Discord keeps no nonce (Rapptz/discord.py#2451), so no page is told; only what replies to another
    question is left out, the files of answers, and what we quoted. Raises RateLimited, Gone, Uncertain.
    """
    with translated():
        async with asyncio.timeout(SECONDS):
            for channel in threads.candidates(target):
                found = await _in_channel(client, channel, target)
                if found:
                    return found
    return []


async def _in_channel(client: Client, channel: str, target: Target) -> list[Standing]:
    messages = await _after(client, channel, target.question)
    if not messages and not history.readable(client, channel):
        log.warning(FORBIDDEN)
    us = str(client.user.id) if client.user else ""
    return [
        Standing(ref(target.question.workspace, channel, each["id"]), None)
        for each in messages
        if each["author"]["id"] == us
        and each["type"] in (WRITTEN, REPLY)
        and not each.get("attachments")
        and not is_quote(each)
        and _answered(each) in (None, target.question.id)
    ]


async def _after(client: Client, channel: str, question: MessageRef) -> list[dict[str, Any]]:
    try:
        return await history.after(client, channel, int(question.id), pages=PAGES)
    except discord.Forbidden:
        log.warning(FORBIDDEN)
        return []
    except discord.NotFound:
        if channel == question.channel:
            raise
        return []  # no thread was opened


def _answered(message: Mapping[str, Any]) -> str | None:
    """Which message it replies to, if any."""
    told = message.get("message_reference") or {}
    return told.get("message_id")
