"""The configured apps, and what is asked of them with a person's message."""

import asyncio
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from core.contract import ChatAdapter
from core.dify.about import FormField, Parameters
from core.dify.apps import DifyApp
from core.dify.client import Question
from core.dify.inputs import asked, merged
from core.dify.questions import trace_id
from core.errors import DifyError
from core.file_slots import Rules, form_slots, links_for
from core.introductions import introduced
from core.messages import IncomingMessage, Names, Place
from core.settings import AppSettings
from core.store.rows import Turn

PLACEHOLDER = re.compile(r"\{(user_name|channel_name|platform|locale)\}")
FORM_SECONDS = 2.0  # how long a question, or its refusal, waits for the app's form
MAX_IDENTITY = 255  # Dify fails (500) on a longer `user`


def trace_of(turn: Turn) -> str:
    """The id of a question in Dify's logs and traces, and in our log; the same on every retry."""
    ref = turn.message.ref
    return trace_id(f"{ref.platform}:{ref.workspace}:{ref.channel}:{ref.id}")


def session_of(place: Place) -> str:
    """What groups a conversation's traces, also after it began afresh: its place."""
    return ":".join(part for part in (place.platform, place.workspace, place.channel, place.thread) if part)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What Dify is asked, and what its form would still need to know."""

    question: Question
    missing: tuple[FormField, ...] = ()  # required, without a value


@dataclass(frozen=True)
class App:
    """One app of the configuration, ready to be asked."""

    settings: AppSettings
    dify: DifyApp

    def title(self) -> str:
        """What to call it before users."""
        return self.dify.title or self.dify.name

    async def known(self, seconds: float) -> Parameters | None:
        """What the app says about itself; waits at most so long for its first word, and never raises."""
        with suppress(TimeoutError, DifyError):
            async with asyncio.timeout(seconds):
                return await self.dify.parameters()
        return None

    async def introduction(self, lang: str, seconds: float) -> str:
        """What its makers say about it, as Markdown; "" for nothing. Waits at most so long; never raises."""
        site = await self.dify.site(seconds)
        return introduced(site, self.title(), self.dify.description, lang)

    @property
    def has_form(self) -> bool:
        """Whether there is something that a person could fill in, as far as it is known."""
        known = self.dify.known_parameters
        query_input = None if self.dify.chats else self.dify.query_input
        return bool(known is not None and asked(known.form, query_input))

    async def wants_form(self) -> bool:
        """Whether there is something to fill in, asked anew: Dify refused what fits the form that we know."""
        with suppress(DifyError, TimeoutError):
            async with asyncio.timeout(FORM_SECONDS):
                await self.dify.newest_parameters()
        return self.has_form

    def is_own_file(self, url: str) -> bool:
        """Whether an address in an answer is a file of the app's own Dify."""
        return self.dify.client.api.downloads.address(url) is not None

    async def question(self, turn: Turn, adapter: ChatAdapter) -> Question:
        """What Dify is asked for a message."""
        return (await self.prepared(turn, adapter)).question

    async def prepared(
        self, turn: Turn, adapter: ChatAdapter, remembered: Mapping[str, Any] | None = None
    ) -> Prepared:
        """What Dify is asked for a message, with what a person has filled in before (by variable)."""
        message, settings = turn.message, self.settings
        names = await adapter.names(message) if self._wants_names(message) else Names("", "")
        if remembered or self._gives_files():  # typed by the form, which a new process may not know
            await self.learn_form()
        with_files = bool(message.files) or self._takes_link_of(message, adapter)
        placeholders = _placeholders(message, names)
        inputs, missing = self._inputs(placeholders, remembered or {}, with_files=with_files)
        text = message.text if message.text.strip() or not message.files else settings.default_query
        question = Question(
            query=f"{names.user}: {text}" if self._names_speaker(message) else text,
            user=turn.conversation.identity[:MAX_IDENTITY],
            conversation_id=turn.conversation.dify_id,
            inputs=inputs,
            trace_id=trace_of(turn),
            query_input=self.dify.query_input or "query",
            session_id=session_of(turn.conversation.place),
            workflow_id=settings.workflow_id or "",
            auto_name=settings.auto_name,
        )
        return Prepared(question, missing)

    async def learn_form(self) -> bool:
        """Whether the app's form is known; where it is not yet, it is asked for."""
        if self.dify.known_parameters is None or self.dify.mode is None:
            with suppress(DifyError, TimeoutError):
                async with asyncio.timeout(FORM_SECONDS):
                    await self.dify.detect()
                    await self.dify.parameters()
        return self.dify.known_parameters is not None and self.dify.mode is not None

    def _inputs(
        self, placeholders: Mapping[str, str], remembered: Mapping[str, Any], *, with_files: bool
    ) -> tuple[dict[str, Any], tuple[FormField, ...]]:
        configured = {name: _filled(value, placeholders) for name, value in self.settings.inputs.items()}
        remembered = {name: value for name, value in remembered.items() if value is not None}
        known = self.dify.known_parameters
        if known is None or self.dify.mode is None:  # Dify checks them itself
            return configured | dict(remembered), ()
        form = known.form
        query_input = None if self.dify.chats else self.dify.query_input
        inputs, missing = merged(form, configured, remembered, query_input=query_input, with_files=with_files)
        fields = {field.variable for field in form}
        others = {name: value for name, value in configured.items() if name not in fields}
        return others | inputs, tuple(missing)

    def _gives_files(self) -> bool:
        """Whether the configuration fills variables that may be files."""
        given = self.settings.inputs.values()
        return any(isinstance(value, dict | list) or "://" in str(value) for value in given)

    def _takes_link_of(self, message: IncomingMessage, adapter: ChatAdapter) -> bool:
        """Whether a link in a message can be what a variable for files waits for."""
        known = self.dify.known_parameters
        if not self.settings.file_links or known is None:
            return False
        take = Rules(form_slots(known), known.system_parameters, strict=self.dify.mode == "workflow")
        return bool(links_for(message.text, take, adapter.limits(message.place).own_hosts))

    def _names_speaker(self, message: IncomingMessage) -> bool:
        return self.settings.prefix_speaker == "shared" and not message.place.direct

    def _wants_names(self, message: IncomingMessage) -> bool:
        named = (isinstance(value, str) and "_name}" in value for value in self.settings.inputs.values())
        return self._names_speaker(message) or any(named)


def _placeholders(message: IncomingMessage, names: Names) -> dict[str, str]:
    return {
        "user_name": names.user,
        "channel_name": names.channel,
        "platform": message.place.platform,
        "locale": message.locale,
    }


def _filled(value: object, values: Mapping[str, str]) -> object:
    if not isinstance(value, str):
        return value
    return PLACEHOLDER.sub(lambda match: values[match[1]], value)
