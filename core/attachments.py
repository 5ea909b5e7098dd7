"""Files in: those of a message and of an app's form are checked, fetched, uploaded, named in the question."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from core.apps import App
from core.carrying import Carrier, NotCarried, offered
from core.contract import ChatAdapter
from core.dify.about import Parameters
from core.dify.audio import heard_as
from core.dify.client import Question
from core.dify.file_types import FileInput, size_kind, type_of
from core.errors import Advice, ParleyError
from core.file_names import shown_name
from core.file_slots import (
    Plan,
    Rules,
    Seat,
    declared,
    doubts,
    gathered,
    links_for,
    planned,
    rules,
    values,
)
from core.footers import Footer
from core.form_fields import files_in
from core.form_uploads import FormUploads
from core.messages import IncomingFile
from core.phrases_files import PHRASES, kinds_in
from core.sentences import language
from core.store.asides import Asides
from core.store.rows import Turn
from core.transcoding import INSTALL, Transcoder, transcodable

log = logging.getLogger(__name__)

T = TypeVar("T")
LONGEST_HEARD = 500  # characters of a transcript that are shown
_ONLY_FILES = Advice("only_files", "a message brought nothing but files, and none could be passed on")


class NothingToAsk(ParleyError):  # noqa: N818
    """A message of files only, of which none could be passed on: Attachments.notes says why."""


@dataclass
class _Found:
    """What the files came to, for however often the question is sent."""

    files: tuple[FileInput, ...] = ()  # of the message itself
    inputs: dict[str, Any] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)  # variables whose files can't be had
    heard: str = ""
    passed: bool = False  # at least one file of the message
    notes: list[Footer] = field(default_factory=list)


class Attachments:
    """The files of one question: checked, fetched, uploaded with the same user, named in the question."""

    def __init__(
        self, app: App, adapter: ChatAdapter, turn: Turn, asides: Asides, transcoder: Transcoder
    ) -> None:
        self.notes: list[Footer] = []  # what has to be said about them under the answer
        self._app = app
        self._adapter = adapter
        self._turn = turn
        self._transcoder = transcoder
        self._form = FormUploads(app, turn, asides)
        self._found: _Found | None = None

    async def complete(self, question: Question) -> Question:
        """The question with its files. Called again, it uploads nothing twice.

        Raises NothingToAsk; DifyError where the app does not even say what it takes. It may take minutes: to
        be cancelled where somebody stops the question.
        """
        waiting = [name for name, value in question.inputs.items() if files_in(value)]
        if self._turn.message.files or waiting or self._may_link:
            if self._found is None:
                self._found = await self._look(question, waiting)
            self.notes[:] = gathered(self._found.notes)
            question = self._completed(question, self._found)
        self.notes[:] = [*(note for note in self.notes if not note.only_with), *doubts(question)]
        return question

    @property
    def _may_link(self) -> bool:
        return self._app.settings.file_links and "://" in self._turn.message.text

    async def _look(self, question: Question, waiting: Iterable[str]) -> _Found:
        found = _Found()
        carrier = Carrier(self._app, self._adapter, question.user, self._transcoder)
        parameters = await offered(self._parameters)
        for name in waiting:
            value = await self._form.uploaded(name, question.inputs[name], parameters, carrier, found.notes)
            if value is None:
                found.gone.add(name)
            else:
                found.inputs[name] = value
        if self._turn.message.files or self._may_link:
            await self._take_message(question, parameters, carrier, found)
        return found

    async def _parameters(self) -> Parameters:
        dify = self._app.dify
        if dify.mode is None:
            await dify.detect()
        return await dify.parameters()

    def _completed(self, question: Question, found: _Found) -> Question:
        written, files = self._turn.message.text.strip(), self._turn.message.files
        if files and not (written or found.heard or found.passed):
            raise NothingToAsk(_ONLY_FILES)
        inputs = {name: value for name, value in question.inputs.items() if name not in found.gone}
        return replace(
            question,
            query=question.query if written else self._query(question, found),
            inputs=inputs | found.inputs,
            files=found.files or question.files,
        )

    def _query(self, question: Question, found: _Found) -> str:
        """What is asked where nothing was written."""
        given = self._app.settings.default_query
        speaker = question.query.removesuffix(given)
        default = PHRASES["default_query"][language("", self._turn.message.locale)]
        return speaker + (found.heard or given or default)

    async def _take_message(
        self, question: Question, parameters: Parameters, carrier: Carrier, found: _Found
    ) -> None:
        take = self._rules(parameters, question, found)
        if not take.slots and self._turn.message.files:  # files may have been switched on just now
            parameters = await offered(self._app.dify.newest_parameters)
            take = self._rules(parameters, question, found)
        hears = parameters.speech_to_text.enabled
        voices, others = self._sorted(take, found.notes, hears=hears)
        texts = _carried(await carrier.each(carrier.hear, [(file, file) for file in voices]), found.notes)
        if texts:
            found.heard = "\n".join(texts)
            found.notes.append(Footer("heard", {"text": _shortened(found.heard)}))
        message, links = self._turn.message, self._links(take)
        plan = planned(others, take, kinds_in(language(message.text, message.locale)), links)
        found.notes += plan.notes
        passed = await self._upload(plan, take, carrier, found)
        count = len(message.files) + len(links)
        log.info("turn %d: %d of %d files passed on, %d heard", self._turn.id, passed, count, len(texts))

    def _links(self, take: Rules) -> list[IncomingFile]:
        """Those in the text that Dify fetches itself; we never do."""
        message = self._turn.message
        if not take.links:
            return []
        return links_for(message.text, take, self._adapter.limits(message.place).own_hosts)

    async def _upload(self, plan: Plan, take: Rules, carrier: Carrier, found: _Found) -> int:
        async def one(seat: Seat) -> tuple[Seat, FileInput]:
            if seat.linked:
                return seat, FileInput.remote(seat.file.url, seat.type)
            return seat, await carrier.upload(seat, take.limits.bytes_of(size_kind(seat.file.name)))

        results = await carrier.each(one, [(seat.file, seat) for seat in plan.seats])
        seated = _carried(results, found.notes)
        found.files, inputs = values(seated)
        found.inputs |= inputs
        found.passed = bool(seated)
        if self._app.dify.chats:  # what a chat's form requires, it requires with every question
            for variable, value in inputs.items():
                await self._form.keep(variable, value if isinstance(value, list) else [value])
        return len(seated)

    def _rules(self, parameters: Parameters, question: Question, found: _Found) -> Rules:
        dify = self._app.dify
        known = {name: value for name, value in question.inputs.items() if name not in found.gone}
        strict, links = dify.mode == "workflow", self._app.settings.file_links
        return rules(parameters, known, chats=dify.chats, strict=strict, links=links)

    def _sorted(
        self, take: Rules, notes: list[Footer], *, hears: bool
    ) -> tuple[list[IncomingFile], list[IncomingFile]]:
        """Recordings that stand for the text, and the other files; of what can be neither, why is noted."""
        files = self._turn.message.files
        if self._turn.message.text.strip():
            return [], list(files)
        voices: list[IncomingFile] = []
        others: list[IncomingFile] = []
        for file in files:
            if not _is_recording(file):
                others.append(file)
            elif hears and self._hearable(file):
                voices.append(file)
            elif any(declared(slot, file, strict=take.strict) for slot in take.slots):
                others.append(file)
            else:
                notes.append(self._unheard(file, hears=hears))
        return voices, others

    def _hearable(self, file: IncomingFile) -> bool:
        if heard_as(file.name, file.mime_type) is not None:
            return True
        return self._transcoder.available and transcodable(file.name, file.mime_type)

    def _unheard(self, file: IncomingFile, *, hears: bool) -> Footer:
        if hears and transcodable(file.name, file.mime_type):
            log.warning(
                "turn %d: Ogg and WebM can't be heard without the extra voice: %s", self._turn.id, INSTALL
            )
        return Footer("voice_format" if hears else "voice_off", {"name": shown_name(file.name)})


def _is_recording(file: IncomingFile) -> bool:
    mime = file.mime_type.lower()
    if mime.startswith("audio/") or transcodable(file.name, mime):
        return True
    return type_of(file.name, mime) == "audio" and not mime.startswith("video/")


def _carried(results: Iterable[T | NotCarried], notes: list[Footer]) -> list[T]:
    """What did not stay behind; of the rest, why is noted."""
    found: list[T] = []
    for result in results:
        if isinstance(result, NotCarried):
            notes.append(result.note)
        else:
            found.append(result)
    return found


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_HEARD else f"{text[: LONGEST_HEARD - 1]}…"
