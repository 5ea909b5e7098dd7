"""One Slack message being written: posted and edited, or streamed natively with edits to fall back on."""

import logging
from typing import Any, Literal

from adapters.slack import blocks
from adapters.slack.api import SlackError, Unsent
from adapters.slack.inbound import PLATFORM
from adapters.slack.search import find_lost
from adapters.slack.surface import GONE, Surface, budget, refusals_as_gone
from core.contract import Budget, Guard, RateLimited, Receipt, Uncertain, Way, unguarded
from core.messages import Draft, MessageRef, Target

log = logging.getLogger(__name__)

# block_mismatch: Slack keeps the rich text that it made of a stream; else our blocks are not to its taste
_WITHOUT_BLOCKS = frozenset(
    {"block_mismatch", "invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"}
)


class EditMessage:
    """A message that is posted and then edited with its whole text. Slack: chat.postMessage, chat.update."""

    def __init__(self, surface: Surface, target: Target, ts: str = "", guard: Guard = unguarded) -> None:
        self._surface = surface
        self._guard = guard
        self._target = target
        self.ts = ts
        self.lost: Literal["", "post", "stream"] = ""  # its reply was lost: look before posting again
        self.streaming = False  # may still be a live stream, which takes no edits

    @property
    def ref(self) -> MessageRef | None:
        """The message, once posted."""
        return self._ref() if self.ts else None

    def budget(self, draft: Draft) -> Budget:
        """Posts are counted by channel, edits by workspace."""
        del draft
        if self.streaming:
            return budget(self._target, "chat.stopStream")
        return budget(self._target, "chat.update" if self.ts else "chat.postMessage")

    def ways(self) -> list[Way]:
        """Edits, which its end is too."""
        edit = budget(self._target, "chat.update")
        return [Way(edit, edit)]

    def go(self, way: Way) -> None:
        """There is only one."""

    async def show(self, draft: Draft) -> Receipt:
        """Post, or edit what was posted."""
        async with refusals_as_gone():
            await self._look_for_lost()
            if self.streaming:
                await self.stop_quietly()
            if self.ts:
                await self._update(draft)
            else:
                await self._post(draft)
        return Receipt(self._ref())

    async def remove(self) -> None:
        """Delete the message. Slack: chat.delete."""
        async with refusals_as_gone():
            await self._look_for_lost()
            if not self.ts:
                return
            if self.streaming:
                await self.stop_quietly()
            await self._delete()

    async def _delete(self) -> None:
        try:
            await self._call("chat.delete")
        except SlackError as error:
            if error.code == "cant_delete_message":  # a stream that another process left open
                await self.stop_quietly()
                await self._call("chat.delete")
            elif error.code != "message_not_found":
                raise

    async def stop_quietly(self) -> None:
        """End a stream, if it lives, so that the message takes edits. Slack: chat.stopStream."""
        try:
            await self._call("chat.stopStream", metadata=blocks.metadata(self._target))
        except SlackError as error:
            log.debug("stream was over: %s", error.code)
        self.streaming = False

    def _ref(self) -> MessageRef:
        place = self._target.place
        return MessageRef(PLATFORM, place.workspace, place.channel, self.ts)

    async def _look_for_lost(self) -> None:
        if not self.lost:
            return
        try:
            self.ts = await find_lost(self._surface, self._target, streamed=self.lost == "stream")
        except SlackError as error:
            log.warning("can't look for a lost post, it may stand twice: %s", error)
        self.streaming = self.lost == "stream" and bool(self.ts)
        self.lost = ""

    async def _post(self, draft: Draft) -> None:
        try:
            await self._post_content(blocks.content(draft))
        except SlackError as error:
            if error.code not in _WITHOUT_BLOCKS:
                raise
            log.warning("Slack refuses our blocks (%s): a message is posted without", error.code)
            await self._post_content({"markdown_text": blocks.as_markdown(draft)})

    async def _post_content(self, content: blocks.Arguments) -> None:
        place = self._target.place
        thread = {"thread_ts": place.thread} if place.thread else {}
        await self._guard()
        try:
            reply = await self._surface.api.post(
                "chat.postMessage",
                channel=place.channel,
                **thread,
                **content,
                metadata=blocks.metadata(self._target),
                unfurl_links=False,
                unfurl_media=False,
            )
        except Unsent:
            raise
        except Uncertain:
            self.lost = "post"
            raise
        self.ts = str(reply["ts"])

    async def _update(self, draft: Draft) -> None:
        try:
            await self._replace(draft)
        except SlackError as error:
            if error.code != "streaming_state_conflict":
                raise
            await self.stop_quietly()  # a stream that another process left open
            await self._replace(draft)

    async def _replace(self, draft: Draft) -> None:
        marked = {"metadata": blocks.metadata(self._target)}
        try:
            await self._call("chat.update", **blocks.content(draft), **marked)
        except SlackError as error:
            if error.code not in _WITHOUT_BLOCKS:
                raise
            log.debug("Slack refuses our blocks (%s): a message is edited without", error.code)
            await self._call("chat.update", markdown_text=blocks.as_markdown(draft), **marked)

    async def _call(self, method: str, **arguments: Any) -> None:
        await self._guard()
        await self._surface.api.post(method, channel=self._target.place.channel, ts=self.ts, **arguments)


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
        place, text = self._target.place, blocks.streamed(draft)
        await self._guard()
        try:
            reply = await self._surface.api.post("chat.startStream", **self._opening(text))
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
        return self._receipt()

    def _opening(self, text: str) -> dict[str, Any]:
        place, asker = self._target.place, self._target.asker
        opening = {"channel": place.channel, "thread_ts": place.thread}
        if text:
            opening["markdown_text"] = text
        if not place.direct:
            opening["recipient_user_id"] = asker.id
            opening["recipient_team_id"] = self._surface.people.team(asker.id, place.workspace)
        return opening

    async def _grow(self, draft: Draft) -> Receipt:
        if not self._grows(draft):
            return await self._by_edit(draft, streaming=True)
        text = blocks.streamed(draft)
        try:
            await self._send(draft, text[len(self._sent) :])
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
        self._state = "over" if draft.final else "live"
        return self._receipt()

    async def _send(self, draft: Draft, rest: str) -> None:
        await self._guard()
        place = self._target.place
        arguments: dict[str, Any] = {"channel": place.channel, "ts": self._edit.ts}
        if rest:
            arguments["markdown_text"] = rest
        if draft.final:
            mark = {"metadata": blocks.metadata(self._target)}
            below = {"blocks": shown} if (shown := blocks.below(draft)) else {}
            await self._surface.api.post("chat.stopStream", **arguments, **below, **mark)
        elif rest:
            await self._surface.api.post("chat.appendStream", **arguments)

    def _receipt(self) -> Receipt:
        ref = self._edit.ref
        assert ref is not None  # noqa: S101 (for the type checker: both callers have a ts)
        return Receipt(ref)
