"""Runs of chatflows and workflows, looked up: how one stands, and the log of a workflow app.

Source: Dify api/controllers/service_api/app/workflow.py; 0.15 to 1.16.
"""

from typing import Literal

from pydantic import Field

from core.dify.calls import Calls, given, part
from core.dify.outputs import text_of
from core.dify.rows import Object, Page, Row, Seconds
from core.errors import DifyRefused

RunFilter = Literal["succeeded", "failed", "stopped"]


class WorkflowRun(Row):
    """One run. `status`: running, paused, succeeded, partial-succeeded, failed or stopped.

    `error` may name hosts and hold a provider's words: it is for the operator.
    """

    id: str = ""  # "" of a run that 0.15 does not know
    workflow_id: str = ""
    version: str = ""
    status: str = ""
    inputs: Object = Field(default_factory=dict)
    outputs: Object = Field(default_factory=dict)
    error: str | None = None
    total_steps: int = 0
    total_tokens: int = 0
    exceptions_count: int = 0
    elapsed_time: float = 0.0  # seconds
    created_at: Seconds = 0.0
    finished_at: Seconds = 0.0  # 0 before the end

    @property
    def text(self) -> str:
        """Its outputs as text."""
        return text_of(self.outputs)


class LogUser(Row):
    """The end user that began a run: `session_id` is the `user` of our calls."""

    id: str = ""
    session_id: str = ""
    type: str = ""


class WorkflowLog(Row):
    """A line of the log."""

    id: str = ""
    workflow_run: WorkflowRun = Field(default_factory=WorkflowRun)
    created_from: str = ""
    created_by_role: str = ""
    created_by_end_user: LogUser = Field(default_factory=LogUser)
    created_at: Seconds = 0.0


class Workflows:
    """Reads of runs."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def run(self, run_id: str) -> WorkflowRun | None:
        """A run (Dify: GET /workflows/run/{id}; workflows and chatflows). None where Dify has none such.

        Before 1.13 that is a row of nulls, then 404.
        """
        try:
            found = await self._calls.row(WorkflowRun, "GET", f"/workflows/run/{part(run_id)}")
        except DifyRefused as refused:
            if refused.code != "not_found":
                raise
            return None
        return found if found.id else None

    async def logs(
        self,
        *,
        page: int = 1,
        limit: int = 20,
        status: RunFilter | None = None,
        keyword: str | None = None,
        user: str | None = None,
        account: str | None = None,
        before: str | None = None,
        after: str | None = None,
    ) -> Page[WorkflowLog]:
        """The log of a workflow app, newest first (Dify: GET /workflows/logs); at most 100 each.

        `before` and `after` are ISO 8601; `user` is ignored before 1.5. Chatflows have no rows there.
        """
        params = given(
            page=page,
            limit=limit,
            status=status,
            keyword=keyword,
            created_by_end_user_session_id=user,
            created_by_account=account,
            created_at__before=before,
            created_at__after=after,
        )
        return await self._calls.page(WorkflowLog, "/workflows/logs", params=params)
