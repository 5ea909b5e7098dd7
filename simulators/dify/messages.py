"""Stored messages: the list, feedback, and the suggested next questions."""

from typing import Any

from aiohttp import web

from simulators.dify.conversations import conversation_of
from simulators.dify.errors import DifyError, invalid, missing, not_found, unprocessable
from simulators.dify.exchange import Exchange
from simulators.dify.files import file_rows
from simulators.dify.payloads import message_row
from simulators.dify.state import Message, new_id, now


async def list_messages(exchange: Exchange) -> web.StreamResponse:
    """GET /messages: the latest `limit`, or those before `first_id`; ascending inside the page."""
    query, model = exchange.request.query, "MessageListQuery"
    if "conversation_id" not in query:
        raise missing(exchange.dialect, model, "conversation_id", where="query string")
    limit = exchange.number("limit", 20, model)
    if not query["conversation_id"]:
        return exchange.json({"limit": limit, "has_more": False, "data": []})
    found = conversation_of(exchange, query["conversation_id"], tail=True)
    end = _before(exchange, found.messages, query.get("first_id"))
    page = found.messages[max(0, end - limit) : end]
    data = [_row(exchange, message) for message in page]
    return exchange.json({"limit": limit, "has_more": end > limit, "data": data})


def _before(exchange: Exchange, messages: list[Message], first_id: str | None) -> int:
    if not first_id:
        return len(messages)
    ids = [message.id for message in messages]
    if first_id not in ids:
        uri = exchange.path if exchange.dialect.since(1) else None
        raise not_found("First Message Not Exists.", uri)
    return ids.index(first_id)


def _row(exchange: Exchange, message: Message) -> dict[str, Any]:
    files = file_rows(exchange.workspace, message.files)
    return message_row(message, exchange.target, exchange.dialect, files)


def message_of(exchange: Exchange) -> Message:
    """The user's message; another user's does not exist."""
    found = exchange.target.message(exchange.part("message_id"), exchange.user)
    if found is None:
        raise not_found("Message Not Exists.")
    return found


async def feedback(exchange: Exchange) -> web.StreamResponse:
    """POST /messages/{id}/feedbacks: one per message; null takes it back, and needs one to take back."""
    rating = exchange.body.get("rating")
    if rating not in (None, "like", "dislike"):
        problem, old = "Input should be 'like' or 'dislike'", f"{rating} is not a valid choice"
        raise unprocessable(exchange.dialect, "MessageFeedbackPayload", "rating", problem, old)
    message = message_of(exchange)
    if rating is None and message.feedback is None:
        raise invalid("rating cannot be None when feedback not exists")
    _rate(exchange, message, rating)
    detail = {"message": message.id, "rating": rating, "user": exchange.user}
    exchange.workspace.journal.changed("feedback", detail)
    return exchange.success()


def _rate(exchange: Exchange, message: Message, rating: str | None) -> None:
    rows = exchange.target.feedbacks
    rows[:] = [row for row in rows if row["message_id"] != message.id]
    message.feedback = None
    if rating is None:
        return
    message.feedback = {"rating": rating, "content": exchange.body.get("content")}
    row: dict[str, Any] = {
        "id": new_id(),
        "app_id": exchange.target.id,
        "conversation_id": message.conversation_id,
    }
    row |= {"message_id": message.id, "from_source": "user", "from_account_id": None}
    row |= {"from_end_user_id": exchange.target.end_user(exchange.user), "created_at": now()}
    rows.insert(0, row | message.feedback | {"updated_at": now()})


async def list_feedback(exchange: Exchange) -> web.StreamResponse:
    """GET /app/feedbacks: all users' feedback, newest first, without `has_more`."""
    page = exchange.number("page", 1, "FeedbackListQuery", highest=99999)
    limit = exchange.number("limit", 20, "FeedbackListQuery", highest=101)
    start = (page - 1) * limit
    return exchange.json({"data": exchange.target.feedbacks[start : start + limit]})


async def suggested(exchange: Exchange) -> web.StreamResponse:
    """GET /messages/{id}/suggested."""
    message_of(exchange)
    if exchange.target.suggestions is None:
        raise DifyError(400, "bad_request", "Suggested Questions Is Disabled.")
    return exchange.json({"result": "success", "data": list(exchange.target.suggestions)})
