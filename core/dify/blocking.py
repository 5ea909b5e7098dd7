"""A blocking reply as the events that a stream would have brought, so that one fold reads both. Pure.

Source: Dify api/core/app/apps/*/generate_response_converter.py (blocking_response); 0.15 to 1.16.
"""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

from core.dify.events import AnyEvent, parse
from core.dify.human_forms import Pause

_IDS = ("task_id", "message_id", "conversation_id", "workflow_run_id", "mode", "created_at")


def events_of(body: object) -> Iterator[AnyEvent]:
    """The events of a reply of 200: of a message, of a run, or of one that waits for a person.

    A failed workflow is a reply of 200 too. Of anything else there are none: the answer is lost.
    """
    if not isinstance(body, dict):
        return
    ids = {name: body[name] for name in _IDS if body.get(name)}
    data = body.get("data")
    if isinstance(body.get("answer"), str):
        message = {"event": "message", "id": body.get("id"), "answer": body["answer"]}
        yield _event(ids | message)
    if isinstance(data, dict):
        yield from _run(ids, data)
    elif isinstance(body.get("answer"), str):
        yield _event(ids | {"event": "message_end", "id": body.get("id"), "metadata": body.get("metadata")})


def _run(ids: dict[str, Any], data: dict[str, Any]) -> Iterator[AnyEvent]:
    paused = data.get("status") == "paused"
    if not ids.get("workflow_run_id"):
        ids |= {"workflow_run_id": data.get("workflow_run_id") or data.get("id")}
    if paused:
        for form in Pause.model_validate(data).forms:
            yield _event(ids | {"event": "human_input_required", "data": form.model_dump()})
    yield _event(ids | {"event": "workflow_paused" if paused else "workflow_finished", "data": data})


def _event(fields: dict[str, Any]) -> AnyEvent:
    return parse(json.dumps(fields).encode())


async def stream_of(body: object) -> AsyncIterator[AnyEvent]:
    """The same, as a stream gives them."""
    for event in events_of(body):
        yield event
