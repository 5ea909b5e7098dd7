"""A person's words, posted by us so that an answer has a message to stand below."""

import time
from collections import OrderedDict

from adapters.slack import blocks
from adapters.slack.inbound import PLATFORM
from adapters.slack.markdown import plain, render
from adapters.slack.search import find_lost
from adapters.slack.surface import Surface, refusals_as_gone
from core.contract import Uncertain
from core.messages import MessageRef, Person, Place, Target

_LENGTH = 11_000  # characters that are shown; a message holds 12,000
_LOOK_BACK = 86_400.0  # seconds: nobody repeats one later than that
_REMEMBERED = 1_000


class Quotes:
    """Posts each key once: it stands in the message's metadata, where a process after us finds it."""

    def __init__(self, surface: Surface) -> None:
        self._surface = surface
        self._posted: OrderedDict[str, MessageRef] = OrderedDict()

    async def quote(self, place: Place, person: Person, text: str, key: str) -> MessageRef:
        """Raises RateLimited, Gone, Uncertain."""
        if key in self._posted:
            return self._posted[key]
        async with refusals_as_gone():
            ts = await find_lost(self._surface, _mark(place, person, key), streamed=False)
            ref = _ref(place, ts) if ts else await self.post(place, person, text, key)
        self._posted[key] = ref
        while len(self._posted) > _REMEMBERED:
            self._posted.popitem(last=False)
        return ref

    async def post(self, place: Place, person: Person, text: str, key: str) -> MessageRef:
        """For a key that is surely new. Raises RateLimited, Uncertain, SlackError (chat.postMessage)."""
        mark = _mark(place, person, key)
        thread = {"thread_ts": place.thread} if place.thread else {}
        try:
            reply = await self._surface.api.post(
                "chat.postMessage",
                channel=place.channel,
                **thread,
                **_aloud(person, text),
                metadata=blocks.metadata(mark),
                unfurl_links=False,
                unfurl_media=False,
            )
        except Uncertain:
            if ts := await find_lost(self._surface, mark, streamed=False):
                return _ref(place, ts)
            raise
        return _ref(place, str(reply["ts"]))


def _aloud(person: Person, text: str) -> blocks.Arguments:
    words = render(text, final=True)
    shown = words if len(words) <= _LENGTH else words[: _LENGTH - 1] + "…"
    asker = f"<@{person.id}>: "
    return {"text": asker + plain(text), "blocks": [{"type": "markdown", "text": asker + shown}]}


def _mark(place: Place, person: Person, key: str) -> Target:
    """What `find_lost` looks for, and since when; no key of an answer's page is like it."""
    since = MessageRef(PLATFORM, place.workspace, place.channel, f"{time.time() - _LOOK_BACK:.6f}")
    return Target(place, since, person, f"quote:{key}")


def _ref(place: Place, ts: str) -> MessageRef:
    return MessageRef(PLATFORM, place.workspace, place.channel, ts)
