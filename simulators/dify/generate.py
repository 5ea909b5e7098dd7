"""Starting and stopping runs: POST /chat-messages, /completion-messages, /workflows/run and their stops."""

import uuid
from typing import Any

from aiohttp import web

from simulators.dify.errors import DifyError, invalid, missing, not_found, too_many, unprocessable
from simulators.dify.exchange import Exchange
from simulators.dify.files import input_file_problem, message_files
from simulators.dify.flows import synthetic
from simulators.dify.inputs import input_problem
from simulators.dify.payloads import blocking_message, blocking_run, paused_data
from simulators.dify.script import Answer, Refuse
from simulators.dify.sse import CLOSING, EventStream
from simulators.dify.state import FLOW_MODES, Conversation, Message, Run
from simulators.dify.wire import PING
from simulators.dify.worker import hang_up, launch


async def chat(exchange: Exchange) -> web.StreamResponse:
    """POST /chat-messages."""
    body, app = exchange.body, exchange.target
    _check_body(exchange, "ChatRequestPayload", query=True)
    _check_conversation_id(exchange)
    if app.mode == "advanced-chat" and exchange.dialect.since(1, 7, 2):
        _version(exchange, body.get("workflow_id"))
    streaming = body.get("response_mode", "streaming" if app.mode == "agent" else "blocking") == "streaming"
    if app.mode in {"agent-chat", "agent"} and not streaming:
        raise invalid("Agent Chat App does not support blocking mode")
    return await _run(exchange, streaming=streaming)


async def complete(exchange: Exchange) -> web.StreamResponse:
    """POST /completion-messages."""
    _check_body(exchange, "CompletionRequestPayload")
    return await _run(exchange, streaming=exchange.body.get("response_mode") == "streaming")


async def run_workflow(exchange: Exchange) -> web.StreamResponse:
    """POST /workflows/run, and /workflows/{workflow_id}/run for a published version."""
    _check_body(exchange, "WorkflowRunPayload")
    _version(exchange, exchange.request.match_info.get("workflow_id"))
    return await _run(exchange, streaming=exchange.body.get("response_mode") == "streaming")


def _check_body(exchange: Exchange, model: str, *, query: bool = False) -> None:
    body, dialect = exchange.body, exchange.dialect
    for name in ("inputs", "query") if query else ("inputs",):
        if name not in body:
            raise missing(dialect, model, name)
    if body["inputs"] is None and dialect.since(1):
        raise invalid(f"1 validation error for {model}\ninputs\n  Input should be a valid dictionary")
    if body.get("response_mode") not in (None, "blocking", "streaming"):
        problem = "Input should be 'blocking' or 'streaming'"
        old = f"{body['response_mode']} is not a valid choice"
        raise unprocessable(dialect, model, "response_mode", problem, old)
    if query and body["query"] == "":
        raise invalid("query is required")
    if not exchange.target.published:
        raise invalid("Workflow not published")


def _check_conversation_id(exchange: Exchange) -> None:
    given = exchange.body.get("conversation_id")
    if not given:
        return
    try:
        uuid.UUID(str(given))
    except ValueError:
        problem, old = "Value error, conversation_id must be a valid UUID", f"{given} is not a valid uuid."
        raise unprocessable(exchange.dialect, "ChatRequestPayload", "conversation_id", problem, old) from None


def _version(exchange: Exchange, wanted: str | None) -> None:
    """Refuse a version that is not published: no id, the draft's, or nobody's."""
    if not wanted:
        return
    try:
        uuid.UUID(wanted)
    except ValueError:
        raise DifyError(400, "bad_request", f"Invalid workflow_id format: '{wanted}'. ") from None
    if wanted == exchange.target.draft_id:
        words = f"Cannot use draft workflow version. Workflow ID: {wanted}. "
        raise DifyError(400, "bad_request", words + "Please use a published workflow version.")
    if wanted not in (exchange.target.workflow_id, *exchange.target.versions):
        raise not_found(f"Workflow not found with id: {wanted}")


def _run_version(exchange: Exchange) -> str:
    named = exchange.body.get("workflow_id") if exchange.dialect.since(1, 7, 2) else None
    wanted = exchange.request.match_info.get("workflow_id") or named
    return str(wanted or exchange.target.workflow_id)


def _conversation(exchange: Exchange) -> Conversation | None:
    given = exchange.body.get("conversation_id")
    if not given:
        return None
    found = exchange.target.conversation(str(given), exchange.user)
    if found is None:
        raise not_found("Conversation Not Exists.", exchange.path if exchange.dialect.since(1) else None)
    return found


async def _run(exchange: Exchange, *, streaming: bool) -> web.StreamResponse:
    app, body = exchange.target, exchange.body
    if app.max_active_requests and len(app.active) >= app.max_active_requests:
        raise too_many(exchange.dialect, app.id, app.max_active_requests)
    conversation = _conversation(exchange)
    files = message_files(exchange, body.get("files"))
    inputs = dict(body["inputs"] or {})
    if conversation is not None and not exchange.dialect.since(1):
        inputs = dict(conversation.inputs)  # before 1.0 the first turn's inputs stayed
    run = Run(app, exchange.user, str(body.get("query") or ""), inputs, streaming, files, conversation)
    run.workflow_id = _run_version(exchange)
    problem = input_problem(app, inputs) or input_file_problem(exchange, inputs)
    if problem:
        return await _refused_inputs(exchange, run, problem)
    run.turn = 1 + (len(conversation.messages) if conversation else 0)
    run.sequence = 1 + len(app.runs)
    answer = exchange.workspace.answer_for(run)
    if isinstance(answer, Refuse):
        raise _refusal(answer)
    _store_question(exchange, run)
    return await (_stream if streaming else _block)(exchange, run, answer)


def _refusal(refuse: Refuse) -> DifyError:
    if refuse.html is not None:
        return DifyError.page(refuse.status, refuse.html)
    return DifyError(refuse.status, refuse.code, refuse.message)


async def _refused_inputs(exchange: Exchange, run: Run, problem: str) -> web.StreamResponse:
    """1.15+ flows answer bad inputs with a stream that fails at once and names no message."""
    if not (run.mode in FLOW_MODES and run.streaming and exchange.dialect.since(1, 15)):
        raise invalid(problem)
    events = [exchange.dialect.event(event) for event in synthetic(run, exchange.dialect, problem)]
    frames = run.channel.listen()
    stream = EventStream(exchange)
    exchange.record()
    for data in [PING, *events]:
        await stream.write(data)
    run.channel.leave(frames)
    return stream.response


def _store_question(exchange: Exchange, run: Run) -> None:
    """The message row exists before the first token, with an empty answer."""
    app = run.app
    if run.mode == "workflow":
        return
    if run.mode != "completion" and run.conversation is None:
        run.conversation = _new_conversation(exchange, run)
    home = run.conversation.id if run.conversation else str(uuid.uuid4())
    run.message = Message(home, run.user, run.query, run.inputs, run.id, files=list(run.files))
    app.messages[run.message.id] = run.message
    if run.conversation is not None:
        run.conversation.messages.append(run.message)
        run.conversation.touch()


def _new_conversation(exchange: Exchange, run: Run) -> Conversation:
    auto = exchange.body.get("auto_generate_name", True)
    plain = run.query.strip()[:20] + ("…" if len(run.query.strip()) > 20 else "")
    name = run.app.auto_name if auto else plain
    made = Conversation(run.user, name, run.inputs, run.app.opening_statement)
    run.app.conversations[made.id] = made
    return made


async def _stream(exchange: Exchange, run: Run, answer: Answer) -> web.StreamResponse:
    workspace = exchange.workspace
    detached = run.mode in FLOW_MODES and exchange.dialect.celery
    frames = run.channel.listen()
    launch(workspace, run, answer)
    try:
        return await EventStream(exchange).relay(
            frames,
            first=[PING] if detached else [],
            closing=CLOSING if detached else frozenset(),
            on_frame=run.note_sent,
            on_hang_up=lambda: hang_up(workspace, run),
        )
    finally:
        run.channel.leave(frames)


async def _block(exchange: Exchange, run: Run, answer: Answer) -> web.StreamResponse:
    """Wait for the end (or a pause); the run goes on to its end even if the client does not wait."""
    frames = run.channel.listen()
    launch(exchange.workspace, run, answer)
    exchange.record()
    try:
        while (await frames.get()).event not in {"end", "workflow_paused"}:
            pass
    finally:
        run.channel.leave(frames)
    return exchange.json(_whole(exchange, run), blocking=True)


def _whole(exchange: Exchange, run: Run) -> dict[str, Any]:
    if run.mode == "workflow":
        return blocking_run(run, exchange.dialect)
    if run.failure is not None:
        if run.mode == "advanced-chat":
            raise invalid(f"Run failed: {run.failure.message}")
        raise DifyError(400, "completion_request_error", run.failure.message)
    whole = blocking_message(run, exchange.dialect)
    if run.status == "paused" and run.form is not None:
        whole |= {"event": "workflow_paused", "workflow_run_id": run.id, "data": paused_data(run, run.form)}
    return whole


async def stop(exchange: Exchange) -> web.StreamResponse:
    """POST …/stop: always success; an easy app only obeys the user who asked."""
    task_id = exchange.part("task_id")
    for run in exchange.target.active:
        if run.task_id == task_id:
            if run.mode == "workflow" or run.user == exchange.user:
                _ask_to_stop(run)
            elif exchange.dialect.celery:
                run.abort_asked = True  # has an effect on chatflows only, and only at the end
    return exchange.success()


def _ask_to_stop(run: Run) -> None:
    """A run that is paused waits on, and ends when its form is answered (up to 1.16.1; later ones forget)."""
    if run.status == "paused":
        run.abort_asked = True
    else:
        run.stop_asked.set()
