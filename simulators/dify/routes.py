"""Every route of the simulated Service API: which release has it, which apps, who must say who they are."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from simulators.dify import about, annotations, conversations, files, generate, messages, workflows
from simulators.dify.errors import UNAVAILABLE, WRONG_ROUTE, DifyError
from simulators.dify.exchange import Exchange
from simulators.dify.state import CHAT_MODES, FLOW_MODES, MODES

Endpoint = Callable[[Exchange], Awaitable[web.StreamResponse]]
COMPLETION = frozenset({"completion"})
WORKFLOW = frozenset({"workflow"})
ANNOTATED = CHAT_MODES - {"agent"}


@dataclass(frozen=True)
class Route:
    """One method and path below /v1."""

    method: str
    path: str
    endpoint: Endpoint
    modes: frozenset[str] = MODES
    user_required: bool = False
    since: tuple[int, ...] = (0,)
    until: tuple[int, ...] | None = None
    needs_key: bool = True

    @property
    def name(self) -> str:
        """As the journal and the coverage table call it."""
        return f"{self.method} {self.path}"

    def exists_in(self, release: tuple[int, ...]) -> bool:
        return self.since <= release and (self.until is None or release < self.until)

    def check_mode(self, mode: str) -> None:
        """Raises the 400 of an app whose kind does not fit."""
        if mode in self.modes:
            return
        if self.modes == COMPLETION:
            raise DifyError(400, "app_unavailable", UNAVAILABLE)
        raise DifyError(400, "not_chat_app" if "chat" in self.modes else "not_workflow_app", WRONG_ROUTE)


ROUTES = (
    Route("GET", "/", about.index, until=(1,), needs_key=False),
    Route("POST", "/chat-messages", generate.chat, CHAT_MODES, user_required=True),
    Route("POST", "/chat-messages/{task_id}/stop", generate.stop, CHAT_MODES, user_required=True),
    Route("POST", "/completion-messages", generate.complete, COMPLETION, user_required=True),
    Route("POST", "/completion-messages/{task_id}/stop", generate.stop, COMPLETION, user_required=True),
    Route("POST", "/workflows/run", generate.run_workflow, WORKFLOW, user_required=True),
    Route(
        "POST",
        "/workflows/{workflow_id}/run",
        generate.run_workflow,
        WORKFLOW,
        user_required=True,
        since=(1, 7, 2),
    ),
    Route("POST", "/workflows/tasks/{task_id}/stop", generate.stop, WORKFLOW, user_required=True),
    Route("GET", "/workflows/run/{workflow_run_id}", workflows.detail, FLOW_MODES),
    Route("GET", "/workflows/logs", workflows.logs, FLOW_MODES),
    Route(
        "GET",
        "/workflow/{workflow_run_id}/events",
        workflows.events,
        FLOW_MODES,
        user_required=True,
        since=(1, 14),
    ),
    Route("GET", "/form/human_input/{form_token}", workflows.show_form, FLOW_MODES, since=(1, 14)),
    Route(
        "POST",
        "/form/human_input/{form_token}",
        workflows.submit_form,
        FLOW_MODES,
        user_required=True,
        since=(1, 14),
    ),
    Route("POST", "/files/upload", files.upload),
    Route("GET", "/files/{file_id}/preview", files.preview, since=(1, 7, 2)),
    Route("GET", "/end-users/{end_user_id}", about.end_user, since=(1, 13)),
    Route("POST", "/messages/{message_id}/feedbacks", messages.feedback, user_required=True),
    Route("GET", "/app/feedbacks", messages.list_feedback, since=(1, 4)),
    Route("GET", "/messages/{message_id}/suggested", messages.suggested, CHAT_MODES, user_required=True),
    Route("GET", "/messages", messages.list_messages, CHAT_MODES),
    Route("GET", "/conversations", conversations.list_conversations, CHAT_MODES),
    Route("DELETE", "/conversations/{conversation_id}", conversations.delete, CHAT_MODES),
    Route("POST", "/conversations/{conversation_id}/name", conversations.rename, CHAT_MODES),
    Route(
        "GET",
        "/conversations/{conversation_id}/variables",
        conversations.list_variables,
        CHAT_MODES,
        since=(1, 3, 1),
    ),
    Route(
        "PUT",
        "/conversations/{conversation_id}/variables/{variable_id}",
        conversations.set_variable,
        CHAT_MODES,
        since=(1, 7, 2),
    ),
    Route("POST", "/audio-to-text", about.hear),
    Route("POST", "/text-to-audio", about.say),
    Route("GET", "/info", about.info),
    Route("GET", "/parameters", about.parameters),
    Route("GET", "/meta", about.meta),
    Route("GET", "/site", about.site, since=(1,)),
    Route("POST", "/apps/annotations", annotations.create, ANNOTATED, since=(1, 2)),
    Route("GET", "/apps/annotations", annotations.list_annotations, ANNOTATED, since=(1, 2)),
    Route("PUT", "/apps/annotations/{annotation_id}", annotations.update, ANNOTATED, since=(1, 2)),
    Route("DELETE", "/apps/annotations/{annotation_id}", annotations.delete, ANNOTATED, since=(1, 2)),
    Route("POST", "/apps/annotation-reply/{action}", annotations.switch, ANNOTATED, since=(1, 2)),
    Route(
        "GET", "/apps/annotation-reply/{action}/status/{job_id}", annotations.status, ANNOTATED, since=(1, 2)
    ),
)
