"""What an app does on its way: seen while it works, a short trace in the end, and nothing of what it got."""

import pytest
from chats import Spot
from extras import own_text, said_to_the_platform, trace
from shared import another, serve, shows

from simulators.dify.script import Answer, Event, Fail, Gate, Log, Node, Replace, Tool

SECRET = "s3cret-value"
SEARCH = Tool("web_search", f'{{"q": "{SECRET}"}}', SECRET, {"web_search": {"en_US": "Web search"}})
CLOCK = Tool("clock", SECRET, SECRET)
ANSWER = "It is **late**.\n\n- one\n- two"


@pytest.fixture(params=["dm", "thread"])
def place(request, chat):
    return Spot(chat, direct=request.param == "dm")


def seen(chat, message):
    """Every state of a message that people could see."""
    cards = [f"{card['title']}" for card in message.tasks] if chat.name == "slack" else []
    return "\n".join([*chat.states(message), *cards])


@pytest.mark.parametrize("version", ["0.15.8", "1.16.1"])
async def test_an_agents_tools_are_shown_while_it_works(world, chat, place, version):
    async with another(version) as dify:
        serve(world, "agent-chat", dify)
        icons = {"web_search": {"background": "#252525", "content": "🔎"}, "clock": "https://x/icon.png"}
        dify.apps["app-other"].tool_icons = icons
        gate = Gate()
        dify.reply(Answer([SEARCH, CLOCK, ANSWER], gate=gate))
        known = {"apps__support__mode": "agent-chat"} if version == "0.15.8" else {}  # it does not say
        async with world.bot(**known):
            place.ask("what time is it?")
            gate.allow(2)
            answer = await chat.journal.wait(lambda: next(iter(place.answers()), None))
            await chat.journal.wait(lambda: "🔎 Web search" in trace(chat, answer))
            gate.finish()
            await shows(chat, place.answers, "late")
            await chat.journal.wait(lambda: "clock" in trace(chat, answer))
            await settled(chat, answer)
        assert "Web search" in trace(chat, answer)
        assert "…" not in trace(chat, answer)
        assert SECRET not in said_to_the_platform(chat)
        assert place.answers() == [answer]


async def settled(chat, answer):
    """Wait until nothing of a message is being written any more."""
    await chat.taken()
    if chat.name == "slack":
        await chat.journal.wait(lambda: not answer.streaming)
    else:
        await chat.journal.wait(lambda: "⏳" not in answer.content)


@pytest.mark.parametrize("version", ["0.15.8", "1.16.1"])
async def test_the_nodes_of_a_chatflow_are_shown_and_collapsed(world, chat, place, version):
    async with another(version) as dify:
        serve(world, "advanced-chat", dify)
        gate = Gate()
        nodes = [Node("Look it up", "knowledge-retrieval"), Node("Think", "llm")]
        dify.reply(Answer([*nodes, ANSWER], gate=gate))
        async with world.bot():
            place.ask("what time is it?")
            gate.allow(1)
            answer = await chat.journal.wait(lambda: next(iter(place.answers()), None))
            await chat.journal.wait(lambda: "Look it up" in trace(chat, answer))
            gate.finish()
            await shows(chat, place.answers, "late")
            await settled(chat, answer)
        assert "Look it up" in trace(chat, answer)
        assert "Think" in trace(chat, answer)
        assert "Start" not in trace(chat, answer)
        assert own_text(chat, answer) == ANSWER


async def test_rounds_and_the_log_of_an_agents_node(world, chat, dify, place):
    serve(world, "advanced-chat")
    data = {"id": "r1", "node_id": "it1", "title": "Each page", "node_type": "iteration"}
    events = [
        Event("iteration_started", {"data": data | {"inputs": {"x": SECRET}}}),
        Event("iteration_next", {"data": data | {"index": 1}}),
        Event("iteration_completed", {"data": data | {"status": "succeeded", "outputs": {"x": SECRET}}}),
        Node("Helper", "agent"),
        Log("ROUND 1", "log-1", "start", None, {"x": SECRET}),
        Log("CALL search", "log-2", "success", "log-1", {"x": SECRET}),
    ]
    dify.reply(Answer([*events, ANSWER]))
    async with world.bot():
        place.ask("what time is it?")
        answer = await shows(chat, place.answers, "late")
        await chat.journal.wait(lambda: "Helper" in trace(chat, answer))
        await settled(chat, answer)
    assert "Each page" in trace(chat, answer)
    assert SECRET not in said_to_the_platform(chat)
    assert own_text(chat, answer) == ANSWER


async def test_a_model_alone_is_no_step(world, chat, dify, place):
    serve(world, "advanced-chat")
    dify.reply(ANSWER)
    async with world.bot():
        place.ask("what time is it?")
        answer = await shows(chat, place.answers, "late")
        await settled(chat, answer)
    assert "LLM" not in seen(chat, answer)
    assert not trace(chat, answer)


@pytest.mark.parametrize("mode", ["agent-chat", "advanced-chat"])
async def test_no_steps_are_shown_where_nobody_wants_them(world, chat, dify, place, mode):
    serve(world, mode)
    steps = [SEARCH] if mode == "agent-chat" else [Node("Look it up", "knowledge-retrieval"), Node("Think")]
    dify.reply(Answer([*steps, ANSWER]))
    async with world.bot(apps__support__show={"steps": False}):
        place.ask("what time is it?")
        answer = await shows(chat, place.answers, "late")
        await settled(chat, answer)
    assert not trace(chat, answer)
    assert not any(word in seen(chat, answer) for word in ("Web search", "Look it up", "Think"))
    assert own_text(chat, answer) == ANSWER


async def test_steps_cost_a_long_answer_nothing_of_its_text(world, chat, dify, place):
    serve(world, "agent-chat")
    lines = {"discord": 200, "slack": 900}[chat.name]
    text = "\n".join(f"value_{n} = {n}" for n in range(lines))
    half = len(text) // 2
    dify.reply(Answer([SEARCH, f"```\n{text[:half]}", CLOCK, f"{text[half:]}\n```\nThe end."]))
    async with world.bot():
        place.ask("what time is it?")
        await chat.journal.wait(lambda: "The end." in "".join(chat.text(m) for m in place.answers()))
        await settled(chat, place.answers()[-1])
    pages = place.answers()
    assert len(pages) >= 2
    shown = "\n".join(own_text(chat, page) for page in pages)
    assert [n for n in range(lines) if f"value_{n} = {n}\n" not in shown] == []
    traces = "\n".join(trace(chat, page) for page in pages)
    assert "Web search" in traces
    assert "clock" in traces


@pytest.mark.parametrize("mode", ["agent-chat", "advanced-chat"])
async def test_a_kill_amid_the_steps_leaves_none_of_them_running(world, chat, dify, place, mode):
    serve(world, mode)
    first = [SEARCH] if mode == "agent-chat" else [Node("Look it up", "knowledge-retrieval")]
    gate = Gate()
    dify.reply(Answer([*first, "It is "], gate=gate), Answer([ANSWER]))
    async with world.doomed():
        place.ask("what time is it?")
        gate.allow(1)
        answer = await chat.journal.wait(lambda: next(iter(place.answers()), None))
        await chat.journal.wait(lambda: trace(chat, answer))
    gate.finish()
    async with world.bot():
        await shows(chat, place.answers, "It is")
        await settled(chat, answer)
    assert place.answers() == [answer]
    assert not any(word in trace(chat, answer) for word in ("⏳", "in_progress"))


async def test_steps_stay_where_moderation_replaces_the_text(world, chat, dify, place):
    serve(world, "agent-chat")
    dify.reply(Answer([SEARCH, "Forbidden.", Replace("I can't say.")]))
    async with world.bot():
        place.ask("what time is it?")
        answer = await shows(chat, place.answers, "I can't say.")
        await settled(chat, answer)
    assert place.answers() == [answer]
    assert own_text(chat, answer) == "I can't say."
    assert "Web search" in trace(chat, answer)


async def test_a_failed_step_is_marked_and_its_reason_is_not_shown(world, chat, dify, place):
    serve(world, "advanced-chat")
    dify.reply(Answer([Node("Look it up", "http-request"), Node("Ask", "llm"), Fail(SECRET)]))
    async with world.bot():
        place.ask("what time is it?")
        answer = await shows(chat, place.answers, "failed")
        await chat.journal.wait(lambda: chat.buttons(answer))
        await settled(chat, answer)
    marks = trace(chat, answer)
    assert "error" in marks if chat.name == "slack" and answer.tasks else "✗" in marks
    assert SECRET not in said_to_the_platform(chat)


async def test_steps_alone_end_with_the_sentence_of_an_empty_answer(world, chat, dify, place):
    serve(world, "agent-chat")
    dify.reply(Answer([SEARCH]))
    async with world.bot():
        place.ask("what time is it?")
        answer = await shows(chat, place.answers, "empty answer")
        await settled(chat, answer)
    assert place.answers() == [answer]
