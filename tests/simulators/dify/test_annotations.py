"""Annotations: kept, found, changed, deleted, and given as answers once they are switched on."""

import pytest

SETTINGS = {"score_threshold": 0.9, "embedding_provider_name": "openai", "embedding_model_name": "small"}


async def created(speaker, question, answer="An answer."):
    response = await speaker.post("/apps/annotations", question=question, answer=answer)
    assert response.status_code == 201
    return response.json()


async def test_annotations_are_listed_newest_first_and_found_by_keyword(dify, caller):
    speaker = await caller(dify)
    made = [await created(speaker, question) for question in ("What is Dify?", "Who are you?", "And why?")]
    assert set(made[0]) == {"id", "question", "answer", "hit_count", "created_at"}
    body = (await speaker.get("/apps/annotations", limit=2)).json()
    assert [row["question"] for row in body["data"]] == ["And why?", "Who are you?"]
    assert {key: body[key] for key in ("has_more", "limit", "total", "page")} == {
        "has_more": True,
        "limit": 2,
        "total": 3,
        "page": 1,
    }
    body = (await speaker.get("/apps/annotations", limit=2, page=2)).json()
    assert ([row["id"] for row in body["data"]], body["has_more"]) == ([made[0]["id"]], False)
    body = (await speaker.get("/apps/annotations", keyword="dify")).json()
    assert [row["question"] for row in body["data"]] == ["What is Dify?"]


async def test_an_annotation_is_changed_and_deleted_once(dify, caller):
    speaker = await caller(dify)
    path = f"/apps/annotations/{(await created(speaker, 'Who?'))['id']}"
    changed = await speaker.send("PUT", path, question="Who?", answer="Parley.")
    assert (changed.status_code, changed.json()["answer"]) == (200, "Parley.")
    gone = await speaker.send("DELETE", path)
    assert (gone.status_code, gone.content) == (204, b"")
    again = await speaker.send("DELETE", path)
    assert (again.status_code, again.json()["message"]) == (404, "Annotation not found")


async def test_an_annotation_needs_both_texts(dify, caller):
    speaker = await caller(dify)
    response = await speaker.post("/apps/annotations", question="Who?")
    assert (response.status_code, response.json()["code"]) == (400, "invalid_param")


async def test_an_annotated_question_gets_its_answer_once_the_reply_is_on(dify, caller):
    speaker = await caller(dify)
    made = await created(speaker, "Who?", "Parley.")
    assert "You said" in (await speaker.block("Who?")).json()["answer"]
    on = (await speaker.post("/apps/annotation-reply/enable", **SETTINGS)).json()
    assert on["job_status"] == "waiting"
    state = (await speaker.get(f"/apps/annotation-reply/enable/status/{on['job_id']}")).json()
    assert state == {"job_id": on["job_id"], "job_status": "completed", "error_msg": ""}
    assert (await speaker.get("/parameters")).json()["annotation_reply"] == {"enabled": True}
    reply = (await speaker.block("who?")).json()
    assert (reply["answer"], reply["metadata"]["annotation_reply"]["id"]) == ("Parley.", made["id"])
    assert "You said" in (await speaker.block("Who else?")).json()["answer"]
    [row] = (await speaker.get("/apps/annotations")).json()["data"]
    assert row["hit_count"] == 1
    await speaker.post("/apps/annotation-reply/disable", **SETTINGS)
    assert "You said" in (await speaker.block("Who?")).json()["answer"]


async def test_an_annotated_agent_thinks_nothing_and_says_it_as_a_model_would(dify, caller):
    speaker = await caller(dify, "agent-chat")
    made = await created(speaker, "Who?", "Parley.")
    await speaker.post("/apps/annotation-reply/enable", **SETTINGS)
    said, end = await speaker.ask("Who?")
    assert (said["event"], said["answer"]) == ("message", "Parley.")
    assert (end["event"], end["metadata"]["annotation_reply"]["id"]) == ("message_end", made["id"])
    assert next(iter(speaker.app.messages.values())).answer == "Parley."


@pytest.mark.parametrize(
    ("path", "body"),
    [("/apps/annotation-reply/enable", {}), ("/apps/annotation-reply/toggle", SETTINGS)],
)
async def test_the_switch_wants_all_its_settings(dify, caller, path, body):
    response = await (await caller(dify)).post(path, **body)
    assert (response.status_code, response.json()["code"]) == (400, "invalid_param")


async def test_an_unknown_job_is_refused(dify, caller):
    response = await (await caller(dify)).get("/apps/annotation-reply/enable/status/none")
    assert (response.status_code, response.json()["message"]) == (400, "The job does not exist.")


async def test_an_app_without_conversations_has_no_annotations(dify, caller):
    response = await (await caller(dify, "completion")).get("/apps/annotations")
    assert (response.status_code, response.json()["code"]) == (400, "not_chat_app")
