"""What is asked of an app, and how: the path and the body by its kind. Pure."""

from dataclasses import dataclass, field
from typing import Any, Literal

Mode = Literal["chat", "agent-chat", "agent", "advanced-chat", "completion", "workflow"]
CHAT_MODES: frozenset[Mode] = frozenset(("chat", "agent-chat", "agent", "advanced-chat"))
RUN_MODES: frozenset[Mode] = frozenset(("advanced-chat", "workflow"))

_ASK: dict[Mode, str] = {"completion": "/completion-messages", "workflow": "/workflows/run"}
_TASKS: dict[Mode, str] = {"completion": "/completion-messages", "workflow": "/workflows/tasks"}


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked (Dify: POST /chat-messages, /completion-messages, /workflows/run)."""

    query: str
    user: str
    conversation_id: str = ""  # chat kinds only: the others have no memory
    inputs: dict[str, Any] = field(default_factory=dict)
    trace_id: str = ""
    query_input: str = "query"  # completion and workflow: the input variable that the text goes into


def ask_path(mode: Mode) -> str:
    """Where an app of this kind is asked."""
    return _ASK.get(mode, "/chat-messages")


def stop_path(mode: Mode, task_id: str) -> str:
    """Where an answer of an app of this kind is stopped."""
    return f"{_TASKS.get(mode, '/chat-messages')}/{task_id}/stop"


def ask_body(question: Question, mode: Mode) -> dict[str, Any]:
    """The body of the request. Inputs are sent on every turn: Dify >= 1.0 checks them each time."""
    if mode not in CHAT_MODES:
        inputs = question.inputs | {question.query_input: question.query}
        return {"inputs": inputs, "user": question.user, "response_mode": "streaming"}
    return {
        "query": question.query,
        "user": question.user,
        "conversation_id": question.conversation_id,
        "inputs": question.inputs,
        "response_mode": "streaming",
        "auto_generate_name": False,
    }
