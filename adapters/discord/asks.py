"""`/ask`: shows the question to everybody, so that the answer has a message to stand below.

A command is told once. Were we to end between showing the question and storing it, it would be lost: so what
was shown is read again with everything else that was missed.
"""

import asyncio
import logging
from typing import Any

from adapters.discord import inbound
from adapters.discord.callbacks import MESSAGE, SUPPRESS_EMBEDS, Callbacks
from adapters.discord.interactions import Interaction
from adapters.discord.library import discord
from adapters.discord.markdown import GAP
from adapters.discord.quotes import NAMED, worded
from core.messages import Addressed, CommandGiven, IncomingMessage, Whisper

log = logging.getLogger(__name__)

COMMAND = "ask"
SHOW_SECONDS = 2.6  # of the three that Discord waits
FIND_SECONDS = 60.0  # for the id of what is shown
PAUSE_SECONDS = 1.0
_SILENT = {
    "en": "I can't write here. Ask an admin to let me view this channel and send messages in it.",
    "ja": "ここには書き込めません。このチャンネルの閲覧とメッセージ送信の権限を管理者に頼んでください。",
    "zh": "我无法在这里发言。请管理员允许我查看此频道并发送消息。",
}


def refused(used: Interaction) -> Whisper | None:
    """What to say where an answer could not be written: commands can be used in channels closed to us."""
    if used.granted is None or used.spot.direct:
        return None
    may = discord.Permissions(used.granted)
    writes = may.send_messages_in_threads if used.spot.thread else may.send_messages
    if may.view_channel and writes:
        return None
    return Whisper(_SILENT.get(used.action.locale[:2], _SILENT["en"]))


async def show(calls: Callbacks, used: Interaction, question: CommandGiven) -> str | None:
    """The id of the message that shows the question; None where it could not be shown.

    Then Discord tells the person that the command failed, and nothing was asked.
    """
    try:
        async with asyncio.timeout(SHOW_SECONDS):
            told = await calls.respond(used, MESSAGE, _body(question))
    except Exception as error:  # noqa: BLE001 - whatever it is, nothing is shown
        log.warning("discord: a question asked by command could not be shown (%s)", type(error).__name__)
        return None
    message = (told.get("resource") or {}).get("message") or {}
    return str(message["id"]) if "id" in message else await _find(calls, used)


def _body(question: CommandGiven) -> dict[str, Any]:
    text = worded(question.author, question.text)
    return {"content": text, "flags": SUPPRESS_EMBEDS, "allowed_mentions": {"parse": []}}


async def _find(calls: Callbacks, used: Interaction) -> str | None:
    """What an earlier call, or another session of ours, has shown."""
    try:
        async with asyncio.timeout(FIND_SECONDS):
            while True:
                try:
                    return str((await calls.original(used))["id"])
                except discord.HTTPException as error:
                    if error.status < 500:
                        raise
                except (discord.RateLimited, OSError):
                    log.debug("discord: the message of a command is asked for again")
                await asyncio.sleep(PAUSE_SECONDS)
    except Exception as error:  # noqa: BLE001 - see above
        log.error("discord: a question asked by command was lost (%s)", type(error).__name__)  # noqa: TRY400
        return None


def incoming(used: Interaction, question: CommandGiven, message: str, *, threads: bool) -> IncomingMessage:
    """The question as if the person had written that message; `threads`: one is opened where it can."""
    spot, author = used.spot, question.author
    return IncomingMessage(
        ref=inbound.ref(spot.guild, used.channel, message),
        place=inbound.place(spot, message),
        author=author,
        text=question.text,
        addressed=Addressed.DIRECT if spot.direct else Addressed.MENTION,
        identity=inbound.identity(spot, author, message if threads else ""),
        locale=question.locale,
        facts=question.facts,
    )


def shows(message: discord.Message, me: int) -> bool:
    """Whether a message of ours shows a question: other commands are answered so that nobody else sees it."""
    return message.author.id == me and message.type is discord.MessageType.chat_input_command


def restore(message: discord.Message) -> bool:
    """Make of what was shown the message that the person would have written; whether that could be done.

    Of a question that was too long to be shown, what was shown.
    """
    asked = message.interaction_metadata
    _, named, text = message.content.replace(GAP, "").partition(NAMED)
    if asked is None or not named:
        return False
    message.author, message.content = asked.user, text
    return True
