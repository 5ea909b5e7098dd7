"""A first word, and questions to begin with, where somebody opens our direct messages for the first time."""

import asyncio
import logging

from adapters.slack import blocks
from adapters.slack.api import SlackError
from adapters.slack.inbound import PLATFORM
from adapters.slack.sentences import label
from adapters.slack.surface import Surface
from adapters.slack.whispers import content
from core.contract import Inbox, Notes, RateLimited, Uncertain
from core.messages import Greeting, MessageRef, Opened, Person, Place, Target

log = logging.getLogger(__name__)

_SECONDS = 10.0
_PROMPTS = 4
_TITLE = 75  # characters


class Greetings:
    """Says each greeting once: Slack tells of every time that the app is opened."""

    def __init__(self, surface: Surface, notes: Notes) -> None:
        self._api = surface.api
        self._notes = notes

    async def wanted(self, opened: Opened, inbox: Inbox) -> Greeting | None:
        """What is to be said, noted as said: after a crash none rather than two. Raises as the inbox does."""
        place = opened.place
        key = f"{PLATFORM}:greeted:{place.workspace}:{place.channel}:{place.thread}"
        if await self._notes.get(key):
            return None
        used = False if place.thread else await self._is_in_use(place)
        if used is None:
            return None
        response = None if used else await inbox.action(opened)
        await self._notes.put(key, "yes")
        return response if isinstance(response, Greeting) else None

    async def greet(self, greeting: Greeting, opened: Opened) -> None:
        """Best effort. Slack: chat.postMessage, assistant.threads.setSuggestedPrompts."""
        place = opened.place
        thread = {"thread_ts": place.thread} if place.thread else {}
        try:
            async with asyncio.timeout(_SECONDS):
                if greeting.markdown.strip():
                    said = content(Greeting(greeting.markdown)) | {"metadata": blocks.metadata(_mark(place))}
                    await self._api.post("chat.postMessage", channel=place.channel, **thread, **said)
                if greeting.questions:
                    await self._api.post(
                        "assistant.threads.setSuggestedPrompts",
                        channel_id=place.channel,
                        title=label("prompts", opened.locale),
                        prompts=[_prompt(question) for question in greeting.questions[:_PROMPTS]],
                        **thread,
                    )
        except (SlackError, RateLimited, Uncertain, TimeoutError) as error:
            log.info("somebody was not greeted: %s", str(error) or type(error).__name__)

    async def _is_in_use(self, place: Place) -> bool | None:
        """Whether something was said there; None: Slack does not tell. Slack: conversations.history."""
        try:
            async with asyncio.timeout(1.0):
                reply = await self._api.read("conversations.history", channel=place.channel, limit=1)
        except (SlackError, RateLimited, Uncertain, TimeoutError) as error:
            log.info("not known whether somebody is to be greeted: %s", str(error) or type(error).__name__)
            return None
        return bool(reply.get("messages"))


def _prompt(question: str) -> dict[str, str]:
    title = question if len(question) <= _TITLE else question[: _TITLE - 1] + "…"
    return {"title": title, "message": question}


def _mark(place: Place) -> Target:
    """So that nobody takes it for a page of an answer."""
    return Target(place, MessageRef(PLATFORM, place.workspace, place.channel, "0"), Person(""), "greeting")
