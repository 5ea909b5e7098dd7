"""Conversations: list, rename, delete, and their variables."""

import re
from typing import Any

from aiohttp import web

from simulators.dify.errors import DifyError, bad_request, invalid, not_found, unprocessable
from simulators.dify.exchange import Exchange
from simulators.dify.payloads import conversation_row
from simulators.dify.state import Conversation, new_id, now

ORDERS = ("created_at", "-created_at", "updated_at", "-updated_at")


def conversation_of(exchange: Exchange, conversation_id: str, *, tail: bool = False) -> Conversation:
    """The user's conversation; another user's, another app's and a deleted one do not exist."""
    found = exchange.target.conversation(conversation_id, exchange.user)
    if found is None:
        uri = exchange.path if tail and exchange.dialect.since(1) else None
        raise not_found("Conversation Not Exists.", uri)
    return found


async def list_conversations(exchange: Exchange) -> web.StreamResponse:
    """GET /conversations: newest update first unless `sort_by` says otherwise."""
    query = exchange.request.query
    limit = exchange.number("limit", 20, "ConversationListQuery")
    order = query.get("sort_by", "-updated_at")
    if order not in ORDERS:
        problem = f"{order} is not a valid choice"
        raise unprocessable(exchange.dialect, "ConversationListQuery", "sort_by", problem, problem)
    mine = [item for item in exchange.target.conversations.values() if item.user == exchange.user]
    mine.sort(key=lambda item: item.made if "created" in order else item.touched, reverse=order[0] == "-")
    start = _after(exchange, [item.id for item in mine], query.get("last_id"))
    page = mine[start : start + limit]
    data = [conversation_row(item) for item in page]
    return exchange.json({"limit": limit, "has_more": start + limit < len(mine), "data": data})


def _after(exchange: Exchange, ids: list[str], last_id: str | None) -> int:
    if not last_id:
        return 0
    if last_id not in ids:
        uri = exchange.path if exchange.dialect.since(1) else None
        raise not_found("Last Conversation Not Exists.", uri)
    return ids.index(last_id) + 1


async def rename(exchange: Exchange) -> web.StreamResponse:
    """POST /conversations/{id}/name: a given name, or one that a model makes up."""
    found = conversation_of(exchange, exchange.part("conversation_id"))
    name = exchange.body.get("name")
    if exchange.body.get("auto_generate"):
        if not found.messages:
            raise invalid("Conversation has no messages")
        name = exchange.target.auto_name
    if not name:
        if not exchange.dialect.since(1):
            raise DifyError(500, "unknown", "Internal Server Error")
        raise invalid(
            "1 validation error for ConversationRenamePayload\n"
            "  Value error, name is required when auto_generate is false"
        )
    found.name = str(name)
    found.touch()
    return exchange.json(conversation_row(found))


async def delete(exchange: Exchange) -> web.StreamResponse:
    """DELETE /conversations/{id}: 204 without a body since 1.x, before 200 with one."""
    found = conversation_of(exchange, exchange.part("conversation_id"))
    del exchange.target.conversations[found.id]
    for message in found.messages:
        exchange.target.messages.pop(message.id, None)
    if not exchange.dialect.since(1):
        return exchange.success()
    headers = exchange.dialect.headers() | {"Content-Type": "application/json"}
    return web.Response(status=204, headers=headers)


async def list_variables(exchange: Exchange) -> web.StreamResponse:
    """GET /conversations/{id}/variables."""
    found = conversation_of(exchange, exchange.part("conversation_id"))
    limit = exchange.number("limit", 20, "ConversationVariablesQuery")
    wanted = exchange.request.query.get("variable_name", "")
    if wanted and not re.fullmatch(r"[A-Za-z0-9_.-]{1,255}", wanted):
        raise invalid("variable_name may only contain letters, digits, '_', '-' and '.'")
    rows = [row for row in found.variables.values() if wanted.lower() in row["name"].lower()]
    last = exchange.request.query.get("last_id")
    ids = [row["id"] for row in rows]
    if last and last not in ids:
        raise bad_request()
    start = ids.index(last) + 1 if last else 0
    page = rows[start : start + limit]
    return exchange.json({"limit": limit, "has_more": start + limit < len(rows), "data": page})


async def set_variable(exchange: Exchange) -> web.StreamResponse:
    """PUT /conversations/{id}/variables/{variable_id}."""
    found = conversation_of(exchange, exchange.part("conversation_id"))
    row = found.variables.get(exchange.part("variable_id"))
    if row is None:
        raise not_found("Conversation variable not found")
    value = exchange.body.get("value")
    if not _fits(row["value_type"], value):
        raise DifyError(400, "bad_request", f"Type mismatch: variable expects {row['value_type']}")
    row |= {"value": value, "updated_at": now()}
    return exchange.json(row)


def _fits(value_type: str, value: Any) -> bool:
    kinds: dict[str, type | tuple[type, ...]] = {"string": str, "number": (int, float), "object": dict}
    return isinstance(value, kinds.get(value_type, object))


def add_variable(
    conversation: Conversation, name: str, value: Any, value_type: str = "string"
) -> dict[str, Any]:
    """Give a conversation a variable, as a chatflow would; returns its row."""
    row = {"id": new_id(), "name": name, "value_type": value_type, "value": value, "description": ""}
    row |= {"created_at": now(), "updated_at": now()}
    conversation.variables[str(row["id"])] = row
    return row
