"""What an app does on its way to an answer, from its events: tools, nodes, rounds. Pure.

Only names are taken: what a step got, gave or thought may hold secrets, and is not read. Sources: Dify's
events agent_thought, node_*, iteration_*, loop_*, agent_log; later ones repeat or end earlier ones by id.
"""

from collections.abc import Mapping
from typing import Any, Literal

from core.dify.events import AgentLog, AgentThought, AnyEvent, NodeEvent, RoundEvent, WorkflowFinished
from core.messages import Step

MOST = 50  # steps; of a longer run the first ones and the newest
LONGEST = 100  # characters of a title
# Steps that are over at once, and whose names say nothing to who asked.
SILENT = frozenset(
    (
        "start", "end", "answer", "if-else", "assigner", "variable-assigner", "variable-aggregator",
        "template-transform", "list-operator", "loop-start", "loop-end", "iteration-start", "human-input",
        "datasource", "trigger-webhook", "trigger-schedule", "trigger-plugin",
    )
)  # fmt: skip
_LANGUAGES = {"en": "en_US", "ja": "ja_JP", "zh": "zh_Hans"}
_FAILED = frozenset(("failed", "error", "exception"))
_STATES: Mapping[str, Literal["done", "failed"]] = {"succeeded": "done", "success": "done", "stopped": "done"}


class Steps:
    """The steps of one answer so far, oldest first. `icons` are the app's emoji by tool name."""

    def __init__(self, lang: str = "en", icons: Mapping[str, str] | None = None) -> None:
        self._language = _LANGUAGES.get(lang, "en_US")
        self._icons = icons or {}
        self._steps: dict[str, Step] = {}
        self._plain: set[str] = set()  # a model that writes: alone, that is no step on the way to the answer
        self.shown: tuple[Step, ...] = ()

    def take(self, event: AnyEvent) -> None:
        """Take the next event of the stream."""
        match event:
            case AgentThought():
                self._thought(event)
            case NodeEvent():
                self._node(event)
            case RoundEvent():
                self._round(event)
            case AgentLog():
                self._log(event)
            case WorkflowFinished():
                self.end()

    def end(self) -> None:
        """Nothing more is done: what still seems to run has ended unseen."""
        for key, step in self._steps.items():
            if step.state == "running":
                self._steps[key] = Step(key, step.title, "done")
        self._show()

    def _thought(self, event: AgentThought) -> None:
        labels = event.tool_labels if isinstance(event.tool_labels, Mapping) else {}
        tools = [name for name in (event.tool or "").split(";") if name]
        titles = [self._tool(name, labels.get(name)) for name in dict.fromkeys(tools)]
        if titles:
            self._put(f"thought:{event.id}", ", ".join(titles), "done" if event.observation else "running")

    def _tool(self, name: str, label: Any) -> str:
        said = label.get(self._language) or label.get("en_US") if isinstance(label, Mapping) else label
        icon = self._icons.get(name, "")
        return f"{icon} {said if isinstance(said, str) and said else name}".strip()

    def _node(self, event: NodeEvent) -> None:
        data = event.data
        if data.node_type in SILENT or not (data.node_id and data.title):
            return
        if data.node_type == "llm":
            self._plain.add(f"node:{data.node_id}")
        again = f" ({data.retry_index + 1})" if event.event == "node_retry" and data.retry_index else ""
        state = _state(data.status) if event.event == "node_finished" else "running"
        self._put(f"node:{data.node_id}", data.title + again, state)

    def _round(self, event: RoundEvent) -> None:
        data, name = event.data, event.event
        if not (data.node_id and data.title) or name.startswith("parallel"):
            return
        count = f" ({data.index + 1})" if name.endswith("_next") and data.index is not None else ""
        state = _state(data.status) if name.endswith("_completed") else "running"
        self._put(f"node:{data.node_id}", data.title + count, state)

    def _log(self, event: AgentLog) -> None:
        """Inside an agent's node: its rounds hold what it does; the rounds themselves say nothing."""
        data = event.data
        if data.id and data.label and data.parent_id:
            state = _state(data.status) if data.status not in {None, "start", "running"} else "running"
            self._put(f"log:{data.id}", data.label, state)

    def _put(self, key: str, title: str, state: Literal["running", "done", "failed"]) -> None:
        plain = " ".join(title.split())
        if not plain:
            return
        self._steps[key] = Step(key, plain if len(plain) <= LONGEST else f"{plain[: LONGEST - 1]}…", state)
        self._show()

    def _show(self) -> None:
        found = tuple(self._steps.values())
        if len(found) == 1 and found[0].key in self._plain and found[0].state != "failed":
            found = ()
        self.shown = found if len(found) <= MOST else (*found[: MOST // 2], *found[-MOST // 2 :])


def emoji(icons: Mapping[str, Any]) -> dict[str, str]:
    """The emoji among an app's tool icons, by tool name (Dify: GET /meta; others are pictures)."""
    found = {name: icon.get("content") for name, icon in icons.items() if isinstance(icon, Mapping)}
    return {name: content for name, content in found.items() if isinstance(content, str)}


def _state(status: str | None) -> Literal["done", "failed"]:
    return "failed" if status in _FAILED else _STATES.get(status or "", "done")
