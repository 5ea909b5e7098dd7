"""Dify's refusals and failures → our errors, by a table.

Sources: Dify api/libs/external_api.py (the envelope {code, message, status}), api/controllers/service_api,
base_app_generate_response_converter.py (codes of `error` events). Messages may hold hosts, keys and provider
text: they are matched against, never shown or logged.
"""

import json
from typing import Any

from core.errors import Advice, ConversationGone, DifyBusy, DifyError, DifyFailed, DifyRefused

# code -> (sentence for the user, hint for the operator, whether trying again can help)
CODES: dict[str, Advice] = {
    "unauthorized": Advice("app_misconfigured", "Dify refuses the API key: check apps.*.api_key"),
    "forbidden": Advice("app_unavailable", "the app is deleted, or its API is switched off in Dify"),
    "app_unavailable": Advice("app_unavailable", "the app is not published, or broken: publish it in Dify"),
    "agent_not_published": Advice("app_unavailable", "the agent is not published: publish it in Dify"),
    "not_chat_app": Advice("app_misconfigured", "the key belongs to another kind of app: check apps.*.mode"),
    "not_workflow_app": Advice(
        "app_misconfigured", "the key belongs to another kind of app: check apps.*.mode"
    ),
    "provider_not_initialize": Advice("model_unavailable", "the model provider has no credentials in Dify"),
    "provider_quota_exceeded": Advice("model_unavailable", "the model provider's quota is used up"),
    "model_currently_not_support": Advice(
        "model_unavailable", "the model does not support what the app asks"
    ),
    "completion_request_error": Advice("model_failed", "the model call failed: see Dify's log", retry=True),
    "rate_limit_error": Advice("quota_exceeded", "Dify Cloud's quota for this workspace is used up"),
    "invalid_param": Advice("not_accepted", "Dify did not accept the request: required inputs? see its log"),
    "bad_request": Advice("not_accepted", "Dify did not accept the request: see its log"),
    "internal_server_error": Advice("dify_failed", "Dify failed inside: see its log", retry=True),
    "plugin_runtime_error": Advice("dify_failed", "a Dify plugin failed: see its log", retry=True),
}
_BY_CLASS = {
    4: Advice("not_accepted", "Dify refused the request: see its log"),
    5: Advice("dify_failed", "Dify, or a proxy before it, failed: see its log", retry=True),
}
BUSY = Advice("dify_busy", "the app's concurrent requests are used up", retry=True)
GONE = Advice("memory_lost", "the conversation no longer exists at Dify")
_TOO_MANY = "Too many requests"


def refusal(status: int, body: bytes, *, conversation_id: str = "") -> DifyError:
    """The error for an HTTP answer that is not 2xx; the body may be JSON, HTML or nothing."""
    envelope = _envelope(body)
    code = str(envelope.get("code") or "")
    message = str(envelope.get("message") or "")
    if code != "rate_limit_error" and (status == 429 or (status == 400 and message.startswith(_TOO_MANY))):
        return DifyBusy(BUSY)
    if status == 404 and conversation_id and code == "not_found":
        return ConversationGone(GONE, status=status, code=code)
    return DifyRefused(_advice(code, status), status=status, code=code or f"http_{status}")


def failure(code: str | None, status: int | None) -> DifyFailed:
    """The error for an `error` event, or (code None) for a run that finished as failed."""
    return DifyFailed(_advice(code or "", status or 500), code=code or "run_failed")


def _advice(code: str, status: int) -> Advice:
    return CODES.get(code) or _BY_CLASS.get(status // 100, _BY_CLASS[5])


def _envelope(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
