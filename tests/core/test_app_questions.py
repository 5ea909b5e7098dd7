"""What Dify is asked for a person's message: text, inputs, version, and the ids of its traces."""

from dataclasses import replace

import pytest

from core.apps import App, session_of, trace_of
from core.dify.about import Parameters
from core.dify.apps import DifyApp
from core.dify.client import DifyClient
from core.dify.questions import trace_id
from core.dify.server import DifyServer, StreamLimits
from core.messages import Addressed, IncomingFile, IncomingMessage, MessageRef, Names, Person, Place
from core.settings import AppSettings
from core.store.rows import Conversation, State, Turn

PLACE = Place("fake", "W1", "C1", "T1")
FILE = IncomingFile("F1", "a.pdf", "application/pdf", 3, "http://files/1")
VERSION = "11111111-1111-4111-8111-111111111111"


class Chat:
    """A platform, as far as a question needs it."""

    def __init__(self):
        self.asked = 0

    async def names(self, message):
        self.asked += 1
        return Names("Ann", "#sales")


def turn(text="hi", *, place=PLACE, files=(), message_id="1700.1", asks=0):
    ref = MessageRef("fake", "W1", "C1", message_id)
    message = IncomingMessage(
        ref, place, Person("U1"), text, Addressed.MENTION, "who-asked", files, locale="ja"
    )
    conversation = Conversation(1, place, "helpdesk", "who-asked", "conv-1")
    return Turn(7, conversation, message, State.QUEUED, "", "", "", 0.0, asks=asks)


@pytest.fixture
async def make():
    server = DifyServer("http://127.0.0.1:9/v1", StreamLimits())

    def app(mode="chat", form=None, **settings):
        found = AppSettings(api_key="app-k", **settings)
        dify = DifyApp("helpdesk", DifyClient(server, "app-k"), server, mode, found.query_input)
        if form is not None:
            dify._said.value = Parameters.model_validate({"user_input_form": form})
        return App(found, dify)

    yield app
    await server.aclose()


async def test_a_question_names_its_event_and_its_place_the_same_on_every_retry(make):
    app, chat = make(), Chat()
    first, again = [await app.question(turn(asks=asks), chat) for asks in (0, 3)]
    assert first.trace_id == trace_of(turn()) == trace_id("fake:W1:C1:1700.1") == again.trace_id
    assert trace_of(turn(message_id="1700.2")) != first.trace_id
    assert first.session_id == session_of(PLACE) == "fake:W1:C1:T1"
    assert session_of(replace(PLACE, workspace="", thread="")) == "fake:C1"
    assert (first.user, first.conversation_id, first.query) == ("who-asked", "conv-1", "hi")
    assert chat.asked == 0  # names cost a call: only where they are wanted


async def test_a_question_is_asked_as_the_app_is_configured(make):
    form = [{"paragraph": {"variable": "topic"}}, {"paragraph": {"variable": "query"}}]
    app = make("workflow", form, query_input="topic", workflow_id=VERSION, auto_name=True)
    asked = await app.question(turn(), Chat())
    assert (asked.query_input, asked.workflow_id, asked.auto_name) == ("topic", VERSION, True)
    plain = await make("workflow", form).question(turn(), Chat())
    assert (plain.query_input, plain.workflow_id, plain.auto_name) == ("query", "", False)


async def test_values_of_the_configuration_name_who_asks_and_where(make):
    inputs = {"who": "{user_name} of {channel_name}", "on": "{platform}/{locale}", "count": 3}
    asked = await make(inputs=inputs).question(turn(), Chat())
    assert asked.inputs == {"who": "Ann of #sales", "on": "fake/ja", "count": 3}


FORM = [
    {"text-input": {"variable": "name", "required": True}},
    {"select": {"variable": "tone", "required": True, "options": ["plain", "fancy"], "default": "plain"}},
    {"number": {"variable": "age"}},
    {"file": {"variable": "cv", "required": True}},
]


async def test_a_form_gets_what_was_filled_in_then_what_is_configured_then_its_defaults(make):
    app, chat = make(form=FORM, inputs={"name": "{user_name}", "tone": "loud", "other": "x"}), Chat()
    found = await app.prepared(turn(), chat, {"age": "7"})
    assert found.question.inputs == {"name": "Ann", "tone": "plain", "age": 7, "other": "x"}
    assert [one.variable for one in found.missing] == ["cv"]
    found = await app.prepared(turn(files=(FILE,)), chat, {"name": "Bo", "tone": "fancy"})
    assert found.question.inputs == {"name": "Bo", "tone": "fancy", "other": "x"}
    assert found.missing == ()


async def test_what_is_missing_is_said_and_the_question_is_no_part_of_it(make):
    form = [{"paragraph": {"variable": "topic", "required": True}}, *FORM[:1]]
    found = await make("workflow", form, query_input="topic").prepared(turn(), Chat())
    assert [one.variable for one in found.missing] == ["name"]
    chat_app = await make("chat", form, query_input="topic").prepared(turn(), Chat())
    assert [one.variable for one in chat_app.missing] == [
        "topic",
        "name",
    ]  # a chat has a query beside its form


async def test_a_form_that_is_not_known_yet_is_left_to_dify(make):
    found = await make(inputs={"name": "Ann"}).prepared(turn(), Chat(), {"tone": "fancy"})
    assert (found.question.inputs, found.missing) == ({"name": "Ann", "tone": "fancy"}, ())


@pytest.mark.parametrize(
    ("text", "files", "query"),
    [
        ("", (FILE,), "What is this?"),
        (" ", (FILE,), "What is this?"),
        ("read it", (FILE,), "read it"),
        ("", (), ""),
    ],
)
async def test_files_alone_are_asked_about_with_the_configured_text(make, text, files, query):
    asked = await make(default_query="What is this?").question(turn(text, files=files), Chat())
    assert asked.query == query


@pytest.mark.parametrize(("direct", "query"), [(False, "Ann: hi"), (True, "hi")])
async def test_who_speaks_is_named_only_where_others_do_too(make, direct, query):
    app = make(prefix_speaker="shared")
    assert (await app.question(turn(place=replace(PLACE, direct=direct)), Chat())).query == query


@pytest.mark.parametrize(("mode", "blocking"), [("chat", True), ("workflow", True), ("agent-chat", False)])
def test_an_app_that_answers_as_a_whole_says_so(mode, blocking):
    server = DifyServer("http://127.0.0.1:9/v1", StreamLimits())
    dify = DifyApp("helpdesk", DifyClient(server, "app-k"), server, mode, wants_blocking=True)
    assert App(AppSettings(api_key="app-k", response="blocking"), dify).dify.blocking is blocking
