"""A process that writes many answers edits each of them more seldom, and the more so the busier it is."""

import pytest

from bench.virtual_time import run
from core.crowd import LEAST, MANY, Crowd
from core.lanes import Lanes
from tests.core.fakes import FakeAdapter
from tests.core.writing import WORDS, drafts, grow, now, reply_on


def crowd_of(answers, cpu=None):
    crowd = Crowd(cpu)
    for _ in range(answers):
        crowd.enter()
    return crowd


def test_a_few_answers_are_not_held_back():
    assert crowd_of(10).seconds(0.0) < 0.06


def test_a_thousand_share_what_the_process_can_do():
    crowd = crowd_of(1000)
    assert crowd.seconds(0.0) == 1000 / MANY
    for _ in range(800):
        crowd.leave()
    assert 1.0 < crowd.seconds(0.0) < 1.3  # reading takes less by more than the number alone


class Core:
    """A process that takes so much of a core."""

    def __init__(self, share):
        self.share, self.at = share, 0.0

    def spent(self):
        return self.share * self.at


def waits(crowd, core, seconds):
    """The time between two edits after so long."""
    for _ in range(seconds):
        core.at += 1
        waited = crowd.seconds(core.at)
    return waited


def test_while_the_process_is_busy_edits_become_rarer_but_never_cease():
    core = Core(0.9)
    crowd = crowd_of(1000, core.spent)
    before = crowd.seconds(0.0)
    assert waits(crowd, core, 3) > 1.5 * before
    assert waits(crowd, core, 100) == pytest.approx(1000 / LEAST)


def test_when_it_is_idle_again_they_come_as_before():
    core = Core(0.9)
    crowd = crowd_of(1000, core.spent)
    crowd.seconds(0.0)
    waits(crowd, core, 5)
    before, core.share = core.spent(), 0.1
    core.spent = lambda: before + 0.1 * core.at
    crowd._cpu = core.spent
    assert waits(crowd, core, 60) == pytest.approx(1000 / MANY)


def test_few_answers_are_edited_as_always_however_busy_it_is():
    core = Core(0.99)
    assert waits(crowd_of(10, core.spent), core, 100) < 0.06


def test_first_texts_and_ends_are_not_held_back():
    async def story():
        adapter, lanes = FakeAdapter(), Lanes(now)
        for _ in range(10_000):
            lanes.crowd.enter()  # 40 s between two edits
        reply = reply_on(adapter, lanes=lanes)
        began = now()
        await grow(reply, WORDS * 10)
        return adapter, now() - began

    adapter, seconds = run(story())
    seen = drafts(adapter)
    assert len(seen) == 2
    assert adapter.text == WORDS * 10
    assert adapter.calls[0].at < 1
    assert seconds < 10
