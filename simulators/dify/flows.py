"""The events of chatflows and workflows: nodes, the two finishes in each release's order, pauses."""

from collections.abc import Iterator
from typing import Any

from simulators.dify.payloads import (
    finished_data,
    form_data,
    node_finished_data,
    node_started_data,
    paused_data,
    started_data,
)
from simulators.dify.script import Annotation, Fail, Log, Node, Reasoning, Step
from simulators.dify.state import Form, NodeRun, Run, new_id, now
from simulators.dify.streams import Order, Payload
from simulators.dify.wire import Dialect

NO_TERMINAL = "Workflow stream ended without a terminal event"


class FlowOrder(Order):
    """advanced-chat and workflow."""

    def __init__(self, run: Run, dialect: Dialect, text_event: str = "message") -> None:
        super().__init__(run, dialect, text_event)
        self._node: NodeRun | None = None

    def flow(self, event: str, data: Payload) -> Payload:
        """An event about the run itself: it also carries the run's id."""
        payload = self.envelope(event)
        payload.setdefault("workflow_run_id", self.run.id)
        return payload | {"data": data}

    def begin(self) -> Iterator[Payload]:
        yield self.flow("workflow_started", started_data(self.run, self.dialect))
        yield from self._enter(Node("Start", "start"), "start")
        yield from self._leave()

    def _enter(self, node: Node, node_id: str) -> Iterator[Payload]:
        nodes = self.run.nodes
        before = nodes[-1].node_id if nodes else None
        self._node = NodeRun(node_id, node.type, node.title, len(nodes) + 1, before)
        nodes.append(self._node)
        yield self.flow("node_started", node_started_data(self._node, self.dialect))

    def _leave(self, status: str = "succeeded", error: str | None = None) -> Iterator[Payload]:
        if self._node is None:
            return
        self._node.status, self._node.error = status, error
        yield self.flow("node_finished", node_finished_data(self._node, self.dialect))
        self._node, self._spoke = None, False

    def _switch(self, node: Node) -> Iterator[Payload]:
        yield from self._leave()
        yield from self._enter(node, f"{node.type}{len(self.run.nodes)}")

    def text(self, piece: str) -> Iterator[Payload]:
        if self._node is None:
            yield from self._switch(Node())
        assert self._node is not None
        self._node.text += piece
        yield from super().text(piece)

    def _delta(self, piece: str) -> Payload:
        selector = [self._node.node_id if self._node else "llm1", "text"]
        if self.run.message is None:
            return self.envelope("text_chunk", data={"text": piece, "from_variable_selector": selector})
        message_id = self.run.message.id
        return self.envelope(self.text_event, id=message_id, answer=piece, from_variable_selector=selector)

    def step(self, step: Step) -> Iterator[Payload]:
        match step:
            case Node():
                yield from self._switch(step)
            case Reasoning(text, final):
                message_id = self.run.message.id if self.run.message else None
                node_id = self._node.node_id if self._node else "llm1"
                data = {"message_id": message_id, "reasoning": text, "node_id": node_id, "is_final": final}
                yield self.envelope("reasoning_chunk", data=data)
            case Log():
                yield self.envelope("agent_log", data=self._log(step))
            case _:
                yield from super().step(step)

    def _log(self, log: Log) -> Payload:
        ids = {"node_execution_id": self._node.id if self._node else new_id(), "id": log.id}
        told = {"label": log.label, "parent_id": log.parent, "error": None, "status": log.status}
        node_id = self._node.node_id if self._node else "agent1"
        return ids | told | {"data": dict(log.data), "metadata": {}, "node_id": node_id}

    def _closing(self) -> Iterator[Payload]:
        """The end of the nodes: empty deltas, the model's node, the Answer or End node."""
        if self._node is None or self._spoke:
            if self._node is None:
                yield from self._switch(Node())
            for _ in range(2 if self.dialect.since(1) else 1):
                yield self._delta("")
        yield from self._leave()
        last = Node("End", "end") if self.run.message is None else Node("Answer", "answer")
        yield from self._enter(last, last.type)
        yield from self._leave()

    def finish(self) -> Payload:
        return self.flow("workflow_finished", finished_data(self.run, self.dialect))

    def end(self) -> Iterator[Payload]:
        """1.x: message_end, then workflow_finished; 0.15 the other way round."""
        yield from self._closing()
        if self.run.message is None:
            yield self.finish()
        elif self.dialect.since(1):
            yield from (self.message_end(), self.finish())
        else:
            yield from (self.finish(), self.message_end())

    def failed(self, fail: Fail) -> Iterator[Payload]:
        """1.x cuts the stream behind workflow_finished; 0.15 chatflows add an `error`."""
        yield from self._leave("failed", fail.message)
        yield self.finish()
        if self.run.message is not None and not self.dialect.since(1):
            text = f"Run failed: {fail.message}"
            yield self.envelope("error", code="invalid_param", status=400, message=text)

    def stopped(self) -> Iterator[Payload]:
        yield self.finish()
        if self.run.message is not None and not self.dialect.since(1):
            yield self.message_end()

    def aborted(self) -> Iterator[Payload]:
        """Another user's stop on 1.16: all the text comes, then a finish with status stopped."""
        yield from self._closing()
        yield self.finish()

    def annotation(self, step: Annotation) -> Iterator[Payload]:
        """1.15+ adds a failed finish although nothing failed; it has no ids of the message."""
        self.run.annotated = {"id": step.id, "account": {"id": step.author, "name": step.author}}
        self.run.answer = step.text
        yield self._delta(step.text)
        yield self.message_end()
        if self.dialect.since(1, 15):
            yield from synthetic(self.run, self.dialect, NO_TERMINAL)

    def paused(self, form: Form) -> Iterator[Payload]:
        """The form, and the end of this stream."""
        yield from self._leave()
        yield from self._enter(Node(form.pause.title, "human-input"), form.node_id)
        yield self.flow("human_input_required", form_data(form))
        yield self.flow("workflow_paused", paused_data(self.run, form))

    def resumed(self) -> Iterator[Payload]:
        """The form was answered: the same node starts again."""
        yield self.flow("workflow_started", started_data(self.run, self.dialect, "resumption"))
        if self._node is not None:
            yield self.flow("node_started", node_started_data(self._node, self.dialect))


def synthetic(run: Run, dialect: Dialect, error: str) -> Iterator[Payload]:
    """The two events that 1.15+ makes up for a run without a terminal event: only task and run ids."""
    ids: dict[str, Any] = {"task_id": run.id, "workflow_run_id": run.id}
    started: dict[str, Any] = {"id": run.id, "workflow_id": run.workflow_id, "inputs": dict(run.inputs)}
    started |= {"created_at": run.created_at, "reason": "initial"}
    yield {"event": "workflow_started"} | ids | {"data": started}
    data = finished_data(run, dialect)
    data |= {"status": "failed", "outputs": None, "error": error, "created_by": {}, "exceptions_count": 1}
    data |= {"elapsed_time": 0.0, "total_tokens": 0, "total_steps": 0, "finished_at": now()}
    yield {"event": "workflow_finished"} | ids | {"data": data}


def snapshot(run: Run, dialect: Dialect) -> Iterator[Payload]:
    """What `include_state_snapshot=true` replays: the start, an empty replace, the nodes, an open form."""
    ids: dict[str, Any] = {"task_id": run.task_id, "workflow_run_id": run.id}
    tail: dict[str, Any] = {}
    if run.conversation and run.message:
        tail = {"conversation_id": run.conversation.id, "message_id": run.message.id}
        tail["created_at"] = run.message.created_at
    yield {"event": "workflow_started"} | ids | {"data": started_data(run, dialect)} | tail
    if tail:  # the text so far is not kept while a run has never paused: "" must not blank the chat
        saved = run.message.answer if run.message else ""
        yield {"event": "message_replace", "task_id": run.task_id, "answer": saved, "reason": ""} | tail
    for node in run.nodes:
        data = node_started_data(node, dialect, snapshot=True)
        yield {"event": "node_started"} | ids | {"data": data} | tail
        if node.status != "running" or run.status == "paused":  # the waiting node counts as finished
            data = node_finished_data(node, dialect, snapshot=True)
            data["status"] = "paused" if node.status == "running" else node.status
            yield {"event": "node_finished"} | ids | {"data": data} | tail
    if run.status == "paused" and run.form:
        yield {"event": "human_input_required"} | ids | {"data": form_data(run.form)} | tail
        yield {"event": "workflow_paused"} | ids | {"data": paused_data(run, run.form)} | tail
