"""Answers to what people use: in time, and so that only who used it sees them."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.discord import forms, interactions, responses
from adapters.discord.callbacks import DEFERRED, DEFERRED_UPDATE, MESSAGE, MODAL, SUPPRESS_EMBEDS, Callbacks
from adapters.discord.client import Client
from adapters.discord.interactions import EPHEMERAL, Interaction
from adapters.discord.recent import Recent
from core.messages import (
    ButtonPressed,
    CommandGiven,
    Form,
    FormSubmitted,
    MessageRef,
    Person,
    Refusal,
    Response,
    Whisper,
)

log = logging.getLogger(__name__)

TOKEN_SECONDS = 870.0  # 15 minutes, less what a call may take
# Discord shows "interaction failed" after three seconds in which nobody answered
SAFE_SECONDS = 1.9  # so long the acknowledgement waits for what the core says
CALL_SECONDS = 0.9
LATE_SECONDS = 10.0  # for a call that may take its time
LAST_WORD_SECONDS = 0.5

Outcome = asyncio.Future[Response | None]  # what the core said, once it has taken what was used


@dataclass(slots=True)
class _Open:
    """Something used whose token can still be used."""

    used: Interaction
    outcome: Outcome
    since: float = field(default_factory=time.monotonic)
    due: asyncio.Event = field(default_factory=asyncio.Event)  # nothing more to wait for
    acknowledged: asyncio.Event = field(default_factory=asyncio.Event)  # or it can't be any more


class Presses:
    """What was used in the last minutes; after a restart there is nobody to whisper to at first."""

    def __init__(self, client: Callable[[], Client]) -> None:
        self._client = client
        self._calls = Callbacks(client)
        self._open: Recent[_Open] = Recent()  # by message and person
        self._forms: Recent[Form] = Recent()  # those that were opened, by custom id and person
        self._offered: Recent[Form] = Recent()  # those that a command asked for, likewise
        self._tasks: set[asyncio.Task[None]] = set()

    def read(self, data: Mapping[str, Any]) -> Interaction | None:
        """What INTERACTION_CREATE tells of; None for what is none of ours."""
        return interactions.read(data, self._known, self._category)

    def take(self, used: Interaction, outcome: Outcome) -> None:
        """Answer with the outcome if it comes in time; else acknowledge, and tell it afterwards."""
        opened = _Open(used, outcome)
        outcome.add_done_callback(lambda _: opened.due.set())
        where = None if isinstance(used.action, CommandGiven) else used.action.ref
        if where is not None:
            self._open.put(_key(where, used.action.author), opened)
        self._start(self._answer(opened))

    def again(self, used: Interaction) -> Form | None:
        """The form of a button that stands below no answer: the core could not tell what it is about."""
        if used.about is not None or not isinstance(used.action, ButtonPressed):
            return None
        return self._offered.get(_offer(used.action.button, used))

    async def whisper(self, where: MessageRef, person: Person, sentence: str) -> None:
        """An ephemeral follow-up of what the person used there last (Discord: Create Followup Message)."""
        opened = self._open.get(_key(where, person))
        if opened is None or time.monotonic() - opened.since > TOKEN_SECONDS:
            log.debug("discord: nobody to whisper to, the press is too long ago")
            return
        opened.due.set()
        try:
            async with asyncio.timeout(LATE_SECONDS):
                await opened.acknowledged.wait()
                await self._calls.follow_up(opened.used, responses.body(Whisper(sentence), opened.used))
        except Exception as error:  # noqa: BLE001 - best effort
            log.debug("discord: a whisper failed (%s)", type(error).__name__)

    async def close(self) -> None:
        """Let acknowledgements that are under way finish."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=LAST_WORD_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, opened: _Open) -> None:
        """Whatever happens here, what was used itself stays in the intake until it is stored."""
        try:
            await _set_within(opened.due, SAFE_SECONDS)
            told = opened.outcome.done()
            response = opened.outcome.result() if told else None
            async with asyncio.timeout(CALL_SECONDS):
                await self._first(opened.used, response)
        except Exception as error:  # noqa: BLE001 - see above
            log.warning("discord: a press could not be acknowledged (%s)", type(error).__name__)
            return
        finally:
            opened.acknowledged.set()
        await self._later(opened, told=told, silent=response is None)

    async def _first(self, used: Interaction, response: Response | None) -> None:
        """The first response: a form to be opened, a message, or a sign that it was taken."""
        if response is None:
            hidden = None if used.on_message else {"flags": EPHEMERAL}
            await self._calls.respond(used, DEFERRED_UPDATE if used.on_message else DEFERRED, hidden)
        elif isinstance(response, Form) and not used.is_form:
            shown = forms.modal(response, used.about)
            self._forms.put(f"{shown['custom_id']}:{used.action.author.id}", response)
            await self._calls.respond(used, MODAL, shown)
        else:
            hidden = {"flags": EPHEMERAL | SUPPRESS_EMBEDS}
            await self._calls.respond(used, MESSAGE, self._body(response, used) | hidden)

    async def _later(self, opened: _Open, *, told: bool, silent: bool) -> None:
        """What comes after a first response that said nothing."""
        if not silent:
            return
        try:
            async with asyncio.timeout(TOKEN_SECONDS):
                response = None if told else await asyncio.shield(opened.outcome)
            async with asyncio.timeout(LATE_SECONDS):
                await self._fill(opened.used, response)
        except Exception as error:  # noqa: BLE001 - best effort
            log.debug("discord: a late answer failed (%s)", type(error).__name__)

    async def _fill(self, used: Interaction, response: Response | None) -> None:
        """A deferred command shows that we think, until there is something else to show or nothing."""
        if response is not None and used.on_message:
            await self._calls.follow_up(used, self._body(response, used))
        elif response is not None:
            await self._calls.edit_original(used, self._body(response, used))
        elif not used.on_message:
            await self._calls.delete_original(used)

    def _body(self, response: Response, used: Interaction) -> dict[str, Any]:
        """What is shown for a response; a form that it offers is kept, where only we can open it again."""
        form = response if isinstance(response, Form) else None
        if isinstance(response, Refusal) and isinstance(used.action, FormSubmitted) and used.form:
            form = forms.refilled(used.form, used.action.values)
        if form is not None and used.about is None:
            self._offered.put(_offer(form.key, used), form)
        return responses.body(response, used)

    def _known(self, custom_id: str, person: str) -> Form | None:
        return self._forms.get(f"{custom_id}:{person}")

    def _category(self, channel: str) -> str:
        known = self._client().get_channel(int(channel))
        return str(getattr(known, "category_id", None) or "")


def _key(where: MessageRef, person: Person) -> str:
    return f"{where.id}:{person.id}"


def _offer(key: str, used: Interaction) -> str:
    return f"{key}:{used.channel}:{used.action.author.id}"


async def _set_within(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
