"""One Slack message being written by edits of its whole text."""

import logging
from typing import Any, Literal

from adapters.slack import blocks
from adapters.slack.api import SlackError, Unsent
from adapters.slack.inbound import PLATFORM
from adapters.slack.search import find_lost
from adapters.slack.surface import Surface, budget, refusals_as_gone
from core.contract import Budget, Guard, Receipt, Uncertain, Way, unguarded
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
