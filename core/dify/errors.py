"""Dify's refusals and failures → our errors, by the table of core.dify.codes.

Sources: Dify api/libs/external_api.py (the envelope {code, message, status}), api/controllers/service_api,
base_app_generate_response_converter.py (codes of `error` events). Messages may hold hosts, keys and provider
text: they are matched against, never shown or logged.
"""

import json
from typing import Any

from core.dify.codes import CODES, EVENT_CODES, INPUTS, MESSAGES
from core.errors import (
    Advice,
    ConversationGone,
    DifyBusy,
    DifyError,
    DifyFailed,
    DifyRefused,
    DifyUnreachable,
    InputsRefused,
)

__all__ = ["CODES", "EVENT_CODES", "failure", "refusal", "strange", "too_old"]

_BY_STATUS = {
    404: Advice(
        "app_misconfigured",
        "no such endpoint: is dify.base_url right (…/v1), is this Dify new enough for it?",
    ),
    413: CODES["file_too_large"],  # a proxy before Dify, which stock nginx sets to 100 MB
}
_BY_CLASS = {
    4: Advice("not_accepted", "Dify refused the request: see its log"),
    5: Advice("dify_failed", "Dify, or a proxy before it, failed: see its log", retry=True),
}
AWAY = Advice("dify_unreachable", "a proxy before Dify can't reach it: is it up?", retry=True)
BUSY = CODES["too_many_requests"]
GONE = Advice("memory_lost", "the conversation no longer exists at Dify")
STRANGE = Advice(
    "app_misconfigured", "what answers is not Dify's API (no JSON): is dify.base_url right (…/v1)?"
)
_TOO_MANY = "Too many requests"
_NO_VERSION = "Workflow not found"
# What proxies say where no request has reached Dify: Envoy and Istio, HAProxy, Traefik. That of nginx does
# not tell a server that is away from one that broke off.
_NOT_REACHED = (
    b"no healthy upstream",
    b"reset reason: connection failure",
    b"No server is available to handle this request",
    b"no available server",
)
_NOT_REACHED_STATUSES = (521, 523)  # Cloudflare: the server refuses connections, or there is no way to it


def refusal(status: int, body: bytes, *, conversation_id: str = "") -> DifyError:
    """The error for an HTTP answer that is not 2xx; the body may be JSON, HTML or nothing."""
    envelope = _envelope(body)
    code = _text(envelope.get("code"))
    message = _text(envelope.get("message"))
    if code != "rate_limit_error" and (status == 429 or (status == 400 and message.startswith(_TOO_MANY))):
        return DifyBusy(BUSY)
    if not code and _never_reached(status, body):
        return DifyUnreachable(AWAY)
    if status == 404 and message.startswith(_NO_VERSION):  # whatever conversation was named with it
        return DifyRefused(CODES["workflow_not_found"], status=status, code=code)
    if conversation_id and (code == "conversation_completed" or (status == 404 and code == "not_found")):
        return ConversationGone(GONE, status=status, code=code)
    said = _said(message) if code == "invalid_param" else None
    kind = InputsRefused if said is INPUTS else DifyRefused
    return kind(said or _advice(code, status), status=status, code=code or f"http_{status}")


def failure(code: str | None, status: int | None, message: object = None) -> DifyFailed:
    """The error for an `error` event, or (code None) for a run that finished as failed.

    `message` is the event's, or the `error` of the run: a worker looks at the inputs only then (>= 1.13).
    """
    said = _said(_text(message)) if code in {None, "invalid_param"} else None
    advice = said or EVENT_CODES.get(code or "") or _advice(code or "", status or 500)
    return DifyFailed(advice, code=code or "run_failed")


def strange(status: int) -> DifyRefused:
    """The error for a reply that says that all is well, and is no JSON: a web page, most often."""
    return DifyRefused(STRANGE, status=status, code="not_json")


def too_old(version: str, since: tuple[int, ...]) -> DifyRefused:
    """The error for an endpoint that this release does not have."""
    needed = ".".join(map(str, since))
    advice = Advice("dify_too_old", f"this needs Dify {needed}, the server is {version}")
    return DifyRefused(advice, status=404, code="too_old")


def _said(message: str) -> Advice | None:
    return next((advice for words, advice in MESSAGES.items() if words in message), None)


def _never_reached(status: int, body: bytes) -> bool:
    if status in _NOT_REACHED_STATUSES:
        return True
    return status in {502, 503, 504} and any(words in body for words in _NOT_REACHED)


def _advice(code: str, status: int) -> Advice:
    return CODES.get(code) or _BY_STATUS.get(status) or _BY_CLASS.get(status // 100, _BY_CLASS[5])


def _envelope(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
