"""Runs that wait for a person and that somebody wants stopped: found where it is meant, taken up once."""

import asyncio
from dataclasses import replace

import pytest

from core.answer import Answer, Outcome
from core.closing import judged
from core.decisions import Decisions
from core.giving_up import GivingUp
from core.messages import Place, Whisper
from core.running import Stops
from core.stopping import Stopping
from core.store.rows import State, Wish
from tests.core.parts import ANSWER, BOB, DM, THREAD, house, press, sent

PAUSE = {"token": "t", "title": "", "text": "Go on?", "inputs": [], "actions": [["yes", "Yes"]], "until": 0}
CHANNEL, ELSEWHERE = replace(THREAD, thread=""), replace(THREAD, thread="another")


@pytest.fixture
async def home(tmp_path, new_store):
    new_store(tmp_path / "s.db")
    async with house(tmp_path, mode="advanced-chat") as home:
        yield home


@pytest.fixture
def giving_up(home):
    return GivingUp(home.asides, home.taking, ["fake:boss"])


@pytest.fixture
def stopping(home, giving_up):
    return Stopping(home.store, Stops(), home.line, giving_up)


async def waiting(home, name="q1", **more):
    turn = await home.turn(name, **more)
    await home.ledger.note_sending(turn)
    await home.ledger.park(turn, "paused", "Before.\n\nGo on?", PAUSE)
    return turn


async def state_of(home):
    return (await home.asides.at(ANSWER)).state


@pytest.mark.parametrize("place", [THREAD, CHANNEL])
async def test_a_stop_takes_up_the_run_that_waits_there(home, stopping, place):
    turn = await waiting(home)
    assert await stopping.stop_at(place, "ann")
    assert home.line.submitted == [turn.id]
    claimed = await home.ledger.claim(turn.id)
    assert (claimed.state, claimed.stop) == (State.RUNNING, Wish.STOP)
    assert not await stopping.stop_at(place, "bob")


@pytest.mark.parametrize(
    ("place", "person"),
    [(THREAD, "bob"), (CHANNEL, "bob"), (ELSEWHERE, "ann"), (DM, "ann"), (CHANNEL, "boss")],
)
async def test_a_stop_that_is_not_meant_for_it_leaves_it(home, stopping, place, person):
    await waiting(home)
    assert not await stopping.stop_at(place, person)
    assert home.line.submitted == []
    assert await state_of(home) is State.PARKED


async def test_an_admin_means_whoever_asked_there(home, stopping):
    turn = await waiting(home)
    assert await stopping.stop_at(THREAD, "boss")
    assert home.line.submitted == [turn.id]


async def test_the_newest_of_several_is_meant_and_that_of_the_place_first(home, giving_up):
    posts = [replace(ANSWER, id=name) for name in "xyz"]
    await waiting(home, "q1", post=posts[0], place=replace(THREAD, thread="old"))
    here = await waiting(home, "q2", post=posts[1])
    newest = await waiting(home, "q3", post=posts[2], place=ELSEWHERE)
    assert await giving_up.meant(THREAD, "ann") == here.id
    assert await giving_up.meant(CHANNEL, "ann") == newest.id
    assert await giving_up.meant(Place("fake", "w", "other", ""), "ann") is None


async def test_it_is_taken_up_once_however_often_it_is_said(home, stopping):
    turn = await waiting(home)
    await asyncio.gather(*(stopping.stop(turn.id, Wish.STOP) for _ in range(3)))
    assert home.line.submitted == [turn.id]


async def test_a_run_that_nobody_wants_stopped_is_not_taken_up(home, giving_up):
    turn = await waiting(home)
    await giving_up.begin(turn.id, soon=True)
    assert home.line.submitted == []
    assert await state_of(home) is State.PARKED


async def test_a_question_to_ask_again_is_not_such_a_run(home, stopping):
    turn = await home.turn()
    await home.ledger.park(turn, "lost", "Before.")
    assert not await stopping.stop_at(THREAD, "ann")
    await stopping.stop(turn.id, Wish.STOP)
    assert home.line.submitted == []


async def test_a_stop_that_was_kept_and_no_more_is_seen_to_later(home):
    turn = await waiting(home)
    assert await home.store.wish_stop(turn.id, Wish.STOP)  # and who heard it died
    decisions = Decisions(home.asides, {}, home.taking)
    await decisions.look()
    await decisions.look()
    assert home.line.submitted == [turn.id]


async def test_a_stop_while_the_form_is_being_written_counts(home, giving_up):
    turn = await home.turn()
    await home.store.wish_stop(turn.id, Wish.STOP)
    beginning = asyncio.create_task(giving_up.begin(turn.id, soon=True))
    await asyncio.sleep(0)
    await home.ledger.park(turn, "paused", "Go on?", PAUSE)
    await beginning
    assert home.line.submitted == [turn.id]


async def test_a_deleted_question_stops_its_run_too(home, stopping):
    turn = await waiting(home)
    await stopping.stop(turn.id, Wish.QUIET)
    assert home.line.submitted == [turn.id]
    assert (await home.ledger.claim(turn.id)).stop is Wish.QUIET


async def test_nobody_decides_what_was_stopped(home, stopping):
    turn = await waiting(home)
    await stopping.stop(turn.id, Wish.STOP)
    decisions = Decisions(home.asides, home.apps, home.taking)
    for said in (await decisions.pressed(press("decide:0")), await decisions.submitted(sent("decide:0", {}))):
        assert isinstance(said, Whisper)
        assert "too late" in said.markdown
    claimed = await home.ledger.claim(turn.id)
    await home.ledger.close(claimed, "stopped")
    assert "too late" in (await decisions.pressed(press("decide:0", author=BOB))).markdown
    assert home.dify.journal.named("POST /form/human_input/{form_token}") == []


@pytest.mark.parametrize(("stopped", "cut", "ends"), [(True, False, "stopped"), (True, True, "paused")])
def test_a_stop_that_came_before_the_pause_closes_the_form_and_the_end_of_a_process_does_not(
    stopped, cut, ends
):
    answer = Answer.ended(Outcome.PAUSED, text="Before.")
    closing = judged(answer, (), stopped=stopped, cut=cut, quiet=False)
    assert (closing.outcome, closing.form) == (ends, None)
