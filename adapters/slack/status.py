"""The line above the input box that says what the bot is doing. Slack: assistant.threads.setStatus."""

import asyncio
import logging
import time

from adapters.slack.api import SlackApi, SlackError
from adapters.slack.streaming import FOR_GOOD
from core.contract import RateLimited, Uncertain
from core.messages import Place, Target

log = logging.getLogger(__name__)

_SECONDS = 5.0
_AGAIN_SECONDS = 30.0  # it fades after two minutes, and any message in the thread takes it away
_LONGEST = 50  # characters of a loading message
_TITLE = 200  # characters
_THREADS = 1_000


class ThreadStatus:
    """Shows and clears the status of threads; best effort, off once Slack refuses it for good."""

    def __init__(self, api: SlackApi) -> None:
        self._api = api
        self._refused: set[str] = set()
        self._shown: dict[tuple[str, str], tuple[str, float]] = {}  # the sentence, and until when it is known
        self._quiet_until = 0.0

    async def show(self, target: Target, sentence: str) -> None:
        """Show a sentence; an empty one clears what was shown. Never raises but by cancellation."""
        place = target.place
        key = (place.channel, place.thread)
        if not place.thread or place.workspace in self._refused or time.monotonic() < self._quiet_until:
            return
        shown, until = self._shown.get(key, ("", float("inf")))
        if shown == sentence and time.monotonic() < until:
            return
        self._remember(key, sentence, 0.0)
        try:
            async with asyncio.timeout(_SECONDS):
                await self._set(place.channel, place.thread, sentence)
            self._remember(key, sentence, time.monotonic() + _AGAIN_SECONDS)
        except SlackError as error:
            self._refuse(place.workspace, error)
        except RateLimited as limited:
            self._quiet_until = time.monotonic() + limited.retry_after
        except (Uncertain, TimeoutError) as error:
            log.debug("no status line: %s", error)

    async def entitle(self, place: Place, title: str) -> None:
        """Name a thread in the list of conversations. Slack: assistant.threads.setTitle."""
        if not place.thread or not title.strip():
            return
        where = {"channel_id": place.channel, "thread_ts": place.thread}
        try:
            async with asyncio.timeout(_SECONDS):
                await self._api.post("assistant.threads.setTitle", **where, title=title.strip()[:_TITLE])
        except (SlackError, RateLimited, Uncertain, TimeoutError) as error:
            log.info("a thread got no title: %s", str(error) or type(error).__name__)

    async def _set(self, channel: str, thread: str, sentence: str) -> None:
        loading = {"loading_messages": [sentence[:_LONGEST]]} if sentence else {}
        await self._api.post(
            "assistant.threads.setStatus", channel_id=channel, thread_ts=thread, status=sentence, **loading
        )

    def _refuse(self, workspace: str, error: SlackError) -> None:
        """A deleted question or a channel that we left says nothing about other threads."""
        if error.code not in FOR_GOOD:
            log.debug("no status line: %s", error)
            return
        self._refused.add(workspace)
        log.warning("Slack refuses status lines, going on without: %s", error)

    def _remember(self, key: tuple[str, str], sentence: str, until: float) -> None:
        self._shown.pop(key, None)
        if sentence:
            self._shown[key] = sentence, until
            while len(self._shown) > _THREADS:
                del self._shown[next(iter(self._shown))]
