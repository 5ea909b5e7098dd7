"""What only one person sees: sentences, forms, answers to what they did.

Slack: chat.postEphemeral, views.open, docs.slack.dev/interactivity/handling-user-interaction (response_url).
"""

import asyncio
import logging
from typing import Any

import aiohttp

from adapters.slack import blocks
from adapters.slack.api import SlackApi, SlackError, proxy_for
from adapters.slack.forms import TooLarge, View, view_of
from adapters.slack.markdown import escape, plain, render
from adapters.slack.origin import Origin
from adapters.slack.sentences import say
from core.contract import RateLimited, Uncertain
from core.messages import Form, Greeting, MessageRef, Person, Place, Refusal, Response, Whisper

log = logging.getLogger(__name__)

_SECONDS = 5.0
_LENGTH = 3_000  # characters
_MARKDOWN = 11_000  # characters of a markdown block; Slack takes 12,000 in a message
_PRESSED = 1_000
_TOO_LATE = frozenset(
    {"exchanged_trigger_id", "expired_trigger_id", "invalid_trigger_id", "trigger_exchanged"}
)
_NOT_THERE = frozenset({"channel_not_found", "not_in_channel", "user_not_in_channel", "is_archived"})


class Whispers:
    """Knows where buttons were pressed lately; best effort: raises nothing but cancellation."""

    def __init__(self, api: SlackApi) -> None:
        self._api = api
        self._origins: dict[MessageRef, Origin] = {}

    def pressed(self, ref: MessageRef, origin: Origin) -> None:
        """Remember where a message stands whose button was pressed: a MessageRef does not tell its thread."""
        self._origins.pop(ref, None)
        self._origins[ref] = origin
        while len(self._origins) > _PRESSED:
            del self._origins[next(iter(self._origins))]

    async def say(self, ref: MessageRef, person: Person, sentence: str) -> None:
        """Tell it there, or in the channel where the thread is not known."""
        known = self._origins.get(ref)
        url = known.url if known and known.author.id == person.id else ""
        place = known.place if known else Place(ref.platform, ref.workspace, ref.channel)
        await self._tell(Origin(place, person, url=url), {"text": escape(sentence, _LENGTH)})

    async def show(self, response: Response, origin: Origin) -> None:
        """Show what the core answered to what somebody did."""
        if not isinstance(response, Form):
            await self._tell(origin, content(response))
            return
        try:
            view = view_of(response, origin)
        except TooLarge as error:
            log.warning("a form can't be shown in Slack: %s", error)
            await self._tell(origin, {"text": say("no_form", origin.locale)})
            return
        await self._open(view, origin)

    async def _open(self, view: View, origin: Origin) -> None:
        try:
            async with asyncio.timeout(_SECONDS):
                await self._api.post("views.open", trigger_id=origin.trigger, view=view)
        except (SlackError, RateLimited, Uncertain, TimeoutError) as error:
            log.warning("a form was not opened: %s", str(error) or type(error).__name__)
            lasting = isinstance(error, SlackError) and error.code not in _TOO_LATE
            await self._tell(origin, {"text": say("no_form" if lasting else "again", origin.locale)})

    async def _tell(self, origin: Origin, said: blocks.Arguments) -> None:
        place = origin.place
        where = {"thread_ts": place.thread} if place.thread else {}
        try:
            async with asyncio.timeout(_SECONDS):
                await self._ephemeral(origin, said, where)
        except (SlackError, RateLimited, Uncertain) as error:
            log.info("a person was not told what they asked for: %s", error)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:  # their texts hold the URL, a secret
            log.info("a person was not told what they asked for: %s", type(error).__name__)

    async def _ephemeral(self, origin: Origin, said: blocks.Arguments, where: dict[str, Any]) -> None:
        place, user = origin.place, origin.author.id
        try:
            await self._api.post("chat.postEphemeral", channel=place.channel, user=user, **said, **where)
        except SlackError as error:
            if error.code not in _NOT_THERE:
                raise
            await self._elsewhere(origin, said)  # a command may be given where we are no member

    async def _elsewhere(self, origin: Origin, said: blocks.Arguments) -> None:
        if not origin.url:
            await self._api.post("chat.postMessage", channel=origin.author.id, **said)
            return
        answer = {"response_type": "ephemeral", "replace_original": False, **said}
        asking = self._api.session.post(origin.url, json=answer, proxy=proxy_for(origin.url))
        async with asking as response:
            response.raise_for_status()


def content(response: Response) -> blocks.Arguments:
    """`text` and `blocks` of a message for one person."""
    match response:
        case Whisper(markdown, buttons):
            return _message(markdown, blocks.row(buttons))
        case Greeting(markdown, questions):
            return _message("\n".join([markdown, *(f"- {question}" for question in questions)]), [])
        case Refusal(problems):
            return _message("\n".join(problems.values()), [])
        case Form(title=title):
            return _message(title, [])


def _message(markdown: str, below: list[blocks.Arguments]) -> blocks.Arguments:
    text = render(markdown.strip(), final=True)
    text = text if len(text) <= _MARKDOWN else text[: _MARKDOWN - 1] + "…"
    body = [{"type": "markdown", "text": text}] if text else []
    return {"text": plain(markdown) or "…", "blocks": [*body, *below]}
