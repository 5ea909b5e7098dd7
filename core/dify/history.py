"""What Dify has kept of conversations, messages and runs: its rows as frozen facts. Pure.

Source: Dify Service API, GET /messages, /conversations, /workflows/run/{id}, /workflows/logs, 0.15 to 1.16.
A row that is not what it should be is left out: a look into the past must not fail on one of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast, get_args

from core.dify.metadata import AppFile, Source
from core.dify.outputs import files_of, text_of
from core.dify.rows import parsed, rows_in, seconds

MessageStatus = Literal["normal", "error", "paused"]
RunStatus = Literal["running", "paused", "succeeded", "partial-succeeded", "failed", "stopped"]
ENDED: frozenset[str] = frozenset(("succeeded", "partial-succeeded", "failed", "stopped"))


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """One turn as Dify kept it. An answer that is still made, or was lost, is "" with status "normal"."""

    id: str
    conversation_id: str
    query: str
    answer: str
    status: MessageStatus
    error: bool
    created_at: float  # epoch seconds, whole ones; when it was asked
    sources: tuple[Source, ...] = ()
    files: tuple[AppFile, ...] = ()  # that the app made
    by_agent: bool = False  # who never answers as a whole: it is made only while somebody reads it
    run_id: str = ""  # told only of a run that waits, or waited, for a person (1.14)


@dataclass(frozen=True, slots=True)
class StoredConversation:
    """One conversation of an app and a user."""

    id: str
    created_at: float  # epoch seconds


@dataclass(frozen=True, slots=True)
class RunState:
    """How far a run is.

    It stays "running" for ever where its worker died, or where its client left before Dify 1.13.
    """

    id: str
    status: RunStatus
    text: str  # of its outputs; "" before the end
    created_at: float  # epoch seconds; 0 where Dify does not say
    inputs: Mapping[str, Any] = field(default_factory=dict)  # what it was asked with
    files: tuple[AppFile, ...] = ()  # among its outputs

    @property
    def finished(self) -> bool:
        """Whether nothing will come any more. A paused run goes on once its form is answered."""
        return self.status in ENDED


@dataclass(frozen=True, slots=True)
class StoredRun:
    """One run in a workflow app's log."""

    id: str
    status: RunStatus
    created_at: float  # epoch seconds


def messages_in(body: object) -> list[StoredMessage]:
    """The messages of a page, newest last (all releases do so, their documentation says otherwise)."""
    found = [_message(row) for row in _rows(body)]
    return sorted(found, key=lambda message: message.created_at)  # stable: many in a second stay as they came


def _message(row: dict[str, Any]) -> StoredMessage:
    status = row.get("status")
    return StoredMessage(
        id=str(row["id"]),
        conversation_id=_text(row.get("conversation_id")),
        query=_text(row.get("query")),
        answer=_text(row.get("answer")),
        status=cast("MessageStatus", status) if status in get_args(MessageStatus) else "normal",
        error=bool(row.get("error")) or status == "error",
        created_at=seconds(row.get("created_at")),
        sources=rows_in(row.get("retriever_resources"), Source),
        files=_made(row.get("message_files")),
        by_agent=bool(row.get("agent_thoughts")),
        run_id=_run_of(row.get("extra_contents")),
    )


def _run_of(contents: object) -> str:
    found = [one for one in contents if isinstance(one, dict)] if isinstance(contents, list) else []
    return next((_text(one["workflow_run_id"]) for one in found if one.get("workflow_run_id")), "")


def _made(files: object) -> tuple[AppFile, ...]:
    """The files of a message that people did not send themselves."""
    return tuple(file for file in rows_in(files, AppFile) if file.is_made and file.url)


def conversations_in(body: object) -> list[StoredConversation]:
    """The conversations of a page, newest first."""
    found = [StoredConversation(str(row["id"]), seconds(row.get("created_at"))) for row in _rows(body)]
    return sorted(found, key=lambda conversation: -conversation.created_at)


def run_in(body: object) -> RunState | None:
    """A run's details; None for one that Dify does not know (0.15 says so with a row of nulls)."""
    if not isinstance(body, dict) or not body.get("id"):
        return None
    outputs = parsed(body.get("outputs"))
    created_at = seconds(body.get("created_at"))
    inputs = parsed(body.get("inputs"))
    return RunState(
        str(body["id"]),
        _run_status(body.get("status")),
        text_of(outputs),
        created_at,
        inputs if isinstance(inputs, dict) else {},
        files_of(outputs),
    )


def runs_in(body: object, user: str) -> list[StoredRun]:
    """The runs of a log page that this user began, newest first.

    Before 1.5 the server does not sort out whose runs they are: so it is done here.
    """
    found = []
    for row in _rows(body):
        run, by = row.get("workflow_run"), row.get("created_by_end_user")
        if isinstance(run, dict) and run.get("id") and isinstance(by, dict) and by.get("session_id") == user:
            created_at = seconds(run.get("created_at") or row.get("created_at"))
            found.append(StoredRun(str(run["id"]), _run_status(run.get("status")), created_at))
    return sorted(found, key=lambda run: -run.created_at)


def _rows(body: object) -> list[dict[str, Any]]:
    data = body.get("data") if isinstance(body, dict) else None
    return [row for row in data if isinstance(row, dict) and row.get("id")] if isinstance(data, list) else []


def _run_status(said: object) -> RunStatus:
    return cast("RunStatus", said) if said in get_args(RunStatus) else "running"


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
