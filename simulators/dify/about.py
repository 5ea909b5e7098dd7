"""What an app says about itself, its end users, and speech in both directions."""

from typing import Any

from aiohttp import web

from simulators.dify.errors import UNAVAILABLE, DifyError, invalid
from simulators.dify.exchange import Exchange
from simulators.dify.files import one_file
from simulators.dify.state import App, now

AUDIO_TYPES = {f"audio/{kind}" for kind in ("mp3", "m4a", "wav", "amr", "mpga")}


async def index(exchange: Exchange) -> web.StreamResponse:
    """GET /v1/: without a key; the recorded 1.16.1 no longer has it."""
    body = {"welcome": "Dify OpenAPI", "api_version": "v1", "server_version": exchange.dialect.version}
    return exchange.json(body)


async def info(exchange: Exchange) -> web.StreamResponse:
    """GET /info: the mode is only told since 1.4."""
    app = exchange.target
    body: dict[str, Any] = {"name": app.name, "description": app.description, "tags": list(app.tags)}
    if exchange.dialect.since(1, 4):
        body |= {"mode": app.mode, "author_name": "admin"}
    return exchange.json(body)


async def parameters(exchange: Exchange) -> web.StreamResponse:
    """GET /parameters."""
    app = exchange.target
    if not app.published:
        raise DifyError(400, "app_unavailable", UNAVAILABLE)
    voice = {"enabled": app.speech is not None, "voice": "", "language": ""}
    body: dict[str, Any] = {
        "opening_statement": app.opening_statement,
        "suggested_questions": list(app.suggested_questions),
        "suggested_questions_after_answer": {"enabled": app.suggestions is not None},
        "speech_to_text": {"enabled": app.transcript is not None},
        "text_to_speech": voice,
        "retriever_resource": {"enabled": app.citations},
        "annotation_reply": {"enabled": app.annotation_reply},
        "more_like_this": {"enabled": False},
        "user_input_form": [dict(item) for item in app.input_form],
        "sensitive_word_avoidance": {"enabled": False, "type": "", "configs": []},
        "file_upload": _file_upload(app),
    }
    return exchange.json(body | {"system_parameters": _limits(app)})


def _file_upload(app: App) -> dict[str, Any]:
    methods = list(app.file_methods)
    image = {"enabled": app.file_upload, "number_limits": app.file_limit, "detail": "high"}
    return {
        "enabled": app.file_upload,
        "allowed_file_types": list(app.file_types),
        "allowed_file_extensions": list(app.file_extensions),
        "allowed_file_upload_methods": methods,
        "number_limits": app.file_limit,
        "image": image | {"transfer_methods": methods},
    }


def _limits(app: App) -> dict[str, int]:
    sizes = app.upload_megabytes
    limits = {f"{kind}_file_size_limit": sizes[kind] for kind in ("image", "video", "audio")}
    return limits | {"file_size_limit": sizes["document"], "workflow_file_upload_limit": 10}


async def meta(exchange: Exchange) -> web.StreamResponse:
    """GET /meta."""
    return exchange.json({"tool_icons": dict(exchange.target.tool_icons)})


async def site(exchange: Exchange) -> web.StreamResponse:
    """GET /site: what it says of an app whose web page was never made is 403."""
    if exchange.target.site is None:
        words = (
            "You don't have the permission to access the requested resource. "
            "It is either read-protected or not readable by the server."
        )
        raise DifyError(403, "forbidden", words)
    names = ("description", "copyright", "privacy_policy", "input_placeholder", "icon_url")
    body: dict[str, Any] = {"title": exchange.target.name, "chat_color_theme": None}
    body |= {"chat_color_theme_inverted": False, "icon_type": "emoji", "icon": "🤖"}
    body |= {"icon_background": "#FFEAD5", "custom_disclaimer": "", "default_language": "en-US"}
    body |= {"show_workflow_steps": True, "use_icon_as_answer_icon": False}
    return exchange.json(body | dict.fromkeys(names) | dict(exchange.target.site))


async def end_user(exchange: Exchange) -> web.StreamResponse:
    """GET /end-users/{id}."""
    app, wanted = exchange.target, exchange.part("end_user_id")
    user = next((name for name, known in app.end_users.items() if known == wanted), None)
    if user is None:
        raise DifyError(404, "end_user_not_found", "End user not found.")
    body: dict[str, Any] = {"id": wanted, "tenant_id": app.workflow_id, "app_id": app.id}
    body |= {"type": "service-api", "external_user_id": None, "name": None, "is_anonymous": False}
    return exchange.json(body | {"session_id": user, "created_at": now(), "updated_at": now()})


async def hear(exchange: Exchange) -> web.StreamResponse:
    """POST /audio-to-text: accepted by MIME string only."""
    if exchange.target.transcript is None:
        if exchange.dialect.since(1, 16):
            raise DifyError(400, "speech_to_text_disabled", "Speech to text is disabled.")
        raise invalid("Speech to text is not enabled")
    part = one_file(exchange)
    if part.mime not in AUDIO_TYPES:
        raise DifyError(415, "unsupported_audio_type", "Audio type not allowed.")
    if len(part.data) > 30 * 1024 * 1024:
        raise DifyError(413, "audio_too_large", "Audio size larger than 30 mb")
    exchange.workspace.recordings.append(part.data)
    return exchange.json({"text": exchange.target.transcript})


async def say(exchange: Exchange) -> web.StreamResponse:
    """POST /text-to-audio: `message_id` wins over `text`; a message that is not yours gives `null`."""
    if exchange.target.speech is None:
        raise invalid("TTS is not enabled")
    message_id = exchange.body.get("message_id")
    if message_id and not exchange.target.message(str(message_id), exchange.user):
        return exchange.json(None)
    if not message_id and not exchange.body.get("text"):
        raise invalid("Text is required")
    headers = exchange.dialect.headers() | {"Content-Type": "audio/mpeg"}
    return web.Response(body=exchange.target.speech, headers=headers)
