"""The events of Dify's streams, typed; fields are those a client uses, further ones stay (`model_extra`).

Source: Dify Service API, api/core/app/entities/task_entities.py (StreamEvent), 0.15 to 1.16.
Everything but the name may be missing: versions differ, and an early failure carries hardly anything.
Further fields are left unread where many events come (pieces of text and speech), and where they hold what a
tool or a step was given.
"""

import functools
import operator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, TypeAdapter, ValidationError

from core.dify.event_data import LogData, NodeData, ReasoningData, RunData, TextData
from core.dify.human_forms import FormFilled, HumanForm, Pause
from core.dify.metadata import AppFile, Metadata
from core.dify.rows import Seconds, Text, row_in, rows_in


class Event(BaseModel):
    """What any event may carry. The ids are those of dify-api: the first data event has most of them."""

    model_config = ConfigDict(extra="allow", frozen=True, defer_build=True)

    event: str
    task_id: str | None = None
    message_id: str | None = None
    conversation_id: str | None = None
    workflow_run_id: str | None = None


_UNREAD = ConfigDict(extra="ignore")


class Message(Event):
    """A piece of the answer; of a New Agent, once at the end, the whole of it."""

    model_config = _UNREAD

    event: Literal["message"]
    answer: str = ""


class AgentMessage(Event):
    """A piece of an agent's answer."""

    model_config = _UNREAD

    event: Literal["agent_message"]
    answer: str = ""


class AgentThought(Event):
    """A step of an agent; sent again under the same id as it fills. Its text repeats the answer's."""

    model_config = _UNREAD

    event: Literal["agent_thought"]
    id: str = ""
    position: int | None = None
    thought: str | None = None
    tool: str | None = None  # names, parted by ";"
    tool_labels: Any = None  # name -> {language: label}
    observation: str | None = None  # what the tool said: for knowing that it did, not for the chat
    message_files: list[str] | None = None


class MessageFile(Event):
    """A file of the answer; or, where `url` is missing and `answer` is there, a piece of its text."""

    event: Literal["message_file"]
    id: str = ""
    type: str | None = None
    belongs_to: str | None = None
    url: str | None = None
    answer: str | None = None


class MessageReplace(Event):
    """The whole answer is replaced (output moderation)."""

    event: Literal["message_replace"]
    answer: str = ""
    reason: str | None = None


class MessageEnd(Event):
    """The answer is complete."""

    event: Literal["message_end"]
    metadata: Any = None  # a verdict must not hang on details: they are read when they are asked for
    files: Any = None
    mode: Text = ""  # the kind of app; of blocking replies
    created_at: Seconds = 0.0

    @property
    def told(self) -> Metadata:
        """Usage, sources, and whether an annotation was the answer."""
        return row_in(self.metadata, Metadata)

    @property
    def made(self) -> tuple[AppFile, ...]:
        """Files of the answer. Easy apps of 1.13.1 and later list the user's own too, without saying so."""
        return tuple(file for file in rows_in(self.files, AppFile) if file.is_made)


class TtsMessage(Event):
    """A piece of the spoken answer (base64)."""

    model_config = _UNREAD

    event: Literal["tts_message", "tts_message_end"]
    audio: str = ""


class ErrorEvent(Event):
    """The run failed; sent inside a stream of status 200, without a task id."""

    event: Literal["error"]
    status: Any = None
    code: Any = None
    message: Any = None


class Ping(Event):
    """A keep-alive that some proxies turn into JSON."""

    event: Literal["ping"]


class WorkflowStarted(Event):
    """A run began, or (reason "resumption") goes on after a pause."""

    event: Literal["workflow_started"]
    data: RunData = RunData()


class WorkflowFinished(Event):
    """A run's verdict: succeeded, failed, stopped or partial-succeeded."""

    event: Literal["workflow_finished"]
    data: RunData = RunData()


class WorkflowPaused(Event):
    """A run waits for a person; the stream ends here."""

    event: Literal["workflow_paused"]
    data: dict[str, Any] = Field(default_factory=dict)

    @property
    def pause(self) -> Pause:
        """What is waited for."""
        return row_in(self.data, Pause)


class NodeEvent(Event):
    """A step of a run began, ended or is tried again."""

    model_config = _UNREAD

    event: Literal["node_started", "node_finished", "node_retry"]
    data: NodeData = NodeData()


class RoundEvent(Event):
    """An iteration, a loop or a parallel branch began, went on or ended."""

    model_config = _UNREAD

    event: Literal[
        "iteration_started", "iteration_next", "iteration_completed",
        "loop_started", "loop_next", "loop_completed",
        "parallel_branch_started", "parallel_branch_finished",
    ]  # fmt: skip
    data: NodeData = NodeData()


class TextEvent(Event):
    """A piece of a workflow's text, or its replacement."""

    model_config = _UNREAD

    event: Literal["text_chunk", "text_replace"]
    data: TextData = TextData()


class ReasoningChunk(Event):
    """A piece of the model's thinking (1.15): not of the answer."""

    model_config = _UNREAD

    event: Literal["reasoning_chunk"]
    data: ReasoningData = ReasoningData()


class AgentLog(Event):
    """A step inside an agent node; sent again under the same id."""

    model_config = _UNREAD

    event: Literal["agent_log"]
    data: LogData = LogData()


class HumanInput(Event):
    """A person is asked, has answered, or let the time run out."""

    event: Literal["human_input_required", "human_input_form_filled", "human_input_form_timeout"]
    data: dict[str, Any] = Field(default_factory=dict)

    @property
    def form(self) -> HumanForm:
        """What is asked, or was."""
        return row_in(self.data, HumanForm)

    @property
    def filled(self) -> FormFilled:
        """What was decided."""
        return row_in(self.data, FormFilled)


class Unknown(BaseModel):
    """An event of a name that this version does not know: skipped."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    event: str


class Malformed(BaseModel):
    """Not an event at all (broken JSON, wrong types): logged without its content, and skipped."""

    model_config = ConfigDict(frozen=True)

    reason: str


_TYPES: tuple[type[Event], ...] = (
    Message, AgentMessage, AgentThought, MessageFile, MessageReplace, MessageEnd, TtsMessage,
    ErrorEvent, Ping, WorkflowStarted, WorkflowFinished, WorkflowPaused, NodeEvent, RoundEvent,
    TextEvent, ReasoningChunk, AgentLog, HumanInput,
)  # fmt: skip
KNOWN: dict[str, type[Event]] = {
    name: kind
    for kind in _TYPES
    for name in kind.model_fields["event"].annotation.__args__  # type: ignore[union-attr]
}
AnyEvent = Event | Unknown | Malformed


_UNION: Any = functools.reduce(operator.or_, _TYPES)
_ADAPTER: TypeAdapter[Event] = TypeAdapter(
    Annotated[_UNION, Discriminator("event")], config=ConfigDict(defer_build=True)
)  # with the first event: not in what starting takes
_UNKNOWN = TypeAdapter(Unknown)
_NO_SUCH_NAME = "union_tag_invalid"


def parse(data: bytes) -> AnyEvent:
    """The event that the data of one SSE event holds; never raises."""
    try:
        return _ADAPTER.validate_json(data)
    except ValidationError as error:
        reason = _reason(error)
    if reason == _NO_SUCH_NAME:
        try:
            return _UNKNOWN.validate_json(data)
        except ValidationError as error:
            reason = _reason(error)
    return Malformed(reason=reason)


def _reason(error: ValidationError) -> str:
    return error.errors(include_input=False, include_url=False)[0]["type"]
