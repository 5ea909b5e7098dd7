"""An agent's tool made a file, and we died with it: text and file come from Dify's history, each once.

Dify keeps the files of its agents' thoughts with the message (GET /messages: `message_files`), signed anew.
"""

import pytest
from chats import MESSAGES, Held
from extras import downloads_of, files_below, own_text, posted, send, texts
from shared import another, asked, kept, serve

from simulators.dify.files import make_file
from simulators.dify.script import Answer, File, Silence, Tool

CHART = File(b"\x89PNG a chart", "chart.png")
TEXT = "Here is your chart."
KINDS = [("0.15.8", "agent-chat"), ("1.16.1", "agent-chat"), ("1.16.1", "agent")]
TOLD = [Tool("bar_chart"), CHART, TEXT]


def untold(dify):
    """Dify has all of it, and told nobody a word."""

    def script(run):
        def steps():
            chart = make_file(dify, run, CHART)
            run.thoughts[-1]["message_files"] = [chart.id]
            run.message.thoughts, run.message.answer = run.thoughts, TEXT
            yield Silence(seconds=None)

        return Answer(steps())

    return script


def hold_files(chat):
    """The bot's files come no further than to the platform's door."""
    if chat.name == "slack":
        return chat.hold(("files.completeUploadExternal",), before=True)
    gate = chat.server.faults.hold(f"POST {MESSAGES}", before=True, when=lambda a: bool(a.get("attachments")))
    return Held(chat.journal, [gate], gate.open)


async def stands_once(chat, dify):
    """Wait until text and file stand; then, that there is nothing else, and who was asked for it."""
    await files_below(chat)
    await chat.journal.wait(lambda: [own_text(chat, m) for m in texts(chat)] == [TEXT])
    send(chat, "and now?")  # asked when the turn before is closed
    await dify.journal.wait(lambda: len(asked(dify)) == 2)
    assert [file.data for file in posted(chat)] == [CHART.data]
    assert [file.name.endswith(".png") for file in posted(chat)] == [True]
    assert [call.args["query"] for call in asked(dify)] == ["draw", "and now?"]
    assert asked(dify)[1].args["conversation_id"] == dify.runs[0].conversation.id
    fetched = downloads_of(dify)
    assert fetched
    assert all(call.status == 200 and call.args["sign"] for call in fetched)
    return fetched


@pytest.mark.parametrize(("version", "kind"), KINDS)
async def test_an_answer_of_which_nothing_was_heard_comes_with_its_file(world, chat, version, kind):
    async with another(version) as dify:
        serve(world, kind, dify)
        dify.reply(untold(dify))
        async with world.doomed():
            send(chat, "draw")
            await dify.started()
            await dify.journal.wait(lambda: dify.runs[0].message.answer)
        assert downloads_of(dify) == []
        async with world.bot():
            assert len(await stands_once(chat, dify)) == 1


@pytest.mark.parametrize(("version", "kind"), KINDS)
async def test_who_died_before_the_first_word_stood_posts_both(world, chat, version, kind):
    async with another(version) as dify:
        serve(world, kind, dify)
        dify.reply(Answer(TOLD))
        held = chat.hold(chat.posts, before=True)
        async with world.doomed():
            send(chat, "draw")
            await dify.ended()
            await held.reached()
        held.cut()
        assert posted(chat) == texts(chat) == []
        async with world.bot():
            await stands_once(chat, dify)


@pytest.mark.parametrize(("version", "kind"), KINDS)
async def test_who_died_between_the_text_and_its_file_posts_the_file(world, chat, version, kind):
    async with another(version) as dify:
        serve(world, kind, dify)
        dify.reply(Answer(TOLD))
        held = hold_files(chat)
        async with world.doomed():
            send(chat, "draw")
            await held.reached()
            await chat.journal.wait(lambda: [own_text(chat, m) for m in texts(chat)] == [TEXT])
        held.cut()
        [text] = texts(chat)
        assert posted(chat) == []
        async with world.bot():
            await stands_once(chat, dify)
        assert texts(chat)[0] is text


@pytest.mark.faults
@pytest.mark.parametrize("hold", ["text", "file"])
async def test_a_process_that_is_killed_leaves_both_to_the_next(world, chat, dify, hold):
    serve(world, "agent-chat")
    dify.reply(Answer(TOLD))
    held = hold_files(chat) if hold == "file" else chat.hold(chat.posts, before=True)
    async with world.process() as killed:
        send(chat, "draw")
        await held.reached()
        await dify.ended()
        await kept(world, chat, "message_id")
        killed.kill()
        await killed.wait()
    held.cut()
    async with world.bot():
        await stands_once(chat, dify)
