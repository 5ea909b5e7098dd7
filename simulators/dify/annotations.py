"""Annotations: the answers that an app gives without its model, and the switch for them (1.2)."""

from typing import Any

from aiohttp import web

from simulators.dify.errors import invalid, missing, not_found
from simulators.dify.exchange import Exchange
from simulators.dify.state import new_id, now

ACTIONS = {"enable": True, "disable": False}


async def list_annotations(exchange: Exchange) -> web.StreamResponse:
    """GET /apps/annotations: newest first, `keyword` in question or answer."""
    page = exchange.number("page", 1, "AnnotationListQuery", highest=99999)
    limit = exchange.number("limit", 20, "AnnotationListQuery")
    keyword = exchange.request.query.get("keyword", "").lower()
    rows = [
        row
        for row in reversed(exchange.target.annotations.values())
        if keyword in f"{row['question']}\n{row['answer']}".lower()
    ]
    start = (page - 1) * limit
    body: dict[str, Any] = {"data": rows[start : start + limit], "has_more": start + limit < len(rows)}
    return exchange.json(body | {"limit": limit, "total": len(rows), "page": page})


async def create(exchange: Exchange) -> web.StreamResponse:
    """POST /apps/annotations: 201. See Workspace for the gates."""
    texts, before, after = _texts(exchange), *exchange.workspace.annotation_gates
    exchange.record(201)
    if before is not None:
        await before.wait()
    row: dict[str, Any] = {"id": new_id()} | texts | {"hit_count": 0, "created_at": now()}
    exchange.target.annotations[str(row["id"])] = row
    if after is not None:
        await after.wait()
    return exchange.json(row, 201)


async def update(exchange: Exchange) -> web.StreamResponse:
    """PUT /apps/annotations/{annotation_id}."""
    row = _annotation(exchange)
    row |= _texts(exchange)
    return exchange.json(row)


async def delete(exchange: Exchange) -> web.StreamResponse:
    """DELETE /apps/annotations/{annotation_id}: 204 without a body."""
    del exchange.target.annotations[_annotation(exchange)["id"]]
    headers = exchange.dialect.headers() | {"Content-Type": "application/json"}
    return web.Response(status=204, headers=headers)


def _annotation(exchange: Exchange) -> dict[str, Any]:
    row = exchange.target.annotations.get(exchange.part("annotation_id"))
    if row is None:
        raise not_found("Annotation not found")
    return row


def _texts(exchange: Exchange) -> dict[str, str]:
    for name in ("question", "answer"):
        if not isinstance(exchange.body.get(name), str):
            raise missing(exchange.dialect, "AnnotationCreatePayload", name)
    return {name: exchange.body[name] for name in ("question", "answer")}


async def switch(exchange: Exchange) -> web.StreamResponse:
    """POST /apps/annotation-reply/{action}: a job, which is done at once here."""
    action = exchange.part("action")
    if action not in ACTIONS:
        raise invalid(f"Invalid action: {action}")
    for name in ("score_threshold", "embedding_provider_name", "embedding_model_name"):
        if name not in exchange.body:
            raise missing(exchange.dialect, "AnnotationReplyActionPayload", name)
    app = exchange.target
    app.annotation_reply = ACTIONS[action]
    app.annotation_jobs.append(new_id())
    return exchange.json({"job_id": app.annotation_jobs[-1], "job_status": "waiting"})


async def status(exchange: Exchange) -> web.StreamResponse:
    """GET /apps/annotation-reply/{action}/status/{job_id}."""
    job_id = exchange.part("job_id")
    if job_id not in exchange.target.annotation_jobs:
        raise invalid("The job does not exist.")
    return exchange.json({"job_id": job_id, "job_status": "completed", "error_msg": ""})
