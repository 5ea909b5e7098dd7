"""What an app says of itself, its annotations, and its runs, through the typed API on both releases."""

import json

import pytest

from core.dify.about import Parameters, SizeLimits
from core.errors import ConversationGone, DifyRefused
from simulators.dify.script import Fail

UNKNOWN = "00000000-0000-4000-8000-000000000000"
FORM = [
    {"text-input": {"variable": "name", "label": "Name", "required": True, "max_length": 48}},
    {"select": {"variable": "tone", "label": "Tone", "options": ["plain", "fancy"], "default": "plain"}},
    {"file-list": {"variable": "docs", "allowed_file_types": ["document"], "max_length": 3}},
]


async def test_an_app_says_what_it_is_called_and_since_1_4_what_it_is(either, asker):
    us = asker(either, "advanced-chat", description="Answers.", tags=["it"])
    info = await us.client.api.about.info()
    assert (info.name, info.description, info.tags) == ("Helpdesk", "Answers.", ("it",))
    assert info.mode == (None if either.version < "1" else "advanced-chat")


async def test_an_app_says_what_it_can_do(either, asker):
    us = asker(
        either,
        "chat",
        opening_statement="Hi!",
        suggested_questions=["What?"],
        suggestions=["And then?"],
        input_form=FORM,
        file_types=("image", "audio"),
        file_limit=2,
        transcript="hello",
        citations=False,
    )
    said = await us.client.api.about.parameters()
    assert (said.opening_statement, said.suggested_questions) == ("Hi!", ("What?",))
    assert said.suggested_questions_after_answer.enabled
    assert said.speech_to_text.enabled
    assert not said.text_to_speech.enabled
    assert not said.retriever_resource.enabled
    assert (said.file_upload.types, said.file_upload.most) == (("image", "audio"), 2)
    assert said.file_upload.allowed_file_upload_methods == ("local_file", "remote_url")
    assert said.system_parameters.bytes_of("image") == 10 * 1024 * 1024
    assert said.system_parameters.bytes_of("custom") == 15 * 1024 * 1024
    name, tone, docs = said.form
    assert (name.type, name.variable, name.label, name.required, name.max_length) == (
        ("text-input", "name", "Name", True, 48)
    )
    assert (tone.type, tone.options, tone.default) == ("select", ("plain", "fancy"), "plain")
    assert (docs.type, docs.allowed_file_types, docs.max_length) == ("file-list", ("document",), 3)


def test_what_is_switched_off_or_old_takes_images_or_nothing():
    def upload(**fields):
        return Parameters.model_validate({"file_upload": fields}).file_upload

    assert (upload().types, upload().most) == ((), 0)
    assert upload(enabled=False, allowed_file_types=["image"], number_limits=3).types == ()
    old = upload(image={"enabled": True, "number_limits": 4})
    assert (old.types, old.most) == (("image",), 4)
    assert Parameters.model_validate({"file_upload": None}).file_upload.types == ()


def test_limits_that_are_not_told_are_those_of_a_stock_server():
    limits = SizeLimits()
    sizes = {kind: limits.bytes_of(kind) // 2**20 for kind in ("image", "audio", "video", "document")}
    assert sizes == {"image": 10, "audio": 50, "video": 100, "document": 15}
    assert SizeLimits.model_validate({"file_size_limit": 0.5}).bytes_of("custom") == 2**19


async def test_an_app_that_is_not_published_is_not_available(either, asker):
    us = asker(either, published=False)
    with pytest.raises(DifyRefused) as caught:
        await us.client.api.about.parameters()
    assert (caught.value.code, caught.value.advice.sentence) == ("app_unavailable", "app_unavailable")


async def test_tool_icons_and_the_web_page(either, asker):
    us = asker(either, tool_icons={"clock": "http://x/icon", "web": {"background": "#fff", "content": "🌐"}})
    icons = (await us.client.api.about.tool_icons()).tool_icons
    assert (icons["clock"], icons["web"]["content"]) == ("http://x/icon", "🌐")
    if either.version < "1":
        with pytest.raises(DifyRefused) as caught:
            await us.client.api.about.site()
        assert caught.value.code == "too_old"
        return
    site = await us.client.api.about.site()
    assert (site.title, site.icon_type, site.icon, site.default_language) == (
        ("Helpdesk", "emoji", "🤖", "en-US")
    )
    assert site.description == ""  # null there


async def test_the_index_is_where_a_server_has_one(either, asker):
    index = await asker(either).client.api.about.index()
    assert (index.server_version if index else None) == ("0.15.8" if either.version < "1" else None)


async def test_who_uploaded_is_found_by_the_id_that_dify_gave_them(dify, asker):
    us = asker(dify)
    kept = await us.client.api.files.upload(us.user, "a.txt", b"x", "text/plain")
    who = await us.client.api.about.end_user(kept.created_by)
    assert (who.session_id, who.type) == (us.user, "service-api")
    with pytest.raises(DifyRefused) as caught:
        await us.client.api.about.end_user(UNKNOWN)
    assert caught.value.code == "end_user_not_found"


async def test_annotations_are_made_found_changed_and_deleted(dify, asker):
    api = asker(dify).client.api.annotations
    made = await api.create("What is Dify?", "A platform.")
    await api.create("Who?", "Parley.")
    page = await api.list(limit=1)
    assert ([row.question for row in page.rows], page.has_more) == (["Who?"], True)
    assert [row.id for row in (await api.list(keyword="dify")).rows] == [made.id]
    changed = await api.update(made.id, "What is Dify?", "An open platform.")
    assert (changed.id, changed.answer, changed.hit_count) == (made.id, "An open platform.", 0)
    await api.delete(made.id)
    await api.delete(made.id)  # gone is done
    assert [row.question for row in (await api.list()).rows] == ["Who?"]
    with pytest.raises(DifyRefused) as caught:
        await api.update(made.id, "x", "y")
    assert caught.value.code == "not_found"


async def test_annotation_replies_are_switched_on_and_then_answer(dify, asker):
    us = asker(dify)
    api = us.client.api.annotations
    await api.create("Who?", "Parley.")
    job = await api.switch("enable", threshold=0.9, provider="openai", model="small")
    assert job.job_status == "waiting"
    assert (await api.job("enable", job.job_id)).job_status == "completed"
    assert (await us.client.api.about.parameters()).annotation_reply.enabled
    assert (await us.ask("Who?")).text == "Parley."


async def test_an_old_server_has_no_annotations(either, asker):
    api = asker(either).client.api.annotations
    if either.version > "1":
        assert (await api.list()).rows == ()
        return
    for call in (api.list(), api.create("q", "a"), api.delete(UNKNOWN)):
        with pytest.raises(DifyRefused) as caught:
            await call
        assert caught.value.code == "too_old"


@pytest.mark.parametrize("kind", ["workflow", "advanced-chat"])
async def test_a_run_is_looked_up_in_both_dialects(either, asker, kind):
    us = asker(either, kind)
    either.reply("One two", [Fail("boom at 10.0.0.1")])
    whole, broken = await us.ask("hi"), await us.ask("hi")
    run = await us.client.api.workflows.run(whole.run_id)
    assert (run.id, run.status, run.text) == (whole.run_id, "succeeded", "One two")
    assert run.finished_at >= run.created_at > 1_700_000_000
    assert run.inputs["sys.user_id"] == us.user
    run = await us.client.api.workflows.run(broken.run_id)
    assert (run.status, run.text) == ("failed", "")
    assert await us.client.api.workflows.run(UNKNOWN) is None


async def test_the_log_of_a_workflow_is_sorted_out_by_the_server(dify, asker):
    us = asker(dify, "workflow")
    dify.reply("fine", [Fail()], "also fine")
    runs = [(await us.ask("hi")).run_id for _ in range(3)]
    us.user = "slack:T1:U2"
    other = (await us.ask("banana")).run_id
    logs = us.client.api.workflows.logs

    async def ids(**given):
        return [row.workflow_run.id for row in (await logs(**given)).rows]

    assert await ids() == [other, *runs[::-1]]
    assert await ids(status="failed") == [runs[1]]
    assert await ids(user="slack:T1:U2") == [other]
    assert await ids(keyword="banana") == [other]
    assert await ids(before="2020-01-01T00:00:00Z") == []
    assert await ids(after="2020-01-01T00:00:00Z", page=2, limit=3) == [runs[0]]
    assert await ids(account="nobody") == []
    page = await logs(limit=1)
    assert page.has_more
    row = page.rows[0]
    assert (row.created_by_end_user.session_id, row.created_from) == ("slack:T1:U2", "service-api")
    assert (row.workflow_run.status, row.workflow_run.total_tokens) == ("succeeded", dify.runs[3].pieces)
    with pytest.raises(DifyRefused) as caught:
        await logs(before="yesterday")
    assert caught.value.code == "invalid_param"


OLDER, DRAFT = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


@pytest.mark.parametrize(
    ("kind", "method"),
    [("workflow", "POST /workflows/{workflow_id}/run"), ("advanced-chat", "POST /chat-messages")],
)
async def test_a_published_version_can_be_asked_for(dify, asker, kind, method):
    us = asker(dify, kind, versions=[OLDER])
    answer = await us.ask("hi", workflow_id=OLDER)
    assert "hi" in answer.text
    assert dify.runs[0].workflow_id == OLDER
    [call] = dify.journal.named(method)
    assert call.args["workflow_id"] == OLDER
    await us.ask("hi", workflow_id=dify.apps[us.key].workflow_id)
    await us.ask("hi")
    assert dify.runs[1].workflow_id == dify.runs[2].workflow_id == dify.apps[us.key].workflow_id


@pytest.mark.parametrize("kind", ["workflow", "advanced-chat"])
async def test_a_version_that_is_none_is_refused_and_named_to_the_operator(dify, asker, kind):
    us = asker(dify, kind, draft_id=DRAFT)
    for wanted, code in ((UNKNOWN, "not_found"), (DRAFT, "bad_request"), ("latest", "bad_request")):
        with pytest.raises(DifyRefused) as caught:
            await us.ask("hi", workflow_id=wanted)
        assert caught.value.code == code
    assert dify.runs == []


async def test_an_unknown_version_is_not_taken_for_a_conversation_that_is_gone(dify, asker):
    us = asker(dify, "advanced-chat")
    first = await us.ask("hi")
    with pytest.raises(DifyRefused) as caught:
        await us.ask("hi", workflow_id=UNKNOWN, conversation_id=first.conversation_id)
    assert not isinstance(caught.value, ConversationGone)
    assert "workflow_id" in caught.value.advice.hint


async def test_a_version_is_named_only_where_one_is_wanted(dify, asker):
    await asker(dify, "advanced-chat").ask("hi")
    [call] = dify.journal.named("POST /chat-messages")
    assert "workflow_id" not in json.dumps(call.args)
