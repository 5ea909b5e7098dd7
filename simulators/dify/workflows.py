"""Runs of chatflows and workflows seen from outside: details, logs, re-attached streams, and forms."""

import functools
import json
import math
import re
import time
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any

from aiohttp import web

from simulators.dify.errors import DifyError, invalid, not_found
from simulators.dify.exchange import Exchange
from simulators.dify.flows import snapshot
from simulators.dify.payloads import finished_data, system_inputs
from simulators.dify.sse import CLOSING, EventStream
from simulators.dify.state import Form, Run
from simulators.dify.wire import PING, spaced
from simulators.dify.worker import hang_up


def _run_of(exchange: Exchange, run_id: str) -> Run:
    run = exchange.target.run(run_id)
    if run is None:
        raise not_found("Workflow run not found.")
    return run


async def detail(exchange: Exchange) -> web.StreamResponse:
    """GET /workflows/run/{workflow_run_id}: strings and RFC 822 dates before 1.0."""
    new = exchange.dialect.since(1)
    run = exchange.target.run(exchange.part("workflow_run_id"))
    if run is None and not new:
        names = ("id", "workflow_id", "status", "inputs", "outputs", "error", "created_at", "finished_at")
        empty: dict[str, Any] = dict.fromkeys((*names, "elapsed_time"))
        return exchange.json(empty | {"total_steps": 0, "total_tokens": 0})
    run = _run_of(exchange, exchange.part("workflow_run_id"))
    data = finished_data(run, exchange.dialect)
    status = "running" if run.status == "lost" else run.status  # its row is never finished
    row: dict[str, Any] = {"id": run.id, "workflow_id": run.workflow_id, "status": status}
    row["inputs"] = json.dumps(system_inputs(run, exchange.dialect))
    row["outputs"] = run.outputs if new or run.outputs is None else json.dumps(run.outputs)
    row |= {name: data[name] for name in ("error", "total_steps", "total_tokens", "elapsed_time")}
    row["created_at"] = _date(exchange, run.created_at)
    return exchange.json(row | {"finished_at": _date(exchange, run.finished_at)})


def _date(exchange: Exchange, seconds: int | None) -> int | str | None:
    return seconds if seconds is None or exchange.dialect.since(1) else formatdate(seconds)


async def logs(exchange: Exchange) -> web.StreamResponse:
    """GET /workflows/logs: runs of a workflow app, newest first; 0.15 lists those that have ended."""
    query, model = exchange.request.query, "WorkflowLogQuery"
    page = exchange.number("page", 1, model, highest=99999)
    limit = exchange.number("limit", 20, model)
    runs = [run for run in reversed(exchange.target.runs) if run.mode == "workflow"]
    after, before = _times(dict(query))
    rows = [
        run
        for run in runs
        if _is_listed(exchange, run)
        and _wanted(exchange, run, dict(query))
        and after <= run.created_at <= before
    ]
    start = (page - 1) * limit
    data = [_log_row(exchange, run) for run in rows[start : start + limit]]
    more = start + limit < len(rows)
    body = {"page": page, "limit": limit, "total": len(rows), "has_more": more}
    return exchange.json(body | {"data": data})


def _is_listed(exchange: Exchange, run: Run) -> bool:
    """A run is put down as it starts; by 0.15, as it ends, and never where its client had left."""
    return exchange.dialect.since(1) or (run.ended.is_set() and run.status != "lost")


def _wanted(exchange: Exchange, run: Run, query: dict[str, str]) -> bool:
    by_user = exchange.dialect.since(1, 5)  # before, the parameter is ignored
    status, user = query.get("status"), query.get("created_by_end_user_session_id") if by_user else None
    text = json.dumps([run.inputs, run.outputs])
    if "created_by_account" in query:  # every run here is an end user's
        return False
    return status in (None, run.status) and user in (None, run.user) and query.get("keyword", "") in text


def _times(query: dict[str, str]) -> tuple[float, float]:
    try:
        after = _epoch(query.get("created_at__after"), 0.0)
        return after, _epoch(query.get("created_at__before"), math.inf)
    except ValueError:
        raise invalid("Invalid isoformat string") from None


def _epoch(text: str | None, otherwise: float) -> float:
    if text is None:
        return otherwise
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _log_row(exchange: Exchange, run: Run) -> dict[str, Any]:
    data = finished_data(run, exchange.dialect)
    names = ("status", "error", "elapsed_time", "total_tokens", "total_steps", "created_at", "finished_at")
    about = {"id": run.id, "version": "1"} | {name: data[name] for name in names}
    about["exceptions_count"] = data["exceptions_count"]
    user: dict[str, Any] = {"id": exchange.target.end_user(run.user), "session_id": run.user}
    user |= {"type": "service-api", "is_anonymous": False}
    row: dict[str, Any] = {"id": run.task_id, "workflow_run": about, "created_from": "service-api"}
    row |= {"created_by_role": "end_user", "created_by_account": None, "created_by_end_user": user}
    if exchange.dialect.since(1):
        about["triggered_from"] = "app-run"
        row["details"] = None
    return row | {"created_at": run.created_at}


async def events(exchange: Exchange) -> web.StreamResponse:
    """GET /workflow/{workflow_run_id}/events (1.14): only what comes from now on, for the run's user only."""
    run = _run_of(exchange, exchange.part("workflow_run_id"))
    if run.user != exchange.user:
        raise not_found("Workflow run not found.")
    query = exchange.request.query
    replay = query.get("include_state_snapshot") == "true"
    stays = query.get("continue_on_pause") == "true"
    if run.ended.is_set():
        return await _finished(exchange, run)
    first = [exchange.dialect.event(event) for event in snapshot(run, exchange.dialect)] if replay else []
    frames = run.channel.listen()
    try:
        if run.status == "paused" and replay and not stays:
            return await _replayed(exchange, [PING, *first])
        closing = frozenset[str]() if stays else CLOSING
        stream = EventStream(exchange, lingers=stays, deafens=replay)
        gone = functools.partial(hang_up, exchange.workspace, run)
        return await stream.relay(frames, first=[PING, *first], closing=closing, on_hang_up=gone)
    finally:
        run.channel.leave(frames)


async def _finished(exchange: Exchange, run: Run) -> web.StreamResponse:
    """One `workflow_finished`, written with blanks even by 1.16, whose task id is the run's."""
    ids = {"event": "workflow_finished", "task_id": run.id, "workflow_run_id": run.id}
    data = ids | {"data": finished_data(run, exchange.dialect)}
    return await _replayed(exchange, [b"data: " + spaced(data) + b"\n\n"])


async def _replayed(exchange: Exchange, chunks: list[bytes]) -> web.StreamResponse:
    exchange.record()
    stream = EventStream(exchange)
    for data in chunks:
        await stream.write(data)
    return stream.response


def _form_of(exchange: Exchange) -> tuple[Run, Form]:
    token = exchange.part("form_token")
    for run in exchange.target.runs:
        if run.form is not None and run.form.pause.with_token and run.form.token == token:
            return run, _open(run.form)
    raise not_found("Form not found")


def _open(form: Form) -> Form:
    if form.submitted.is_set():
        words = "This form has already been submitted by another user"
        raise DifyError(412, "human_input_form_submitted", words)
    if form.expires_at < time.time():
        raise DifyError(412, "human_input_form_expired", "This form has expired.")
    return form


async def show_form(exchange: Exchange) -> web.StreamResponse:
    """GET /form/human_input/{form_token}."""
    _, form = _form_of(exchange)
    body = {"form_content": form.pause.content, "inputs": [dict(item) for item in form.pause.inputs]}
    actions = [dict(action) for action in form.pause.actions]
    rest = {"resolved_default_values": {}, "user_actions": actions, "expiration_time": form.expires_at}
    return exchange.json(body | rest)


async def submit_form(exchange: Exchange) -> web.StreamResponse:
    """POST /form/human_input/{form_token}: any user may, but only once; the run goes on."""
    _, form = _form_of(exchange)
    inputs, action = exchange.body.get("inputs"), exchange.body.get("action")
    if not isinstance(inputs, dict):
        raise DifyError(400, "bad_request", "inputs is required")
    if action not in {known["id"] for known in form.pause.actions}:
        raise DifyError(400, "invalid_form_data", f"Invalid action: {action}")
    absent = [name for name in _fields(form) if name not in inputs]
    if absent:
        raise DifyError(400, "invalid_form_data", f"Missing required inputs: {', '.join(absent)}")
    form.inputs, form.action, form.by = dict(inputs), str(action), exchange.user
    form.submitted.set()
    return exchange.json({})


def _fields(form: Form) -> list[str]:
    """The names in the form's text that have to be filled in."""
    return re.findall(r"\{\{#\$output\.(\w+)#\}\}", form.pause.content)
