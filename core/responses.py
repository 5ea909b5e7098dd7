"""Which part answers a press, a form or a command. What it says is seen by one person alone."""

import logging
from collections.abc import Mapping
from typing import Protocol

from core.command_handlers import CommandHandlers
from core.messages import ButtonPressed, CommandGiven, FormSubmitted, Opened, Response, Whisper
from core.sentences import language, say

log = logging.getLogger(__name__)


class Presses(Protocol):
    """Answers the presses of the buttons whose keys begin with its name."""

    async def pressed(self, pressed: ButtonPressed) -> Response | None:
        """Somebody pressed one. Raises StoreUnavailable."""
        ...


class Forms(Protocol):
    """Answers the forms whose keys begin with its name."""

    async def submitted(self, submitted: FormSubmitted) -> Response | None:
        """Somebody sent one. Raises StoreUnavailable."""
        ...


class Responses:
    """Finds who answers."""

    def __init__(
        self,
        presses: Mapping[str, Presses],
        forms: Mapping[str, Forms],
        commands: CommandHandlers | None = None,
    ) -> None:
        self._presses = presses
        self._forms = forms
        self._commands = commands

    async def to(self, action: ButtonPressed | FormSubmitted | CommandGiven | Opened) -> Response | None:
        """What is shown for it. Raises StoreUnavailable: then nothing was taken."""
        match action:
            case ButtonPressed():
                presses = self._presses.get(_name(action.button))
                return await presses.pressed(action) if presses else _unknown(action.locale)
            case FormSubmitted():
                forms = self._forms.get(_name(action.form))
                return await forms.submitted(action) if forms else _unknown(action.locale)
            case CommandGiven():
                return await self._commands.given(action) if self._commands else _unknown(action.locale)
            case Opened():
                return await self._commands.opened(action) if self._commands else None


def _name(key: str) -> str:
    return key.partition(":")[0]


def _unknown(locale: str) -> Whisper:
    log.warning("somebody pressed a button that this version does not know")
    return Whisper(say("too_late", language("", locale)))
