"""Sentences that only one person sees, under a message that they pressed a button of."""

import asyncio
import logging

from adapters.slack.api import SlackApi, SlackError
from adapters.slack.markdown import escape
from core.contract import RateLimited, Uncertain
from core.messages import MessageRef, Person

log = logging.getLogger(__name__)

_SECONDS = 5.0
_LENGTH = 3_000  # characters
_PRESSED = 1_000


class Whispers:
    """Knows in which threads buttons were pressed lately; best effort. Slack: chat.postEphemeral."""

    def __init__(self, api: SlackApi) -> None:
        self._api = api
        self._threads: dict[MessageRef, str] = {}

    def pressed(self, ref: MessageRef, thread: str) -> None:
        """Remember the thread of a message whose button was pressed: a MessageRef does not tell it."""
        self._threads.pop(ref, None)
        self._threads[ref] = thread
        while len(self._threads) > _PRESSED:
            del self._threads[next(iter(self._threads))]

    async def say(self, ref: MessageRef, person: Person, sentence: str) -> None:
        """Show it there, or in the channel where the thread is not known. Raises nothing but cancellation."""
        thread = self._threads.get(ref)
        where = {"thread_ts": thread} if thread else {}
        text = escape(sentence, _LENGTH)
        try:
            async with asyncio.timeout(_SECONDS):
                await self._api.post(
                    "chat.postEphemeral", channel=ref.channel, user=person.id, text=text, **where
                )
        except (SlackError, RateLimited, Uncertain, TimeoutError) as error:
            log.info("a person was not told what their press did: %s", str(error) or type(error).__name__)
