"""What a run is scripted to do: its steps, the gate that holds them, and the default echo."""

import asyncio
import re
from collections.abc import AsyncIterable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulators.dify.state import Run


class Gate:
    """Holds a run so that a test can let its steps out one at a time.

    Every step of the script needs one permit, and the end of the script needs one more.
    """

    def __init__(self) -> None:
        self.taken = 0
        self._permits = 0
        self._open = False
        self._changed = asyncio.Event()
        self._took = asyncio.Event()

    def allow(self, steps: int = 1) -> None:
        """Let `steps` more steps through."""
        self._permits += steps
        self._changed.set()

    def finish(self) -> None:
        """Let everything through from now on, the end included."""
        self._open = True
        self._changed.set()

    async def take(self) -> None:
        """Wait for a permit and use it up."""
        while not self._open and self.taken >= self._permits:
            self._changed.clear()
            await self._changed.wait()
        self.taken += 1
        self._took.set()

    async def passed(self, steps: int, *, within: float = 10.0) -> None:
        """Wait until so many steps have been let through in all; raises TimeoutError."""
        async with asyncio.timeout(within):
            while self.taken < steps:
                self._took.clear()
                await self._took.wait()


@dataclass(frozen=True)
class Tool:
    """An agent's call of a tool: a thought with tool and input, then again with the observation."""

    name: str
    input: str = "{}"
    observation: str = "done"
    labels: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Node:
    """The next node of a chatflow or workflow starts; the one before finishes."""

    title: str = "LLM"
    type: str = "llm"


@dataclass(frozen=True)
class File:
    """A file that the app makes: `message_file`, with a signed URL that lives `FILES_ACCESS_TIMEOUT`."""

    data: bytes
    name: str = "image.png"
    mime: str = "image/png"
    type: str = "image"
    belongs_to: str = "assistant"


@dataclass(frozen=True)
class Replace:
    """Output moderation: `message_replace` puts this text in the place of everything so far."""

    text: str
    reason: str = ""


@dataclass(frozen=True)
class Reasoning:
    """A piece of separated reasoning: `reasoning_chunk` (chatflow and workflow, 1.15+)."""

    text: str
    final: bool = False


@dataclass(frozen=True)
class Log:
    """A line of an agent node's log: `agent_log`; the same id updates it."""

    label: str
    id: str = "log-1"
    status: str = "success"
    parent: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Speech:
    """A piece of speech: `tts_message` (base64 audio)."""

    audio: bytes


@dataclass(frozen=True)
class Event:
    """Any other event by name, known or not; `fields` follow the usual ids."""

    name: str
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Raw:
    """Bytes put on the wire as they are, e.g. a malformed line."""

    data: bytes


@dataclass(frozen=True)
class Silence:
    """Nothing but `pings` sent at once, and then a wait; `seconds=None` waits until the run is stopped."""

    pings: int = 0
    seconds: float | None = 0.0


@dataclass(frozen=True)
class Fail:
    """The model fails here: an `error` event, or a finish with status failed, as the app kind does it."""

    message: str = "API request failed with status code 500: scripted failure"
    code: str = "completion_request_error"
    status: int = 400

    @classmethod
    def rate_limited(cls) -> "Fail":
        """The provider's 429 as 1.16.1 streams it."""
        return cls("API request failed with status code 429: scripted failure", "rate_limit_error", 429)


@dataclass(frozen=True)
class Drop:
    """The TCP connection of everyone who listens is aborted here."""


@dataclass(frozen=True)
class Eof:
    """The HTTP reply of everyone who listens ends cleanly here, without a terminal event."""


@dataclass(frozen=True)
class Pause:
    """A human input node: the form is sent, the stream ends, and the rest follows once it is answered."""

    title: str = "Approval"
    content: str = "Please **approve** this.\n\n{{#$output.note#}}"
    inputs: Sequence[Mapping[str, Any]] = (
        {
            "output_variable_name": "note",
            "type": "paragraph",
            "default": {"type": "constant", "selector": [], "value": ""},
        },
    )
    actions: Sequence[Mapping[str, str]] = (
        {"id": "approve", "title": "Approve", "button_style": "primary"},
        {"id": "reject", "title": "Reject", "button_style": "default"},
    )
    seconds: int = 3600  # until the form expires
    with_token: bool = True  # without it only the console can answer


@dataclass(frozen=True)
class Annotation:
    """The app answers with an annotation: no model runs, and the rest of the script is not played."""

    text: str
    id: str = "annotation-1"
    author: str = "admin"


Step = (
    str
    | Tool
    | Node
    | File
    | Replace
    | Reasoning
    | Log
    | Speech
    | Event
    | Raw
    | Silence
    | Fail
    | Drop
    | Eof
    | Pause
    | Annotation
)


@dataclass
class Answer:
    """What one run does, step by step; a `str` is a piece of text.

    `steps` may be a generator (sync or async): it is read as the run goes, so it can look at the run.
    """

    steps: Iterable[Step] | AsyncIterable[Step] = ()
    pace: float | None = None  # pieces per second; None = the simulator's pace
    gate: Gate | None = None
    sources: Sequence[Mapping[str, Any]] = ()  # retriever_resources of message_end
    outputs: Mapping[str, Any] | None = None  # of a workflow; None = {"text": the answer}
    status: str = "succeeded"  # of workflow_finished; "partial-succeeded" after a fail branch
    text_event: str | None = None  # "message_file" labels the deltas as Dify 1.12 does for easy apps
    saved: str | None = None  # the stored answer, where it differs from what was streamed (ReAct)
    begins: bool = True  # False: no workflow_started, as with no free worker or an annotation's early exit


@dataclass(frozen=True)
class Refuse:
    """The request is refused before any stream; `html` stands for a proxy in front of Dify."""

    status: int = 400
    code: str = "invalid_param"
    message: str = "scripted refusal"
    html: str | None = None

    @classmethod
    def too_many(cls) -> "Refuse":
        """An app's concurrency limit, as real servers word it."""
        return cls(message="Too many requests. Please try again later.")


Script = Answer | Refuse | str | Sequence[Step]
Writer = Callable[["Run"], Script]


def pieces(text: str) -> list[str]:
    """The text cut behind its blanks, as a model's tokens would come."""
    return re.findall(r"\s*\S+\s*", text) or ([text] if text else [])


def resolve(script: Script | Writer, run: "Run") -> Answer | Refuse:
    """The answer that a script stands for: text is cut into pieces, a list becomes an answer."""
    if callable(script):
        script = script(run)
    if isinstance(script, str):
        return Answer(pieces(script))
    if isinstance(script, Answer | Refuse):
        return script
    steps = list(script)
    return Answer(steps, begins=not any(isinstance(step, Annotation) for step in steps))


def echo(run: "Run") -> Answer:
    """The default script: says what was asked and which turn it is, so that memory shows."""
    said = run.query or ", ".join(f"{name}: {value}" for name, value in run.inputs.items()) or "nothing"
    if run.app.mode in {"completion", "workflow"}:
        return Answer(pieces(f"You said: {said}"))
    return Answer(pieces(f"You said: {said} (turn {run.turn} of this conversation)"))


async def interrupted(answer: Answer, step: Step, *, after: int) -> AsyncIterable[Step]:
    """The steps of `answer`, with `step` put in after so many pieces of text, or at the end."""
    count, put = 0, False
    async for original in each(answer.steps):
        if count >= after and not put:
            put = True
            yield step
        yield original
        count += isinstance(original, str)
    if not put:
        yield step


async def each(steps: Iterable[Step] | AsyncIterable[Step]) -> AsyncIterable[Step]:
    """Steps of either kind of iterable."""
    if isinstance(steps, AsyncIterable):
        async for step in steps:
            yield step
        return
    one_by_one: Iterator[Step] = iter(steps)
    for step in one_by_one:
        yield step
