"""Files in: what Dify gets of what people send, and what is said of the rest."""

import asyncio

import pytest

from core import carrying
from core.attachments import NothingToAsk
from core.contract import FileRefused, Gone, RateLimited, Uncertain
from core.errors import DifyRefused, DifyUnreachable
from core.file_slots import gathered
from core.footers import Footer
from core.form_fields import kept
from core.messages import IncomingFile
from core.phrases_files import KINDS, PHRASES
from core.transcoding import Transcoder
from tests.core.files_scene import PLACE, WHO, incoming, staged
from tests.recordings import heard_in, recording

PDF = incoming("plan.pdf", "application/pdf")
VOICE = incoming("voice.m4a", "audio/mp4")
OGG = incoming("voice.ogg", "audio/ogg; codecs=opus")
DOC = {"file": {"variable": "doc", "allowed_file_types": ["document"]}}
PICTURES = {"file-list": {"variable": "pictures", "allowed_file_types": ["image"], "max_length": 2}}
QUERY = {"paragraph": {"variable": "query"}}


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(carrying, "RETRY_SECONDS", (0.01, 0.01))
    monkeypatch.setattr(carrying, "DIFY_SECONDS", 0.3)
    monkeypatch.setattr(carrying, "FIRST_PAUSE_SECONDS", 0.05)


def local(upload, kind):
    return {"type": kind, "transfer_method": "local_file", "upload_file_id": upload}


async def test_a_question_without_files_is_left_alone(tmp_path):
    async with staged(tmp_path) as scene:
        await scene.asked("hi")
        question = await scene.prepared()
        await scene.app.dify.parameters()
        asked = len(scene.dify.journal.named("GET /parameters"))
        assert await scene.attachments().complete(question) is question
        assert len(scene.dify.journal.named("GET /parameters")) == asked


@pytest.mark.parametrize("version", ["0.15.8", "1.16.1"])
async def test_the_files_of_a_message_reach_the_app_in_their_order(tmp_path, version):
    async with staged(tmp_path, version=version) as scene:
        scene.chat.contents = {"cat.png": b"PNG", "plan.pdf": b"PDF"}
        question, notes = await scene.completed("what is it?", [incoming(), PDF])
        run = await scene.answered(question)
        assert [(file.name, file.data) for file in run.files] == [("cat.png", b"PNG"), ("plan.pdf", b"PDF")]
        assert [file.type for file in question.files] == ["image", "document"]
        assert {call.args["user"] for call in scene.uploads()} == {WHO}
        assert (run.query, notes) == ("what is it?", [])


async def test_called_again_nothing_is_uploaded_twice(tmp_path):
    async with staged(tmp_path) as scene:
        await scene.asked("x", [incoming(), incoming("a.zip", "application/zip")])
        attachments, question = scene.attachments(), await scene.prepared()
        first = await attachments.complete(question)
        assert await attachments.complete(question) == first
        assert len(scene.uploads()) == len(attachments.notes) == 1


async def test_at_most_two_files_are_fetched_at_once(tmp_path):
    async with staged(tmp_path, file_limit=10) as scene:
        files = [incoming(f"{number}.png") for number in range(6)]
        question, _ = await scene.completed("x", files)
        assert scene.chat.busiest == 2
        assert len(question.files) == 6


async def test_an_app_without_files_says_so_once_and_is_asked_the_text(tmp_path):
    async with staged(tmp_path, file_upload=False) as scene:
        question, notes = await scene.completed("what is it?", [incoming(), PDF])
        assert (question.query, question.files, notes) == ("what is it?", (), [("files_off", {})])
        assert scene.chat.fetched == []


async def test_files_that_were_switched_on_just_now_are_taken(tmp_path):
    async with staged(tmp_path, file_upload=False) as scene:
        await scene.app.dify.parameters()
        scene.dify.apps["app-k"].file_upload = True
        question, notes = await scene.completed("x", [incoming()])
        assert (len(question.files), notes) == (1, [])


async def test_a_type_that_the_app_does_not_take_is_told_with_what_it_takes(tmp_path):
    async with staged(tmp_path, file_types=["image", "custom"], file_extensions=[".epub"]) as scene:
        files = [PDF, incoming("a.epub", "application/epub+zip"), incoming("b.zip", "application/zip")]
        question, notes = await scene.completed("x", files)
        assert notes == [("file_type", {"name": "plan.pdf, b.zip", "types": "images, .epub"})]
        [file] = (await scene.answered(question)).files
        assert (file.name, question.files[0].type, scene.chat.fetched) == ("a.epub", "custom", ["a.epub"])


async def test_slides_are_documents_for_a_chat_that_takes_documents(tmp_path):
    async with staged(tmp_path, file_types=["document"]) as scene:
        question, _ = await scene.completed("x", [incoming("a.pptx", "application/x")])
        assert [file.type for file in question.files] == ["document"]


SIZES = {"image": 1, "audio": 1, "video": 1, "document": 2}


async def test_a_file_over_the_limit_is_not_even_fetched(tmp_path):
    async with staged(tmp_path, upload_megabytes=SIZES) as scene:
        question, notes = await scene.completed("x", [incoming(size=2**20 + 1)])
        assert (question.files, scene.chat.fetched) == ((), [])
        assert notes == [("file_size", {"name": "cat.png", "limit": "1"})]


async def test_a_file_of_unknown_size_is_fetched_up_to_the_limit(tmp_path):
    async with staged(tmp_path, upload_megabytes=SIZES) as scene:
        scene.chat.contents = {"cat.png": b"x" * (2**20 + 1)}
        _, notes = await scene.completed("x", [incoming(size=-1)])
        assert notes == [("file_size", {"name": "cat.png", "limit": "1"})]
        assert scene.uploads() == []


async def test_more_files_than_the_app_takes_are_cut_with_a_note(tmp_path):
    async with staged(tmp_path, file_limit=2) as scene:
        question, notes = await scene.completed("x", [incoming(f"{number}.png") for number in range(5)])
        assert notes == [("files_cut", {"count": "3", "limit": "2"})]
        assert len((await scene.answered(question)).files) == 2


@pytest.mark.parametrize(
    "fault", [FileRefused("a web page"), Gone("deleted"), ValueError("a bug"), RateLimited(600)]
)
async def test_a_file_that_can_not_be_had_never_loses_the_question(tmp_path, fault):
    async with staged(tmp_path) as scene:
        scene.chat.faults = [fault]
        question, notes = await scene.completed("x", [incoming(), PDF])
        assert (question.query, [file.type for file in question.files]) == ("x", ["document"])
        assert notes == [("file_failed", {"name": "cat.png"})]


@pytest.mark.parametrize(
    ("faults", "notes"),
    [
        ([Uncertain("reset"), RateLimited(0.01), Uncertain("reset")], []),
        ([Uncertain("reset")] * 3, [("file_failed", {"name": "cat.png"})]),
    ],
)
async def test_what_gets_lost_on_its_way_is_fetched_again_but_not_for_ever(tmp_path, faults, notes):
    async with staged(tmp_path) as scene:
        scene.chat.faults = list(faults)
        question, found = await scene.completed("x", [incoming()])
        assert (found, len(question.files)) == (notes, 1 - len(notes))
        assert scene.chat.faults == []


@pytest.mark.parametrize(
    ("refusals", "sentence"),
    [
        ([(413, "file_too_large")], "file_over_limit"),
        ([(415, "unsupported_file_type")], "file_type_refused"),
        ([(400, "no_file_uploaded")], "file_refused_by_app"),
        ([(400, "invalid_param")], "file_refused_by_app"),
        ([(503, "s3_connection_failed")] * 3, "files_unavailable"),
        ([(503, "s3_permission_denied")], "files_unavailable"),
        ([(503, "s3_file_too_large")], "file_over_limit"),
        ([(503, "s3_connection_failed")] * 2, None),
    ],
)
async def test_what_dify_says_of_an_upload_is_told_and_the_question_goes_on(tmp_path, refusals, sentence):
    async with staged(tmp_path) as scene:
        scene.dify.refuse_uploads.extend(refusals)
        question, notes = await scene.completed("x", [incoming()])
        assert notes == ([] if sentence is None else [(sentence, {"name": "cat.png"})])
        assert (question.query, len(question.files)) == ("x", int(sentence is None))
        assert not scene.dify.refuse_uploads


async def test_while_dify_is_away_nothing_is_decided(tmp_path):
    async with staged(tmp_path) as scene:
        await scene.asked("x", [incoming()])
        question = await scene.prepared()
        scene.app.dify._said.value = None
        await scene.dify.stop()
        with pytest.raises(DifyUnreachable):
            await scene.attachments().complete(question)
        assert scene.chat.fetched == []


async def test_a_dify_that_comes_back_gets_the_file(tmp_path):
    async with staged(tmp_path) as scene:
        await scene.asked("x", [incoming()])
        question = await scene.prepared()
        await scene.app.dify.parameters()
        port = int(scene.dify.origin.rpartition(":")[2])
        await scene.dify.stop()
        work = asyncio.create_task(scene.attachments().complete(question))
        await scene.chat.began.wait()
        await scene.dify.start(port)
        assert len((await work).files) == 1


async def test_an_unpublished_app_is_told_as_such(tmp_path):
    async with staged(tmp_path, published=False) as scene:
        await scene.asked("x", [incoming()])
        question = await scene.prepared()
        with pytest.raises(DifyRefused) as caught:
            await scene.attachments().complete(question)
        assert caught.value.advice.sentence == "app_unavailable"


# messages of files only


@pytest.mark.parametrize(("locale", "lang"), [("en-US", "en"), ("ja", "ja"), ("zh-CN", "zh"), ("", "en")])
async def test_a_message_of_files_only_asks_for_a_look_at_them(tmp_path, locale, lang):
    async with staged(tmp_path) as scene:
        question, notes = await scene.completed("", [incoming()], locale=locale)
        assert (question.query, notes) == (PHRASES["default_query"][lang], [])


async def test_the_configured_question_and_the_speakers_name_are_kept(tmp_path):
    settings = {"default_query": "Sum up.", "prefix_speaker": "shared"}
    async with staged(tmp_path, settings=settings, transcript="Hello") as scene:
        assert (await scene.completed("", [incoming()]))[0].query == "Ann: Sum up."
        assert (await scene.completed("", [VOICE], name="q2"))[0].query == "Ann: Hello"


@pytest.mark.parametrize("default", ["", "Sum up."])
async def test_where_no_file_passes_there_is_nothing_to_ask(tmp_path, default):
    async with staged(tmp_path, settings={"default_query": default}) as scene:
        await scene.asked("", [incoming("a.zip", "application/zip")])
        attachments, question = scene.attachments(), await scene.prepared()
        for _ in range(2):
            with pytest.raises(NothingToAsk) as caught:
                await attachments.complete(question)
        assert caught.value.advice.sentence == "only_files"
        assert [note.sentence for note in attachments.notes] == ["file_type"]


# voice


async def test_a_voice_message_is_heard_and_asked(tmp_path):
    async with staged(tmp_path, transcript="What is for lunch?") as scene:
        question, notes = await scene.completed("", [VOICE])
        [call] = scene.dify.journal.named("POST /audio-to-text")
        assert (call.args["user"], call.args["file"]["mime_type"]) == (WHO, "audio/m4a")
        assert (question.query, question.files) == ("What is for lunch?", ())
        assert notes == [("heard", {"text": "What is for lunch?"})]


async def test_a_picture_beside_a_voice_message_goes_with_it(tmp_path):
    async with staged(tmp_path, transcript="What is this?") as scene:
        question, _ = await scene.completed("", [VOICE, incoming()])
        assert (question.query, [file.type for file in question.files]) == ("What is this?", ["image"])


@pytest.mark.parametrize(
    ("file", "features", "sentence"),
    [
        (OGG, {}, "voice_off"),
        (VOICE, {}, "voice_off"),
        (VOICE, {"transcript": " "}, "voice_refused"),
        (incoming("v.mp3", "audio/mpeg", size=-1), {"transcript": "hi"}, "file_size"),
    ],
)
async def test_a_recording_that_can_not_be_heard_is_told(tmp_path, file, features, sentence):
    async with staged(tmp_path, **features) as scene:
        scene.chat.contents = {"v.mp3": b"x" * (30 * 2**20 + 1)}
        await scene.asked("", [file])
        attachments, question = scene.attachments(), await scene.prepared()
        with pytest.raises(NothingToAsk):
            await attachments.complete(question)
        assert [note.sentence for note in attachments.notes] == [sentence]


@pytest.mark.parametrize(
    ("text", "file", "features"),
    [("listen", VOICE, {"transcript": "hi"}), ("", VOICE, {}), ("", OGG, {"transcript": "hi"})],
)
async def test_an_app_that_takes_audio_gets_the_recording_itself(tmp_path, text, file, features):
    async with staged(tmp_path, file_types=["audio"], **features) as scene:
        scene.transcoder = Transcoder(available=False)
        question, notes = await scene.completed(text, [file])
        assert ([given.type for given in question.files], notes) == (["audio"], [])
        assert scene.dify.journal.named("POST /audio-to-text") == []


@pytest.mark.parametrize(
    ("name", "mime", "sound"),
    [
        ("voice-message.ogg", "audio/ogg; codecs=opus", {}),
        ("voice-message.ogg", "application/ogg", {"codec": "vorbis"}),
        ("voice-message.opus", "", {}),
        ("voice-message.webm", "audio/webm", {"kind": "webm"}),
    ],
)
async def test_ogg_and_webm_are_heard_as_mp3(tmp_path, name, mime, sound):
    async with staged(tmp_path, transcript="What is for lunch?") as scene:
        scene.chat.contents = {name: recording(**sound)}
        question, notes = await scene.completed("", [incoming(name, mime)])
        [call] = scene.dify.journal.named("POST /audio-to-text")
        given = call.args["file"]
        assert (given["filename"], given["mime_type"]) == ("voice-message.mp3", "audio/mp3")
        [sent] = scene.dify.recordings
        assert heard_in(sent).kind == "mp3"
        assert question.query == "What is for lunch?"
        assert notes == [("heard", {"text": "What is for lunch?"})]


@pytest.mark.parametrize(
    ("name", "data", "transcoder", "sentence"),
    [
        ("voice.ogg", b"OggS hostile", Transcoder(available=True), "voice_refused"),
        ("voice.webm", b"\x1aE\xdf\xa3 hostile", Transcoder(available=True), "voice_refused"),
        ("voice.ogg", None, Transcoder(available=True, longest=0.5), "voice_too_long"),
    ],
)
async def test_what_can_not_be_made_into_mp3_is_told_and_never_sent(
    tmp_path, caplog, name, data, transcoder, sentence
):
    async with staged(tmp_path, transcript="hi") as scene:
        scene.transcoder = transcoder
        scene.chat.contents = {name: data or recording()}
        await scene.asked("", [incoming(name, "audio/ogg")])
        attachments, question = scene.attachments(), await scene.prepared()
        with pytest.raises(NothingToAsk):
            await attachments.complete(question)
        assert [note.sentence for note in attachments.notes] == [sentence]
        assert scene.dify.journal.named("POST /audio-to-text") == []
    assert "a recording could not be made into MP3" in caplog.text


async def test_without_the_library_ogg_is_refused_and_the_log_says_what_to_install(tmp_path, caplog):
    async with staged(tmp_path, transcript="hi") as scene:
        scene.transcoder = Transcoder(available=False)
        await scene.asked("", [OGG])
        attachments, question = scene.attachments(), await scene.prepared()
        with pytest.raises(NothingToAsk):
            await attachments.complete(question)
        assert [note.sentence for note in attachments.notes] == ["voice_format"]
        assert scene.chat.fetched == []
    assert "pip install --require-hashes -r requirements/voice.txt" in caplog.text


# variables of the form


async def test_the_files_of_a_workflow_become_values_of_its_variables(tmp_path):
    form = [QUERY, DOC, PICTURES]
    async with staged(tmp_path, "workflow", input_form=form, file_upload=False) as scene:
        files = [*(incoming(f"{number}.png") for number in range(3)), PDF, incoming("a.mp3", "audio/mpeg")]
        question, notes = await scene.completed("sum up", files)
        assert question.files == ()
        assert (question.inputs["doc"].type, len(question.inputs["pictures"])) == ("document", 2)
        assert notes == [
            ("file_type", {"name": "a.mp3", "types": "documents, images"}),
            ("files_cut", {"count": "1", "limit": "3"}),
        ]
        run = await scene.answered(question)
        assert (run.status, run.inputs["doc"]["type"]) == ("succeeded", "document")


async def test_a_workflow_refuses_slides_that_its_server_may_not_know_as_documents(tmp_path):
    async with staged(tmp_path, "workflow", input_form=[QUERY, DOC], file_upload=False) as scene:
        _, notes = await scene.completed("x", [incoming("a.pptx", "application/x")])
        assert [sentence for sentence, _ in notes] == ["file_type"]


async def test_a_workflow_without_variables_for_files_takes_them_beside_its_inputs(tmp_path):
    async with staged(tmp_path, "workflow", input_form=[QUERY]) as scene:
        question, _ = await scene.completed("x", [incoming()])
        assert [file.type for file in question.files] == ["image"]


async def test_the_files_of_a_chatflow_stay_files_of_the_message(tmp_path):
    async with staged(tmp_path, "advanced-chat", input_form=[DOC]) as scene:
        question, _ = await scene.completed("x", [PDF])
        assert ([file.type for file in question.files], question.inputs) == (["document"], {})


async def test_what_a_chatflow_requires_is_filled_first_and_remembered(tmp_path):
    form = [{"file": DOC["file"] | {"required": True}}]
    async with staged(tmp_path, "advanced-chat", input_form=form) as scene:
        question, _ = await scene.completed("x", [PDF, incoming()])
        assert [file.type for file in question.files] == ["image"]
        again, _ = await scene.completed("and now?", name="q2")
        assert again.inputs == {"doc": local(question.inputs["doc"].upload_file_id, "document")}
        assert (await scene.answered(again)).status == "succeeded"


async def test_a_chatflow_that_takes_files_only_in_its_form_takes_the_newest(tmp_path):
    async with staged(tmp_path, "advanced-chat", input_form=[DOC], file_upload=False) as scene:
        first, _ = await scene.completed("x", [PDF])
        second, notes = await scene.completed("x", [PDF], name="q2")
        assert notes == []
        assert first.inputs["doc"].upload_file_id != second.inputs["doc"].upload_file_id


@pytest.mark.parametrize("methods", [["remote_url"], ["local_file"]])
async def test_an_app_that_only_fetches_by_itself_gets_nothing(tmp_path, methods):
    async with staged(tmp_path, file_methods=methods) as scene:
        question, notes = await scene.completed("x", [incoming()])
        far = methods == ["remote_url"]
        assert notes == ([("uploads_off", {"name": "cat.png"})] if far else [])
        assert len(question.files) == int(not far)


# files that were filled into the form


async def test_files_in_a_form_are_uploaded_once_for_all_questions(tmp_path):
    async with staged(tmp_path, "advanced-chat", input_form=[DOC, PICTURES]) as scene:
        filled = {"doc": kept((PDF,)), "pictures": kept((incoming(), incoming("b.png")))}
        first, notes = await scene.completed("x", inputs=filled)
        assert (len(scene.uploads()), notes) == (3, [])
        ids = [call.args["file"]["filename"] for call in scene.uploads()]
        assert sorted(ids) == ["b.png", "cat.png", "plan.pdf"]
        assert (await scene.answered(first)).status == "succeeded"
        second, _ = await scene.completed("y", name="q2")
        assert second.inputs == first.inputs
        assert (len(scene.uploads()), len(scene.chat.fetched)) == (3, 3)
        assert [item["type"] for item in second.inputs["pictures"]] == ["image", "image"]


@pytest.mark.parametrize(("fault", "left"), [(FileRefused("deleted"), []), (RateLimited(600), kept((PDF,)))])
async def test_a_file_in_a_form_that_can_not_be_had_is_left_out(tmp_path, fault, left):
    async with staged(tmp_path, "advanced-chat", input_form=[DOC]) as scene:
        scene.chat.faults = [fault]
        question, notes = await scene.completed("x", inputs={"doc": kept((PDF,))})
        assert (question.inputs, notes) == ({}, [("file_failed", {"name": "plan.pdf"})])
        assert await scene.asides.inputs(PLACE, "helpdesk") == {"doc": left}


async def test_what_was_filled_in_meanwhile_is_not_overwritten(tmp_path):
    async with staged(tmp_path, "advanced-chat", input_form=[DOC]) as scene:
        await scene.asked("x", inputs={"doc": kept((PDF,))})
        question = await scene.prepared()
        newer = {"doc": kept((incoming("newer.pdf", "application/pdf"),))}
        await scene.asides.keep_inputs(PLACE, "helpdesk", WHO, newer)
        done = await scene.attachments().complete(question)
        assert done.inputs["doc"]["type"] == "document"
        assert await scene.asides.inputs(PLACE, "helpdesk") == newer


# sentences


def test_one_sentence_names_all_files_that_it_is_about():
    notes = [Footer("file_failed", {"name": f"{number}.png"}) for number in range(7)]
    notes += [
        Footer("files_off", {}),
        Footer("file_size", {"name": "a", "limit": "1"}),
        Footer("files_off", {}),
    ]
    assert [(note.sentence, dict(note.values)) for note in gathered(notes)] == [
        ("file_failed", {"name": "0.png, 1.png, 2.png, 3.png, 4.png, +2"}),
        ("files_off", {}),
        ("file_size", {"name": "a", "limit": "1"}),
    ]


async def test_no_name_of_a_file_is_logged(tmp_path, caplog):
    caplog.set_level("INFO")
    async with staged(tmp_path) as scene:
        scene.chat.faults = [None, FileRefused("HTTP 404"), Uncertain("reset")]
        secret = [IncomingFile(f"F{n}", f"salaries-{n}.png", "image/png", 3, "https://x/y") for n in range(3)]
        await scene.completed("x", secret)
        text = caplog.text
    assert "of 3 files passed on" in text
    assert "salaries" not in text


@pytest.mark.parametrize("sentence", [*PHRASES, *KINDS])
def test_every_sentence_exists_in_all_languages_with_the_same_values(sentence):
    texts = {**PHRASES, **KINDS}[sentence]
    holes = {lang: {part.partition("}")[0] for part in text.split("{")[1:]} for lang, text in texts.items()}
    assert set(texts) == {"en", "ja", "zh"}
    assert holes["en"] == holes["ja"] == holes["zh"]
