"""Files that somebody filled into an app's form: uploaded with the next question, and kept as uploaded."""

import logging
from collections.abc import Sequence
from typing import Any

from core.apps import App
from core.carrying import Carrier, NotCarried
from core.dify.about import Parameters
from core.dify.file_types import FileInput, plain, size_kind
from core.dify.inputs import KEPT_FILE, FileVariable
from core.errors import StoreUnavailable
from core.file_slots import Rules, Seat, form_slots, planned
from core.footers import Footer
from core.form_fields import files_in
from core.phrases_files import kinds_in
from core.sentences import language
from core.store.asides import Asides
from core.store.rows import Turn

log = logging.getLogger(__name__)


class FormUploads:
    """The files in the form of one turn's conversation. An upload can be used by the same user only."""

    def __init__(self, app: App, turn: Turn, asides: Asides) -> None:
        self._app = app
        self._turn = turn
        self._asides = asides

    async def uploaded(
        self, variable: str, value: Any, parameters: Parameters, carrier: Carrier, notes: list[Footer]
    ) -> Any:
        """The value of a variable as Dify reads it; None where none of its files can be had."""
        slot = _slot(variable, value, parameters)
        take = Rules((slot,), parameters.system_parameters, strict=self._app.dify.mode == "workflow")
        lang = language(self._turn.message.text, self._turn.message.locale)
        plan = planned(files_in(value), take, kinds_in(lang))

        async def upload(seat: Seat) -> FileInput:
            return await carrier.upload(seat, take.limits.bytes_of(size_kind(seat.file.name)))

        done = await carrier.each(upload, [(seat.file, seat) for seat in plan.seats])
        left = [one for one in done if isinstance(one, NotCarried)]
        notes += [*plan.notes, *(one.note for one in left)]
        ready = [*_before(value), *(plain(one) for one in done if isinstance(one, FileInput))]
        if all(one.lasting for one in left):  # else it is tried again with the next question
            await self.keep(variable, ready)
        return None if not ready else ready if slot.many else ready[0]

    async def keep(self, variable: str, given: Sequence[FileInput | dict[str, Any]]) -> None:
        """Keep uploaded files as what is filled in, unless that was changed meanwhile."""
        place, app = self._turn.conversation.place, self._app.dify.name
        known = self._turn.conversation.inputs.get(variable)
        try:
            if (await self._asides.inputs(place, app)).get(variable) == known:
                values = {variable: plain(list(given))}
                await self._asides.keep_inputs(place, app, self._turn.conversation.identity, values)
        except StoreUnavailable as error:
            log.warning("turn %d: uploads are not kept: %s", self._turn.id, error.advice.hint)


def _slot(variable: str, value: Any, parameters: Parameters) -> FileVariable:
    known = next((slot for slot in form_slots(parameters) if slot.variable == variable), None)
    many = isinstance(value, list)
    return known or FileVariable(variable, many=many, most=len(value) if many else 1)


def _before(value: Any) -> list[Any]:
    """What was uploaded before."""
    items = value if isinstance(value, list) else [value]
    return [item for item in items if not (isinstance(item, dict) and KEPT_FILE in item)]
