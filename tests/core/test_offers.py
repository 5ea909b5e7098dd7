"""Suggested questions: pressed, they stand in the chat and are asked, once."""

import pytest

from core.contract import Gone, RateLimited, Uncertain
from core.messages import Whisper
from core.offers import LABEL, Offers, buttons_of
from tests.core.parts import ANN, BOB, THREAD, house, press

QUESTIONS = ["And then?", "Why is that so?"]


@pytest.fixture
async def home(tmp_path, new_store):
    new_store(tmp_path / "s.db")
    async with house(tmp_path) as home:
        yield home


@pytest.fixture
def offers(home):
    return Offers(home.store, home.asides, home.adapters, home.taking)


async def offered(home):
    turn = await home.answered(message_id="m")
    await home.asides.offer(turn, QUESTIONS)
    return turn


async def test_a_pressed_question_is_quoted_and_asked_in_the_pressers_name(home, offers):
    await offered(home)

    assert await offers.pressed(press("ask:1", author=BOB)) is None

    [(place, person, text, key)] = home.chat.quoted
    assert (place, person, text) == (THREAD, "bob", "Why is that so?")
    [number] = home.line.submitted
    turn = await home.ledger.claim(number)
    assert (turn.message.text, turn.message.author.id) == ("Why is that so?", "bob")
    assert turn.message.ref.id == f"quote-{key}"
    assert (turn.conversation.place, turn.conversation.identity) == (THREAD, "fake:w:c:t")


async def test_two_presses_of_one_person_are_one_question_of_two_people_two(home, offers):
    await offered(home)
    for author in (ANN, ANN, BOB):
        await offers.pressed(press("ask:0", author=author))
    assert [person for _, person, *_ in home.chat.quoted] == ["ann", "bob"]
    assert len(home.line.submitted) == 2


@pytest.mark.parametrize("fault", [RateLimited(0.05), Uncertain("lost")])
async def test_what_passes_is_tried_again(home, offers, fault, monkeypatch):
    monkeypatch.setattr("core.offers.PAUSE_SECONDS", 0.05)
    await offered(home)
    home.chat.faults.append(fault)
    assert await offers.pressed(press("ask:0")) is None
    assert len(home.line.submitted) == 1


async def test_where_nothing_can_be_written_the_presser_hears_it(home, offers):
    await offered(home)
    home.chat.faults.append(Gone("archived"))
    assert isinstance(await offers.pressed(press("ask:0")), Whisper)
    assert home.line.submitted == []


@pytest.mark.parametrize("button", ["ask:7", "ask:", "ask:x"])
async def test_an_offer_that_is_not_there_is_too_late(home, offers, button):
    await offered(home)
    assert isinstance(await offers.pressed(press(button)), Whisper)


def test_a_long_question_is_cut_on_its_label_only():
    [short, long] = buttons_of(["a  b\nc", "x" * 200])
    assert (short.key, short.label) == ("ask:0", "a b c")
    assert len(long.label) == LABEL
    assert long.label.endswith("…")
