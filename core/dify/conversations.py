"""Conversations as Dify keeps them: listed, named, read, and their variables.

Source: Dify api/controllers/service_api/app/{conversation,message}.py; 0.15 to 1.16. All belong to the app
and the `user` that asked: for another user there is no such conversation, nor such a message.
"""

from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Field

from core.dify.calls import Calls, given, part
from core.dify.metadata import AppFile, Source, Thought
from core.dify.rows import OBJECTS, Object, Page, Row, Seconds, Texts

SortBy = Literal["created_at", "-created_at", "updated_at", "-updated_at"]


class Conversation(Row):
    """One conversation. `inputs` are those of its first turn."""

    id: str = ""
    name: str = ""
    inputs: Object = Field(default_factory=dict)
    status: str = ""
    introduction: str = ""
    created_at: Seconds = 0.0
    updated_at: Seconds = 0.0


class Rating(Row):
    """`feedback` of a message: like or dislike."""

    rating: str | None = None


class Turn(Row):
    """One question and its answer. `error` is for the operator: it may hold hosts and a provider's words."""

    id: str = ""
    conversation_id: str = ""
    parent_message_id: str = ""
    inputs: Object = Field(default_factory=dict)
    query: str = ""
    answer: str = ""
    status: str = "normal"  # normal, error, paused
    error: str | None = None
    message_files: Annotated[tuple[AppFile, ...], OBJECTS] = ()
    feedback: Rating = Field(default_factory=Rating)
    retriever_resources: Annotated[tuple[Source, ...], OBJECTS] = ()
    agent_thoughts: Annotated[tuple[Thought, ...], OBJECTS] = ()
    extra_contents: Annotated[tuple[dict[str, Any], ...], OBJECTS] = ()  # forms of paused runs (1.13)
    total_tokens: int = 0
    created_at: Seconds = 0.0

    @property
    def files(self) -> tuple[AppFile, ...]:
        """What the app made: files of the answer, then those of the agent's tools, each once, with a URL."""
        of_tools = (file for thought in self.agent_thoughts for file in thought.files + thought.message_files)
        made = {file.url: file for file in (*self.message_files, *of_tools) if file.url}
        return tuple(file for file in made.values() if file.is_made)


class Variable(Row):
    """A conversation variable. `value` may be JSON in a text, where the type is no text."""

    id: str = ""
    name: str = ""
    value_type: str = ""
    value: Any = None
    description: str = ""
    created_at: Seconds = 0.0
    updated_at: Seconds = 0.0


class Conversations:
    """All raise ConversationGone where the conversation is not, or no longer, that user's."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def list(
        self, user: str, *, last_id: str | None = None, limit: int = 20, sort_by: SortBy = "-updated_at"
    ) -> Page[Conversation]:
        """A page of 1 to 100 conversations (Dify: GET /conversations); the next one is after `last_id`."""
        params = given(user=user, last_id=last_id, limit=limit, sort_by=sort_by)
        return await self._calls.page(Conversation, "/conversations", params=params)

    async def turns(
        self, conversation_id: str, user: str, *, first_id: str | None = None, limit: int = 20
    ) -> Page[Turn]:
        """The latest 1 to 100 turns, oldest first (Dify: GET /messages); earlier ones: before `first_id`."""
        params = given(conversation_id=conversation_id, user=user, first_id=first_id, limit=limit)
        options: dict[str, Any] = {"params": params, "conversation_id": "" if first_id else conversation_id}
        page = await self._calls.page(Turn, "/messages", **options)
        return replace(page, rows=tuple(sorted(page.rows, key=lambda turn: turn.created_at)))

    async def rename(self, conversation_id: str, user: str, name: str) -> Conversation:
        """Give it this name (Dify: POST /conversations/{id}/name)."""
        return await self._name(conversation_id, {"name": name, "user": user})

    async def auto_name(self, conversation_id: str, user: str) -> Conversation:
        """Have a model find a name; it costs a call (Dify: POST /conversations/{id}/name, auto_generate)."""
        return await self._name(conversation_id, {"auto_generate": True, "user": user})

    async def _name(self, conversation_id: str, body: dict[str, Any]) -> Conversation:
        path = f"/conversations/{part(conversation_id)}/name"
        options = {"json": body, "repeatable": True, "conversation_id": conversation_id}
        return await self._calls.row(Conversation, "POST", path, **options)

    async def variables(
        self,
        conversation_id: str,
        user: str,
        *,
        name: str | None = None,
        last_id: str | None = None,
        limit: int = 20,
    ) -> Page[Variable]:
        """Its variables (Dify: GET /conversations/{id}/variables, 1.3.1); `name`: those with it in theirs."""
        return await self._calls.page(
            Variable,
            f"/conversations/{part(conversation_id)}/variables",
            params=given(user=user, variable_name=name, last_id=last_id, limit=limit),
            conversation_id=conversation_id,
            since=(1, 3, 1),
        )

    async def set_variable(self, conversation_id: str, variable_id: str, user: str, value: Any) -> Variable:
        """Set one (Dify: PUT /conversations/{id}/variables/{variable_id}, 1.7.2).

        Raises DifyRefused: bad_request (the value is of another type), not_found.
        """
        path = f"/conversations/{part(conversation_id)}/variables/{part(variable_id)}"
        body = {"value": value, "user": user}
        return await self._calls.row(Variable, "PUT", path, json=body, repeatable=True, since=(1, 7, 2))


class FeedbackRow(Row):
    """One rating: `from_source` is user or admin."""

    id: str = ""
    app_id: str = ""
    conversation_id: str = ""
    message_id: str = ""
    rating: str = ""
    content: str = ""
    from_source: str = ""
    from_end_user_id: str = ""
    created_at: Seconds = 0.0
    updated_at: Seconds = 0.0


class Suggestions(Row):
    """Questions that might be asked next."""

    data: Texts = ()


class Messages:
    """What belongs to a message: next questions, and the ratings of an app."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def suggested(self, message_id: str, user: str) -> tuple[str, ...]:
        """Next questions, made by a model (Dify: GET /messages/{id}/suggested); after the answer is saved.

        Raises DifyRefused: bad_request (switched off in the app), not_found, and 500 for any model failure.
        """
        path = f"/messages/{part(message_id)}/suggested"
        return (await self._calls.row(Suggestions, "GET", path, params={"user": user})).data

    async def feedbacks(self, page: int = 1, limit: int = 20) -> Page[FeedbackRow]:
        """All ratings of the app, newest first (Dify: GET /app/feedbacks, 1.4); at most 101 each.

        Dify does not say whether there are more: `has_more` is a guess.
        """
        params = {"page": page, "limit": limit}
        found = await self._calls.page(FeedbackRow, "/app/feedbacks", params=params, since=(1, 4))
        return replace(found, has_more=len(found.rows) >= limit)
