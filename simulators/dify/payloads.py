"""The larger JSON objects of Dify's replies, by release: metadata, node and run data, message rows."""

from typing import Any

from simulators.dify.state import App, Conversation, Form, Message, NodeRun, Run, now
from simulators.dify.wire import Dialect


def usage(run: Run, dialect: Dialect, *, timing: bool = False) -> dict[str, Any]:
    """Token counts and prices; prices are decimal strings."""
    stopped = run.status == "stopped"
    asked, said = (0, 0) if stopped else (len(run.query.split()) + 5, run.pieces)
    zero = "0" if not stopped else "0.0"
    price = zero if dialect.since(1) or stopped else "0E-7"
    counts = {
        "prompt_tokens": asked,
        "prompt_unit_price": zero,
        "prompt_price_unit": zero,
        "prompt_price": price,
        "completion_tokens": said,
        "completion_unit_price": zero,
        "completion_price_unit": zero,
        "completion_price": price,
        "total_tokens": asked + said,
        "total_price": price,
        "currency": "USD",
        "latency": run.seconds,
    }
    return counts | ({"time_to_first_token": None, "time_to_generate": None} if timing else {})


def message_metadata(run: Run, dialect: Dialect, *, blocking: bool = False) -> dict[str, Any]:
    """`metadata` of `message_end` and of a blocking reply."""
    annotation = {"annotation_reply": run.annotated} if run.annotated else {}
    if not dialect.since(1):
        sources = {"retriever_resources": run.sources} if run.sources else {}
        return annotation | sources | {"usage": usage(run, dialect)}
    full = blocking or run.mode == "advanced-chat"
    head = {"annotation_reply": run.annotated} if full else annotation
    counts = usage(run, dialect, timing=full)
    return head | {"retriever_resources": run.sources, "usage": counts, "reasoning": {}}


def system_inputs(run: Run, dialect: Dialect) -> dict[str, Any]:
    """What `workflow_started` echoes: the user's inputs and the sys.* variables."""
    given: dict[str, Any] = dict(run.inputs)
    if run.conversation is not None:
        given["sys.query"] = run.query
    given["sys.files"] = [upload.id for upload in run.files]
    if run.conversation is not None and not dialect.since(1):
        given["sys.conversation_id"] = run.conversation.id
    given["sys.user_id"] = run.user
    if run.conversation is not None:
        given["sys.dialogue_count"] = run.turn if dialect.since(1) else run.turn - 1
    given["sys.app_id"] = run.app.id
    return given | {"sys.workflow_id": run.workflow_id, "sys.workflow_run_id": run.id}


def started_data(run: Run, dialect: Dialect, reason: str = "initial") -> dict[str, Any]:
    data: dict[str, Any] = {"id": run.id, "workflow_id": run.workflow_id}
    if not dialect.since(1):
        data["sequence_number"] = run.sequence
    data |= {"inputs": system_inputs(run, dialect), "created_at": run.created_at}
    return data | ({"reason": reason} if dialect.since(1) else {})


def finished_data(run: Run, dialect: Dialect) -> dict[str, Any]:
    """`data` of `workflow_finished`."""
    data: dict[str, Any] = {"id": run.id, "workflow_id": run.workflow_id}
    if not dialect.since(1):
        data["sequence_number"] = run.sequence
    good = run.status in {"succeeded", "partial-succeeded"}
    return data | {
        "status": run.status,
        "outputs": run.outputs,
        "error": run.error,
        "elapsed_time": run.seconds,
        "total_tokens": run.pieces if good else 0,
        "total_steps": len(run.nodes),
        "created_by": {"id": run.app.end_user(run.user), "user": run.user},
        "created_at": run.created_at,
        "finished_at": run.finished_at or now(),
        "exceptions_count": int(dialect.since(1) and run.status in {"failed", "partial-succeeded"}),
        "files": [],
    }


def _branches() -> dict[str, None]:
    names = ("parallel_id", "parallel_start_node_id", "parent_parallel_id", "parent_parallel_start_node_id")
    return dict.fromkeys(names)


def _node_head(node: NodeRun, dialect: Dialect) -> dict[str, Any]:
    return {
        "id": node.id,
        "node_id": node.node_id,
        "node_type": node.type,
        "title": node.title,
        "index": 1 if dialect.since(1) else node.index,
        "predecessor_node_id": None if dialect.since(1) else node.predecessor,
        "inputs": None,
    }


def node_started_data(node: NodeRun, dialect: Dialect, *, snapshot: bool = False) -> dict[str, Any]:
    """`data` of `node_started`; a snapshot leaves the newest fields out."""
    data = _node_head(node, dialect)
    if dialect.since(1) and not snapshot:
        data["inputs_truncated"] = False
    data |= {"created_at": node.created_at, "extras": {}}
    if not dialect.since(1):
        return data | _branches() | {"iteration_id": None, "parallel_run_id": None}
    return data | {"iteration_id": None, "loop_id": None} | ({} if snapshot else {"agent_strategy": None})


def node_finished_data(node: NodeRun, dialect: Dialect, *, snapshot: bool = False) -> dict[str, Any]:
    """`data` of `node_finished`."""
    cut = dialect.since(1) and not snapshot
    data = _node_head(node, dialect)
    results = {"process_data": None if snapshot else {}, "outputs": None if snapshot else {"text": node.text}}
    for name, value in [("inputs", data.pop("inputs")), *results.items()]:
        data[name] = value
        if cut:
            data[f"{name}_truncated"] = False
    data |= {
        "status": node.status,
        "error": node.error,
        "elapsed_time": 0.001,
        "execution_metadata": None,
        "created_at": node.created_at,
        "finished_at": node.created_at,
        "files": [],
    }
    branch: dict[str, Any] = {} if dialect.since(1) else _branches()
    return data | branch | {"iteration_id": None} | ({"loop_id": None} if dialect.since(1) else {})


def form_data(form: Form) -> dict[str, Any]:
    """`data` of `human_input_required`."""
    pause = form.pause
    return {
        "form_id": form.id,
        "node_id": form.node_id,
        "node_title": pause.title,
        "form_content": pause.content,
        "inputs": [dict(field) for field in pause.inputs],
        "actions": [dict(action) for action in pause.actions],
        "display_in_ui": True,
        "form_token": form.token if pause.with_token else None,
        "approval_channels": ["console"],
        "resolved_default_values": {},
        "expiration_time": form.expires_at,
    }


def paused_data(run: Run, form: Form) -> dict[str, Any]:
    """`data` of `workflow_paused`."""
    asked = form_data(form)
    order = ("form_id", "form_content", "inputs", "actions", "node_id", "node_title")
    tail = ("resolved_default_values", "form_token", "approval_channels", "expiration_time")
    reason = {"TYPE": "human_input_required"} | {name: asked[name] for name in order + tail}
    return {
        "workflow_run_id": run.id,
        "paused_nodes": [form.node_id],
        "outputs": {},
        "reasons": [reason],
        "status": "paused",
        "created_at": run.created_at,
        "elapsed_time": run.seconds,
        "total_tokens": run.pieces,
        "total_steps": len(run.nodes),
    }


def blocking_message(run: Run, dialect: Dialect) -> dict[str, Any]:
    """The whole reply of a blocking chat or completion."""
    assert run.message is not None
    body: dict[str, Any] = {"event": "message", "task_id": run.task_id, "id": run.message.id}
    body["message_id"] = run.message.id
    if run.conversation is not None:
        body["conversation_id"] = run.conversation.id
    metadata = message_metadata(run, dialect, blocking=True)
    body |= {"mode": run.mode, "answer": run.answer, "metadata": metadata}
    return body | {"created_at": run.message.created_at}


def blocking_run(run: Run, dialect: Dialect) -> dict[str, Any]:
    """The whole reply of a blocking workflow: HTTP 200 also when it failed."""
    data = finished_data(run, dialect)
    names = ("id", "workflow_id", "status", "outputs", "error", "elapsed_time", "total_tokens")
    data = {name: data[name] for name in (*names, "total_steps", "created_at", "finished_at")}
    if run.status == "paused" and run.form is not None:
        paused = paused_data(run, run.form)
        extra = {"paused_nodes": paused["paused_nodes"], "reasons": paused["reasons"]}
        data |= {"finished_at": None} | extra
    return {"task_id": run.task_id, "workflow_run_id": run.id, "data": data}


def conversation_row(conversation: Conversation) -> dict[str, Any]:
    return {
        "id": conversation.id,
        "name": conversation.name,
        "inputs": conversation.inputs,
        "status": "normal",
        "introduction": conversation.introduction,
        "created_at": conversation.created_at,
        "updated_at": conversation.updated_at,
    }


def message_row(message: Message, app: App, dialect: Dialect, files: list[dict[str, Any]]) -> dict[str, Any]:
    """A row of GET /messages."""
    row: dict[str, Any] = {
        "id": message.id,
        "conversation_id": message.conversation_id,
        "parent_message_id": "00000000-0000-0000-0000-000000000000",
        "inputs": message.inputs,
        "query": message.query,
        "answer": message.answer,
        "message_files": files,
        "feedback": {"rating": message.feedback["rating"]} if message.feedback else None,
        "retriever_resources": message.sources if app.citations else [],
        "created_at": message.created_at,
        "agent_thoughts": [thought_row(thought, message, dialect) for thought in message.thoughts],
        "status": message.status,
        "error": message.error,
    }
    if not dialect.since(1):
        return row
    told = {"message_tokens": 0, "answer_tokens": 0, "provider_response_latency": 0.0}
    price = {"total_price": "0E-7", "currency": "USD"}
    return row | told | price | {"extra_contents": message.forms, "total_tokens": 0}


def thought_row(thought: dict[str, Any], message: Message, dialect: Dialect) -> dict[str, Any]:
    """A stored agent thought; 1.x renamed `message_files` and repeats the text as `answer`."""
    row = {"chain_id": None, "message_id": message.id} | thought
    if not dialect.since(1):  # 0.15 really lists one file of nulls, files or not
        names = ("id", "filename", "type", "url", "mime_type", "transfer_method")
        return row | {"message_files": [dict.fromkeys(names) | {"size": 0, "belongs_to": "user"}]}
    row["files"] = row.pop("message_files")
    return row | {"answer": row["thought"]}
