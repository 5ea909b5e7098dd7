"""Links to files: in a question, in the configuration and in a form, Dify is told to fetch them itself."""

import pytest
from extras import PICTURE, answered, downloads, mention_with, send, texts
from shared import FORM, OTHER, another, asked, serve, shows

from simulators.dify.script import Answer, Fail, Silence

ON = {"apps__support__file_links": True}
PDF, PNG = "https://files.example.com/report.pdf", "https://files.example.com/cat.png?size=2"
DOCUMENT = {"type": "document", "transfer_method": "remote_url", "url": PDF}
IMAGE = {"type": "image", "transfer_method": "remote_url", "url": PNG}
SCAN = {"variable": "scan", "label": "Scan", "required": True, "allowed_file_types": ["document"]}
FAR = {"file": SCAN | {"allowed_file_upload_methods": ["remote_url"]}}
PLATFORMS_OWN = {
    "slack": "https://files.slack.com/files-pri/T1-F1/report.pdf",
    "discord": "https://cdn.discordapp.com/attachments/1/2/report.pdf",
}


def wants(world, mode="chat", dify=None, **features):
    """From now on the bot speaks for an app with these features."""
    serve(world, mode, dify)
    return (dify or world.dify).add_app(OTHER, mode=mode, name="Other", **features)


def written(chat, url, label=""):
    """A link as the platform sends what a person typed."""
    if chat.name == "discord":
        return f"[{label}]({url})" if label else url
    escaped = url.replace("&", "&amp;")
    return f"<{escaped}|{label}>" if label else f"<{escaped}>"


def files(dify):
    return [call.args.get("files") for call in asked(dify)]


@pytest.mark.parametrize("version", ["0.15.8", "1.16.1"])
@pytest.mark.parametrize("mode", ["chat", "agent-chat", "advanced-chat"])
async def test_links_in_a_question_reach_a_chat_as_files(world, chat, mode, version):
    async with another(version) as dify:
        wants(world, mode, dify)
        async with world.bot(**ON):
            question = mention_with(
                chat, chat.bob, f"compare {written(chat, PDF, 'it')}, {written(chat, PNG)}."
            )
            await shows(chat, lambda: chat.in_thread(question), "You said: compare")
            chat.follow(question, chat.alice, "and why?")
            await shows(chat, lambda: chat.in_thread(question), "turn 2", count=2)
        assert files(dify) == [[DOCUMENT, IMAGE], None]
        said = asked(dify)[0].args["query"]
        assert PDF in said
        assert PNG in said  # the text stays as it is
        assert not dify.journal.named("POST /files/upload")


@pytest.mark.parametrize("version", ["0.15.8", "1.16.1"])
@pytest.mark.parametrize("mode", ["completion", "workflow"])
async def test_links_go_into_the_form_of_an_app_without_conversations(world, chat, mode, version):
    cats = {"file-list": {"variable": "cats", "label": "Cats", "allowed_file_types": ["image"]}}
    async with another(version) as dify:
        wants(world, mode, dify, input_form=[*FORM, FAR, cats], file_upload=False)
        async with world.bot(**ON):
            send(chat, f"what is {written(chat, PDF)} {written(chat, PNG)}")
            await answered(chat, "what is")
        [call] = asked(dify)
        assert (call.args["inputs"]["scan"], call.args["inputs"]["cats"]) == (DOCUMENT, [IMAGE])


@pytest.mark.parametrize(
    ("settings", "features"),
    [
        ({}, {}),
        (ON, {"file_methods": ["local_file"]}),
        (ON, {"file_types": ["audio"]}),
        (ON, {"file_upload": False}),
    ],
)
async def test_where_links_are_not_wanted_they_are_only_text(world, chat, dify, settings, features):
    wants(world, **features)
    async with world.bot(**settings):
        send(chat, f"see {written(chat, PDF)}")
        answer = await answered(chat, "You said: see")
    assert files(dify) == [None]
    assert "report.pdf" not in chat.text(answer).replace(PDF, "")  # no note about it


async def test_what_lies_at_the_platform_or_inside_is_only_text(world, chat, dify):
    wants(world)
    inner = ("http://127.0.0.1/a.pdf", "http://wiki.internal/a.pdf", "http://10.1.2.3/a.pdf")
    async with world.bot(**ON):
        send(chat, "see " + " ".join(written(chat, url) for url in (PLATFORMS_OWN[chat.name], *inner, PDF)))
        await answered(chat, "You said: see")
    assert files(dify) == [[DOCUMENT]]


async def test_links_and_uploads_are_counted_together(world, chat, dify):
    wants(world, file_limit=2)
    async with world.bot(**ON):
        send(chat, f"see {written(chat, PDF)} {written(chat, PNG)}", PICTURE)
        answer = await answered(chat, "takes 2 files at once, so I left out 1")
    assert "You said: see" in chat.text(answer)
    [[first, second]] = files(dify)
    assert (first["transfer_method"], second) == ("local_file", DOCUMENT)
    assert downloads(chat) == 1


async def test_a_link_follows_the_question_into_the_next_process(world, chat, dify):
    wants(world)
    dify.reply(Answer([Silence(seconds=None)]), "A report.")
    async with world.doomed(**ON):
        send(chat, f"what is {written(chat, PDF)}")
        await dify.started()
    async with world.bot(**ON):
        await answered(chat, "A report.")
        await chat.taken()
    assert files(dify) == [[DOCUMENT]] * 2
    assert [chat.text(m).strip() for m in texts(chat)] == ["A report."]


@pytest.mark.parametrize(
    ("settings", "sentence"), [({}, "takes no uploaded files."), (ON, "Please write a link")]
)
async def test_an_upload_for_an_app_that_takes_links_only_is_told_so(world, chat, dify, settings, sentence):
    wants(world, file_methods=["remote_url"])
    async with world.bot(**settings):
        send(chat, "who is this?", PICTURE)
        answer = await answered(chat, sentence)
    assert "You said: who is this?" in chat.text(answer)
    assert files(dify) == [None]
    assert downloads(chat) == 0


@pytest.mark.parametrize("value", [PDF, {"type": "document", "transfer_method": "remote_url", "url": PDF}])
async def test_a_file_of_the_configuration_is_sent_with_every_question(world, chat, dify, value):
    wants(world, "advanced-chat", input_form=[FAR])
    async with world.bot(apps__support__inputs={"scan": value}):
        send(chat, "one")
        await answered(chat, "You said: one")
        send(chat, "two")
        await answered(chat, "You said: two", count=2)
    assert [call.args["inputs"] for call in asked(dify)] == [{"scan": DOCUMENT}] * 2


async def test_a_link_is_asked_for_in_the_form_and_sent_with_every_question(world, chat, dm, dify):
    wants(world, "advanced-chat", input_form=[FAR])
    async with world.bot():
        dm.ask("one")
        answer = await shows(chat, dm.answers, "wants to know: Scan")
        form = await dm.open(answer)
        assert form.kinds == {"Scan (link)": "text"}
        form.send({"Scan (link)": "http://10.0.0.1/report.pdf"})
        [wrong] = (await form.problems()).values()
        assert wrong.startswith("Please write a link that everybody can open")
        form = await form.again()
        form.send({"Scan (link)": PDF})
        assert await shows(chat, dm.answers, "You said: one") is answer
        dm.ask("two")
        await shows(chat, dm.answers, "You said: two", count=2)
    assert [call.args["inputs"] for call in asked(dify)] == [{"scan": DOCUMENT}] * 2


async def test_a_link_that_dify_can_not_open_is_told_and_can_be_asked_again(world, chat, dify):
    wants(world)
    dify.unreachable.add(PDF)
    async with world.bot(**ON):
        send(chat, f"see {written(chat, PDF)}")
        answer = await answered(chat, "could not open a link")
        assert "Reached maximum" not in chat.text(answer)
        dify.unreachable.clear()
        await chat.journal.wait(lambda: chat.buttons(answer) == ["Ask again"])
        chat.press(answer, chat.alice)
        await answered(chat, "You said: see")
    assert files(dify) == [[DOCUMENT]] * 2


async def test_a_failure_without_a_reason_names_the_links(world, chat, dify):
    """What the recorded servers say of an address that answers 404 (chat_with_remote_image)."""
    wants(world)
    dify.reply([Fail("Internal Server Error, please contact support.", "internal_server_error", 500)])
    async with world.bot(**ON):
        send(chat, f"see {written(chat, PDF)}")
        answer = await answered(chat, "given a link to report.pdf")
        assert "The app failed while answering" in chat.text(answer)
        send(chat, f"now {written(chat, PDF)}")
        whole = await answered(chat, "You said: now", count=2)
    assert "given a link" not in chat.text(whole)
