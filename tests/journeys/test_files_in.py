"""Files that people send: they reach the app with the question, or a sentence says why they did not."""

import pytest
from extras import (
    FILM,
    OGG,
    PICTURE,
    REPORT,
    SONG,
    VOICE,
    Sent,
    answered,
    downloads,
    mention_with,
    send,
    send_pages_for_files,
)
from shared import FORM, another, asked, shows

from simulators.dify.script import Answer, Silence
from simulators.discord.content import VOICE_MESSAGE
from simulators.slack import Upload
from tests.recordings import heard_in, recording

ALL = ("image", "document", "audio", "video")
APP = "app-files"


@pytest.fixture
def app(world, dify):
    """Make the bot speak for an app with these features."""

    def make(mode="chat", other=None, **features):
        made = (other or dify).add_app(APP, mode=mode, name="Files", **features)
        world.settings["apps__support__api_key"] = APP
        world.settings["dify__base_url"] = (other or dify).base_url
        return made

    return make


def uploads(dify):
    return dify.journal.named("POST /files/upload")


@pytest.mark.parametrize("version", ["0.15.8", "1.16.1"])
@pytest.mark.parametrize("mode", ["chat", "agent-chat", "advanced-chat"])
async def test_files_of_every_kind_reach_a_chat_with_the_question(world, chat, app, mode, version):
    async with another(version) as dify:
        app(mode, dify, file_types=ALL, file_limit=4)
        async with world.bot():
            send(chat, "what are these?", PICTURE, REPORT, SONG, FILM)
            await answered(chat, "You said: what are these?")
        run = dify.runs[0]
        assert [(file.type, file.data) for file in run.files] == [
            ("image", PICTURE.data),
            ("document", REPORT.data),
            ("audio", SONG.data),
            ("video", FILM.data),
        ]
        assert {call.args["user"] for call in (*uploads(dify), *asked(dify))} == {chat.personal()}


async def test_files_of_a_mention_are_uploaded_by_the_one_who_asks(world, chat, dify, app):
    app()
    async with world.bot():
        question = mention_with(chat, chat.bob, "who is this?", PICTURE)
        await shows(chat, lambda: chat.in_thread(question), "You said: who is this?")
        chat.follow(question, chat.alice, "and why?")
        await shows(chat, lambda: chat.in_thread(question), "turn 2", count=2)
    assert [[file.data for file in run.files] for run in dify.runs] == [[PICTURE.data], []]
    who = {call.args["user"] for call in (*uploads(dify), *asked(dify))}
    assert who == {chat.identity(question)}


@pytest.mark.parametrize("version", ["0.15.8", "1.16.1"])
@pytest.mark.parametrize("mode", ["completion", "workflow"])
async def test_a_form_with_variables_for_files_gets_them(world, chat, app, mode, version):
    scan = {"variable": "scan", "label": "Scan", "required": True, "allowed_file_types": ["image"]}
    papers = {"variable": "papers", "label": "Papers", "allowed_file_types": ["document"], "max_length": 3}
    form = (*FORM, {"file": scan}, {"file-list": papers})
    second = Sent("second.pdf", b"%PDF-1.4 second", "application/pdf")
    async with another(version) as dify:
        app(mode, dify, input_form=form, file_upload=False)
        async with world.bot():
            send(chat, "what is it?", PICTURE, REPORT, second)
            await answered(chat, "You said: ")
        inputs = asked(dify)[0].args["inputs"]
        assert inputs["question"] == "what is it?"
        assert _kept(dify, inputs["scan"]) == ("image", PICTURE.data)
        assert [_kept(dify, each) for each in inputs["papers"]] == [
            ("document", REPORT.data),
            ("document", second.data),
        ]


def _kept(dify, value):
    return value["type"], dify.files[value["upload_file_id"]].data


@pytest.mark.parametrize(
    ("features", "files", "sentence", "passed"),
    [
        ({}, [SONG], "I did not pass on song.mp3: the app takes images, documents", 0),
        ({}, [SONG, PICTURE], "I did not pass on song.mp3", 1),
        ({"upload_megabytes": {"image": 1, "audio": 1, "video": 1, "document": 1}},
         [Sent("big.png", b"x" * 1_100_000, "image/png")], "big.png: it may have 1 MB at most", 0),
        ({"file_limit": 1}, [PICTURE, REPORT], "takes 1 files at once, so I left out 1", 1),
        ({"file_upload": False}, [PICTURE], "The app takes no files here", 0),
    ],
)  # fmt: skip
async def test_what_an_app_does_not_take_is_said_and_the_question_answered(
    world, chat, dify, app, features, files, sentence, passed
):
    app(**features)
    async with world.bot():
        send(chat, "look at this", *files)
        answer = await answered(chat, sentence)
    assert "You said: look at this" in chat.text(answer)
    assert len(dify.runs[0].files) == len(uploads(dify)) == passed
    assert downloads(chat) == passed  # what is refused anyway is not even fetched


async def test_a_file_that_comes_as_a_web_page_is_not_passed_on(world, chat, dify, app):
    app()
    send_pages_for_files(chat)
    async with world.bot():
        send(chat, "look", PICTURE)
        answer = await answered(chat, "I could not pass on cat.png")
    assert "You said: look" in chat.text(answer)
    assert not uploads(dify)
    assert not dify.runs[0].files


@pytest.mark.parametrize(
    ("refusal", "sentence"),
    [
        ((413, "file_too_large"), "larger than the app takes"),
        ((415, "unsupported_file_type"), "does not take files of this type"),
        ((503, "internal_server_error"), "did not take cat.png"),
    ],
)
async def test_an_upload_that_dify_refuses_is_told_and_the_question_answered(
    world, chat, dify, app, refusal, sentence
):
    app()
    dify.refuse_uploads.extend([refusal] * 5)
    async with world.bot():
        send(chat, "look", PICTURE)
        answer = await answered(chat, sentence)
    assert "You said: look" in chat.text(answer)
    assert not dify.runs[0].files


@pytest.mark.parametrize(
    ("own", "asks"), [("", "Please look at the attached files."), ("Sum up.", "Sum up.")]
)
async def test_files_alone_are_asked_about_with_a_default_question(world, chat, dify, app, own, asks):
    app()
    async with world.bot(apps__support__default_query=own):
        send(chat, "", PICTURE)
        await answered(chat, f"You said: {asks}")
    assert [file.data for file in dify.runs[0].files] == [PICTURE.data]


async def test_files_alone_of_which_none_passes_say_why_and_nothing_is_asked(world, chat, dify, app):
    app()
    async with world.bot():
        send(chat, "", FILM)
        answer = await answered(chat, "Please write your question too")
        assert "film.mp4" in chat.text(answer)
        send(chat, "hello")
        await answered(chat, "You said: hello", count=2)
    assert [call.args["query"] for call in asked(dify)] == ["hello"]


async def test_files_follow_the_question_into_the_next_process(world, chat, dify, app):
    app()
    dify.reply(Answer([Silence(seconds=None)]), "A cat.")
    async with world.doomed():
        send(chat, "who is this?", PICTURE)
        await dify.started()
    async with world.bot():
        await answered(chat, "A cat.")
        await chat.taken()
    assert [[file.data for file in run.files] for run in dify.runs] == [[PICTURE.data]] * 2
    assert [chat.text(m).strip() for m in chat.in_dm()] == ["A cat."]


async def test_a_voice_message_is_asked_as_it_is_heard(world, chat, dify, app):
    app(transcript="what time is it")
    async with world.bot():
        send(chat, "", VOICE)
        answer = await answered(chat, "You said: what time is it")
    assert "I heard: “what time is it”" in chat.text(answer)
    assert asked(dify)[0].args["query"] == "what time is it"
    [call] = dify.journal.named("POST /audio-to-text")
    assert call.args["user"] == chat.personal()
    assert not uploads(dify)


def record(chat):
    """Alice holds the microphone's button for a second, and lets go."""
    if chat.name == "slack":
        clip = Upload("audio_message.webm", recording(kind="webm"), "audio/webm", subtype="slack_audio")
        return chat.server.post(chat.dm, chat.alice, "", files=[clip])
    voice = chat.server.file("voice-message.ogg", recording(), "audio/ogg")
    voice.duration_secs, voice.waveform = 1.0, "AAECAwQ="
    return chat.server.post(chat.dm, chat.alice, attachments=[voice], flags=VOICE_MESSAGE)


@pytest.mark.parametrize("version", ["0.15.8", "1.16.1"])
async def test_a_voice_that_dify_does_not_take_is_heard_as_mp3(world, chat, app, version):
    async with another(version) as dify:
        app(other=dify, transcript="what time is it")
        async with world.bot():
            record(chat)
            answer = await answered(chat, "You said: what time is it")
        assert "I heard: “what time is it”" in chat.text(answer)
        [call] = dify.journal.named("POST /audio-to-text")
        assert call.args["user"] == chat.personal()
        name = "audio_message.mp3" if chat.name == "slack" else "voice-message.mp3"
        given = call.args["file"]
        assert (given["filename"], given["mime_type"]) == (name, "audio/mp3")
        [sent] = dify.recordings
        sound = heard_in(sent)
        assert (sound.kind, sound.rate, sound.channels) == ("mp3", 16_000, 1)
        assert sound.seconds == pytest.approx(1.0, abs=0.2)
        assert not uploads(dify)


@pytest.mark.parametrize(
    ("transcript", "file", "sentence"),
    [
        (None, VOICE, "does not listen to recordings"),
        ("heard", OGG, "can't listen to"),
        ("", VOICE, "can't listen to this recording"),
    ],
)
async def test_a_voice_that_nobody_hears_is_told_so(world, chat, dify, app, transcript, file, sentence):
    app(transcript=transcript)
    async with world.bot():
        send(chat, "", file)
        await answered(chat, sentence)
    assert not asked(dify)
