"""Runs that wait for a person: the form under the answer, who may answer it, and going on afterwards.

Source: Dify's human input node, since 1.14. A form may be answered elsewhere too (in Dify, by e-mail), or its
time runs out: so every open one is looked at now and then.
"""

import asyncio
import logging
from collections.abc import Collection, Mapping
from operator import itemgetter
from typing import Any

from core.apps import App
from core.dify.human_input import OVER
from core.errors import DifyError, DifyRefused, StoreUnavailable
from core.human_forms import decision_form
from core.messages import ButtonPressed, FormSubmitted, Refusal, Response, Whisper
from core.router import fits
from core.sentences import language, say
from core.store.asides import Asides
from core.store.rows import State, Stood, Wish
from core.taking import Taking

log = logging.getLogger(__name__)

LOOK_SECONDS = 30.0
MOST_LOOKS = 50  # in one go: each asks Dify
SECONDS = 1.7  # platforms wait for 3, and adapters for 1.9
HEARD_SECONDS = 0.3  # another replica may have heard the same press and been faster: its answer comes first


class Decisions:
    """Takes decisions, and sees to those that were made elsewhere."""

    def __init__(
        self, asides: Asides, apps: Mapping[str, App], taking: Taking, admins: Collection[str] = ()
    ) -> None:
        self._asides = asides
        self._apps = apps
        self._taking = taking
        self._admins = frozenset(admins)
        self._looked_at = 0  # the last turn; of very many forms only some are looked at in one go

    async def pressed(self, pressed: ButtonPressed) -> Response | None:
        """Decide, or ask for what the form wants to know first."""
        lang = language("", pressed.locale)
        stood = await self._asides.at(pressed.ref)
        problem, at = self._problem(stood, pressed), _number(pressed.button)
        if stood is None or problem or at >= len(stood.pause.get("actions", ())):
            return Whisper(say(problem or "form_closed", lang))
        if stood.pause["inputs"]:
            return decision_form(stood.pause, at, lang)
        return await self._decide(stood, at, {}, lang)

    async def submitted(self, submitted: FormSubmitted) -> Response | None:
        """Decide with what was filled in."""
        lang = language("", submitted.locale)
        stood = await self._asides.at(submitted.ref) if submitted.ref is not None else None
        problem, at = self._problem(stood, submitted), _number(submitted.form)
        if stood is None or problem or at >= len(stood.pause.get("actions", ())):
            return Whisper(say(problem or "form_closed", lang))
        return await self._decide(stood, at, submitted.values, lang)

    def _problem(self, stood: Stood | None, said: ButtonPressed | FormSubmitted) -> str:
        """Why this person can't decide this; "" where they can."""
        if stood is not None and stood.stop >= Wish.STOP:
            return "form_expired"
        if stood is None or stood.state is not State.PARKED or not stood.pause.get("token"):
            return "form_closed"
        app = self._apps.get(stood.conversation.app)
        rule = app.settings.human_input if app is not None else "admins"
        platform, person = stood.conversation.place.platform, said.author.id
        may = f"{platform}:{person}" in self._admins
        if isinstance(rule, str):
            may = may or rule == "channel" or (rule == "asker" and person == stood.author)
        elif platform in rule:
            may = may or fits(rule[platform], said.facts)
        return "" if may else "decision_not_yours"

    async def _decide(self, stood: Stood, at: int, values: Mapping[str, Any], lang: str) -> Response | None:
        action, user = stood.pause["actions"][at][0], stood.conversation.identity
        calls = self._apps[stood.conversation.app].dify.client.api.human_input
        try:
            async with asyncio.timeout(SECONDS):
                await calls.submit(stood.pause["token"], values, action, user)
        except TimeoutError:
            return Whisper(say("dify_unreachable", lang))  # pressed again, a decision that was taken is known
        except DifyError as error:
            if isinstance(error, DifyRefused) and error.code == "invalid_form_data" and values:
                return Refusal({name: say("form_incomplete", lang) for name in values})
            if not _is_over(error):
                return Whisper(say(error.advice.sentence, lang))
            await self._go_on(stood.turn)
            await asyncio.sleep(HEARD_SECONDS)
            return Whisper(say(error.advice.sentence, lang))
        await self._go_on(stood.turn)
        return None

    async def _go_on(self, turn: int, *, wanted: bool = True) -> None:
        await self._taking.taken(self._asides.go_on(turn, self._taking.queues.enlist, wanted=wanted))

    async def run(self) -> None:
        """Look at the open forms now and then, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.look()
            except StoreUnavailable:
                continue

    async def look(self) -> None:
        """Stop the runs that nobody wants; go on with those whose form is answered, or whose time is over."""
        for turn in await self._asides.unwanted():  # whoever heard of it may have died of it
            await self._taking.taken(self._asides.give_up(turn, self._taking.queues.enlist))
        ours = (one for one in await self._asides.paused() if one[1] in self._apps)
        some = [one for one in sorted(ours, key=itemgetter(0)) if one[0] > self._looked_at][:MOST_LOOKS]
        self._looked_at = some[-1][0] if len(some) == MOST_LOOKS else 0
        for turn, app, pause in some:
            if pause.get("token") and await self._has_gone_on(app, pause["token"]):
                await self._go_on(turn, wanted=False)

    async def _has_gone_on(self, app: str, token: str) -> bool:
        try:
            await self._apps[app].dify.client.api.human_input.form(token)
        except DifyError as error:
            return _is_over(error)
        return False


def _is_over(error: DifyError) -> bool:
    return isinstance(error, DifyRefused) and error.code in OVER


def _number(key: str) -> int:
    number = key.rpartition(":")[2]
    return int(number) if number.isdecimal() else 10_000
