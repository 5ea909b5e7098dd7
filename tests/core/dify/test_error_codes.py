"""Every error code of the seeds, of the documentation of Dify and of the recordings: what is said and done.

The table here is written from those sources, row by row; that of the product has to agree.
"""

import json
import re
from pathlib import Path

import pytest

from core.dify.codes import CODES, EVENT_CODES, MESSAGES
from core.dify.errors import failure, refusal
from core.errors import ConversationGone, DifyBusy, DifyFailed, DifyRefused, DifyUnreachable, InputsRefused
from core.sentences import CATALOGUE
from simulators.dify.script import Fail, Refuse

REFERENCE = Path(__file__).parents[4] / "shared" / "reference"
SECRET = "sk-proj-abc of Ann at http://10.0.0.1:9001"

# code: (HTTP status, sentence for the user, asking again can help, word that the operator's hint has)
TABLE = {
    # seeds S50 to S56: chat messages
    "invalid_param": (400, "not_accepted", False, "inputs"),
    "app_unavailable": (400, "app_unavailable", False, "publish"),
    "provider_not_initialize": (400, "model_unavailable", False, "credentials"),
    "provider_quota_exceeded": (400, "model_unavailable", False, "quota"),
    "model_currently_not_support": (400, "model_unavailable", False, "model"),
    "completion_request_error": (400, "model_failed", True, "log"),
    "internal_server_error": (500, "dify_failed", True, "log"),
    # seeds S62 to S70: uploads
    "no_file_uploaded": (400, "file_refused", False, "Parley"),
    "too_many_files": (400, "file_refused", False, "Parley"),
    "unsupported_preview": (400, "file_refused", False, "type"),
    "unsupported_estimate": (400, "file_refused", False, "type"),
    "file_too_large": (413, "file_over_limit", False, "limit"),
    "unsupported_file_type": (415, "file_type_refused", False, "type"),
    "s3_connection_failed": (503, "files_unavailable", True, "storage"),
    "connection_failed": (503, "files_unavailable", True, "storage"),
    "s3_permission_denied": (503, "files_unavailable", False, "storage"),
    "permission_denied": (503, "files_unavailable", False, "storage"),
    "s3_file_too_large": (503, "file_over_limit", False, "limit"),
    # seeds S119, S120: workflows
    "workflow_request_error": (400, "dify_failed", True, "log"),
    "workflow_not_found": (404, "app_unavailable", False, "published"),
    # documentation of 1.16, and code of 0.15 to 1.16
    "unauthorized": (401, "app_misconfigured", False, "api_key"),
    "forbidden": (403, "app_unavailable", False, "deleted"),
    "agent_not_published": (400, "app_unavailable", False, "publish"),
    "not_chat_app": (400, "app_misconfigured", False, "kind"),
    "not_completion_app": (400, "app_misconfigured", False, "kind"),
    "not_workflow_app": (400, "app_misconfigured", False, "kind"),
    "workflow_version_execution_not_allowed": (403, "app_misconfigured", False, "version"),
    "rate_limit_error": (429, "quota_exceeded", False, "quota"),
    "bad_request": (400, "not_accepted", False, "log"),
    "not_found": (404, "not_accepted", False, "no such"),
    "conversation_completed": (400, "memory_lost", False, "conversation"),
    "human_input_form_submitted": (412, "form_closed", False, "before"),
    "human_input_form_expired": (412, "form_expired", False, "late"),
    "invalid_form_data": (400, "form_incomplete", False, "requires"),
    "filename_not_exists_error": (400, "file_refused", False, "Parley"),
    "file_not_found": (404, "file_refused", False, "no such"),
    "file_access_denied": (403, "file_refused", False, "another app"),
    "end_user_not_found": (404, "not_accepted", False, "end user"),
    "no_audio_uploaded": (400, "voice_refused", False, "Parley"),
    "audio_too_large": (413, "voice_refused", False, "limit"),
    "unsupported_audio_type": (415, "voice_refused", False, "type"),
    "speech_to_text_disabled": (400, "voice_off", False, "switched off"),
    "provider_not_support_speech_to_text": (400, "voice_off", False, "provider"),
    "plugin_runtime_error": (502, "dify_failed", True, "plugin"),
    # recorded, but documented nowhere
    "unknown": (500, "dify_failed", True, "log"),
    "bad_request_key_error": (400, "not_accepted", False, "Parley"),
    "unsupported_media_type": (415, "not_accepted", False, "Parley"),
    "method_not_allowed": (405, "app_misconfigured", False, "base_url"),
}
SAFE = {"too_many_requests": (429, "dify_busy", True, "requests")}


def body(code, status, message=SECRET):
    return json.dumps({"code": code, "message": message, "status": status}).encode()


def test_the_table_has_every_code_that_the_product_knows():
    assert set(TABLE | SAFE) == set(CODES)


@pytest.mark.parametrize("code", TABLE)
def test_a_code_has_its_sentence_its_hint_and_says_whether_to_ask_again(code):
    status, sentence, retry, hint = TABLE[code]
    error = refusal(status, body(code, status))
    assert type(error) is DifyRefused
    assert (error.status, error.code) == (status, code)
    assert (error.advice.sentence, error.advice.retry) == (sentence, retry)
    assert hint in error.advice.hint
    assert set(CATALOGUE[sentence]) == {"en", "ja", "zh"}
    assert "sk-proj" not in f"{error!r} {error.advice}"


@pytest.mark.parametrize("code", TABLE)
async def test_a_code_arrives_over_the_wire_as_it_is(either, asker, code):
    status, sentence, *_ = TABLE[code]
    us = asker(either)
    either.reply(Refuse(status, code, SECRET))
    with pytest.raises(DifyRefused) as caught:
        await us.ask()
    assert (caught.value.code, caught.value.advice.sentence) == (code, sentence)


# code of an `error` event: (status, sentence, asking again can help)
EVENTS = {
    "invalid_param": (400, "dify_failed", True),  # "Run failed: …" of chatflows, 0.15
    "provider_not_initialize": (400, "model_unavailable", False),
    "provider_quota_exceeded": (400, "model_unavailable", False),
    "model_currently_not_support": (400, "model_unavailable", False),
    "completion_request_error": (400, "model_failed", True),
    "rate_limit_error": (429, "model_busy", True),  # the provider's 429, recorded from 1.16.1
    "internal_server_error": (500, "dify_failed", True),
}


@pytest.mark.parametrize("code", EVENTS)
async def test_a_code_of_an_event_is_a_run_that_failed(dify, asker, code):
    status, sentence, retry = EVENTS[code]
    us = asker(dify)
    dify.reply(["Half", Fail(SECRET, code, status)])
    answer = await us.ask()
    assert (answer.text, answer.error_code, answer.error_status) == ("Half", code, status)
    error = failure(answer.error_code, answer.error_status, SECRET)
    assert (error.code, error.advice.sentence, error.advice.retry) == (code, sentence, retry)
    assert "sk-proj" not in f"{error!r} {error.advice}"


def test_what_an_event_means_otherwise_is_in_the_table_of_events():
    assert set(EVENT_CODES) <= set(EVENTS)
    assert all(EVENT_CODES[code] != CODES[code] for code in EVENT_CODES)


# words by which Dify tells apart what it calls invalid_param: (sentence, asking again can help, kind)
WORDS = {
    "name is required in input form": ("inputs_refused", False, InputsRefused),
    "(type 'text-input') name in input form must be a string": ("inputs_refused", False, InputsRefused),
    "name in input form must be less than 48 characters": ("inputs_refused", False, InputsRefused),
    "tone in input form must be one of the following: ['plain']": ("inputs_refused", False, InputsRefused),
    "Invalid upload file": ("file_refused", False, DifyRefused),
    "File validation failed for file: a.pptx": ("file_refused", False, DifyRefused),
    "Number of image files exceeds the maximum limit 3": ("file_refused", False, DifyRefused),
    "'weird' is not a valid FileType": ("file_refused", False, DifyRefused),
    "Detected file type does not match the specified type": ("file_refused", False, DifyRefused),
    "Invalid file url": ("file_refused", False, DifyRefused),
    "Reached maximum retries (0) for URL http://10.0.0.1/x": ("dify_failed", True, DifyRefused),
    "Reached maximum retries (3) for URL https://x.example/a.pdf": ("link_not_opened", True, DifyRefused),
    "Access to 'http://10.0.0.1' was blocked by SSRF protection": ("link_not_opened", True, DifyRefused),
    "Workflow not published": ("app_unavailable", False, DifyRefused),
    "Speech to text is not enabled": ("voice_off", False, DifyRefused),
    "TTS is not enabled": ("speech_off", False, DifyRefused),
    "Agent Chat App does not support blocking mode": ("app_misconfigured", False, DifyRefused),
    "Run failed: [openai] Error at 10.0.0.1": ("dify_failed", True, DifyRefused),
    "query is required": ("not_accepted", False, DifyRefused),
    "1 validation error for ChatRequestPayload\nquery\n  Field required": (
        "not_accepted",
        False,
        DifyRefused,
    ),
}


@pytest.mark.parametrize("words", WORDS)
def test_what_only_words_tell_apart_is_told_apart(words):
    sentence, retry, kind = WORDS[words]
    error = refusal(400, body("invalid_param", 400, words))
    assert (type(error), error.code) == (kind, "invalid_param")
    assert (error.advice.sentence, error.advice.retry) == (sentence, retry)
    assert error.advice.sentence in CATALOGUE


def test_every_kind_of_words_has_a_row():
    assert [part for part in MESSAGES if not any(part in words for words in WORDS)] == []


@pytest.mark.parametrize("code", [None, "invalid_param"])
def test_inputs_that_only_a_worker_looks_at_are_told_as_inputs(code):
    error = failure(code, None, "text is required in input form")
    assert (type(error), error.advice.sentence) == (DifyFailed, "inputs_refused")
    assert failure("completion_request_error", 400, "x in input form").advice.sentence == "model_failed"


@pytest.mark.parametrize("message", [None, 7, ["a"], {"x": 1}, ""])
def test_a_run_that_failed_without_words_is_a_failure(message):
    error = failure(None, None, message)
    assert (error.code, error.advice.sentence, error.advice.retry) == ("run_failed", "dify_failed", True)


@pytest.mark.parametrize("status", [400, 429])
def test_too_many_requests_are_busy_in_both_spellings(status):
    words = "Too many requests. Please try again later. The current maximum … is 1."
    for code in ("invalid_param", "too_many_requests"):
        error = refusal(status, body(code, status, words))
        assert type(error) is DifyBusy
        assert (error.advice.sentence, error.advice.retry) == ("dify_busy", True)


def test_a_429_of_a_proxy_is_busy():
    assert type(refusal(429, b"<html>slow down")) is DifyBusy


@pytest.mark.parametrize(("code", "status"), [("not_found", 404), ("conversation_completed", 400)])
def test_a_conversation_of_ours_that_is_gone_or_ended_is_told_as_such(code, status):
    error = refusal(status, body(code, status), conversation_id="c")
    assert type(error) is ConversationGone
    assert error.advice.sentence == "memory_lost"
    assert type(refusal(status, body(code, status))) is DifyRefused


@pytest.mark.parametrize(
    ("status", "sentence", "retry"),
    [
        (400, "not_accepted", False),
        (402, "not_accepted", False),
        (404, "app_misconfigured", False),
        (413, "file_over_limit", False),
        (500, "dify_failed", True),
        (502, "dify_failed", True),
        (504, "dify_failed", True),
        (524, "dify_failed", True),
        (302, "dify_failed", True),
    ],
)
@pytest.mark.parametrize(
    "text", [b"", b"<html>10.0.0.1</html>", b"[]", b"null", b'{"code": 7}', b"[" * 99_999]
)
def test_a_code_that_is_not_known_falls_back_on_the_status(status, sentence, retry, text):
    error = refusal(status, text)
    assert (error.status, error.code) == (status, f"http_{status}")
    assert (error.advice.sentence, error.advice.retry) == (sentence, retry)
    named = refusal(status, body("new_in_2_0", status))
    assert (named.code, named.advice) == ("new_in_2_0", error.advice)


def test_a_proxy_that_says_that_dify_is_away_is_unreachable():
    error = refusal(503, b"no healthy upstream")
    assert type(error) is DifyUnreachable
    assert (error.advice.sentence, error.advice.retry) == ("dify_unreachable", True)


@pytest.mark.skipif(not REFERENCE.is_dir(), reason="the references are not on this machine")
def test_every_recorded_code_is_known():
    found = set()
    for path in (REFERENCE / "dify-transcripts").glob("*/*"):
        text = path.read_text(errors="ignore") if path.suffix in {".json", ".sse"} else ""
        if not path.name.endswith(".meta.json"):
            found |= set(re.findall(r'"code": ?"([a-z]\w+)"', text))
    assert len(found) > 15
    assert found - set(CODES) == set()


@pytest.mark.skipif(not REFERENCE.is_dir(), reason="the references are not on this machine")
def test_every_documented_code_is_known():
    paths = json.loads((REFERENCE / "openapi" / "openapi_service.en.json").read_text())["paths"]
    found = set()
    for path, methods in paths.items():
        for method in methods.values() if not path.startswith("/datasets") else ():
            for status, reply in method.get("responses", {}).items():
                said = json.dumps(reply) if status >= "4" else ""
                found |= set(re.findall(r'"code": "([a-z]\w+)"', said))
    assert len(found) > 25
    assert found - set(CODES) == set()
