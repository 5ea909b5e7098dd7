"""Files that apps make: posted below the answer, each once; what can't be posted is said."""

import asyncio
import sqlite3
from contextlib import closing

import pytest
from extras import answered, files_below, hold_file_replies, posted, send, texts
from shared import another, asked, ratings, serve

from simulators.dify.files import make_file, signed_url
from simulators.dify.script import Answer, Event, File, Gate

PICTURE = File(b"\x89PNG a painting")
LARGEST = {"discord": (10 * 1024 * 1024, 10), "slack": (100_000_000, 95)}  # bytes, and as it is said
SHEET = File(b"a,b\n1,2\n", "sheet.csv", "text/csv", "document")


def made(dify, run, file):
    """A file that the app keeps, and its address."""
    kept = make_file(dify, run, file)
    return kept, signed_url(dify, kept)


def told(dify, run, file):
    """A file as message_end and a workflow's outputs tell of it."""
    kept, url = made(dify, run, file)
    return {
        "dify_model_identity": "__dify__file__",
        "id": None,
        "related_id": kept.id,
        "filename": kept.name,
        "extension": f".{kept.extension}",
        "mime_type": kept.mime,
        "type": kept.type,
        "transfer_method": "tool_file",
        "remote_url": None,
        "size": len(kept.data),
        "url": url,
    }


def at_the_end(dify, *files):
    """A chatflow's answer with files."""

    def script(run):
        def steps():  # as the run goes: there is no message before
            yield "Here it is."
            rows = [told(dify, run, file) for file in files]
            fields = {"id": run.message.id, "metadata": {}, "files": [*rows, dict(rows[0])]}
            yield Event("message_end", fields)

        return Answer(steps())

    return script


@pytest.mark.parametrize("version", ["0.15.8", "1.16.1"])
@pytest.mark.parametrize("mode", ["chat", "agent-chat", "advanced-chat"])
async def test_a_file_of_an_answer_is_posted_below_it(world, chat, mode, version):
    async with another(version) as dify:
        serve(world, mode, dify)
        dify.reply(Answer(["Here it is.", PICTURE]))
        async with world.bot():
            question = chat.mention(chat.alice, "paint a cat")
            [file] = await files_below(chat)
            await chat.taken()
        assert file.data == PICTURE.data
        assert file.name.endswith(".png")
        assert list(chat.in_thread(question)) == [*texts(chat, question), file.message]
        assert [chat.text(m).strip() for m in texts(chat, question)] == ["Here it is."]


async def test_files_told_at_the_end_are_posted_once(world, chat, dify):
    serve(world, "advanced-chat")

    dify.reply(at_the_end(dify, SHEET, PICTURE))
    async with world.bot():
        send(chat, "the numbers")
        await files_below(chat, 2)
        await chat.taken()
    assert [(file.name, file.data) for file in posted(chat)] == [
        ("sheet.csv", SHEET.data),
        ("image.png", PICTURE.data),
    ]


@pytest.mark.parametrize("version", ["0.15.8", "1.16.1"])
async def test_files_among_a_workflows_outputs_are_posted(world, chat, version):
    async with another(version) as dify:
        serve(world, "workflow", dify)

        def script(run):
            outputs = {"text": "Done.", "sheet": told(dify, run, SHEET), "more": [told(dify, run, PICTURE)]}
            return Answer([], outputs=outputs)

        dify.reply(script)
        async with world.bot():
            send(chat, "the numbers")
            await files_below(chat, 2)
            await answered(chat, "Done.")
        assert [(file.name, file.data) for file in posted(chat)] == [
            ("sheet.csv", SHEET.data),
            ("image.png", PICTURE.data),
        ]


@pytest.mark.parametrize("base", [None, ""])
async def test_a_picture_in_the_text_becomes_a_file(world, chat, dify, base):
    dify.files_url = base
    gate = Gate()

    def script(run):
        _, url = made(dify, run, PICTURE)
        return Answer(["Look: ", "![a c", f"at]({url[:30]}", f"{url[30:]}) ", "Nice?"], gate=gate)

    dify.reply(script)
    async with world.bot():
        send(chat, "paint a cat")
        gate.allow(3)
        answer = await answered(chat, "Look:")
        gate.finish()
        [file] = await files_below(chat)
        await answered(chat, "Nice?")
    assert file.data == PICTURE.data
    assert not [state for state in chat.states(answer) if "/files/" in state or "sign=" in state]
    assert chat.text(answer).strip() == "Look: 🖼 a cat Nice?"


async def test_a_picture_from_elsewhere_stays_a_link_and_is_not_fetched(world, chat, dify):
    visits = []
    elsewhere = await asyncio.start_server(lambda *_: visits.append(1), "127.0.0.1", 0)
    port = elsewhere.sockets[0].getsockname()[1]
    url = f"http://127.0.0.1:{port}/files/tools/x.png"
    dify.reply(f"See ![a cat]({url}) there.")
    async with world.bot():
        send(chat, "paint a cat")
        answer = await answered(chat, "there.")
        await chat.taken()
    elsewhere.close()
    assert url in chat.text(answer)
    assert not visits
    assert not posted(chat)


async def test_a_file_that_is_no_longer_there_is_said(world, chat, dify):
    dify.files_timeout = -1
    dify.reply(Answer(["Here it is.", PICTURE]))
    async with world.bot():
        send(chat, "paint a cat")
        answer = await answered(chat, "but I could not post it here")
    assert "Here it is." in chat.text(answer)
    assert not posted(chat)


async def test_a_file_that_is_too_large_for_the_chat_is_said(world, chat, dify):
    most, said = LARGEST[chat.name]
    dify.reply(Answer(["Here it is.", File(bytes(most + 1)), PICTURE]))
    async with world.bot():
        send(chat, "paint a cat")
        answer = await answered(chat, f"only files up to {said} MB")
    assert "Here it is." in chat.text(answer)
    assert [file.data for file in posted(chat)] == [PICTURE.data]


async def test_a_reaction_on_a_file_rates_the_answer(world, chat, dify):
    dify.reply(Answer(["Here it is.", PICTURE]))
    async with world.bot():
        send(chat, "paint a cat")
        [file] = await files_below(chat)
        run = await dify.ended()
        await chat.journal.wait(lambda: _kept_as_post(world))
        chat.react(file.message, chat.alice, chat.thumbs_up)
        await dify.journal.wait(lambda: ratings(dify))
    assert ratings(dify) == [(run.message.id, chat.personal(), "like")]


async def test_an_answer_of_files_alone_is_no_empty_answer(world, chat, dify):
    serve(world, "workflow")
    dify.reply(lambda run: Answer([], outputs={"sheet": told(dify, run, SHEET)}))
    async with world.bot():
        question = chat.mention(chat.alice, "the numbers")
        [file] = await files_below(chat)
        await chat.journal.wait(lambda: _kept_as_post(world, 1))
        chat.react(file.message, chat.alice, chat.thumbs_up)
        await chat.taken()
    assert file.data == SHEET.data
    assert chat.in_thread(question) == [file.message]


async def test_a_file_stands_once_though_the_platforms_reply_was_lost(world, chat, dify):
    dify.reply(Answer(["Here it is.", PICTURE]))
    held = hold_file_replies(chat)
    async with world.bot():
        send(chat, "paint a cat")
        await held.reached()
        held.cut()
        send(chat, "and now?")
        await answered(chat, "turn 2", count=2)
    assert [file.data for file in posted(chat)] == [PICTURE.data]
    assert "could not post" not in chat.text(texts(chat)[0])


def _kept_as_post(world, count=2):
    with closing(sqlite3.connect(f"file:{world.folder}/bot.db?mode=ro", uri=True)) as store:
        return store.execute("SELECT count(*) FROM posts").fetchone()[0] >= count


@pytest.mark.parametrize("version", ["0.15.8", "1.16.1"])
@pytest.mark.parametrize("mode", ["chat", "agent-chat", "advanced-chat"])
async def test_a_file_whose_posting_a_kill_hid_is_not_posted_twice(world, chat, mode, version):
    async with another(version) as dify:
        serve(world, mode, dify)
        dify.reply(at_the_end(dify, SHEET) if mode == "advanced-chat" else Answer(["Here it is.", PICTURE]))
        held = hold_file_replies(chat)
        async with world.doomed():
            send(chat, "paint a cat")
            await held.reached()
            held.cut()
        async with world.bot():
            send(chat, "and now?")
            await answered(chat, "turn 2", count=2)
        assert len(posted(chat)) == 1
        assert len(asked(dify)) == 2


async def test_of_two_files_that_a_kill_parted_each_stands_once(world, chat, dify):
    second = File(b"\x89PNG another painting")
    dify.reply(Answer(["Here they are.", PICTURE, second]))
    async with world.doomed():
        send(chat, "paint cats")
        await files_below(chat, 1)
        held = hold_file_replies(chat)
        await held.reached()
        held.cut()
    async with world.bot():
        send(chat, "and now?")
        await answered(chat, "turn 2", count=2)
    assert sorted(file.data for file in posted(chat)) == sorted([PICTURE.data, second.data])
