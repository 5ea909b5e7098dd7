"""What an answer may do: grow long, be replaced, fail half-way, come from any kind of chat app."""

import pytest
from chats import AGAIN
from shared import another, asked, says_only, serve, shows, stops

from simulators.dify.app import DifySimulator
from simulators.dify.script import Answer, Event, Fail, Gate, Raw, Refuse, Replace, Tool

LONG = "Here is code:\n\n```python\n" + "\n".join(f"value_{n} = {n}" for n in range(400)) + "\n```\nThe end."


@pytest.mark.parametrize("version", ["0.15.8", "1.16.1"])
@pytest.mark.parametrize("mode", ["chat", "agent-chat", "advanced-chat"])
async def test_every_kind_of_chat_app_answers(world, chat, version, mode):
    async with DifySimulator(version=version) as other:
        other.add_app("app-kind", mode=mode, name="Kind")
        steps = [Tool("clock")] if mode == "agent-chat" else []
        other.reply(Answer([*steps, "It is ", "late."]))
        async with world.bot(dify__base_url=other.base_url, apps__support__api_key="app-kind"):
            chat.whisper("what time is it?")
            await shows(chat, chat.in_dm, "It is late.")
            chat.whisper("again")
            await shows(chat, chat.in_dm, "turn 2", count=2)
        assert asked(other)[1].args["conversation_id"]


async def test_a_new_agents_closing_message_is_not_said_twice(world, chat, dify):
    dify.add_app("app-agent", mode="agent", name="Agent")
    dify.reply("Hello world.", app="app-agent")
    async with world.bot(apps__support__api_key="app-agent"):
        chat.whisper("hi")
        answer = await shows(chat, chat.in_dm, "Hello world.")
    assert chat.text(answer).count("Hello") == 1


async def test_text_labelled_as_a_file_is_text(world, chat, dify):
    dify.reply(Answer(["The ", "picture."], text_event="message_file"))
    async with world.bot():
        chat.whisper("draw")
        await shows(chat, chat.in_dm, "The picture.")


async def test_a_long_answer_goes_on_in_next_messages_with_its_code_whole(world, chat, dify):
    dify.reply(LONG)
    async with world.bot():
        chat.whisper("long")
        await chat.journal.wait(lambda: "The end." in "".join(chat.text(m) for m in chat.in_dm()))
    shown = [chat.text(message) for message in chat.in_dm()]
    assert len(shown) >= 2 if chat.name == "discord" else shown
    assert all(text.count("```") % 2 == 0 for text in shown)
    assert [n for n in range(400) if not any(f"value_{n} = {n}\n" in text + "\n" for text in shown)] == []


async def test_moderation_replaces_what_was_shown_over_all_messages(world, chat, dify):
    gate = Gate()
    forbidden = "Forbidden words. " * {"discord": 150, "slack": 700}[chat.name]
    dify.reply(Answer([forbidden, Replace("I can't talk about that.")], gate=gate))
    async with world.bot():
        question = chat.mention(chat.alice, "tell me")
        gate.allow()
        await chat.journal.wait(lambda: len(chat.in_thread(question)) >= 2)
        gate.finish()
        await chat.journal.wait(
            lambda: [chat.text(m).strip() for m in chat.in_thread(question)] == ["I can't talk about that."]
        )


async def test_our_own_deletion_of_a_page_is_nobodys_wish_to_stop(world, chat, dify):
    gate = Gate()
    forbidden = "Forbidden words. " * {"discord": 150, "slack": 700}[chat.name]
    dify.reply(Answer([forbidden, Replace("I can't talk about that."), " Ask me something else."], gate=gate))
    async with world.bot():
        question = chat.mention(chat.alice, "tell me")
        gate.allow()
        await chat.journal.wait(lambda: len(chat.in_thread(question)) >= 2)
        gate.allow()
        await chat.journal.wait(lambda: len(chat.in_thread(question)) == 1)
        await chat.taken()
        gate.finish()
        await says_only(
            chat, lambda: chat.in_thread(question), "I can't talk about that. Ask me something else."
        )
    assert not stops(dify)


@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [
        (Fail(), "language model failed"),
        (Fail(code="internal_server_error", status=500), "failed while answering"),
    ],
)
async def test_the_text_before_trouble_stays_and_a_sentence_is_added(world, chat, dify, trouble, sentence):
    dify.reply(Answer(["The first half. ", trouble]))
    async with world.bot():
        chat.whisper("hi")
        answer = await shows(chat, chat.in_dm, sentence)
        assert "The first half." in chat.text(answer)
        assert "scripted" not in chat.text(answer)
        assert chat.buttons(answer) == [AGAIN]
        chat.whisper("still there?")  # one failure does not end the conversation
        await shows(chat, chat.in_dm, "You said: still there?", count=2)
    assert len(asked(dify)) == 2


@pytest.mark.parametrize(
    ("refusal", "sentence"),
    [
        (Refuse(400, "app_unavailable", "App unavailable"), "not available"),
        (Refuse(400, "provider_quota_exceeded", "quota of internal-host:9001"), "is not available"),
        (Refuse(403, "forbidden", "no"), "unpublished or switched off"),
        (Refuse(502, html="<html>Bad gateway at 10.0.0.7</html>"), "failed while answering"),
        (Refuse(500, "internal_server_error", "boom"), "failed while answering"),
    ],
)
async def test_a_refusal_is_said_in_plain_words(world, chat, dify, refusal, sentence):
    dify.reply(refusal)
    async with world.bot():
        chat.whisper("hi")
        answer = await shows(chat, chat.in_dm, sentence)
    assert not any(word in chat.text(answer) for word in ("internal-host", "10.0.0.7", "boom", "app-support"))


async def test_a_wrong_key_is_said_in_plain_words(world, chat):
    async with world.bot(apps__support__api_key="app-wrong"):
        chat.whisper("hi")
        await shows(chat, chat.in_dm, "not set up rightly")


async def test_malformed_and_unknown_events_are_survived(world, chat, dify):
    rubbish = [Raw(b"data: {broken\n\n"), Raw(b"data: 7\n\n"), Raw(b": hm\n\n")]
    dify.reply(Answer(["One ", *rubbish, Event("brand_new_event", {"x": 1}), "two."]))
    async with world.bot():
        chat.whisper("hi")
        await shows(chat, chat.in_dm, "One two.")


async def test_an_empty_answer_is_said_to_be_empty(world, chat, dify):
    dify.reply(Answer([]))
    async with world.bot():
        chat.whisper("hi")
        await shows(chat, chat.in_dm, "empty answer")


@pytest.mark.parametrize("version", ["0.15.8", "1.16.1"])
@pytest.mark.parametrize("mode", ["completion", "workflow"])
async def test_a_completion_or_a_workflow_answers_each_question_by_itself(world, chat, version, mode):
    async with another(version) as other:
        serve(world, mode, other)
        async with world.bot():
            chat.whisper("what is it?")
            await says_only(chat, chat.in_dm, "You said: question: what is it?")
            chat.whisper("and now?")
            await says_only(chat, chat.in_dm, "You said: question: and now?", count=2)
        assert [call.args["inputs"] for call in asked(other)] == [
            {"question": "what is it?"},
            {"question": "and now?"},
        ]


async def test_a_workflow_that_takes_no_text_is_refused_with_a_sentence(world, chat, dify):
    dify.add_app("app-numbers", mode="workflow", input_form=({"number": {"variable": "n"}},))
    async with world.bot(apps__support__api_key="app-numbers"):
        chat.whisper("hi")
        await shows(chat, chat.in_dm, "no text input")
    assert not asked(dify)


@pytest.mark.parametrize("version", ["0.15.8", "1.16.1"])
async def test_what_a_model_thinks_is_never_shown(world, chat, version):
    async with DifySimulator(version=version) as other:
        other.add_app("app-thinks", mode="chat", name="Thinker")
        gate = Gate()
        other.reply(
            Answer(["<thi", "nk>the secret", " plan</th", "ink>\n\nHel", "lo <b", "> world."], gate=gate)
        )
        async with world.bot(dify__base_url=other.base_url, apps__support__api_key="app-thinks"):
            chat.whisper("hi")
            gate.allow(4)
            answer = await shows(chat, chat.in_dm, "Hel")
            gate.finish()
            assert await says_only(chat, chat.in_dm, "Hello <b> world.") is answer
    assert not [state for state in chat.states(answer) if "secret" in state or "think" in state]


CITED = [
    {"position": 1, "document_id": "d1", "document_name": "Handbook.pdf", "content": "not to be shown"},
    {"position": 2, "document_id": "d2", "document_name": "@everyone <!channel>.md", "content": "nor this"},
    {"position": 3, "document_id": "d1", "document_name": "Handbook.pdf", "content": "nor that"},
]


@pytest.mark.parametrize("version", ["0.15.8", "1.16.1"])
async def test_the_documents_that_an_answer_rests_on_stand_under_it(world, chat, version):
    async with DifySimulator(version=version) as other:
        other.add_app("app-cites", mode="chat", name="Librarian")
        other.reply(Answer(["As the handbook says."], sources=CITED), "Without any.")
        async with world.bot(dify__base_url=other.base_url, apps__support__api_key="app-cites"):
            chat.whisper("what does it say?")
            answer = await shows(chat, chat.in_dm, "Sources: 1. Handbook.pdf · 2. ")
            chat.whisper("and without?")
            plain = await says_only(chat, chat.in_dm, "Without any.", count=2)
    shown = chat.text(answer)
    assert shown.count("Handbook.pdf") == 1
    assert "show" not in shown
    assert "nor" not in shown
    assert not chat.pings(answer)
    assert plain


async def test_what_an_answer_cost_is_shown_on_wish_and_documents_are_not(world, chat, dify):
    dify.reply(Answer(["Done."], sources=CITED))
    async with world.bot(apps__support__show={"citations": False, "usage": True}):
        chat.whisper("work")
        answer = await shows(chat, chat.in_dm, "Tokens: ")
    assert "Handbook" not in chat.text(answer)
