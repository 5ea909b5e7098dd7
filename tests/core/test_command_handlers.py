"""What the platform's commands do, and who may use them."""

from dataclasses import replace

import pytest

from core.command_handlers import CommandHandlers
from core.commands import COMMANDS
from core.dify.client import Question
from core.messages import Form, Greeting, MessageRef, Opened, Whisper
from core.router import Route
from core.running import Stops
from core.sentences import say
from core.setup import Setup
from core.stopping import Stopping
from simulators.dify.conversations import add_variable
from tests.core.parts import ANN, BOB, DM, THREAD, command, house

BOSS = ANN.__class__("boss")
ID = "fake:ann"


ROUTES = (Route("helpdesk"),)


def handlers(home, routes=ROUTES):
    setup = Setup(home.store, home.asides, home.apps, home.adapters, home.taking)
    stopping = Stopping(home.store, Stops(), home.line)
    return CommandHandlers(home.asides, home.apps, home.adapters, routes, setup, stopping, ["fake:boss"])


@pytest.fixture
async def home(tmp_path, new_store):
    new_store(tmp_path / "s.db")
    features = {"opening_statement": "Hello!", "suggested_questions": ["What can you do?"]}
    async with house(tmp_path, features=features) as home:
        home.does = handlers(home)
        yield home


async def talked(home, query="hello", place=DM, identity=ID, name="q1"):
    """A conversation at Dify that the place goes on with."""
    turn = await home.turn(name, place=place, identity=identity, post=ANN and place_post(place, name))
    known = turn.conversation.dify_id
    async with home.app.dify.client.ask(Question(query, identity, known), run=False) as events:
        ids = [event.conversation_id async for event in events if getattr(event, "conversation_id", None)]
    await home.asides.switch(place, "helpdesk", ids[0])
    await home.ledger.close(turn, "complete")
    return ids[0]


def place_post(place, name):
    return MessageRef(place.platform, place.workspace, place.channel, f"post-{name}")


async def said(home, name, text="", **more):
    more = {"place": DM, "identity": ID, **more}
    response = await home.does.given(command(name, text, **more))
    assert isinstance(response, Whisper)
    return response.markdown


@pytest.mark.parametrize("name", ["help", "HELP", "what", ""])
async def test_help_and_any_unknown_word_say_what_there_is(home, name):
    text = await said(home, name)
    assert all(f"`{spec.name}`" in text for spec in COMMANDS)


async def test_new_begins_afresh_with_the_apps_first_word(home):
    await talked(home)
    text = await said(home, "new")
    assert "Hello!" in text
    assert (await home.asides.conversation(DM, "helpdesk")).dify_id == ""


async def test_new_where_nobody_talked_says_how_topics_begin(home):
    assert await said(home, "new", place=THREAD) == say("nothing_here", "en")


async def test_stop_stops_the_persons_own_answer(home):
    assert await said(home, "stop", place=THREAD) == say("nothing_to_stop", "en")
    turn = await home.turn()
    assert await said(home, "stop", place=THREAD, author=BOB) == say("nothing_to_stop", "en")
    assert await said(home, "stop", place=THREAD) == say("stopping", "en")
    assert home.line.nudged == [turn.id]


async def test_history_lists_the_persons_conversations_latest_first(home):
    await talked(home, "about cats")
    await home.asides.switch(DM, "helpdesk", "")
    await talked(home, "about dogs", name="q2")
    first, second, *_ = (await said(home, "history")).splitlines()
    assert first.startswith("- `1` **")  # the one that the place goes on with
    assert second.startswith("- `2` ")
    assert "**" not in second


async def test_history_switches_renames_names_and_deletes(home):
    cats = await talked(home, "about cats")
    await home.asides.switch(DM, "helpdesk", "")
    dogs = await talked(home, "about dogs", name="q2")

    await said(home, "history", "switch 2")
    assert (await home.asides.conversation(DM, "helpdesk")).dify_id == cats
    assert "All the cats" in await said(home, "history", "rename 2 All the cats")
    names = {one.id: one.name for one in home.dify.apps["app-k"].conversations.values()}
    assert names[cats] == "All the cats"
    await said(home, "history", "name 2")
    assert "can't be undone" in await said(home, "history", "delete 1")
    assert list(home.dify.apps["app-k"].conversations) == [cats, dogs]
    await said(home, "history", f"delete {dogs}")
    assert list(home.dify.apps["app-k"].conversations) == [cats]


@pytest.mark.parametrize("text", ["switch", "switch 0", "delete 9", "rename x y"])
async def test_history_says_which_numbers_there_are(home, text):
    await talked(home)
    assert await said(home, "history", text) == say("history_number", "en", most=1)


async def test_history_of_an_app_without_memory(tmp_path, new_store):
    new_store(tmp_path / "s.db")
    async with house(tmp_path, mode="completion") as home:
        home.does = handlers(home)
        assert await said(home, "history") == say("no_memory", "en", app="Helpdesk")


async def test_forget_deletes_here_and_at_dify(home):
    await talked(home)
    assert await said(home, "forget") == say("forgotten", "en")
    assert home.dify.apps["app-k"].conversations == {}
    assert (await home.asides.conversation(DM, "helpdesk")).dify_id == ""
    assert await home.asides.at(place_post(DM, "q1")) is None


async def test_a_shared_conversation_is_forgotten_by_who_was_alone_in_it_or_by_admins(home):
    await talked(home, place=THREAD, identity="fake:w:c:t")
    await home.turn("q2", author=BOB)
    assert await said(home, "forget", place=THREAD) == say("forget_shared", "en")
    assert len(home.dify.apps["app-k"].conversations) == 1
    assert await said(home, "forget", place=THREAD, author=BOSS) == say("forgotten", "en")
    assert home.dify.apps["app-k"].conversations == {}


@pytest.mark.parametrize(("name", "sentence"), [("variables", "nothing_here"), ("runs", "never_runs")])
async def test_some_are_for_admins_only(home, name, sentence):
    assert await said(home, name) == say("admins_only", "en")
    assert await said(home, name, author=BOSS) == say(sentence, "en", app="Helpdesk")


async def test_admins_see_and_set_variables(tmp_path, new_store):
    new_store(tmp_path / "s.db")
    async with house(tmp_path, mode="advanced-chat") as home:
        home.does = handlers(home)
        assert await said(home, "variables", author=BOSS) == say("nothing_here", "en")
        kept = home.dify.apps["app-k"].conversations[await talked(home)]
        add_variable(kept, "level", 3, "number")
        add_variable(kept, "tone", "kind")
        assert (await said(home, "variables", author=BOSS)).splitlines() == [
            "`level` (number) = 3",
            "`tone` (string) = kind",
        ]
        assert "= 4" in await said(home, "variables", "level=4", author=BOSS)
        assert "level, tone" in await said(home, "variables", "size=4", author=BOSS)


async def test_admins_see_the_latest_runs(tmp_path, new_store):
    new_store(tmp_path / "s.db")
    form = [{"paragraph": {"variable": "text", "label": "Text", "required": True}}]
    async with house(tmp_path, mode="workflow", features={"input_form": form}) as home:
        home.does = handlers(home)
        assert await said(home, "runs", author=BOSS) == say("no_runs", "en")
        question = Question("hi", ID, query_input="text")
        async with home.app.dify.client.ask(question, run=True, mode="workflow") as events:
            [event async for event in events]
        assert "succeeded" in await said(home, "runs", author=BOSS)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("mode", ["chat", "agent-chat", "agent", "completion"])
async def test_an_app_that_never_runs_says_so_without_asking_for_its_runs(tmp_path, new_store, mode, known):
    new_store(tmp_path / "s.db")
    async with house(tmp_path, mode=mode) as home:
        home.does = handlers(home)
        if known:
            await home.app.dify.detect()
        else:
            home.app.dify.mode = None
        assert await said(home, "runs", author=BOSS) == say("never_runs", "en", app="Helpdesk")
        assert home.app.dify.mode == mode
        assert home.dify.journal.named("GET /workflows/logs") == []


async def test_setup_opens_the_form(tmp_path, new_store):
    new_store(tmp_path / "s.db")
    form = [{"text-input": {"variable": "name", "label": "Name", "required": True}}]
    async with house(tmp_path, features={"input_form": form}) as home:
        response = await handlers(home).given(command("setup", place=DM, identity=ID))
        assert isinstance(response, Form)


async def test_a_place_without_an_app_says_so(home):
    home.does = handlers(home, routes=())
    assert await said(home, "new") == say("no_route", "en")
    assert await home.does.opened(Opened(DM, ANN, ID)) is None


async def test_while_dify_is_away_it_is_said(home):
    await talked(home)
    await home.dify.stop()
    assert await said(home, "history") == say("dify_unreachable", "en")


async def test_who_opens_a_place_is_greeted(home):
    assert await home.does.opened(Opened(DM, ANN, ID)) == Greeting("Hello!", ("What can you do?",))


async def test_in_direct_messages_with_threads_the_latest_conversation_is_meant(home):
    old = await talked(home, "about cats", place=replace(DM, thread="t1"))
    new = await talked(home, "about dogs", place=replace(DM, thread="t2"), name="q2")
    assert (await said(home, "history")).startswith("- `1` **")
    await said(home, "new")
    assert (await home.asides.conversation(replace(DM, thread="t2"), "helpdesk")).dify_id == ""
    await home.asides.switch(replace(DM, thread="t2"), "helpdesk", new)
    assert await said(home, "forget") == say("forgotten", "en")
    assert list(home.dify.apps["app-k"].conversations) == [old]


async def test_in_direct_messages_with_threads_a_switch_is_for_the_next_question(home):
    cats = await talked(home, "about cats", place=replace(DM, thread="t1"))
    await talked(home, "about dogs", place=replace(DM, thread="t2"), name="q2")
    await said(home, "history", "switch 2")
    turn = await home.turn("q3", place=replace(DM, thread="t3"), identity=ID, post=place_post(DM, "q3"))
    assert turn.conversation.dify_id == cats
