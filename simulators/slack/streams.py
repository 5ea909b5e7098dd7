"""Natively streamed messages: what is collected, when the stream is dead and what it refuses; nearly pure.

Slack: chat.startStream, chat.appendStream, chat.stopStream.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from simulators.slack.blocks import MAX_MARKDOWN_TEXT, Block, checked
from simulators.slack.refusal import Refusal

TASK_STATUSES = ("pending", "in_progress", "complete", "error")
TASK_FIELDS = frozenset({"type", "id", "title", "status", "details", "output", "sources"})
CHUNK_TYPES = ("markdown_text", "task_update", "plan_update", "blocks")


@dataclass(frozen=True)
class Piece:
    """What one call adds to a stream."""

    text: str = ""
    tasks: list[dict[str, Any]] = field(default_factory=list)
    plan_title: str | None = None
    blocks: list[Block] = field(default_factory=list)

    @classmethod
    def read(cls, args: dict[str, Any]) -> "Piece":
        """The piece in the arguments `markdown_text` and `chunks`, or a Refusal."""
        chunks = args.get("chunks") or []
        if chunks and args.get("markdown_text"):
            raise Refusal("cannot_provide_both_markdown_text_and_chunks")
        if not isinstance(chunks, list) or not all(_known(chunk) for chunk in chunks):
            raise Refusal("invalid_chunks")
        texts = [
            str(args.get("markdown_text") or ""),
            *(_string(chunk, "markdown_text", "text") for chunk in chunks),
        ]
        if any(len(text) > MAX_MARKDOWN_TEXT for text in texts):
            raise Refusal("msg_too_long")
        titles = [chunk["title"] for chunk in chunks if chunk["type"] == "plan_update"]
        return cls(
            text="".join(texts),
            tasks=[_task(chunk) for chunk in chunks if chunk["type"] == "task_update"],
            plan_title=titles[-1] if titles else None,
            blocks=checked(
                [block for chunk in chunks if chunk["type"] == "blocks" for block in chunk["blocks"]]
            ),
        )

    @property
    def empty(self) -> bool:
        """Nothing to show in it."""
        return not (self.text or self.tasks or self.plan_title or self.blocks)


def _known(chunk: Any) -> bool:
    return isinstance(chunk, dict) and chunk.get("type") in CHUNK_TYPES


def _string(chunk: dict[str, Any], kind: str, key: str) -> str:
    return str(chunk.get(key) or "") if chunk["type"] == kind else ""


def _task(chunk: dict[str, Any]) -> dict[str, Any]:
    if not set(chunk) <= TASK_FIELDS or not (chunk.get("id") and chunk.get("title")):
        raise Refusal("invalid_chunks")
    if chunk.get("status") not in TASK_STATUSES:
        raise Refusal("invalid_chunks")
    return {key: value for key, value in chunk.items() if key != "type"}


@dataclass
class Stream:
    """The live state behind a streamed message. It ends by the app, by a person's Stop or by its age."""

    clock: Callable[[], float]
    ttl: float  # seconds; real streams die after about 300, also with traffic
    cap: int  # bytes of text and task cards together
    recipient: str | None = None  # in a channel only this person sees the text flow
    text: str = ""
    first: str | None = None  # the first piece of text, all that other members see until the stop
    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    plan_title: str | None = None
    blocks: list[Block] = field(default_factory=list)
    ended_by: str | None = None  # "app" | "user" | "age"
    started: float = 0.0

    def __post_init__(self) -> None:
        self.started = self.clock()

    @property
    def live(self) -> bool:
        """Still takes pieces; a stream that outlived its ttl is dead without any call."""
        if self.ended_by is None and self.clock() - self.started >= self.ttl:
            self.ended_by = "age"
        return self.ended_by is None

    def check_open(self, *, stopping: bool = False) -> None:
        """Refuse if the stream takes nothing any more; after a person's Stop the app may stop it, once."""
        if self.live or (stopping and self.ended_by == "user"):
            return
        raise Refusal("stopped_by_user" if self.ended_by == "user" else "message_not_in_streaming_state")

    def add(self, piece: Piece) -> None:
        """Take a piece, or refuse with `msg_too_long` and take nothing of it."""
        tasks = {
            **self.tasks,
            **{task["id"]: {**self.tasks.get(task["id"], {}), **task} for task in piece.tasks},
        }
        if _size(self.text + piece.text, tasks) > self.cap:
            raise Refusal("msg_too_long")
        self.tasks = tasks
        self.text += piece.text
        self.blocks += piece.blocks
        self.plan_title = piece.plan_title or self.plan_title
        if self.first is None and piece.text:
            self.first = piece.text


def _size(text: str, tasks: dict[str, dict[str, Any]]) -> int:
    cards = sum(
        len(str(task.get(key) or "").encode())
        for task in tasks.values()
        for key in ("title", "details", "output")
    )
    sources = sum(len(json.dumps(task["sources"])) for task in tasks.values() if task.get("sources"))
    return len(text.encode()) + cards + sources
