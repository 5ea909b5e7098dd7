"""Links in a question, in the configuration and in the form, as the files that Dify is told to fetch."""

import json

import pytest

from core.contract import Limits
from core.dify.about import FormField
from core.dify.errors import failure, refusal
from core.dify.file_types import FileInput, plain
from core.dify.questions import Question
from core.errors import DifyRefused
from core.file_slots import doubts
from core.form_fields import field_of
from core.messages import Field, FormSubmitted, Person, Refusal
from core.sentences import say
from core.setup import Setup, form_key
from core.taking import Taking
from tests.core.files_scene import PLACE, incoming, staged
from tests.core.parts import Line

ON = {"file_links": True}
PDF, PNG = "https://e.com/a.pdf", "https://e.com/b.png"
DOC = {"file": {"variable": "doc", "label": "Plan", "required": True, "allowed_file_types": ["document"]}}
FAR = {"file": DOC["file"] | {"allowed_file_upload_methods": ["remote_url"]}}
FARS = {"file-list": FAR["file"] | {"variable": "docs", "label": "Plans", "required": False, "max_length": 2}}
QUERY = {"paragraph": {"variable": "query", "label": "Question", "required": True}}


def remote(url, kind):
    return FileInput.remote(url, kind)


async def test_links_follow_the_uploads_and_the_text_stays(tmp_path):
    async with staged(tmp_path, settings=ON) as scene:
        question, _ = await scene.completed(f"see [it]({PDF}), {PNG}", [incoming()])
        assert question.query == f"see [it]({PDF}), {PNG}"
        upload, *links = question.files
        assert (upload.type, upload.transfer_method) == ("image", "local_file")
        assert links == [remote(PDF, "document"), remote(PNG, "image")]
        assert (await scene.answered(question)).status == "succeeded"
        assert scene.chat.fetched == ["cat.png"]  # no link is


async def test_too_many_links_are_cut_together_with_the_uploads(tmp_path):
    async with staged(tmp_path, settings=ON, file_limit=2) as scene:
        question, notes = await scene.completed(f"{PDF} {PNG}", [incoming()])
        assert [file.transfer_method for file in question.files] == ["local_file", "remote_url"]
        assert notes[0] == ("files_cut", {"count": "1", "limit": "2"})


@pytest.mark.parametrize(
    ("settings", "features"),
    [
        ({}, {}),
        (ON, {"file_methods": ["local_file"]}),
        (ON, {"file_types": ["image"]}),
        (ON, {"file_upload": False}),
    ],
)
async def test_where_no_link_is_taken_it_is_only_text(tmp_path, settings, features):
    async with staged(tmp_path, settings=settings, **features) as scene:
        question, notes = await scene.completed(f"see {PDF}")
        assert (question.query, question.files, notes) == (f"see {PDF}", (), [])


async def test_links_to_the_platform_itself_are_not_passed_on(tmp_path):
    async with staged(tmp_path, settings=ON) as scene:
        scene.chat.limits = lambda _place: Limits(1000, own_hosts=("e.com",))
        question, _ = await scene.completed(f"{PDF} https://f.org/c.pdf")
        assert question.files == (remote("https://f.org/c.pdf", "document"),)


@pytest.mark.parametrize("mode", ["completion", "workflow"])
async def test_links_go_into_the_variables_of_a_form(tmp_path, mode):
    pictures = {"file-list": {"variable": "pictures", "allowed_file_types": ["image"], "max_length": 2}}
    form = [QUERY, FAR, pictures]
    async with staged(tmp_path, mode, settings=ON, input_form=form, file_upload=False) as scene:
        await scene.asked(f"{PDF} {PNG}")
        assert (await scene.prepared()).inputs == {}
        assert (
            await scene.app.prepared(scene.turn, scene.chat)
        ).missing == ()  # the link is what it waits for
        question = await scene.attachments().complete(await scene.prepared())
        assert question.inputs == {"doc": remote(PDF, "document"), "pictures": [remote(PNG, "image")]}
        assert (await scene.answered(question)).status == "succeeded"


async def test_a_question_without_a_fitting_link_still_waits_for_the_form(tmp_path):
    async with staged(tmp_path, "advanced-chat", settings=ON, input_form=[FAR]) as scene:
        await scene.asked(f"see {PNG}")
        assert await scene.app.learn_form()
        missing = (await scene.app.prepared(scene.turn, scene.chat)).missing
        assert [one.variable for one in missing] == ["doc"]


async def test_what_a_chats_form_requires_is_sent_again_with_the_next_question(tmp_path):
    async with staged(tmp_path, "advanced-chat", settings=ON, input_form=[FAR]) as scene:
        first, _ = await scene.completed(f"see {PDF}")
        assert (first.inputs, first.files) == ({"doc": remote(PDF, "document")}, ())
        second, _ = await scene.completed("and now?", name="q2")
        assert second.inputs == first.inputs
        assert (await scene.answered(second)).status == "succeeded"


@pytest.mark.parametrize(("settings", "sentence"), [({}, "uploads_off"), (ON, "file_as_link")])
async def test_an_app_that_takes_links_only_says_so_of_uploads(tmp_path, settings, sentence):
    async with staged(tmp_path, settings=settings, file_methods=["remote_url"]) as scene:
        question, notes = await scene.completed("look", [incoming()])
        assert (question.files, notes) == ((), [(sentence, {"name": "cat.png"})])


# values of the configuration


@pytest.mark.parametrize(
    ("value", "docs"),
    [
        (PDF, [PDF]),
        ([PDF, PDF], [PDF, PDF]),
        ({"type": "document", "transfer_method": "remote_url", "url": PDF}, [PDF]),
        ([{"url": PDF}], [PDF]),
    ],
)
@pytest.mark.parametrize("version", ["0.15.8", "1.16.1"])
async def test_files_of_the_configuration_are_sent_as_dify_reads_them(tmp_path, value, docs, version):
    settings = {"inputs": {"doc": PDF, "docs": value}}
    form = [QUERY, FAR, FARS]
    async with staged(tmp_path, "workflow", version=version, settings=settings, input_form=form) as scene:
        await scene.asked("x")
        question = (await scene.app.prepared(scene.turn, scene.chat)).question  # the form is learned for that
        sent = plain(question.inputs["doc"]), plain(question.inputs["docs"])
        one = {"type": "document", "transfer_method": "remote_url", "url": PDF}
        assert sent == (one, [one | {"url": url} for url in docs])
        assert (await scene.answered(question)).status == "succeeded"


async def test_files_of_the_configuration_may_lie_on_inner_servers(tmp_path):
    inner = "http://files.internal/a.pdf"
    async with staged(tmp_path, settings={"inputs": {"doc": inner}}, input_form=[DOC]) as scene:
        await scene.asked("x")
        assert (await scene.prepared()).inputs == {"doc": remote(inner, "document")}


# the form


def test_a_variable_that_takes_links_only_is_asked_for_them():
    one = FormField(type="file", **FAR["file"])
    many = FormField(type="file-list", **FARS["file-list"])
    assert field_of(one, {}, "en") == Field("doc", "Plan (link)", "text", required=True)
    assert field_of(many, {}, "en") == Field("docs", "Plans (links, one per line)", "paragraph")
    assert field_of(one, {"doc": f"{PDF} "}, "ja").value == PDF
    assert field_of(many, {"docs": [{"url": PDF}, PNG]}, "zh").value == f"{PDF}\n{PNG}"
    both = FormField(type="file", **DOC["file"], allowed_file_upload_methods=["local_file", "remote_url"])
    assert field_of(both, {}, "en").kind == "file"


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ("plan.pdf", "input_no_link"),
        ("http://192.168.1.1/a.pdf", "input_no_link"),
        ("https://e.com.chat.com/a.pdf", "input_no_link"),
        (PNG, "file_type_refused"),
        ("", "input_required"),
        (PDF, None),
    ],
)
async def test_links_of_a_form_are_checked_kept_and_sent_each_time(tmp_path, given, wrong):
    async with staged(tmp_path, "advanced-chat", input_form=[FAR]) as scene:
        scene.chat.limits = lambda _place: Limits(1000, own_hosts=("chat.com",))
        await scene.asked("x")
        setup = Setup(None, scene.asides, {"helpdesk": scene.app}, {"fake": scene.chat}, Taking(Line()))
        sent = FormSubmitted(form_key("helpdesk"), Person("ann"), PLACE, {"doc": given})
        said = await setup.submitted(sent)
        if wrong:
            assert said == Refusal({"doc": say(wrong, "en")})
            return
        assert await scene.asides.inputs(PLACE, "helpdesk") == {"doc": PDF}
        for name in ("q2", "q3"):
            question, _ = await scene.completed("x", name=name)
            assert question.inputs == {"doc": remote(PDF, "document")}
            assert (await scene.answered(question)).status == "succeeded"


INNER = "http://minio.internal:9000/handbook.pdf?sig=SECRET"


@pytest.mark.parametrize("required", [True, False])
async def test_a_configured_link_is_not_shown_and_counts_until_another_is_written(tmp_path, required):
    form = [{"file": FAR["file"] | {"required": required}}]
    settings = {"inputs": {"doc": INNER}}
    async with staged(tmp_path, "advanced-chat", input_form=form, settings=settings) as scene:
        scene.chat.limits = lambda _place: Limits(1000)
        await scene.asked("x")
        setup = Setup(None, scene.asides, {"helpdesk": scene.app}, {"fake": scene.chat}, Taking(Line()))
        for number, (given, sent) in enumerate([("", INNER), (PDF, PDF), ("", INNER)]):
            filled = FormSubmitted(form_key("helpdesk"), Person("ann"), PLACE, {"doc": given})
            assert not isinstance(await setup.submitted(filled), Refusal)
            question, _ = await scene.completed("x", name=f"again{number}")
            assert question.inputs["doc"].url == sent
        [field] = (await setup.opened(scene.app, PLACE, "chat:t", "")).fields
        assert (field.value, field.required) == ("", False)


@pytest.mark.parametrize("url", ["https://files.corp.internal/?id=5&token=SECRET", "https://inner/", INNER])
def test_an_address_is_never_told_where_a_link_is_in_doubt(url):
    file = FileInput(type="document", transfer_method="remote_url", url=url)
    told = [
        value
        for note in doubts(Question(query="x", user="u", files=(file,)))
        for value in note.values.values()
    ]
    assert told == (["handbook.pdf"] if url == INNER else [])


# refusals


@pytest.mark.parametrize("version", ["0.15.8", "1.16.1"])
async def test_a_link_that_dify_can_not_open_is_told_as_such(tmp_path, version):
    async with staged(tmp_path, version=version, settings=ON) as scene:
        scene.dify.unreachable.add(PDF)
        question, _ = await scene.completed(f"see {PDF}")
        with pytest.raises(DifyRefused) as refused:
            await scene.answered(question)
        assert (refused.value.advice.sentence, refused.value.advice.retry) == ("link_not_opened", True)


async def test_only_a_vague_failure_is_explained_by_the_links(tmp_path):
    async with staged(tmp_path, settings=ON) as scene:
        await scene.asked(f"{PDF} {PNG}")
        attachments = scene.attachments()
        question = await scene.prepared()
        for _ in range(2):  # asked again, it is not said twice
            await attachments.complete(question)
        [note] = attachments.notes
        assert (note.sentence, note.values) == ("link_in_doubt", {"name": "a.pdf, b.png"})
        assert [note.fits([each]) for each in ("dify_failed", "not_accepted", "app_unavailable")] == [
            True,
            True,
            False,
        ]
        assert not note.fits(())


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (f"Reached maximum retries (3) for URL {PDF}", "link_not_opened"),
        (f"Run failed: Reached maximum retries (5) for URL {PDF}", "link_not_opened"),
        (f"Access to '{PDF}' was blocked by SSRF protection. The URL may point to a", "link_not_opened"),
        ("Reached maximum retries (0) for URL http://crm.internal/", "dify_failed"),  # a node's own request
        ("Invalid file url", "file_refused"),
        ("File validation failed for file: a.pdf", "file_refused"),
        ("Detected file type does not match the specified type. Please verify the file.", "file_refused"),
    ],
)
def test_refusals_are_read_the_same_before_and_within_a_run(message, sentence):
    body = json.dumps({"code": "invalid_param", "message": message, "status": 400}).encode()
    within = [failure(None, None, message), failure("invalid_param", 400, message)]
    assert [error.advice.sentence for error in (refusal(400, body), *within)] == [sentence] * 3
    assert PDF not in str(refusal(400, body))
