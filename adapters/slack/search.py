"""Finding messages of ours at Slack: one whose reply was lost, or all that a process before us posted."""

import logging
from collections.abc import AsyncIterator, Container, Mapping
from typing import Any

from adapters.slack.api import SlackError
from adapters.slack.blocks import EVENT_TYPE, page_of
from adapters.slack.inbound import PLATFORM
from adapters.slack.surface import GONE, Surface
from core.contract import Gone
from core.messages import MessageRef, Standing, Target

log = logging.getLogger(__name__)

_PAGES = 5
_PAGE = 200

_Found = Mapping[str, Any]


async def find_lost(surface: Surface, target: Target, *, streamed: bool) -> str:
    """The ts of the message written for this target, or "".

    A post carries the target's key as metadata. chat.startStream takes none: a stream of ours is what we
    wrote there after the question without any mark (streams are marked when they are stopped).
    Raises RateLimited, Uncertain, SlackError.
    """
    async for message in _written(surface, target):
        key = _key(message)
        if key == target.key or (streamed and key is None):
            return str(message["ts"])
    return ""


async def find_pages(surface: Surface, target: Target) -> list[Standing]:
    """The messages that answer the target's question, oldest first; `target.key` is that of all its pages.

    Whoever may not read gets those found so far, mostly none: the answer must still be posted.
    Raises RateLimited, Gone, Uncertain.
    """
    found: list[Standing] = []
    try:
        async for message in _written(surface, target):
            key = _key(message)
            page = None if key is None else page_of(key, target.key)
            if key is None or page is not None:
                found.append(Standing(_ref(message, target), page))
    except SlackError as error:
        if error.code in GONE:
            raise Gone(GONE[error.code]) from error
        log.warning("can't look for what a process before us posted, it may stand twice: %s", error)
    return sorted(found, key=lambda standing: float(standing.ref.id))


async def find_file(surface: Surface, target: Target, name: str, size: int, not_these: Container[str]) -> str:
    """The ts of a message with such a file of ours below the question, or "". Files can't carry our key.

    Raises RateLimited, Uncertain, SlackError.
    """
    async for message in _ours(surface, target):
        ts = str(message["ts"])
        same = (file.get("name") == name and file.get("size") == size for file in message.get("files") or ())
        if ts not in not_these and any(same):
            return ts
    return ""


async def _written(surface: Surface, target: Target) -> AsyncIterator[_Found]:
    """Our messages but those that are a file: these have no mark either, and are no stream."""
    async for message in _ours(surface, target):
        if not message.get("files"):
            yield message


async def _ours(surface: Surface, target: Target) -> AsyncIterator[_Found]:
    """What we wrote at the target's place after its question, as Slack has it.

    Slack: conversations.replies (oldest first), conversations.history (newest first).
    """
    me = await surface.identify()
    method = "conversations.replies" if target.place.thread else "conversations.history"
    cursor = None
    for _ in range(_PAGES):
        reply = await surface.api.read(method, **_since(target), cursor=cursor)
        for message in reply.get("messages") or ():
            mine = message.get("user") == me.user or message.get("bot_id") == me.bot
            later = float(message["ts"]) > float(target.question.id)  # a thread's root always comes along
            if mine and later:
                yield message
        cursor = (reply.get("response_metadata") or {}).get("next_cursor")
        if not cursor:
            return


def _since(target: Target) -> dict[str, Any]:
    where = {"channel": target.place.channel, "oldest": target.question.id, "limit": _PAGE}
    thread = {"ts": target.place.thread} if target.place.thread else {}
    return {**where, **thread, "include_all_metadata": "true"}


def _key(message: _Found) -> str | None:
    """The key that a message was marked with, "" for a mark that is not ours; None: it has no mark."""
    mark = message.get("metadata")
    if not mark:
        return None
    key = (mark.get("event_payload") or {}).get("key")
    return key if mark.get("event_type") == EVENT_TYPE and isinstance(key, str) else ""


def _ref(message: _Found, target: Target) -> MessageRef:
    place = target.place
    return MessageRef(PLATFORM, place.workspace, place.channel, str(message["ts"]))
