"""Which endpoints of Dify's Service API (app keys) the simulator speaks, as data."""

from typing import Literal

Coverage = Literal["supported", "partial"]

COVERAGE: dict[str, Coverage] = {
    "GET /": "supported",  # only before 1.0: the recorded 1.16.1 answers 404
    "POST /chat-messages": "supported",
    "POST /chat-messages/{task_id}/stop": "supported",
    "POST /completion-messages": "supported",
    "POST /completion-messages/{task_id}/stop": "supported",
    "POST /workflows/run": "supported",
    "POST /workflows/{workflow_id}/run": "supported",  # all published versions answer alike
    "POST /workflows/tasks/{task_id}/stop": "supported",
    "GET /workflows/run/{workflow_run_id}": "supported",
    "GET /workflows/logs": "supported",
    "GET /workflow/{workflow_run_id}/events": "partial",  # does not end after 300 s without an event
    "GET /form/human_input/{form_token}": "supported",
    "POST /form/human_input/{form_token}": "supported",
    "POST /files/upload": "supported",
    "GET /files/{file_id}/preview": "supported",
    "GET /end-users/{end_user_id}": "supported",
    "POST /messages/{message_id}/feedbacks": "supported",
    "GET /app/feedbacks": "supported",
    "GET /messages/{message_id}/suggested": "supported",
    "GET /messages": "supported",
    "GET /conversations": "supported",
    "DELETE /conversations/{conversation_id}": "supported",
    "POST /conversations/{conversation_id}/name": "supported",
    "GET /conversations/{conversation_id}/variables": "supported",
    "PUT /conversations/{conversation_id}/variables/{variable_id}": "supported",
    "POST /audio-to-text": "supported",
    "POST /text-to-audio": "supported",
    "GET /info": "supported",
    "GET /parameters": "supported",
    "GET /meta": "supported",
    "GET /site": "supported",
    "POST /apps/annotations": "supported",
    "GET /apps/annotations": "supported",
    "PUT /apps/annotations/{annotation_id}": "supported",
    "DELETE /apps/annotations/{annotation_id}": "supported",
    "POST /apps/annotation-reply/{action}": "supported",  # a question has to be annotated word for word
    "GET /apps/annotation-reply/{action}/status/{job_id}": "supported",
}
