"""The events of a run in each release's order, as pure data: what comes first, between, and at the end."""

import base64
from collections.abc import Iterator
from typing import Any

from simulators.dify.payloads import message_metadata
from simulators.dify.script import Annotation, Event, Fail, File, Replace, Speech, Step
from simulators.dify.state import Run, Upload
from simulators.dify.wire import Dialect

Payload = dict[str, Any]


class Order:
    """What every kind of app has in common; the kinds differ in begin, text, end, failed and stopped."""

    def __init__(self, run: Run, dialect: Dialect, text_event: str = "message") -> None:
        self.run = run
        self.dialect = dialect
        self.text_event = text_event
        self._spoke = False

    def envelope(self, event: str, **fields: Any) -> Payload:
        """The ids that this kind of app puts on an event, in the recorded order of keys."""
        run = self.run
        payload: Payload = {"event": event}
        if run.message is None:
            return payload | {"workflow_run_id": run.id, "task_id": run.task_id} | fields
        if run.conversation is not None:
            payload["conversation_id"] = run.conversation.id
        payload |= {"message_id": run.message.id, "created_at": run.message.created_at}
        if event != "error":
            payload["task_id"] = run.task_id
        return payload | fields

    def begin(self) -> Iterator[Payload]:
        """Before the first step."""
        yield from ()

    def text(self, piece: str) -> Iterator[Payload]:
        """A piece of the answer; 1.x sends an empty one first."""
        if not self._spoke and self.dialect.since(1):
            yield self._delta("")
        self._spoke = True
        self.run.answer += piece
        self.run.pieces += 1
        yield self._delta(piece)

    def _delta(self, piece: str) -> Payload:
        message_id = self.run.message.id if self.run.message else ""
        selector: list[str] | None = [] if self.dialect.since(1) else None
        return self.envelope(self.text_event, id=message_id, answer=piece, from_variable_selector=selector)

    def step(self, step: Step) -> Iterator[Payload]:
        """Any step that is the same for every kind; unknown to a kind means nothing is sent."""
        match step:
            case str():
                yield from self.text(step)
            case Event(name, fields):
                yield self.envelope(name, **fields)
            case Replace(text, reason):
                self.run.answer = text
                extra = {"reason": reason} if self.dialect.since(1) else {}
                yield self.envelope("message_replace", answer=text, **extra)
            case Speech(audio):
                self.run.spoke = True
                yield self.envelope("tts_message", audio=base64.b64encode(audio).decode())
            case _:
                raise TypeError(f"a {self.run.mode} app has no such step: {step!r}")

    def file(self, step: File, upload: Upload, url: str) -> Payload:
        """A file that the app made: no name and no MIME type on the wire."""
        return self.envelope(
            "message_file", id=upload.id, type=step.type, belongs_to=step.belongs_to, url=url
        )

    def annotation(self, step: Annotation) -> Iterator[Payload]:
        """An answer without a model; the easy apps end as always."""
        self.run.annotated = {"id": step.id, "account": {"id": step.author, "name": step.author}}
        yield from self.text(step.text)
        yield from self.end()

    def message_end(self) -> Payload:
        run = self.run
        easy = run.mode != "advanced-chat"
        files: list[Any] | None = [] if self.dialect.since(1) or not easy else None
        metadata = message_metadata(run, self.dialect)
        message_id = run.message.id if run.message else ""
        return self.envelope("message_end", id=message_id, metadata=metadata, files=files)

    def end(self) -> Iterator[Payload]:
        """After the last step."""
        if not self._spoke and self.dialect.since(1):
            yield self._delta("")
        yield self._delta("")
        yield self.message_end()
        if self.run.spoke:
            yield self.envelope("tts_message_end", audio="")

    def failed(self, fail: Fail) -> Iterator[Payload]:
        """The model failed."""
        code = {"code": fail.code, "status": fail.status, "message": fail.message}
        yield self.envelope("error", **code)

    def stopped(self) -> Iterator[Payload]:
        """A user stopped the run."""
        yield self.message_end()
