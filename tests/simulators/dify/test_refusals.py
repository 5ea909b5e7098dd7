"""Keys, bodies, users, kinds of apps, and what apps say about themselves."""

import pytest

BODY = {"inputs": {}, "query": "x", "response_mode": "blocking", "user": "ann"}


async def test_keys(either, caller):
    ann = await caller(either)
    for header, words in {
        "": "Authorization header must be provided and start with 'Bearer'",
        "Basic x": "Authorization scheme must be 'Bearer'",
        "Bearer app-wrong": "Access token is invalid",
    }.items():
        refused = await ann.client.post("/chat-messages", json=BODY, headers={"Authorization": header})
        assert refused.json() == {"code": "unauthorized", "message": words, "status": 401}
    ann.app.api_enabled = False
    assert (await ann.block()).json()["message"] == "The app's API service has been disabled."
    ann.app.deleted = True
    gone = await ann.block()
    assert (gone.status_code, gone.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"user": None}, "invalid_param", "Arg user must be provided."),
        ({"user": ""}, "invalid_param", "Arg user must be provided."),
        ({"query": ""}, "invalid_param", "query is required"),
        ({"query": ...}, "invalid_param", ""),
        ({"inputs": ...}, "invalid_param", ""),
        ({"response_mode": "stream"}, "invalid_param", ""),
    ],
)
async def test_bodies_that_are_refused(either, caller, change, code, words):
    ann = await caller(either)
    body = {name: value for name, value in {**BODY, **change}.items() if value is not ...}
    refused = await ann.client.post("/chat-messages", json=body, headers=ann.headers)
    assert (refused.status_code, refused.json()["code"]) == (400, code)
    assert words in refused.json()["message"]
    assert ann.app.runs == []


async def test_bodies_that_are_no_json(either, caller):
    ann = await caller(either)
    for content, kind, status, code in (
        (b"{bad", "application/json", 400, "bad_request"),
        (b'{"query": "\\ud800"}', "application/json", 400, "bad_request"),
        (b"query=x", "text/plain", 415, "unsupported_media_type"),
    ):
        headers = ann.headers | {"Content-Type": kind}
        refused = await ann.client.post("/chat-messages", content=content, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (status, code)


async def test_null_inputs_and_odd_users(either, caller):
    ann = await caller(either)
    nulls = await ann.block(inputs=None)
    assert nulls.status_code == (200 if either.version == "0.15.8" else 400)
    assert (await ann.block(user=12345)).status_code == 200
    assert ann.app.runs[-1].user == "12345"
    assert (await ann.block(user="slack:T1/U1 🙂")).status_code == 200
    too_long = await ann.block(user="u" * 256)
    assert too_long.json() == {"message": "Internal Server Error", "code": "unknown"} | (
        {"status": 500} if either.version > "1" else {}
    )


async def test_wrong_kinds_of_apps(either, caller):
    chat, workflow = await caller(either), await caller(either, "workflow")
    inputs = {"inputs": {}, "query": "x", "response_mode": "streaming"}
    for speaker, path, code in (
        (workflow, "/chat-messages", "not_chat_app"),
        (chat, "/workflows/run", "not_workflow_app"),
        (chat, "/completion-messages", "app_unavailable"),
    ):
        assert (await speaker.post(path, **inputs)).json()["code"] == code
    assert (await workflow.get("/conversations")).json()["code"] == "not_chat_app"


async def test_methods_and_versions(either, caller):
    ann = await caller(either)
    wrong = await ann.get("/chat-messages")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "method_not_allowed")
    replies = [wrong, await ann.block(), await ann.get("/nope"), await ann.block(query="")]
    assert {reply.headers["x-version"] for reply in replies} == {either.version}
    index = await ann.client.get("/")
    if either.version == "0.15.8":
        assert index.json()["server_version"] == "0.15.8"
    else:
        assert index.status_code == 404


async def test_what_an_app_says_about_itself(either, caller):
    ann = await caller(
        either,
        name="Helpdesk",
        opening_statement="Hi!",
        suggested_questions=["What?"],
        tool_icons={"clock": "http://icons/clock"},
        file_limit=2,
    )
    info = (await ann.get("/info")).json()
    assert info["name"] == "Helpdesk"
    assert info.get("mode") == (None if either.version == "0.15.8" else "chat")
    parameters = (await ann.get("/parameters")).json()
    assert (parameters["opening_statement"], parameters["suggested_questions"]) == ("Hi!", ["What?"])
    assert parameters["file_upload"]["number_limits"] == 2
    assert parameters["system_parameters"]["image_file_size_limit"] == 10
    assert (await ann.get("/meta")).json() == {"tool_icons": {"clock": "http://icons/clock"}}
    site = await ann.get("/site")
    assert site.status_code == (404 if either.version == "0.15.8" else 200)
    ann.app.published = False
    assert (await ann.get("/parameters")).json()["code"] == "app_unavailable"
    assert (await ann.block()).json()["message"] == "Workflow not published"


async def test_end_users(dify, caller):
    ann = await caller(dify, "workflow")
    created_by = (await ann.ask())[-1]["data"]["created_by"]
    found = (await ann.get(f"/end-users/{created_by['id']}")).json()
    assert (found["id"], found["session_id"]) == (created_by["id"], "ann")
    assert (await ann.get("/end-users/nobody")).json()["code"] == "end_user_not_found"


async def test_runs_and_logs_seen_from_outside(either, caller):
    ann = await caller(either, "workflow")
    run_id = (await ann.ask("cats"))[-1]["workflow_run_id"]
    await ann.ask("dogs")
    detail = (await ann.get(f"/workflows/run/{run_id}")).json()
    assert detail["status"] == "succeeded"
    assert isinstance(detail["outputs"], str if either.version == "0.15.8" else dict)
    unknown = await ann.get("/workflows/run/00000000-0000-4000-8000-000000000000")
    assert unknown.status_code == (200 if either.version == "0.15.8" else 404)
    logs = (await ann.get("/workflows/logs", limit=1)).json()
    assert (logs["total"], logs["has_more"], len(logs["data"])) == (2, True, 1)
    assert (await ann.get("/workflows/logs", keyword="cats")).json()["total"] == 1
    assert (await ann.get("/workflows/logs", status="failed")).json()["total"] == 0


async def test_a_published_version_can_be_run_by_id(dify, caller):
    ann = await caller(dify, "workflow")
    body = {"inputs": {}, "response_mode": "blocking"}
    unknown = "00000000-0000-4000-8000-000000000000"
    versions = {ann.app.workflow_id: 200, unknown: 404, ann.app.draft_id: 400, "other": 400}
    for version, status in versions.items():
        assert (await ann.post(f"/workflows/{version}/run", **body)).status_code == status
