"""A pure fold of Dify's events into the answer: its text so far, its ids, and how it ended.

The end rules hold for Dify 0.15 to 1.16, whose orders differ: message_end without an earlier error or failed
finish is success, whatever follows (1.15+ sends a synthetic failed finish after it); a failed or stopped
finish is a verdict; the stream is read to its end either way.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from core.dify.errors import failure
from core.dify.events import (
    AgentMessage,
    AgentThought,
    AnyEvent,
    ErrorEvent,
    Event,
    HumanInput,
    Malformed,
    Message,
    MessageEnd,
    MessageFile,
    MessageReplace,
    TextEvent,
    TtsMessage,
    WorkflowFinished,
    WorkflowPaused,
)
from core.dify.human_forms import HumanForm
from core.dify.metadata import AppFile, Source, Usage
from core.dify.outputs import text_of
from core.errors import Advice
from core.speech import Speech


class Outcome(StrEnum):
    """How a run ended."""

    COMPLETE = "complete"
    STOPPED = "stopped"
    FAILED = "failed"
    PAUSED = "paused"  # a person is asked to decide at Dify
    LOST = "lost"  # the stream ended without a verdict


@dataclass
class Answer:
    """One answer as it is known so far."""

    text: str = ""
    task_id: str = ""
    message_id: str = ""
    conversation_id: str = ""
    run_id: str = ""
    redraws: int = 0  # how often the text did not just grow
    files: tuple[AppFile, ...] = ()  # that the app made, in order, each once
    form: HumanForm | None = None  # what its run waits for a person to decide
    sources: tuple[Source, ...] = ()  # what it rests on
    usage: Usage | None = None
    run_tokens: float = 0.0  # of a run, where its end says so
    run_seconds: float = 0.0
    malformed: int = 0
    error_code: str | None = None
    error_status: int | None = None
    advice: Advice | None = None  # what to make of its failure; the failure's own words are not kept
    speech: Speech | None = None  # what the app speaks, where somebody wants to hear it
    _verdict: Outcome | None = None
    _agent_spoke: bool = False
    _thought: bool = False
    _used_tools: bool = False
    _unrepeated: bool = False  # an agent spoke, and no thought has repeated it since

    @classmethod
    def ended(cls, outcome: Outcome, **known: Any) -> "Answer":
        """An answer that was not read event by event, but found as it ended."""
        answer = cls(**known)
        answer._verdict = outcome
        return answer

    @property
    def outcome(self) -> Outcome:
        """How it ended, if the stream is over now."""
        return self._verdict or Outcome.LOST

    @property
    def decided(self) -> bool:
        """Whether the stream has said how it ended."""
        return self._verdict is not None

    @property
    def identified(self) -> bool:
        """Whether Dify has said enough for a stop or a rating to reach it."""
        return bool(self.task_id and (self.message_id or self.run_id))

    @property
    def thinks_aloud(self) -> bool:
        """Whether an agent's thoughts may stand in its text: Dify keeps the answer without them.

        A ReAct agent streams them as it does its answer. Function calling closes each round with a thought
        that repeats what was said in it, ReAct ends without one; after tools the two can look alike.
        """
        return self._thought and self._agent_spoke and (self._used_tools or self._unrepeated)

    @property
    def spent(self) -> tuple[float, float]:
        """Tokens and seconds, as far as Dify told them."""
        said = self.usage
        if said is not None and said.total_tokens:
            return _amount(said.total_tokens), _amount(said.latency) or self.run_seconds
        return self.run_tokens, self.run_seconds

    def take(self, event: AnyEvent) -> None:
        """Take the next event of the stream."""
        if isinstance(event, Event):
            self._note_ids(event)
        match event:
            case Message():
                self._take_message(event.answer)
            case AgentMessage() | AgentThought():
                self._take_agent(event)
            case MessageFile():
                self._take_file(event)
            case MessageReplace():
                self._replace(event.answer)
            case TextEvent(event="text_chunk"):
                self.text += event.data.text
            case TextEvent():
                self._replace(event.data.text)
            case Malformed():
                self.malformed += 1
            case HumanInput():
                self.form = event.form if event.event == "human_input_required" else None
            case _:
                self._take_rest(event)

    def _note_ids(self, event: Event) -> None:
        self.task_id = self.task_id or event.task_id or ""
        self.message_id = self.message_id or event.message_id or ""
        self.conversation_id = self.conversation_id or event.conversation_id or ""
        self.run_id = self.run_id or event.workflow_run_id or ""

    def _take_message(self, answer: str) -> None:
        if self._agent_spoke:  # a New Agent closes with the whole answer: not extra text
            self._replace(answer or self.text)
            self._used_tools = self._unrepeated = False  # it is what Dify keeps
        else:
            self.text += answer

    def _take_agent(self, event: AgentMessage | AgentThought) -> None:
        if isinstance(event, AgentMessage):
            self._agent_spoke = True
            self._unrepeated = self._unrepeated or bool(event.answer.strip())
            self.text += event.answer
            return
        self._thought = True
        self._used_tools = self._used_tools or bool(event.tool)
        self._unrepeated = self._unrepeated and not event.thought

    def _take_file(self, event: MessageFile) -> None:
        if event.url is None and event.answer is not None:  # Dify 1.12: text labelled as a file
            self.text += event.answer
        elif event.belongs_to != "user" and event.url:
            self._add_files((AppFile(id=event.id, type=event.type or "", url=event.url),))

    def _add_files(self, files: tuple[AppFile, ...]) -> None:
        """The same file comes as an event of its own, and once more in the end."""
        known = {key for file in self.files for key in _keys(file)}
        self.files += tuple(file for file in files if not known & _keys(file))

    def _replace(self, text: str) -> None:
        self.redraws += not text.startswith(self.text)
        self.text = text

    def _take_rest(self, event: AnyEvent) -> None:
        if not isinstance(event, TtsMessage):
            self._take_end(event)
        elif self.speech is not None:
            self.speech.take(event)

    def _take_end(self, event: AnyEvent) -> None:
        if isinstance(event, MessageEnd):
            self.sources, self.usage = event.told.retriever_resources, event.told.usage
            self._add_files(event.made)
        if self._verdict is Outcome.PAUSED and isinstance(event, MessageEnd | ErrorEvent | WorkflowFinished):
            self._verdict = None  # it went on
        if self._verdict is not None and not (self._verdict is Outcome.FAILED and self.error_code is None):
            return
        match event:
            case MessageEnd() if self._verdict is None:
                self._verdict = Outcome.COMPLETE
            case ErrorEvent():
                self._verdict = Outcome.FAILED
                self.error_code = str(event.code or "unknown")
                self.error_status = event.status if isinstance(event.status, int) else None
                self.advice = failure(self.error_code, self.error_status, event.message).advice
            case WorkflowFinished() if self._verdict is None:
                self._finish(event)
            case WorkflowPaused() if self._verdict is None:
                self._verdict = Outcome.PAUSED
                self.form = next(iter(event.pause.forms), self.form)

    def _finish(self, event: WorkflowFinished) -> None:
        status = event.data.status
        failed = Outcome.STOPPED if status == "stopped" else Outcome.FAILED
        self._verdict = Outcome.COMPLETE if status in {"succeeded", "partial-succeeded"} else failed
        if self._verdict is Outcome.FAILED:
            self.advice = failure(None, None, event.data.error).advice
        self._add_files(event.data.made)
        self.run_tokens, self.run_seconds = _amount(event.data.total_tokens), _amount(event.data.elapsed_time)
        whole = self._verdict is Outcome.COMPLETE and not self.message_id
        if whole or not self.text:  # a workflow streams nothing, or (0.15) only some of its outputs
            self._replace(text_of(event.data.outputs) or self.text)


def _keys(file: AppFile) -> set[str]:
    """By what a file is known again: its id, and its address without the signature."""
    return {key for key in (file.id, file.url.partition("?")[0]) if key}


def _amount(said: Any) -> float:
    """What can be counted; versions write some numbers as text."""
    try:
        amount = float(said)
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return amount if 0 <= amount < float("inf") else 0.0
