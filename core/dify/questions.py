"""What is asked of an app, and how: the path, the headers and the body by its kind. Pure."""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from core.dify.file_types import FileInput, plain

Mode = Literal["chat", "agent-chat", "agent", "advanced-chat", "completion", "workflow"]
CHAT_MODES: frozenset[Mode] = frozenset(("chat", "agent-chat", "agent", "advanced-chat"))
RUN_MODES: frozenset[Mode] = frozenset(("advanced-chat", "workflow"))
NEVER_BLOCKING: frozenset[Mode] = frozenset(("agent-chat", "agent"))

_ASK: dict[Mode, str] = {"completion": "/completion-messages", "workflow": "/workflows/run"}
_TASKS: dict[Mode, str] = {"completion": "/completion-messages", "workflow": "/workflows/tasks"}
_TRACE = re.compile(r"[A-Za-z0-9_-]{1,128}")  # Dify drops anything else without a word
_SESSION_LENGTH = 200  # characters; Dify refuses (400) more, and a header holds no others than ASCII
_NAMESPACE = uuid.UUID("6f1b7c1e-3d0a-5a44-9d5f-0c1f8a6e2b71")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked (Dify: POST /chat-messages, /completion-messages, /workflows/run)."""

    query: str
    user: str
    conversation_id: str = ""  # chat kinds only: the others have no memory
    inputs: dict[str, Any] = field(default_factory=dict)  # values may be FileInput, or lists of them
    trace_id: str = ""  # shown in Dify's logs and traces: see trace_id()
    query_input: str = "query"  # completion and workflow: the input variable that the text goes into
    files: Sequence[FileInput] = ()  # of the message itself; uploaded by the same `user`
    session_id: str = ""  # groups traces (1.15): the thread
    workflow_id: str = ""  # a published version, of a workflow or a chatflow (1.7.2)
    auto_name: bool = False  # have Dify name a new conversation: one more model call


def trace_id(event: str) -> str:
    """The trace id of a platform's event: the same each time, a UUID, which every tracing tool takes."""
    return str(uuid.uuid5(_NAMESPACE, event))


def ask_path(mode: Mode, workflow_id: str = "") -> str:
    """Where an app of this kind is asked."""
    if mode == "workflow" and workflow_id:
        return f"/workflows/{workflow_id}/run"
    return _ASK.get(mode, "/chat-messages")


def stop_path(mode: Mode, task_id: str) -> str:
    """Where an answer of an app of this kind is stopped."""
    return f"{_TASKS.get(mode, '/chat-messages')}/{task_id}/stop"


def traces(question: Question) -> dict[str, str]:
    """`trace_id` and `trace_session_id`, as far as they are given and in a form that Dify takes."""
    found = {}
    if question.trace_id:
        known = _TRACE.fullmatch(question.trace_id) is not None
        found["trace_id"] = question.trace_id if known else trace_id(question.trace_id)
    if session := question.session_id.strip():
        fits = len(session) <= _SESSION_LENGTH and session.isascii() and session.isprintable()
        found["trace_session_id"] = session if fits else trace_id(session)
    return found


def ask_headers(question: Question) -> dict[str, str]:
    """X-Trace-Id (1.7) and X-Trace-Session-Id (1.15); older releases do not read them."""
    names = {"trace_id": "X-Trace-Id", "trace_session_id": "X-Trace-Session-Id"}
    return {names[name]: value for name, value in traces(question).items()}


def ask_body(question: Question, mode: Mode, *, blocking: bool = False) -> dict[str, Any]:
    """The body of the request. Inputs are sent on every turn: Dify >= 1.0 checks them each time."""
    inputs = {name: plain(value) for name, value in question.inputs.items()}
    how = "blocking" if blocking else "streaming"
    files = {"files": plain(list(question.files))} if question.files else {}
    if mode not in CHAT_MODES:
        inputs[question.query_input] = question.query
        return {"inputs": inputs, "user": question.user, "response_mode": how} | files
    version = {"workflow_id": question.workflow_id} if question.workflow_id else {}
    return (
        {
            "query": question.query,
            "user": question.user,
            "conversation_id": question.conversation_id,
            "inputs": inputs,
            "response_mode": how,
            "auto_generate_name": question.auto_name,
        }
        | files
        | version
    )
