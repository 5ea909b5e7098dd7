"""What kind of app a key belongs to, on servers that say so and on servers that do not."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.answer import Answer
from core.dify.apps import version_of
from core.errors import DifyRefused, DifyUnreachable
from simulators.dify import DifySimulator
from simulators.dify.script import Refuse

NEW = ("chat", "agent-chat", "agent", "advanced-chat", "completion", "workflow")
OLD = {  # 0.15 does not tell agents from chats: both are asked alike
    "chat": "chat",
    "agent-chat": "chat",
    "advanced-chat": "advanced-chat",
    "completion": "completion",
    "workflow": "workflow",
}


@pytest.mark.parametrize("kind", NEW)
async def test_a_new_server_says_what_the_app_is(dify, asker, kind):
    app = asker(dify, kind).app
    assert await app.detect() == kind
    assert (app.title, app.chats) == ("Helpdesk", kind not in {"completion", "workflow"})
    assert app.runs is (kind in {"advanced-chat", "workflow"})
    await dify.journal.wait(lambda: app.known_parameters)
    asked = [call.method for call in dify.journal.calls if call.method != "GET /meta"]
    assert asked == ["GET /info", "GET /parameters"]


@pytest.mark.parametrize("kind", OLD)
async def test_an_old_server_is_probed_without_starting_anything(asker, kind):
    async with DifySimulator(version="0.15.8") as old:
        app = asker(old, kind).app
        assert await app.detect() == OLD[kind]
        assert app.title == "Helpdesk"
        assert app.chats is (kind not in {"completion", "workflow"})
        assert not app.runs  # no worker processes before 1.13: the API process answers
        assert all(call.method.startswith("GET ") for call in old.journal.calls)
        assert old.runs == []


@pytest.mark.parametrize("kind", ["chat", "completion"])
async def test_what_is_known_is_not_asked_again(dify, asker, kind):
    app = asker(dify, kind).app
    await app.detect()
    await app.parameters()
    await app.detect()
    await app.parameters()
    assert [call.method for call in dify.journal.calls] == ["GET /info", "GET /parameters"]


TOPIC = [{"paragraph": {"variable": "topic", "required": True}}]


@pytest.mark.parametrize(
    ("kind", "form", "variable"),
    [("workflow", TOPIC, "topic"), ("completion", TOPIC, "topic"), ("completion", [], "query")],
)
async def test_an_app_without_memory_says_where_the_question_goes(either, asker, kind, form, variable):
    app = asker(either, kind, input_form=form).app
    assert not app.asks
    await app.detect()
    assert app.query_input == variable
    assert app.asks
    assert not app.converses


async def test_a_form_without_a_place_for_the_question_is_looked_at_again(either, asker):
    us = asker(either, "workflow")
    await us.app.detect()
    assert us.app.query_input is None
    assert not us.app.asks
    either.apps[us.key].input_form = TOPIC
    await us.app.detect()
    assert us.app.query_input == "topic"
    assert us.app.asks


async def test_a_configured_variable_stands(dify, asker):
    app = asker(dify, "workflow", input_form=TOPIC).app
    app.input_name = "other"
    await app.detect()
    await app.parameters()
    assert (app.query_input, app.asks) == ("other", True)


async def read_again(dify, app):
    """The parameters are a minute old, and are read again behind a question."""
    before = len(dify.journal.named("GET /parameters"))
    app._said._due = 0.0
    assert await app.parameters() is app.known_parameters  # does not wait
    await dify.journal.wait(lambda: len(dify.journal.named("GET /parameters")) > before)
    await dify.journal.wait(lambda: app._said._reading is None)


async def test_what_is_changed_in_dify_is_known_a_minute_later(either, asker):
    us = asker(either, "chat", opening_statement="Hi!")
    assert us.app.known_parameters is None
    assert (await us.app.parameters()).opening_statement == "Hi!"
    either.apps[us.key].opening_statement = "Hello!"
    assert (await us.app.parameters()).opening_statement == "Hi!"
    await read_again(either, us.app)
    assert us.app.known_parameters.opening_statement == "Hello!"


async def test_another_variable_for_the_question_is_known_a_minute_later(either, asker):
    us = asker(either, "workflow", input_form=TOPIC)
    await us.app.detect()
    either.apps[us.key].input_form = [{"paragraph": {"variable": "subject", "required": True}}]
    await read_again(either, us.app)
    assert us.app.query_input == "subject"


async def test_parameters_that_dify_refused_are_read_again_at_once(either, asker):
    us = asker(either, "chat")
    await us.app.parameters()
    either.apps[us.key].input_form = TOPIC
    us.app.stale()
    assert [one.variable for one in (await us.app.newest_parameters()).form] == ["topic"]


async def test_an_app_that_is_withdrawn_keeps_what_was_known(either, asker):
    us = asker(either, "chat", opening_statement="Hi!")
    await us.app.parameters()
    either.apps[us.key].published = False
    assert (await us.app.newest_parameters()).opening_statement == "Hi!"


async def test_a_chat_is_asked_though_its_parameters_cannot_be_had(either, asker):
    app = asker(either, "chat", published=False).app
    assert await app.detect() == "chat"
    with pytest.raises(DifyRefused):
        await app.parameters()
    assert app.known_parameters is None


ICONS = {"clock": "http://x/icon", "web": {"background": "#fff", "content": "🌐"}}


@pytest.mark.parametrize("kind", ["agent-chat", "agent", "chat", "workflow"])
async def test_an_agents_icons_are_asked_for_once(dify, asker, kind):
    app = asker(dify, kind, tool_icons=ICONS).app
    await app.detect()
    agent = kind.startswith("agent")
    assert await app.tool_icons() == (ICONS if agent else {})
    assert await app.tool_icons() == (ICONS if agent else {})
    assert len(dify.journal.named("GET /meta")) == int(agent)


async def test_icons_that_cannot_be_had_are_none(dify, asker):
    app = asker(dify, "agent-chat", key="app-wrong").app
    app.mode = "agent-chat"
    assert await app.tool_icons() == {}
    assert await app.tool_icons() == {}  # and is not asked again with every answer
    assert [call.status for call in dify.journal.named("GET /meta")] == [401]


@pytest.mark.parametrize("kind", NEW)
async def test_an_agent_is_streamed_whatever_is_configured_and_the_log_says_so(dify, asker, caplog, kind):
    app = asker(dify, kind, input_form=TOPIC).app
    app.wants_blocking = True
    await app.detect()
    agent = kind.startswith("agent")
    assert app.blocking is not agent
    said = f"app helpdesk: {kind} apps can't be asked blocking: they are streamed"
    assert [line for line in caplog.messages if "blocking" in line] == [said] * agent


async def answered(us):
    answer = Answer()
    async with us.app.ask(us.question()) as events:
        async for event in events:
            answer.take(event)
    return answer.text


async def test_an_old_agent_that_refuses_a_whole_answer_is_streamed_from_then_on(asker, caplog):
    async with DifySimulator(version="0.15.8") as old:
        us = asker(old, "agent-chat")
        us.app.wants_blocking = True
        assert (await us.app.detect(), us.app.blocking) == ("chat", True)  # it does not say
        old.reply("One.", "Two.")
        assert [await answered(us), await answered(us)] == ["One.", "Two."]
        assert (us.app.mode, us.app.blocking) == ("agent-chat", False)
        calls = old.journal.named("POST /chat-messages")
    tried = [(call.args["response_mode"], call.status) for call in calls]
    assert tried == [("blocking", 400), ("streaming", 200), ("streaming", 200)]
    assert len([line for line in caplog.messages if "can't be asked blocking" in line]) == 1


async def test_of_two_questions_at_once_to_such_an_agent_both_are_answered(asker):
    async with DifySimulator(version="0.15.8") as old:
        us = asker(old, "agent-chat")
        us.app.wants_blocking = True
        await us.app.detect()
        old.reply("One.", "Two.")
        assert sorted(await asyncio.gather(answered(us), answered(us))) == ["One.", "Two."]


async def test_another_refusal_of_a_whole_answer_changes_nothing(asker):
    async with DifySimulator(version="0.15.8") as old:
        us = asker(old, "chat")
        us.app.wants_blocking = True
        await us.app.detect()
        old.reply(Refuse(400, "invalid_param", "name is required in input form"))
        with pytest.raises(DifyRefused):
            await answered(us)
        assert us.app.mode == "chat"
        assert len(old.journal.named("POST /chat-messages")) == 1


async def test_an_app_that_is_not_published_says_so(dify, asker):
    app = asker(dify, "workflow", published=False).app
    with pytest.raises(DifyRefused) as caught:
        await app.detect()
    assert caught.value.advice.sentence == "app_unavailable"


@pytest.mark.parametrize("kind", [kind for kind in NEW if kind != "agent"])
@pytest.mark.parametrize(
    ("version", "runs", "attaches"), [("1.12.0", 0, 0), ("1.13.1", 1, 0), ("1.16.1", 1, 1)]
)
async def test_what_an_app_can_do_depends_on_kind_and_version(asker, kind, version, runs, attaches):
    async with DifySimulator(version=version) as simulator:
        app = asker(simulator, kind, input_form=TOPIC).app
        await app.detect()
        is_run = kind in {"advanced-chat", "workflow"}
        assert app.asks
        assert app.converses is app.chats is (kind not in {"completion", "workflow"})
        assert app.run_kind is is_run
        assert app.runs is (is_run and bool(runs))
        assert app.attaches is (is_run and bool(attaches))


async def test_a_configured_mode_stands_but_the_server_is_still_asked_for_its_version(either, asker):
    app = asker(either, "advanced-chat").app
    app.mode = "chat"
    assert await app.detect() == "chat"
    assert app.client.server_version == either.version
    assert either.journal.calls[0].method == "GET /info"
    assert not either.journal.named("GET /conversations")


async def test_a_wrong_key_is_not_taken_for_a_kind(either, asker):
    app = asker(either, key="app-wrong").app
    with pytest.raises(DifyRefused):
        await app.detect()
    assert app.mode is None


async def test_a_server_that_is_down_is_asked_again_later(asker):
    simulator = DifySimulator(version="1.16.1")
    await simulator.start()
    app = asker(simulator, "agent").app
    port = int(simulator.origin.rpartition(":")[2])
    await simulator.stop()
    with pytest.raises(DifyUnreachable):
        await app.detect()
    await simulator.start(port)
    assert await app.detect() == "agent"
    await simulator.stop()


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("1.16.1", (1, 16, 1)),
        ("1.16.1-rc1", (1, 16, 1)),
        ("0.15.8", (0, 15, 8)),
        ("1.9", (1, 9, 0)),
        ("", (999,)),
        ("nightly", (999,)),
    ],
)
def test_versions_are_compared_by_their_numbers(text, version):
    assert version_of(text) == version


@given(st.tuples(*[st.integers(0, 99)] * 3), st.tuples(*[st.integers(0, 99)] * 3))
def test_a_later_version_is_greater(one, other):
    def text(numbers):
        return ".".join(map(str, numbers))

    assert (version_of(text(one)) < version_of(text(other))) is (one < other)
