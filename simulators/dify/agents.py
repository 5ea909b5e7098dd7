"""The events of agent apps: thoughts that fill up, deltas, and the New Agent's closing message."""

from collections.abc import Iterator
from typing import Any

from simulators.dify.script import Annotation, Step, Tool
from simulators.dify.state import new_id, now
from simulators.dify.streams import Order, Payload


class AgentOrder(Order):
    """agent-chat, and `agent` (New Agent, 1.15+), which repeats the whole answer in one `message`."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._thought: dict[str, Any] = {}
        self._said = ""

    def begin(self) -> Iterator[Payload]:
        self._open_thought()
        yield self._thought_event()

    def _open_thought(self) -> None:
        position = len(self.run.thoughts) + 1
        self._thought = {
            "id": new_id(),
            "position": position,
            "thought": "",
            "observation": "",
            "tool": "",
            "tool_labels": {},
            "tool_input": "",
            "message_files": [],
        }
        self._said = ""
        self.run.thoughts.append(self._thought | {"created_at": now()})
        if self.run.message is not None:  # stored as it begins, long before the answer
            self.run.message.thoughts = self.run.thoughts

    def _thought_event(self, **changes: Any) -> Payload:
        self._thought |= changes
        self.run.thoughts[-1].update(self._thought)
        return self.envelope("agent_thought", **self._thought)

    def _delta(self, piece: str) -> Payload:
        message_id = self.run.message.id if self.run.message else ""
        event = "agent_message" if self.text_event == "message" else self.text_event
        return self.envelope(event, id=message_id, answer=piece)

    def text(self, piece: str) -> Iterator[Payload]:
        self._said += piece
        yield from super().text(piece)

    def step(self, step: Step) -> Iterator[Payload]:
        if isinstance(step, Tool):
            yield from self._tool(step)
        else:
            yield from super().step(step)

    def _tool(self, tool: Tool) -> Iterator[Payload]:
        for _ in range(2 if self._spoke or not self.dialect.since(1) else 3):
            yield self._delta("")
        self._spoke = True
        labels = dict(tool.labels) or {tool.name: {"en_US": tool.name, "zh_Hans": tool.name}}
        called = {"thought": self._said, "tool": tool.name, "tool_labels": labels, "tool_input": tool.input}
        yield self._thought_event(**called)
        yield self._thought_event(observation=tool.observation)
        self._open_thought()
        yield self._thought_event()

    def annotation(self, step: Annotation) -> Iterator[Payload]:
        """Put out as a model's text is by other easy apps: no agent begins, so nothing is thought."""
        self.run.annotated = {"id": step.id, "account": {"id": step.author, "name": step.author}}
        self.run.answer = step.text
        yield super()._delta(step.text)
        yield self.message_end()

    def end(self) -> Iterator[Payload]:
        yield self._delta("")
        yield self._thought_event(thought=self._said)
        if self.run.mode == "agent":
            message_id = self.run.message.id if self.run.message else ""
            yield self.envelope("message", id=message_id, answer=self.run.answer, from_variable_selector=None)
        yield self.message_end()
        if self.run.spoke:
            yield self.envelope("tts_message_end", audio="")
