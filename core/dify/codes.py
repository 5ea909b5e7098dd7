"""Every error code that Dify's Service API is known to send, and what to make of it: one table, pure data.

Sources: dify-docs (api-reference of 1.16), Dify api/controllers/service_api/app/error.py and
api/libs/external_api.py (0.15 to 1.16), base_app_generate_response_converter.py (`error` events), and replies
recorded from 0.15.8 and 1.16.1. Codes in "old" are documented, but sent by none of these releases.
"""

from core.errors import Advice

_KEY = "the key belongs to another kind of app: check apps.*.mode and apps.*.api_key"
_LOG = "see Dify's log"
_OURS = "Dify did not understand the request of Parley: please report it"

ACCESS = {
    "unauthorized": Advice("app_misconfigured", "Dify refuses the API key: check apps.*.api_key"),
    "forbidden": Advice("app_unavailable", "the app is deleted, or its API is switched off in Dify"),
    "app_unavailable": Advice("app_unavailable", "the app is not published, or broken: publish it in Dify"),
    "agent_not_published": Advice("app_unavailable", "the agent is not published: publish it in Dify"),
    "not_chat_app": Advice("app_misconfigured", _KEY),
    "not_completion_app": Advice("app_misconfigured", _KEY),  # old
    "not_workflow_app": Advice("app_misconfigured", _KEY),
    "workflow_not_found": Advice("app_unavailable", "no such workflow: published? right workflow_id?"),  # old
    "workflow_version_execution_not_allowed": Advice(
        "app_misconfigured", "this version of the workflow may not be run by API: check its workflow_id"
    ),
    "method_not_allowed": Advice("app_misconfigured", "no such endpoint: is dify.base_url right?"),
}
MODEL = {
    "provider_not_initialize": Advice("model_unavailable", "the model provider has no credentials in Dify"),
    "provider_quota_exceeded": Advice(
        "model_unavailable", "the model provider's quota is used up: buy more, or use a key of your own"
    ),
    "model_currently_not_support": Advice(
        "model_unavailable", "the model does not support what the app asks of it"
    ),
    "completion_request_error": Advice("model_failed", f"the model call failed: {_LOG}", retry=True),
    "workflow_request_error": Advice("dify_failed", f"the workflow failed: {_LOG}", retry=True),  # old
    "rate_limit_error": Advice("quota_exceeded", "Dify Cloud's quota for this workspace is used up"),
    "too_many_requests": Advice("dify_busy", "the app's concurrent requests are used up", retry=True),
}
REQUEST = {
    "invalid_param": Advice(
        "not_accepted", f"Dify did not accept the request: are required inputs filled in? {_LOG}"
    ),
    "bad_request": Advice("not_accepted", f"Dify did not accept the request: {_LOG}"),
    "bad_request_key_error": Advice("not_accepted", _OURS),  # a part of the request is missing (0.15)
    "unsupported_media_type": Advice("not_accepted", _OURS),
    "not_found": Advice("not_accepted", "Dify has no such thing, or it is another user's"),
    "end_user_not_found": Advice("not_accepted", "Dify has no such end user"),
    "conversation_completed": Advice("memory_lost", "the conversation has been ended at Dify"),  # old
    "human_input_form_submitted": Advice("form_closed", "the form has been answered before"),
    "human_input_form_expired": Advice("form_expired", "the form was answered too late"),
    "invalid_form_data": Advice("form_incomplete", "the form was answered without what it requires"),
}
FILES = {
    "no_file_uploaded": Advice("file_refused", _OURS),
    "too_many_files": Advice("file_refused", _OURS),
    "filename_not_exists_error": Advice("file_refused", _OURS),
    "unsupported_preview": Advice("file_refused", "Dify can't show a file of this type"),  # old
    "unsupported_estimate": Advice("file_refused", "Dify can't read a file of this type"),  # old
    "file_too_large": Advice("file_over_limit", "a file is over the limit of the Dify server"),
    "s3_file_too_large": Advice("file_over_limit", "a file is over the limit of Dify's storage"),  # old
    "unsupported_file_type": Advice("file_type_refused", "Dify does not take files of this type"),
    "file_not_found": Advice("file_refused", "Dify has no such file"),
    "file_access_denied": Advice("file_refused", "the file belongs to another app"),
    "s3_connection_failed": Advice("files_unavailable", "Dify can't reach its file storage", retry=True),
    "connection_failed": Advice("files_unavailable", "Dify can't reach its file storage", retry=True),  # old
    "s3_permission_denied": Advice("files_unavailable", "Dify may not write to its file storage"),  # old
    "permission_denied": Advice("files_unavailable", "Dify may not write to its file storage"),  # old
}
AUDIO = {
    "no_audio_uploaded": Advice("voice_refused", _OURS),
    "audio_too_large": Advice("voice_refused", "a recording is over Dify's limit for speech"),
    "unsupported_audio_type": Advice("voice_refused", "Dify does not take recordings of this type"),
    "speech_to_text_disabled": Advice("voice_off", "speech to text is switched off in the app"),
    "provider_not_support_speech_to_text": Advice(
        "voice_off", "the app's model provider has no speech to text"
    ),
}
SERVER = {
    "internal_server_error": Advice("dify_failed", f"Dify failed inside: {_LOG}", retry=True),
    "unknown": Advice("dify_failed", f"Dify failed inside: {_LOG}", retry=True),
    "plugin_runtime_error": Advice("dify_failed", f"a Dify plugin failed: {_LOG}", retry=True),
}
CODES: dict[str, Advice] = ACCESS | MODEL | REQUEST | FILES | AUDIO | SERVER

# What is told apart by words only: code invalid_param, or the error of a run. Part of the message -> advice.
NO_BLOCKING = Advice("app_misconfigured", "an agent can't be asked blocking")
INPUTS = Advice("inputs_refused", "a value that the app's form asks for is missing, or is not as it must be")
_UPLOAD = Advice("file_refused", "Dify did not take a file: another user's, too many, or of a wrong type")
_LINK = Advice("link_not_opened", f"Dify could not open the address of a file: {_LOG}", retry=True)
_REQUEST = Advice("dify_failed", f"an HTTP request of the app's own failed: {_LOG}", retry=True)
MESSAGES: dict[str, Advice] = {
    " in input form": INPUTS,  # of all releases and all kinds of fields
    "Invalid upload file": _UPLOAD,
    "File validation failed": _UPLOAD,
    "exceeds the maximum limit": _UPLOAD,
    "is not a valid FileType": _UPLOAD,
    "Detected file type does not match": _UPLOAD,
    "Invalid file url": _UPLOAD,
    "Reached maximum retries (0)": _REQUEST,  # of an HTTP request node, which does not repeat it itself
    "Reached maximum retries (": _LINK,  # of a file's HEAD or GET
    "blocked by SSRF protection": _LINK,
    "Workflow not published": CODES["app_unavailable"],
    "Speech to text is not enabled": CODES["speech_to_text_disabled"],  # before 1.16
    "TTS is not enabled": Advice("speech_off", "text to speech is switched off in the app"),
    "does not support blocking mode": NO_BLOCKING,
    "Run failed": Advice("dify_failed", f"the run failed: {_LOG}", retry=True),  # chatflows, blocking
}

# What some codes mean in an `error` event, where the run had begun.
EVENT_CODES: dict[str, Advice] = {
    "rate_limit_error": Advice("model_busy", "the model provider refuses: too many requests", retry=True),
    "invalid_param": Advice("dify_failed", f"the run failed (chatflows of 0.15 say so): {_LOG}", retry=True),
}
