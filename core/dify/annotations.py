"""Annotations: answers that an app gives without its model. Chat, agent-chat and advanced-chat; since 1.2.

Source: Dify api/controllers/service_api/app/annotation.py; dify-docs, api-reference (1.16).
"""

from typing import Literal

from core.dify.calls import Calls, given, part
from core.dify.rows import Page, Row, Seconds
from core.errors import DifyRefused

SINCE = (1, 2)


class Annotation(Row):
    """A question and the answer that is given to it word for word."""

    id: str = ""
    question: str = ""
    answer: str = ""
    hit_count: int = 0
    created_at: Seconds = 0.0


class Job(Row):
    """Switching annotation replies on or off, in the background; `job_status`: waiting, completed, error…"""

    job_id: str = ""
    job_status: str = ""
    error_msg: str = ""


class Annotations:
    """They belong to the app, not to a user."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def list(self, page: int = 1, limit: int = 20, keyword: str | None = None) -> Page[Annotation]:
        """A page of annotations (Dify: GET /apps/annotations; pages from 1, at most 100 each)."""
        params = given(page=page, limit=limit, keyword=keyword)
        return await self._calls.page(Annotation, "/apps/annotations", params=params, since=SINCE)

    async def create(self, question: str, answer: str) -> Annotation:
        """A new annotation (Dify: POST /apps/annotations, 201). Not repeated: it would be there twice."""
        body = {"question": question, "answer": answer}
        return await self._calls.row(Annotation, "POST", "/apps/annotations", json=body, since=SINCE)

    async def update(self, annotation_id: str, question: str, answer: str) -> Annotation:
        """Another text (Dify: PUT /apps/annotations/{id}). Raises DifyRefused: not_found."""
        return await self._calls.row(
            Annotation,
            "PUT",
            f"/apps/annotations/{part(annotation_id)}",
            json={"question": question, "answer": answer},
            repeatable=True,
            since=SINCE,
        )

    async def delete(self, annotation_id: str) -> None:
        """Delete one (Dify: DELETE /apps/annotations/{id}, 204). One that is gone is done already."""
        path = f"/apps/annotations/{part(annotation_id)}"
        try:
            await self._calls.body("DELETE", path, json={}, repeatable=True, since=SINCE)
        except DifyRefused as refused:
            if refused.code != "not_found":
                raise

    async def switch(
        self, action: Literal["enable", "disable"], *, threshold: float, provider: str, model: str
    ) -> Job:
        """Switch annotation replies on or off (Dify: POST /apps/annotation-reply/{action}).

        `threshold` 0 to 1: how alike a question must be; `provider` and `model` of the embedding. All are
        required, to switch off as well.
        """
        body = {
            "score_threshold": threshold,
            "embedding_provider_name": provider,
            "embedding_model_name": model,
        }
        path = f"/apps/annotation-reply/{action}"
        return await self._calls.row(Job, "POST", path, json=body, repeatable=True, since=SINCE)

    async def job(self, action: Literal["enable", "disable"], job_id: str) -> Job:
        """How far that is (Dify: GET /apps/annotation-reply/{action}/status/{job_id})."""
        path = f"/apps/annotation-reply/{action}/status/{part(job_id)}"
        return await self._calls.row(Job, "GET", path, since=SINCE)
