"""Events, presses, commands and forms on their way to the inbox, and what Slack is told at once."""

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any
from weakref import WeakValueDictionary

from adapters.slack.commands import ASK, Questions, command_given
from adapters.slack.files import described
from adapters.slack.forms import TooLarge, problems, submitted, view_of
from adapters.slack.greetings import Greetings
from adapters.slack.inbound import Malformed, Self, identity, normalised, sender_team
from adapters.slack.origin import Origin, of_press
from adapters.slack.quotes import Quotes
from adapters.slack.sentences import say
from adapters.slack.settings import SlackSettings
from adapters.slack.surface import Surface
from adapters.slack.text import labelled, readable, unnamed
from adapters.slack.whispers import Whispers, content
from core.contract import FileRefused, Inbox, Notes, RateLimited, Uncertain
from core.messages import (
    ButtonPressed,
    CommandGiven,
    Form,
    FormSubmitted,
    IncomingFile,
    IncomingMessage,
    IncomingReaction,
    MessageDeleted,
    Opened,
    Place,
    Refusal,
    Response,
    StopPressed,
    Whisper,
)

log = logging.getLogger(__name__)

DONE = 200  # Bolt's status for: acknowledge
AGAIN = 503  # anything else is not acknowledged, so that Slack delivers it again
_ACK_SECONDS = 2.5  # Slack takes the answer to a command for 3 s
_LOCALE_SECONDS = 0.5
_FILE_SECONDS = 1.0
_DRAIN_SECONDS = 5.0

Body = Mapping[str, Any]
Answer = dict[str, Any]  # what goes with the acknowledgement; {}: nothing


class Intake:
    """Hands what Slack sends to the inbox, before it is acknowledged."""

    def __init__(
        self,
        surface: Surface,
        whispers: Whispers,
        quotes: Quotes,
        settings: SlackSettings,
        inbox: Inbox,
        notes: Notes,
        me: Self,
    ) -> None:
        self._surface = surface
        self._people = surface.people
        self._whispers = whispers
        self._settings = settings
        self._inbox = inbox
        self._me = me
        self._questions = Questions(surface.api, quotes, settings)
        self._greetings = Greetings(surface, notes)
        self._lines: WeakValueDictionary[Place, asyncio.Lock] = WeakValueDictionary()
        self._later: set[asyncio.Task[None]] = set()

    async def take(self, body: Body) -> tuple[int, Answer]:
        """The status for Bolt, and what goes with the acknowledgement."""
        try:
            return DONE, await self._take(body)
        except Malformed as problem:
            log.warning("an event of an unknown shape was left out: %s", problem)
            return DONE, {}
        except Exception as error:
            # Slack sends an event again; a person whose press was not taken in sees a warning beside it.
            log.error("an event was not taken in and not acknowledged: %s", type(error).__name__)  # noqa: TRY400
            log.debug("details", exc_info=True)
            return AGAIN, {}

    async def aclose(self) -> None:
        """Let what is being shown to people be shown."""
        if self._later:
            _, late = await asyncio.wait(self._later, timeout=_DRAIN_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _take(self, body: Body) -> Answer:
        if "command" in body:
            found = command_given(body, self._me, self._settings)
            return await self._command(*found) if found else {}
        if body.get("type") == "view_submission":
            sent = submitted(body, self._me)
            return await self._submission(*sent, body["view"]) if sent else {}
        said = normalised(body, self._me, self._settings)
        match said:
            case IncomingMessage():
                await self._message(said, body)
            case IncomingReaction():
                bot = said.author.bot or await self._people.is_bot(said.author.id)
                await self._inbox.reaction(replace(said, author=replace(said.author, bot=bot)))
            case ButtonPressed():
                await self._press(said, of_press(body, self._me, self._settings))
            case Opened():
                await self._opened(said)
            case StopPressed() | MessageDeleted():
                await self._inbox.action(said)
        return {}

    async def _message(self, said: IncomingMessage, body: Body) -> None:
        async with self._line(said.place):  # a look-up lets nobody overtake
            self._people.met(said.author.id, sender_team(body, self._me))
            text = await self._readable(str(body["event"].get("text") or ""))
            files = await asyncio.gather(*(self._described(file) for file in said.files))
            locale = self._people.locale(said.author.id)
            await self._inbox.message(replace(said, text=text, files=tuple(files), locale=locale))

    async def _press(self, pressed: ButtonPressed, origin: Origin) -> None:
        locale = self._people.locale(pressed.author.id)
        origin = replace(origin, locale=locale)
        self._whispers.pressed(pressed.ref, origin)
        who = identity(origin.place, pressed.author.id)
        pressed = replace(pressed, locale=locale, place=origin.place, identity=who)
        self._show(await self._inbox.action(pressed), origin)

    async def _opened(self, opened: Opened) -> None:
        async with self._line(opened.place):
            locale = await self._people.locale_within(opened.author.id, _LOCALE_SECONDS)
            opened = replace(opened, locale=locale)
            greeting = await self._greetings.wanted(opened, self._inbox)
        if greeting is not None:
            self._do_later(self._greetings.greet(greeting, opened))

    async def _command(self, given: CommandGiven, origin: Origin) -> Answer:
        """Slack shows the answer to the person alone, also where we are no member; late: an error."""
        clock = asyncio.get_running_loop().time
        late = clock() + _ACK_SECONDS
        locale = await self._people.locale_within(given.author.id, _LOCALE_SECONDS)
        given = replace(given, locale=locale, text=await self._readable(given.text))
        origin = replace(origin, locale=locale)
        response = await self._ordered(given)
        if response is None:
            return {}
        if isinstance(response, Form) or clock() > late:
            self._show(response, origin)
            return {}
        return {"response_type": "ephemeral", **content(response)}

    async def _ordered(self, given: CommandGiven) -> Response | None:
        if given.name != ASK:
            return await self._inbox.action(given)
        sentence = await self._questions.ask(given, self._me, self._inbox)
        return Whisper(sentence) if sentence else None

    async def _submission(self, sent: FormSubmitted, origin: Origin, view: Body) -> Answer:
        locale = self._people.locale(sent.author.id)
        response = await self._inbox.action(replace(sent, locale=locale))
        origin = replace(origin, locale=locale)
        match response:
            case Form():
                return self._next_page(response, origin)
            case Refusal() if wrong := problems(response, view):
                return {"response_action": "errors", "errors": wrong}
        self._show(response, origin)
        return {}

    def _next_page(self, form: Form, origin: Origin) -> Answer:
        try:
            return {"response_action": "update", "view": view_of(form, origin)}
        except TooLarge as error:
            log.warning("a form can't be shown in Slack: %s", error)
            self._show(Whisper(say("no_form", origin.locale)), origin)
            return {}

    def _show(self, response: Response | None, origin: Origin) -> None:
        if response is not None:
            self._do_later(self._whispers.show(response, origin))

    def _do_later(self, showing: Coroutine[Any, Any, None]) -> None:
        """Beside the acknowledgement, which must not wait for another call."""
        task = asyncio.create_task(showing)
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    def _line(self, place: Place) -> asyncio.Lock:
        return self._lines.setdefault(place, asyncio.Lock())

    async def _described(self, file: IncomingFile) -> IncomingFile:
        """Its name and type, where Slack left them out; as it came where they can't be had in time."""
        with suppress(FileRefused, RateLimited, Uncertain, TimeoutError):
            return await asyncio.wait_for(described(self._surface.api, file), _FILE_SECONDS)
        return file

    async def _readable(self, text: str) -> str:
        """The text with the names of those whom it mentions; ids where Slack does not tell them in time."""
        others = unnamed(text, self._me.user)
        names = await asyncio.gather(*(self._people.name(user) for user in others))
        return readable(labelled(text, dict(zip(others, names, strict=True))), self._me.user)
