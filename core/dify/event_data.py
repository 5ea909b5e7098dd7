"""`data` of the events that have some: what a client uses of it. Pure.

Inputs and outputs of steps are left unread on purpose: they may hold secrets.


Source: Dify api/core/app/entities/task_entities.py; 0.15 to 1.16.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict

from core.dify.metadata import AppFile
from core.dify.outputs import files_of
from core.dify.rows import Seconds


class RunData(BaseModel):
    """`data` of the events that begin and end a run."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)

    id: str | None = None
    status: str | None = None
    outputs: Any = None
    error: Any = None  # may name hosts and hold a provider's words: for the operator
    reason: Any = None  # of a start: initial, resumption
    files: Any = None
    elapsed_time: Any = None  # seconds
    total_tokens: Any = None
    total_steps: Any = None
    created_at: Seconds = 0.0
    finished_at: Seconds = 0.0

    @property
    def made(self) -> tuple[AppFile, ...]:
        """Files among the outputs of a run, or beside them."""
        return files_of(self.outputs, self.files)


class NodeData(BaseModel):
    """`data` of a step; inputs and outputs are left unread on purpose: they may hold secrets."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)

    id: str | None = None
    node_id: str | None = None
    node_type: str | None = None
    title: str | None = None
    status: str | None = None
    index: int | None = None  # of a round: which one, from 0
    iteration_id: str | None = None  # the node of the iteration or loop that it is inside of
    loop_id: str | None = None
    retry_index: int | None = None
    elapsed_time: Any = None  # seconds


class TextData(BaseModel):
    """`data` of a workflow's text."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)

    text: str = ""


class ReasoningData(BaseModel):
    """`data` of a piece of thinking."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)

    reasoning: str = ""
    node_id: str | None = None
    is_final: bool = False


class LogData(BaseModel):
    """`data` of an agent node's log; what a step got and gave is left unread."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)

    id: str | None = None
    parent_id: str | None = None
    node_id: str | None = None
    label: str | None = None
    status: str | None = None
