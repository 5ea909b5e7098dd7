"""Performs a run: plays its script in time, publishes the events, and stores what Dify would store."""

import asyncio
import contextlib
import time
from collections.abc import Iterable

from simulators.dify.agents import AgentOrder
from simulators.dify.files import make_file, signed_url
from simulators.dify.flows import FlowOrder
from simulators.dify.payloads import form_data
from simulators.dify.script import (
    Annotation,
    Answer,
    Drop,
    Eof,
    Fail,
    File,
    Pause,
    Raw,
    Reasoning,
    Silence,
    Step,
    each,
)
from simulators.dify.state import FLOW_MODES, Form, Frame, Run, now
from simulators.dify.streams import Order, Payload
from simulators.dify.wire import PING
from simulators.dify.workspace import Workspace


def launch(workspace: Workspace, run: Run, answer: Answer) -> None:
    """Start a run in the background; it is the caller who listens to its channel first."""
    run.app.runs.append(run)
    workspace.runs.append(run)
    task = asyncio.create_task(Worker(workspace, run, answer).execute())
    workspace.workers[run.id] = task
    workspace.tasks.add(task)
    task.add_done_callback(workspace.tasks.discard)
    workspace.open_runs += 1
    workspace.most_runs = max(workspace.most_runs, workspace.open_runs)
    workspace.journal.changed("run", {"id": run.id, "status": run.status, "app": run.app.name})


def survives(workspace: Workspace, run: Run) -> bool:
    """Whether the run goes on when its client hangs up."""
    return run.mode in FLOW_MODES and workspace.dialect.celery


def hang_up(workspace: Workspace, run: Run) -> None:
    """The client is gone: easy apps (and before 1.13 all apps) lose the answer for good."""
    if run.ended.is_set():
        return
    if not survives(workspace, run):
        run.status = "lost"
        workspace.workers[run.id].cancel()
        return
    run.channel.abandon()
    if run.channel.unnoticed == 1:
        task = asyncio.create_task(_ping(workspace, run))
        workspace.tasks.add(task)
        task.add_done_callback(workspace.tasks.discard)


async def _ping(workspace: Workspace, run: Run) -> None:
    """Pings are writes too: in a silence it takes two of them to notice that a client is gone."""
    while run.channel.unnoticed and not run.ended.is_set():
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(workspace.ping_every):
                await run.ended.wait()
        run.channel.write_to_the_gone()


class Worker:
    """One run's performance."""

    def __init__(self, workspace: Workspace, run: Run, answer: Answer) -> None:
        self.workspace = workspace
        self.run = run
        self.answer = answer
        self.order = self._order()
        self._due = time.monotonic()
        run.sources = [dict(source) for source in answer.sources]

    def _order(self) -> Order:
        run, event = self.run, self.answer.text_event or "message"
        if run.mode in FLOW_MODES:
            return FlowOrder(run, self.workspace.dialect, event)
        if run.mode in {"agent-chat", "agent"}:
            return AgentOrder(run, self.workspace.dialect, event)
        return Order(run, self.workspace.dialect, event)

    async def execute(self) -> None:
        """Play until the end or until somebody stops the run."""
        steps = asyncio.create_task(self._play())
        stop = asyncio.create_task(self.run.stop_asked.wait())
        try:
            await asyncio.wait({steps, stop}, return_when=asyncio.FIRST_COMPLETED)
            if not steps.done() and self.workspace.stop_lag:
                await asyncio.wait({steps}, timeout=self.workspace.stop_lag)
            if not steps.done():
                steps.cancel()
                self._stopped()
        finally:
            steps.cancel()
            stop.cancel()
            self._close()

    def _close(self) -> None:
        run, workspace = self.run, self.workspace
        workspace.open_runs -= 1
        workspace.workers.pop(run.id, None)
        run.ended.set()
        run.channel.publish(Frame("end"))
        workspace.journal.changed("run", {"id": run.id, "status": run.status, "app": run.app.name})

    def _publish(self, events: Iterable[Payload]) -> None:
        for event in events:
            data = self.workspace.dialect.event(event)
            self.run.channel.publish(Frame(event["event"], data, self.run.pieces))

    async def _play(self) -> None:
        try:
            if self.answer.begins:
                self._publish(self.order.begin())
            async for step in each(self.answer.steps):
                await self._permit(step)
                if await self._perform(step):
                    return
            await self._permit(None)
            self._end()
        except Exception as error:  # noqa: BLE001  # a mistake in a script must reach the client, not hang it
            self._failed(Fail(f"script: {error!r}", "internal_server_error", 500))

    async def _permit(self, step: Step | None) -> None:
        if self.answer.gate is not None:
            await self.answer.gate.take()
        elif isinstance(step, str | Reasoning):
            self._due = await self.workspace.paced(self.answer.pace, self._due)

    async def _perform(self, step: Step) -> bool:
        """Do one step; True when it was the last."""
        match step:
            case Fail():
                self._failed(step)
                return True
            case Annotation():
                self._annotated(step)
                return True
            case Drop() | Eof():
                return self._cut("drop" if isinstance(step, Drop) else "eof")
            case Pause():
                await self._pause(step)
            case Silence():
                await self._silence(step)
            case Raw(data):
                self.run.channel.publish(Frame("raw", data))
            case File():
                self._file(step)
            case _:
                self._publish(self.order.step(step))
        return False

    def _cut(self, how: str) -> bool:
        lost = not survives(self.workspace, self.run)
        if lost:
            self.run.status = "lost"
        self.run.channel.publish(Frame(how))
        return lost

    async def _silence(self, silence: Silence) -> None:
        for _ in range(silence.pings):
            self.run.channel.publish(Frame("ping", PING))
        if silence.seconds is None:
            await asyncio.Event().wait()
        await asyncio.sleep(silence.seconds or 0)
        self._due = time.monotonic()

    def _file(self, step: File) -> None:
        upload = make_file(self.workspace, self.run, step)
        url = signed_url(self.workspace, upload)
        self._publish([self.order.file(step, upload, url)])

    async def _pause(self, pause: Pause) -> None:
        run, order = self.run, self.order
        if not isinstance(order, FlowOrder) or not self.workspace.dialect.since(1, 13):
            raise TypeError(f"a {run.mode} app of {self.workspace.version} cannot pause")
        form = run.form = Form(pause, expires_at=now() + pause.seconds)
        run.status, run.seconds = "paused", time.monotonic() - run.started
        if run.message is not None:
            run.message.status, run.message.answer = "paused", run.answer
            content = {"type": "human_input", "workflow_run_id": run.id, "submitted": False}
            run.message.forms = [content | {"form_definition": form_data(form)}]
        self._publish(order.paused(form))
        self.workspace.journal.changed("run", {"id": run.id, "status": run.status, "app": run.app.name})
        await form.submitted.wait()
        run.status = "running"
        self._publish(order.resumed())
        if run.abort_asked:
            run.stop_asked.set()
            await asyncio.Event().wait()

    def _end(self) -> None:
        aborted = self.run.abort_asked and isinstance(self.order, FlowOrder)
        self.run.status = "stopped" if aborted else self.answer.status
        self.run.error = "Aborted: User requested stop" if aborted else None
        self.run.outputs = self._outputs()
        self._settle(
            self.order.aborted() if aborted and isinstance(self.order, FlowOrder) else self.order.end()
        )

    def _outputs(self) -> dict[str, object]:
        if self.run.mode == "workflow":
            return dict(self.answer.outputs) if self.answer.outputs is not None else {"text": self.run.answer}
        files: dict[str, object] = {"files": []} if self.workspace.dialect.since(1) else {}
        return {"answer": self.run.answer} | files

    def _stopped(self) -> None:
        self.run.status, self.run.error = "stopped", "Stopped by user."
        self.run.outputs = {} if self.workspace.dialect.since(1) else None
        self._settle(self.order.stopped())

    def _failed(self, fail: Fail) -> None:
        self.run.status, self.run.error = "failed", fail.message
        self.run.failure = fail
        self.run.outputs = {} if self.workspace.dialect.since(1) else None
        self._settle(self.order.failed(fail))

    def _annotated(self, step: Annotation) -> None:
        self.run.status = "succeeded"
        self._settle(self.order.annotation(step))

    def _settle(self, events: Iterable[Payload]) -> None:
        """Store the outcome, then tell the listeners: a GET after the last event must see the answer."""
        self.run.seconds = time.monotonic() - self.run.started
        self.run.finished_at = now()
        ready = list(events)
        self._save()
        self._publish(ready)

    def _save(self) -> None:
        run, message = self.run, self.run.message
        if message is None:
            return
        message.status, message.error = "normal", None
        if run.status == "failed":
            message.status, message.error = "error", run.error
        message.answer, message.sources, message.thoughts = self._stored(), run.sources, run.thoughts
        if run.conversation is not None:
            run.conversation.touch()
        self.workspace.journal.changed("message", {"id": message.id, "answer": message.answer})

    def _stored(self) -> str:
        run = self.run
        forgets = run.mode in {"agent-chat", "agent"} and self.workspace.dialect.since(1, 16)
        if run.status == "failed" or (run.status == "stopped" and forgets):
            return ""
        text = self.answer.saved if self.answer.saved is not None else run.answer
        return text if run.mode in FLOW_MODES else text.strip()
