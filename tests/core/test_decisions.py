"""Runs that wait for a person: who may decide, what Dify is told, and that the run is followed, once."""

import asyncio
from dataclasses import replace

import pytest

from core.answer import Answer, Outcome
from core.decisions import Decisions
from core.dify.client import Question
from core.dify.human_forms import HumanForm
from core.human_forms import buttons_of, kept_form
from core.lost import Lost
from core.messages import Addressed, Form, IncomingMessage, Place, Whisper
from core.store.rows import Conversation, State, Turn, Wish
from simulators.dify.payloads import form_data
from simulators.dify.script import Node, Pause
from tests.core.parts import ANN, ANSWER, BOB, THREAD, house, press, sent

PLAIN = Pause(content="Go on?", inputs=())


@pytest.fixture
async def home(request, tmp_path, new_store):
    new_store(tmp_path / "s.db")
    async with house(tmp_path, mode="advanced-chat", human_input=getattr(request, "param", "asker")) as home:
        yield home


@pytest.fixture
def decisions(home):
    return Decisions(home.asides, home.apps, home.taking, ["fake:boss"])


async def waiting(home, pause=PLAIN, **where):
    """A turn whose run waits for a person."""
    turn, answer = await home.turn(**where), Answer()
    home.dify.reply(["Before. ", Node(), pause, "Afterwards."])
    async with home.app.dify.client.ask(
        Question("go", "fake:w:c:t"), run=True, mode="advanced-chat"
    ) as events:
        async for event in events:
            answer.take(event)
    assert answer.outcome is Outcome.PAUSED
    await home.ledger.note_sending(turn)
    await home.ledger.park(turn, "paused", "Before.", kept_form(answer.form))
    return turn


def form_of(home):
    return home.dify.runs[0].form


async def test_a_press_decides_and_the_run_is_followed(home, decisions):
    turn = await waiting(home)
    assert await decisions.pressed(press("decide:0")) is None
    assert (form_of(home).action, form_of(home).by) == ("approve", "fake:w:c:t")
    assert home.line.submitted == [turn.id]
    assert (await home.asides.at(ANSWER)).state is State.RUNNING


async def test_a_form_with_fields_is_asked_first(home, decisions):
    turn = await waiting(home, Pause())
    form = await decisions.pressed(press("decide:1"))
    assert isinstance(form, Form)
    assert [(field.key, field.kind) for field in form.fields] == [("note", "paragraph")]
    assert form_of(home).action is None
    assert await decisions.submitted(sent(form.key, {"note": "not like this"})) is None
    assert (form_of(home).action, form_of(home).inputs) == ("reject", {"note": "not like this"})
    assert home.line.submitted == [turn.id]


@pytest.mark.parametrize(
    ("home", "author", "may"),
    [
        ("asker", ANN, True),
        ("asker", BOB, False),
        ("channel", BOB, True),
        ("admins", ANN, False),
        ("admins", ANN.__class__("boss"), True),
        ("asker", ANN.__class__("boss"), True),
    ],
    indirect=["home"],
)
async def test_who_may_decide_is_a_rule(home, decisions, author, may):
    await waiting(home)
    said = await decisions.pressed(press("decide:0", author=author))
    assert (form_of(home).action == "approve") is may
    assert (said is None) is may


STAFF = {"fake": {"roles": [5, 6], "users": ["bob", "ann"]}}


@pytest.mark.parametrize(
    ("home", "facts", "may"),
    [
        (STAFF, {"roles": {"6", "9"}, "users": {"bob"}}, True),
        (STAFF, {"roles": {"9"}, "users": {"bob"}}, False),
        (STAFF, {"roles": {"5"}, "users": {"eve"}}, False),
        (STAFF, {}, False),
        ({"fake": {"roles": []}}, {"roles": {"5"}}, False),
        ({"elsewhere": {"roles": [5]}}, {"roles": {"5"}}, False),
    ],
    indirect=["home"],
)
async def test_who_may_decide_can_be_said_as_in_a_route(home, decisions, facts, may):
    await waiting(home, Pause())
    facts = {name: frozenset(values) for name, values in facts.items()}
    assert isinstance(await decisions.pressed(press("decide:1", author=BOB, facts=facts)), Form) is may
    said = await decisions.submitted(sent("decide:1", {"note": "no"}, author=BOB, facts=facts))
    assert (said is None) is may
    assert form_of(home).action == ("reject" if may else None)


async def test_what_was_decided_elsewhere_is_said_and_followed(home, decisions):
    turn = await waiting(home)
    await home.app.dify.client.api.human_input.submit(form_of(home).token, {}, "reject", "somebody")
    said = await decisions.pressed(press("decide:0"))
    assert isinstance(said, Whisper)
    assert form_of(home).action == "reject"
    assert home.line.submitted == [turn.id]


async def test_a_second_press_is_too_late(home, decisions):
    await waiting(home)
    await decisions.pressed(press("decide:0"))
    assert isinstance(await decisions.pressed(press("decide:1")), Whisper)
    assert form_of(home).action == "approve"
    assert len(home.line.submitted) == 1


async def test_who_wanted_it_stopped_is_heard_before_what_was_decided_elsewhere(home, decisions):
    turn = await waiting(home)
    await home.store.wish_stop(turn.id, Wish.STOP)  # and who heard it died
    await home.app.dify.client.api.human_input.submit(form_of(home).token, {}, "reject", "somebody")
    await decisions.look()
    assert home.line.submitted == [turn.id]
    assert (await home.ledger.claim(turn.id)).stop == Wish.STOP


async def test_of_very_many_forms_each_is_looked_at_in_its_turn(home, decisions, monkeypatch):
    monkeypatch.setattr("core.decisions.MOST_LOOKS", 2)
    asked = [await waiting(home, place=replace(THREAD, thread=f"t{n}"), name=f"q{n}") for n in range(5)]
    for _ in range(3):
        await decisions.look()
    looked = [
        call.args["form_token"] for call in home.dify.journal.named("GET /form/human_input/{form_token}")
    ]
    assert len(looked) == len(set(looked)) == len(asked)


async def test_a_decision_made_elsewhere_is_noticed_without_a_press(home, decisions):
    turn = await waiting(home)
    await decisions.look()
    assert home.line.submitted == []
    await home.app.dify.client.api.human_input.submit(form_of(home).token, {}, "reject", "somebody")
    await decisions.look()
    await decisions.look()
    assert home.line.submitted == [turn.id]


async def test_while_dify_is_away_the_form_stays(home, decisions):
    await waiting(home)
    await home.dify.stop()
    assert isinstance(await decisions.pressed(press("decide:0")), Whisper)
    await decisions.look()
    assert home.line.submitted == []
    assert (await home.asides.at(ANSWER)).state is State.PARKED


def test_a_form_that_can_only_be_answered_elsewhere_has_no_buttons():
    assert kept_form(None) == {}
    assert kept_form(Answer().form) == {}


async def test_each_way_to_decide_is_a_button(home):
    await waiting(home)
    kept = (await home.asides.at(ANSWER)).pause
    assert [(button.key, button.label) for button in buttons_of(kept)] == [
        ("decide:0", "Approve"),
        ("decide:1", "Reject"),
    ]


async def test_a_press_before_the_run_is_parked_counts(home, decisions):
    turn, answer = await waiting(home), None
    again = await home.asides.go_on(turn.id, home.line.enlist, wanted=True)
    claimed = await home.ledger.claim(again.turn)
    pressing = asyncio.create_task(decisions.pressed(press("decide:0")))
    await asyncio.sleep(0.02)
    answer = kept_form(HumanForm.model_validate(form_data(form_of(home))))
    await home.ledger.park(claimed, "paused", "Before.", answer)
    assert await pressing is None
    assert form_of(home).action == "approve"


def test_the_text_of_the_form_is_no_part_of_what_the_run_said():
    said = {"form_token": "t", "form_content": "Go on?", "actions": [{"id": "yes", "title": "Yes"}]}
    form = HumanForm.model_validate(said)
    place = Place("fake", "w", "c", "t")
    message = IncomingMessage(ANSWER, place, ANN, "Why?", Addressed.MENTION, "who")
    kept = Conversation(1, place, "helpdesk", "who", "")
    pause, text = kept_form(form), "Before.\n\nGo on?"
    turn = Turn(1, kept, message, State.RUNNING, "", "", "r", 0.0, text=text, pause=pause)
    lost = Lost.before_us(turn, Question("Why?", "who"))
    assert (lost.text, lost.decided) == ("Before.", "t")
