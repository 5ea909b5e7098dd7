"""The app's own form: opened, checked, remembered, and the question that waited for it."""

import asyncio
from dataclasses import replace

import pytest

from core.apps import App
from core.dify.apps import DifyApp
from core.messages import Form, IncomingFile, MessageRef, Refusal, Whisper
from core.sentences import say
from core.setup import Setup, form_key
from core.store.rows import State
from tests.core.parts import ANSWER, DM, THREAD, house, press, sent

FORM = [
    {"text-input": {"variable": "name", "label": "Your name", "required": True, "max_length": 5}},
    {"select": {"variable": "tone", "label": "Tone", "required": False, "options": ["kind", "stern"]}},
    {"number": {"variable": "age", "label": "Age", "required": True}},
]
KEY = form_key("helpdesk")


@pytest.fixture
async def home(tmp_path, new_store):
    new_store(tmp_path / "s.db")
    async with house(tmp_path, features={"input_form": FORM}, inputs={"tone": "kind"}) as home:
        yield home


@pytest.fixture
def setup(home):
    return Setup(home.store, home.asides, home.apps, home.adapters, home.taking)


async def parked(home):
    turn = await home.turn()
    await home.ledger.park(turn, "setup", "")
    return turn


async def test_a_press_opens_the_form_with_what_is_known(home, setup):
    await parked(home)
    await home.asides.keep_inputs(THREAD, "helpdesk", "who", {"name": "Ann"})

    form = await setup.pressed(press(KEY))

    assert (form.key, form.title) == (KEY, "Helpdesk")
    shown = [(each.key, each.label, each.kind, each.required, each.value) for each in form.fields]
    assert shown == [
        ("name", "Your name", "text", True, "Ann"),
        ("tone", "Tone", "select", False, "kind"),
        ("age", "Age", "number", True, ""),
    ]
    assert form.fields[0].max_length == 5
    assert form.fields[1].options == ("kind", "stern")


async def test_what_is_filled_in_is_kept_and_the_question_that_waited_is_asked(home, setup):
    turn = await parked(home)

    assert await setup.submitted(sent(KEY, {"name": "Ann", "tone": "stern", "age": "41"})) is None

    assert home.line.submitted == [turn.id]
    again = await home.ledger.claim(turn.id)
    assert again.state is State.QUEUED
    assert again.conversation.inputs == {"name": "Ann", "tone": "stern", "age": "41"}
    prepared = await home.app.prepared(again, None, again.conversation.inputs)
    assert prepared.question.inputs == {"name": "Ann", "tone": "stern", "age": 41}
    assert prepared.missing == ()


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({"name": "", "age": "1"}, {"name"}),
        ({"name": "Annabel", "age": "1"}, {"name"}),
        ({"name": "Ann", "age": "old"}, {"age"}),
        ({"name": "Ann", "age": "1", "tone": "loud"}, {"tone"}),
        ({}, {"name", "age"}),
    ],
)
async def test_what_the_app_would_refuse_is_said_at_its_field_and_nothing_is_kept(home, setup, values, wrong):
    turn = await parked(home)
    refusal = await setup.submitted(sent(KEY, values))
    assert isinstance(refusal, Refusal)
    assert set(refusal.problems) == wrong
    assert all(refusal.problems.values())
    assert home.line.submitted == []
    assert (await home.asides.at(ANSWER)).state is State.PARKED
    assert turn.conversation.inputs == {}


async def test_a_long_form_is_asked_page_by_page(home, setup):
    home.chat.fields = 2
    turn = await parked(home)

    first = await setup.pressed(press(KEY))
    assert [each.key for each in first.fields] == ["name", "tone"]
    second = await setup.submitted(sent(first.key, {"name": "Ann", "tone": "kind"}))
    assert isinstance(second, Form)
    assert [each.key for each in second.fields] == ["age"]
    assert home.line.submitted == []
    assert await setup.submitted(sent(second.key, {"age": "41"})) is None
    assert home.line.submitted == [turn.id]


async def test_a_command_opens_the_form_where_nobody_talked_yet(home, setup):
    form = await setup.opened(home.app, DM, "fake:ann", "ja")
    assert isinstance(form, Form)
    kept = await setup.submitted(sent(form.key, {"name": "Ann", "age": "1"}, ref=None, place=DM))
    assert isinstance(kept, Whisper)
    assert (await home.turn(place=DM, identity="fake:ann")).conversation.inputs["name"] == "Ann"


async def test_files_of_a_form_wait_to_be_uploaded_with_the_next_question(tmp_path, new_store):
    new_store(tmp_path / "s.db")
    field = {"variable": "plan", "label": "Plan", "required": True, "allowed_file_types": ["document"]}
    async with house(tmp_path, features={"input_form": [{"file": field}]}) as home:
        setup = Setup(home.store, home.asides, home.apps, home.adapters, home.taking)
        await parked(home)
        file = IncomingFile("F1", "plan.pdf", "application/pdf", 7, "https://files/f")
        assert await setup.submitted(sent(KEY, {"plan": (file,)})) is None
        [kept] = (await home.asides.inputs(THREAD, "helpdesk"))["plan"]
        assert kept["incoming_file"]["url"] == "https://files/f"


async def test_an_app_without_a_form_says_so(tmp_path, new_store):
    new_store(tmp_path / "s.db")
    async with house(tmp_path) as home:
        setup = Setup(home.store, home.asides, home.apps, home.adapters, home.taking)
        said = await setup.opened(home.app, DM, "fake:ann", "")
        assert "Helpdesk" in said.markdown


async def test_a_form_of_an_app_that_is_gone_is_too_late(home, setup):
    await parked(home)
    assert isinstance(await setup.pressed(press(form_key("another"))), Whisper)
    assert isinstance(await setup.submitted(sent(form_key("another"), {})), Whisper)
    assert isinstance(await setup.pressed(press(KEY, ref=ANSWER.__class__("fake", "w", "c", "no"))), Whisper)


async def test_a_form_that_is_sent_before_the_question_is_parked_asks_it_all_the_same(home, setup):
    turn = await home.turn()
    sending = asyncio.create_task(setup.submitted(sent(KEY, {"name": "Ann", "age": "41"})))
    await asyncio.sleep(0.02)
    await home.ledger.park(turn, "setup", "")
    assert await sending is None
    assert home.line.submitted == [turn.id]


async def test_in_direct_messages_a_command_changes_the_conversation_that_is_going_on(home, setup):
    inside = replace(DM, thread="t1")
    await home.turn(place=inside, identity="fake:ann")
    await home.asides.keep_inputs(inside, "helpdesk", "fake:ann", {"name": "Ann", "age": "41"})
    form = await setup.opened(home.app, DM, "fake:ann", "")
    assert [field.value for field in form.fields] == ["Ann", "kind", "41"]
    await setup.submitted(sent(form.key, {"name": "Ann", "age": "42"}, ref=None, place=DM))
    assert (await home.asides.inputs(inside, "helpdesk"))["age"] == "42"
    assert (await home.asides.inputs(replace(DM, thread="t2"), "helpdesk"))["age"] == "42"


async def test_a_process_that_has_just_begun_types_what_was_filled_in(home):
    fresh = App(home.app.settings, DifyApp("helpdesk", home.app.dify.client, home.app.dify.server))
    prepared = await fresh.prepared(await home.turn(), home.chat, {"name": "Ann", "age": "41"})
    assert prepared.question.inputs == {"name": "Ann", "age": 41, "tone": "kind"}
    await fresh.dify.aclose()


async def test_a_form_that_is_sent_while_dify_is_away_keeps_what_was_written(home, setup):
    await parked(home)
    home.app.dify._said.value = None
    await home.dify.stop()
    assert (await setup.pressed(press(KEY))).markdown == say("dify_unreachable", "en")
    refusal = await setup.submitted(sent(KEY, {"name": "Ann", "age": "41"}))
    assert refusal == Refusal({"name": say("dify_unreachable", "en")})
    assert home.line.submitted == []


async def test_a_form_for_what_is_forgotten_is_too_late_and_leaves_nothing(home, setup):
    gone = MessageRef("fake", "w", "c", "gone")
    assert isinstance(await setup.submitted(sent(KEY, {"name": "Ann", "age": "41"}, ref=gone)), Whisper)
    values = {"name": "Ann", "age": "41"}
    assert isinstance(await setup.submitted(sent(KEY, values, ref=None, place=DM)), Whisper)
    assert await home.asides.conversation(THREAD, "helpdesk") is None
    assert await home.asides.conversation(DM, "helpdesk") is None
