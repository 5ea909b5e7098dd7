"""Finding a message of ours whose post was done although its reply was lost."""

from collections.abc import Mapping
from typing import Any

from adapters.slack.blocks import EVENT_TYPE
from adapters.slack.surface import Surface
from core.messages import Target

_PAGES = 5
_PAGE = 200


async def find_lost(surface: Surface, target: Target, *, streamed: bool) -> str:
    """The ts of the message written for this target, or "".

    A post carries the target's key as metadata. chat.startStream takes none: a stream of ours is what we
    wrote there after the question without any mark (streams are marked when they are stopped).
    Slack: conversations.replies, conversations.history. Raises RateLimited, Uncertain, SlackError.
    """
    me = await surface.identify()
    method = "conversations.replies" if target.place.thread else "conversations.history"
    cursor = None
    for _ in range(_PAGES):
        reply = await surface.api.read(method, **_since(target), cursor=cursor)
        for message in reply.get("messages") or ():
            mine = message.get("user") == me.user or message.get("bot_id") == me.bot
            if mine and _matches(message, target, streamed=streamed):
                return str(message["ts"])
        cursor = (reply.get("response_metadata") or {}).get("next_cursor")
        if not cursor:
            break
    return ""


def _since(target: Target) -> dict[str, Any]:
    where = {"channel": target.place.channel, "oldest": target.question.id, "limit": _PAGE}
    thread = {"ts": target.place.thread} if target.place.thread else {}
    return {**where, **thread, "include_all_metadata": "true"}


def _matches(message: Mapping[str, Any], target: Target, *, streamed: bool) -> bool:
    if float(message["ts"]) <= float(target.question.id):
        return False  # a thread's root always comes along
    mark = message.get("metadata")
    if not mark:
        return streamed
    key = (mark.get("event_payload") or {}).get("key")
    return mark.get("event_type") == EVENT_TYPE and key == target.key
