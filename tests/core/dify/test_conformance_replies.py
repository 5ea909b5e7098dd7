"""Every recorded reply of real Dify servers that is no stream, through the call of our client that asks so.

The facts are those of the recording: the status, the JSON as it stands there, and the request that was made.
"""

import re

import pytest

from core.answer import Answer, Outcome
from core.dify.calls import Retries
from core.dify.client import DifyClient, Question
from core.dify.questions import RUN_MODES
from core.dify.server import DifyServer, StreamLimits
from core.errors import ConversationGone, DifyBusy, DifyError, DifyRefused, InputsRefused
from tests.core.dify.recordings import MISSING, ROOT, every, words
from tests.core.dify.replay import Replay, Reply

if not ROOT.is_dir():
    pytest.skip(MISSING, allow_module_level=True)

REPLIES = [recording for recording in every() if not recording.streamed]
ID = r"[0-9A-Za-z-]{20,36}"
AT_ONCE = Retries(pauses=())


async def asked(client, recording):
    """The answer to a question, blocking where the recorded one was."""
    body, answer = recording.asked, Answer()
    question = Question(
        recording.text,
        str(body.get("user") or "u"),
        conversation_id=body.get("conversation_id") or "",
        inputs=body.get("inputs") or {},
    )
    mode = {"/completion-messages": "completion", "/workflows/run": "workflow"}.get(
        recording.endpoint, "chat"
    )
    blocking = body.get("response_mode") in {"blocking", None} and bool(body)
    async with client.ask(question, run=mode in RUN_MODES, mode=mode, blocking=blocking) as events:
        async for event in events:
            answer.take(event)
    return answer


async def stop(client, recording):
    mode = {"completion-messages": "completion", "workflows": "workflow"}.get(part(recording, 1), "chat")
    return await client.stop(part(recording, -2), recording.asked.get("user", "u"), mode=mode)


async def name(client, recording):
    given, user = recording.asked, recording.asked["user"]
    if given.get("auto_generate"):
        return await client.api.conversations.auto_name(part(recording, 2), user)
    return await client.api.conversations.rename(part(recording, 2), user, given.get("name", ""))


async def turns(client, recording):
    given = recording.query
    return await client.api.conversations.turns(
        given.get("conversation_id", ""), given.get("user", ""), first_id=given.get("first_id")
    )


async def conversations(client, recording):
    given = recording.query
    limit = int(given.get("limit", 20))
    return await client.api.conversations.list(
        given.get("user", ""), last_id=given.get("last_id"), limit=limit
    )


async def rate(client, recording):
    given = recording.asked
    return await client.rate(part(recording, 2), given.get("user", "u"), given.get("rating"))


async def submit(client, recording):
    given = recording.asked
    return await client.api.human_input.submit(
        part(recording, -1), given["inputs"], given["action"], given["user"]
    )


def part(recording, index):
    return recording.endpoint.split("/")[index]


def user(recording):
    return recording.query.get("user") or recording.asked.get("user") or "u"


# method and path -> our call; None: nothing that a client asks for
CALLS = {
    r"POST /(chat-messages|completion-messages|workflows/run)": asked,
    rf"POST /(chat-messages|completion-messages|workflows/tasks)/{ID}/stop": stop,
    rf"POST /workflows/{ID}/stop": None,  # as it was before 0.6
    rf"GET /workflows/run/{ID}": lambda client, it: client.api.workflows.run(part(it, 3)),
    r"GET /workflows/logs": lambda client, _: client.api.workflows.logs(limit=2),
    rf"POST /form/human_input/{ID}": submit,
    r"POST /files/upload": lambda client, _: client.api.files.upload("u", "a.png", b"x", "image/png"),
    rf"POST /messages/{ID}/feedbacks": rate,
    rf"GET /messages/{ID}/suggested": lambda client, it: client.api.messages.suggested(part(it, 2), user(it)),
    r"GET /messages": turns,
    r"GET /conversations": conversations,
    rf"DELETE /conversations/{ID}": lambda client, it: client.delete_conversation(part(it, 2), user(it)),
    rf"POST /conversations/{ID}/name": name,
    rf"GET /conversations/{ID}/variables": lambda client, it: client.api.conversations.variables(
        part(it, 2), user(it)
    ),
    r"POST /audio-to-text": lambda client, _: client.api.audio.hear("u", "a.mp3", b"x", "audio/mp3"),
    r"POST /text-to-audio": lambda client, _: client.api.audio.speak("u", text="hello"),
    r"GET /info": lambda client, _: client.api.about.info(),
    r"GET /parameters": lambda client, _: client.api.about.parameters(),
    r"GET /meta": lambda client, _: client.api.about.tool_icons(),
    r"GET /site": lambda client, _: client.api.about.site(),
    r"GET /": lambda client, _: client.api.about.index(),
    rf"GET /files/tools/{ID}.png": lambda client, it: client.api.downloads.fetch(it.url, 10_000),
    r"GET /(nope|health|chat-messages)": None,
}


def call_of(recording):
    line = f"{recording.method} {recording.endpoint}"
    [call] = [call for pattern, call in CALLS.items() if re.fullmatch(pattern, line)]
    return call


OURS = [recording for recording in REPLIES if call_of(recording) is not None]
STRANGE = [recording for recording in REPLIES if call_of(recording) is None]


@pytest.fixture
async def replayed():
    """What our client makes of a recorded reply, or how it fails."""

    async def replay(recording):
        reply = Reply(recording.status, recording.body, recording.headers)
        async with Replay(reply) as dify:
            server = DifyServer(dify.base_url, StreamLimits())
            client = DifyClient(server, "app-key", retries=AT_ONCE)
            try:
                return await call_of(recording)(client, recording)
            except DifyError as error:
                return error
            finally:
                await server.aclose()
                [request] = dify.asked
                assert request.method == recording.method
                assert request.path.removeprefix("/v1") == recording.endpoint

    return replay


def test_nearly_every_reply_is_to_a_call_of_ours():
    assert len(REPLIES) >= 395
    assert {recording.name for recording in STRANGE} == {
        "err_404_route", "err_405", "saturate_stop_during", "stop_workflow_oldroute",
    }  # fmt: skip


DONE_ALREADY = {"feedback_null_again", "feedback_missing_rating", "conversation_delete_again"}
REFUSED = [
    recording
    for recording in OURS
    if recording.status >= 400
    and recording.name not in DONE_ALREADY
    and not recording.name.startswith(("info_root", "workflow_run_detail_unknown"))
    and recording.name != "conversation_delete_otheruser"  # gone for us, which is what was wanted
]


def kind_of_refusal(recording):
    """By dify-live.md: 3.13 (conversations), 3.15 (inputs), 3.18 (too many requests)."""
    body = recording.json or {}
    words_ = body.get("message", "")
    sent = recording.asked.get("conversation_id") or recording.query.get("conversation_id")
    sent = sent or (part(recording, 2) if recording.endpoint.startswith("/conversations/") else "")
    if words_.startswith("Too many requests"):
        return DifyBusy
    if body.get("code") == "not_found" and sent and "first_id" not in recording.query:
        return ConversationGone
    return InputsRefused if "in input form" in words_ else DifyRefused


@pytest.mark.parametrize("recording", REFUSED, ids=str)
async def test_a_refusal_is_told_by_its_kind_and_repeats_nothing(replayed, recording):
    error = await replayed(recording)
    assert type(error) is kind_of_refusal(recording)
    body = recording.json
    said = f"{error!r} {error.advice}"
    if body is None:  # a web page: 0.15 has no such endpoint
        assert (error.code, error.advice.sentence) == ("too_old", "dify_too_old")
        assert recording.old
        assert recording.version in error.advice.hint
        return
    if type(error) is not DifyBusy:
        assert (error.status, error.code) == (recording.status, body["code"])
    assert body["message"] not in said or not body["message"]


@pytest.mark.parametrize("recording", [it for it in OURS if it.name in DONE_ALREADY], ids=str)
async def test_what_is_done_already_is_no_error(replayed, recording):
    assert recording.status in {400, 404}
    assert await replayed(recording) is None


ANSWERED = [it for it in OURS if call_of(it) is asked and it.status == 200]


@pytest.mark.parametrize("recording", ANSWERED, ids=str)
async def test_a_blocking_reply_is_an_answer(replayed, recording):
    answer, body = await replayed(recording), recording.json
    data = body.get("data") or {}
    # asked blocking, 0.15 takes what a model said until its connection broke for all of it
    cut = recording.old and recording.told.get("fail") == "drop" and recording.kind != "workflow"
    failed = "fail" in recording.told and not cut
    assert answer.outcome is (Outcome.FAILED if failed else Outcome.COMPLETE)
    assert answer.task_id == body["task_id"]
    assert answer.run_id == body.get("workflow_run_id", "")
    assert answer.message_id == body.get("message_id", "")
    assert answer.conversation_id == body.get("conversation_id", "")
    if recording.name.startswith("moderation"):
        assert answer.text == "The answer was withheld by moderation."
    elif failed:
        assert (data["status"], answer.text) == ("failed", "")
    elif cut:
        assert words(20).startswith(answer.text)
    else:
        said = words(int(recording.told.get("n", 12)))
        whole = f"{said}\n{recording.text}" if recording.kind == "workflow" else said
        assert answer.text in {whole, whole.strip()}  # easy apps of 1.16 cut blanks off


PAGES = [it for it in OURS if it.status == 200 and isinstance((it.json or {}).get("data"), list)]


@pytest.mark.parametrize("recording", PAGES, ids=str)
async def test_a_page_has_the_rows_that_stand_there(replayed, recording):
    page, rows = await replayed(recording), recording.json["data"]
    if recording.endpoint.endswith("/suggested"):
        assert page == tuple(rows)
        return
    assert page.has_more == recording.json["has_more"]
    assert page.limit == recording.json["limit"]
    assert sorted(row.id for row in page.rows) == sorted(row["id"] for row in rows)
    for row in page.rows:
        [there] = [each for each in rows if each["id"] == row.id]
        for name_ in (
            "name",
            "query",
            "answer",
            "value",
            "value_type",
            "status",
            "introduction",
            "created_at",
            "inputs",
        ):
            if name_ in there:
                assert getattr(row, name_) == there[name_], name_
        assert list(getattr(row, "retriever_resources", ())) == there.get("retriever_resources", [])


async def only(replayed, name_, version="1.16.1"):
    [recording] = [it for it in OURS if it.name == name_ and it.version == version]
    return await replayed(recording), recording.json


VERSIONS = pytest.mark.parametrize("version", ["0.15.8", "1.16.1"])


@VERSIONS
@pytest.mark.parametrize("rating", ["like", "dislike"])
async def test_a_recorded_rating_is_seen(replayed, version, rating):
    page, body = await only(replayed, f"feedback_{rating}_messages", version)
    assert page.rows[-1].feedback.rating == body["data"][-1]["feedback"]["rating"] == rating
    page, body = await only(replayed, "feedback_null_messages", version)
    assert page.rows[-1].feedback.rating is body["data"][-1]["feedback"] is None


async def test_the_recorded_files_of_an_agent_are_found(replayed):
    page, body = await only(replayed, "agent_file_messages", "0.15.8")
    told = [file["url"] for row in body["data"] for file in row["message_files"]]
    assert told
    assert [file.url for turn in page.rows for file in turn.files] == told
    picture, _ = await only(replayed, "agent_file_download", "0.15.8")
    assert picture.data.startswith(b"\x89PNG")


@VERSIONS
async def test_the_recorded_tools_of_an_agent_are_read(replayed, version):
    page, _ = await only(replayed, "messages_agent", version)
    [clock, said] = page.rows[0].agent_thoughts
    assert (clock.tool, clock.tool_labels["current_time"]["ja_JP"]) == ("current_time", "Current Time")
    assert (said.tool, said.thought) == ("", "The quick ")
    assert page.rows[0].files == ()  # 0.15 lists one of nulls


@VERSIONS
async def test_a_recorded_upload_is_read(replayed, version):
    kept, body = await only(replayed, "file_upload_png", version)
    for name_ in ("id", "name", "size", "extension", "mime_type", "created_by", "created_at"):
        assert getattr(kept, name_) == body[name_]
    assert bool(kept.source_url) == (version > "1")


@VERSIONS
@pytest.mark.parametrize("app", ["chat", "chat-form", "agent", "chatflow", "completion", "workflow"])
async def test_recorded_parameters_are_read(replayed, version, app):
    said, body = await only(replayed, f"parameters_{app}", version)
    fields = [(kind, field) for item in body["user_input_form"] for kind, field in item.items()]
    assert [(field.type, field.variable, field.required) for field in said.form] == [
        (kind, field["variable"], field["required"]) for kind, field in fields
    ]
    assert said.opening_statement == (body["opening_statement"] or "")
    assert said.file_upload.enabled == body["file_upload"].get("enabled", False)
    assert said.system_parameters.bytes_of("document") == 2 * 2**20  # lowered for the recording
    assert said.system_parameters.bytes_of("image") == 2**20


@VERSIONS
async def test_a_recorded_run_is_read_in_its_dialect(replayed, version):
    run, _ = await only(replayed, "workflow_run_detail", version)
    assert (run.text, run.status) == ("The quick brown \nx [[n=3]]", "succeeded")
    assert run.inputs["sys.user_id"] == "convuser"
    assert run.finished_at >= run.created_at > 1_795_000_000
    unknown, _ = await only(replayed, "workflow_run_detail_unknown", version)
    assert unknown is None


@VERSIONS
async def test_a_recorded_log_is_read(replayed, version):
    page, body = await only(replayed, "workflow_logs", version)
    assert [row.workflow_run.id for row in page.rows] == [row["workflow_run"]["id"] for row in body["data"]]
    assert page.rows[0].created_by_end_user.session_id == "convuser"
    assert page.rows[0].workflow_run.total_tokens == body["data"][0]["workflow_run"]["total_tokens"]


@VERSIONS
async def test_what_recorded_apps_say_of_themselves(replayed, version):
    info, body = await only(replayed, "info_chat", version)
    assert (info.name, info.mode) == (body["name"], body.get("mode"))
    icons, body = await only(replayed, "meta_agent", version)
    assert icons.tool_icons == body["tool_icons"]
    index, body = await only(replayed, "info_root", version)
    assert (index.server_version if index else None) == (body or {}).get("server_version")
    site, body = await only(replayed, "site_chat", version)
    assert isinstance(site, DifyRefused) if version < "1" else site.icon == body["icon"]


@VERSIONS
async def test_a_recorded_name_is_read(replayed, version):
    for which in ("conversation_rename", "conversation_autoname"):
        row, body = await only(replayed, which, version)
        assert (row.id, row.name, row.updated_at) == (body["id"], body["name"], body["updated_at"])


@pytest.mark.parametrize(
    "recording",
    [it for it in OURS if it.name.startswith(("hitl", "stop_reply", "stop_unknown", "conversation_delete"))],
    ids=str,
)
async def test_an_empty_reply_is_enough(replayed, recording):
    result = await replayed(recording)
    assert result is None or recording.status >= 400
