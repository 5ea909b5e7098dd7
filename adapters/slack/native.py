"""One Slack message being written as a native stream, with edits to fall back on."""

import logging
from typing import Any, Literal

from adapters.slack import blocks
from adapters.slack.api import SlackError, Unsent
from adapters.slack.cards import Cards
from adapters.slack.live import EditMessage
from adapters.slack.surface import GONE, Surface, budget, refusals_as_gone
from core.contract import Budget, Guard, RateLimited, Receipt, Uncertain, Way, unguarded
from core.messages import Draft, MessageRef, Target

log = logging.getLogger(__name__)


class NativeStream:
    """A message that grows as Slack's native stream; what a stream can't do is done by edits.

    Slack: chat.startStream, chat.appendStream, chat.stopStream.
    """

    def __init__(self, surface: Surface, target: Target, guard: Guard = unguarded) -> None:
        self._surface = surface
        self._target = target
        self._guard = guard
        self._edit = EditMessage(surface, target, guard=guard)
        self._state: Literal["new", "live", "over"] = "new"
        self._sent = ""  # what the stream surely holds
        self._cards = Cards()
        self._edited = False  # the core has more room for edits than for one more stream

    @property
    def ref(self) -> MessageRef | None:
        """The message, once started."""
        return self._edit.ref

    def budget(self, draft: Draft) -> Budget:
        """What the next call is; streams and edits have buckets of their own."""
        if self._goes_by_edit(draft):
            return self._edit.budget(draft)
        if self._state == "new":
            return budget(self._target, "chat.startStream")
        closing = draft.final or not self._grows(draft)
        return budget(self._target, "chat.stopStream" if closing else "chat.appendStream")

    def ways(self) -> list[Way]:
        """A stream, where Slack has them, else edits; each has buckets of its own."""
        stream = Way(budget(self._target, "chat.appendStream"), budget(self._target, "chat.stopStream"))
        return [stream] * self._surface.streaming.possible(self._target.place) + self._edit.ways()

    def go(self, way: Way) -> None:
        """As the core has room."""
        self._edited = way in self._edit.ways()

    async def show(self, draft: Draft) -> Receipt:
        """Start, append or stop; or edit, once the stream is over or never was."""
        if self._goes_by_edit(draft):
            return await self._by_edit(draft)
        async with refusals_as_gone():
            if self._state == "new":
                return await self._start(draft)
            return await self._grow(draft)

    async def remove(self) -> None:
        """Delete the message, live or not."""
        self._edit.streaming = self._edit.streaming or self._state == "live"
        self._state = "over"
        await self._edit.remove()

    def _goes_by_edit(self, draft: Draft) -> bool:
        """An answer that is ready before its message began needs one post, not a start and a stop."""
        if self._state == "new":
            return draft.final or self._edited or not self._surface.streaming.possible(self._target.place)
        return self._state == "over"

    def _grows(self, draft: Draft) -> bool:
        return not draft.redraw and blocks.streamed(draft).startswith(self._sent)

    async def _by_edit(self, draft: Draft, *, streaming: bool = False) -> Receipt:
        self._edit.streaming = self._edit.streaming or streaming
        self._state = "over"
        return await self._edit.show(draft)

    async def _start(self, draft: Draft) -> Receipt:
        place, text, cards = self._target.place, blocks.streamed(draft), self._cards.news(draft)
        await self._guard()
        try:
            reply = await self._surface.api.post("chat.startStream", **self._opening(_piece(text, cards)))
        except SlackError as error:
            if error.code in GONE:
                raise
            self._surface.streaming.refused(place, error.code)
            return await self._by_edit(draft)
        except RateLimited:  # the starts of a minute are spent: an edited message now beats a stream later
            return await self._by_edit(draft)
        except Unsent:
            raise
        except Uncertain:
            self._state, self._edit.lost = "over", "stream"
            raise
        self._edit.ts, self._sent, self._state = str(reply["ts"]), text, "live"
        self._cards.told(cards)
        return self._receipt()

    def _opening(self, piece: blocks.Arguments) -> blocks.Arguments:
        place, asker = self._target.place, self._target.asker
        opening = {"channel": place.channel, "thread_ts": place.thread, **piece}
        if not place.direct:
            opening["recipient_user_id"] = asker.id
            opening["recipient_team_id"] = self._surface.people.team(asker.id, place.workspace)
        return opening

    async def _grow(self, draft: Draft) -> Receipt:
        if not self._grows(draft):
            return await self._by_edit(draft, streaming=True)
        text, cards = blocks.streamed(draft), self._cards.news(draft)
        try:
            await self._send(draft, _piece(text[len(self._sent) :], cards))
        except SlackError as error:
            if error.code in GONE:
                raise
            log.info("a native stream ended early (%s): its message is edited from here", error.code)
            return await self._by_edit(draft, streaming=error.code != "message_not_in_streaming_state")
        except Unsent:
            raise
        except Uncertain:  # appending again could double the text: the whole text repairs whatever happened
            self._state, self._edit.streaming = "over", True
            raise
        self._sent = text
        self._cards.told(cards)
        self._state = "over" if draft.final else "live"
        return self._receipt()

    async def _send(self, draft: Draft, piece: blocks.Arguments) -> None:
        await self._guard()
        place = self._target.place
        arguments: dict[str, Any] = {"channel": place.channel, "ts": self._edit.ts, **piece}
        if draft.final:
            mark = {"metadata": blocks.metadata(self._target)}
            below = {"blocks": shown} if (shown := blocks.below(draft)) else {}
            await self._surface.api.post("chat.stopStream", **arguments, **below, **mark)
        elif piece:
            await self._surface.api.post("chat.appendStream", **arguments)

    def _receipt(self) -> Receipt:
        ref = self._edit.ref
        assert ref is not None  # noqa: S101 (for the type checker: both callers have a ts)
        return Receipt(ref)


def _piece(text: str, cards: list[blocks.Arguments]) -> blocks.Arguments:
    """What one call adds to a stream: text alone, or cards and text as chunks, as Slack's SDK sends them."""
    if not cards:
        return {"markdown_text": text} if text else {}
    return {"chunks": [*cards, *([{"type": "markdown_text", "text": text}] if text else [])]}
