"""One app of a Dify server, asked through its Service API (one key = one app)."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx

from core.dify.api import DifyApi
from core.dify.blocking import stream_of
from core.dify.calls import Retries, given
from core.dify.connection import LOST, UNREACHABLE, Connection, unanswered
from core.dify.errors import refusal
from core.dify.events import AnyEvent
from core.dify.history import (
    RunState,
    StoredConversation,
    StoredMessage,
    StoredRun,
    conversations_in,
    messages_in,
    run_in,
    runs_in,
)
from core.dify.questions import (
    NEVER_BLOCKING,
    Mode,
    Question,
    ask_body,
    ask_headers,
    ask_path,
    stop_path,
    traces,
)
from core.dify.server import DifyServer
from core.errors import DifyBusy, DifyRefused

__all__ = ["LOST", "UNREACHABLE", "DifyClient", "Question"]

RUN_SILENCE_SECONDS = 315.0  # a queued chatflow is silent for 300 s (no pings) before Dify gives up
CHAT_SILENCE_SECONDS = 60.0  # Dify pings every 10 s
BLOCKING_SECONDS = 1230.0  # a run may take 1200 s; proxies give up sooner (Dify Cloud's after 100 s)
STOP_SECONDS = 10.0

Stream = AbstractAsyncContextManager[AsyncIterator[AnyEvent]]


class DifyClient:
    """Typed calls of one app. Raises the DifyError family of core.errors, nothing of httpx.

    All but `ask`, `attach` and `stop` share one connection: they wait for each other. What is not asked for
    while an answer is made or looked for is under `api`; only there calls are repeated.
    """

    def __init__(
        self, server: DifyServer, api_key: str, *, retries: Retries | None = None, files_base: str = ""
    ) -> None:
        self._connection = Connection(server, api_key)
        self.api = DifyApi(server, self._connection, retries or Retries(), files_base)

    @property
    def server_version(self) -> str:
        """What the last reply said that the server is; "" before the first."""
        return self._connection.server_version

    def ask(self, question: Question, *, run: bool, mode: Mode = "chat", blocking: bool = False) -> Stream:
        """Ask, and give the events of the answer as they arrive (Dify: POST /chat-messages, streaming).

        A completion app is asked on /completion-messages, a workflow on /workflows/run; neither remembers.
        Entering returns when Dify has answered 200; `run` says that a worker process executes it.
        With `blocking` that is when the answer is whole; agents refuse that and are asked as always.
        Entering raises DifyUnreachable, DifyBusy (both: nothing has begun), DifyRefused, ConversationGone,
        DifyLost; iterating raises DifyLost. Read to the end: hanging up loses the answer at Dify.
        """
        if blocking and mode not in NEVER_BLOCKING:
            return self._ask_blocking(question, mode)
        return self._connection.stream(
            "POST",
            ask_path(mode, question.workflow_id),
            json=ask_body(question, mode),
            silence=RUN_SILENCE_SECONDS if run else CHAT_SILENCE_SECONDS,
            headers=ask_headers(question),
            conversation_id=question.conversation_id,
        )

    @asynccontextmanager
    async def _ask_blocking(self, question: Question, mode: Mode) -> AsyncIterator[AsyncIterator[AnyEvent]]:
        response = await self._connection.call(
            "POST",
            ask_path(mode, question.workflow_id),
            json=ask_body(question, mode, blocking=True) | traces(question),
            timeout=BLOCKING_SECONDS,
            reserved=True,
        )
        if not response.is_success:
            conversation = question.conversation_id
            raise unanswered(response.status_code, response.content, conversation_id=conversation)
        yield stream_of(_json(response))

    def attach(self, run_id: str, user: str, *, snapshot: bool = False, past_pauses: bool = False) -> Stream:
        """What comes from now on of a chatflow's or workflow's run (Dify: GET /workflow/{run_id}/events).

        Since 1.14. What was said before is not repeated; of a run that has ended comes one workflow_finished.
        After another stream of the run was cut, Dify ends this one uncleanly once it notices that: with its
        second event after the cut. So wait before, and be ready for DifyLost.
        `snapshot`: first the steps so far, and an open form; of a run that is paused, nothing after that.
        `past_pauses`: the stream does not end at a pause, nor by itself: leave it at workflow_finished.
        Entering raises DifyUnreachable, DifyRefused (404: unknown, or another user's), DifyLost; iterating
        DifyLost. Hanging up early does not lose the answer.
        """
        params = {"user": user}
        params |= {"include_state_snapshot": "true"} if snapshot else {}
        params |= {"continue_on_pause": "true"} if past_pauses else {}
        path = f"/workflow/{run_id}/events"
        return self._connection.stream("GET", path, params=params, silence=RUN_SILENCE_SECONDS)

    async def stop(self, task_id: str, user: str, *, mode: Mode = "chat") -> None:
        """Stop an answer (Dify: POST /chat-messages/{task_id}/stop). Only the `user` that asked can.

        Dify says success whether or not anything was stopped; the stream then ends by itself.
        """
        body = {"user": user}
        await self._connection.read(
            "POST", stop_path(mode, task_id), json=body, timeout=STOP_SECONDS, reserved=True
        )

    async def rate(
        self, message_id: str, user: str, rating: str | None, *, content: str | None = None
    ) -> None:
        """Rate an answer: "like", "dislike" or None (Dify: POST /messages/{message_id}/feedbacks).

        `user` is the one that asked; `content` is a reason. None where no rating exists is done already (Dify
        says 400). There is one rating per message: the next one takes its place.
        """
        body = {"rating": rating, "user": user} | given(content=content)
        response = await self._connection.call("POST", f"/messages/{message_id}/feedbacks", json=body)
        if not (rating is None and response.status_code == 400):
            _raise_for(response)

    async def messages(self, conversation_id: str, user: str, limit: int = 5) -> list[StoredMessage]:
        """The latest messages of a conversation, newest last (Dify: GET /messages).

        Raises ConversationGone. Only the `user` that asked has the conversation.
        """
        params = {"conversation_id": conversation_id, "user": user, "limit": limit}
        read = self._connection.read
        return messages_in(await read("GET", "/messages", params=params, conversation_id=conversation_id))

    async def conversations(self, user: str, limit: int = 5) -> list[StoredConversation]:
        """The latest conversations of a user, newest first (Dify: GET /conversations)."""
        params = {"user": user, "limit": limit, "sort_by": "-created_at"}
        return conversations_in(await self._connection.read("GET", "/conversations", params=params))

    async def delete_conversation(self, conversation_id: str, user: str) -> None:
        """Delete a conversation (Dify: DELETE /conversations/{id}). One that is gone is done already."""
        response = await self._connection.call(
            "DELETE", f"/conversations/{conversation_id}", json={"user": user}
        )
        if not _is_unknown(response):
            _raise_for(response)

    async def run_state(self, run_id: str) -> RunState | None:
        """How far a run of a chatflow or workflow is (Dify: GET /workflows/run/{id}); None: no such run."""
        response = await self._connection.call("GET", f"/workflows/run/{run_id}")
        if _is_unknown(response):
            return None
        _raise_for(response)
        return run_in(_json(response))

    async def workflow_runs(self, user: str, limit: int = 5) -> list[StoredRun]:
        """A user's latest runs of a workflow app, newest first (Dify: GET /workflows/logs).

        Chatflows are not listed. Since 1.x a run is listed from its start, on 0.15 once it has ended. Before
        1.5 the server looks at everybody's latest `limit`; where it refuses, there are none.
        """
        params = {"created_by_end_user_session_id": user, "limit": limit}
        response = await self._connection.call("GET", "/workflows/logs", params=params)
        if response.status_code in {400, 404}:
            return []
        _raise_for(response)
        return runs_in(_json(response), user)

    async def info(self) -> dict[str, Any]:
        """Name, description and, since 1.4, `mode` of the app (Dify: GET /info)."""
        return await self._connection.read("GET", "/info")

    async def is_kind(self, path: str, params: dict[str, Any]) -> bool:
        """Whether a GET that only some kinds of app know is answered: how 0.15 is asked for its mode."""
        response = await self._connection.call("GET", path, params=params)
        if not response.is_success:
            error = refusal(response.status_code, response.content)
            if isinstance(error, DifyBusy) or response.status_code in {401, 403, 429} or error.advice.retry:
                raise error
        return response.is_success


def _raise_for(response: httpx.Response) -> None:
    if not response.is_success:
        raise refusal(response.status_code, response.content)


def _is_unknown(response: httpx.Response) -> bool:
    """Whether Dify itself says that there is no such thing (a proxy's 404 says nothing)."""
    if response.status_code != 404:
        return False
    error = refusal(404, response.content)
    return isinstance(error, DifyRefused) and error.code == "not_found"


def _json(response: httpx.Response) -> object:
    try:
        return response.json()
    except ValueError:
        return None
