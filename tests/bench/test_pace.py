"""The bench of paces: limits kept strictly, staleness counted right, every policy brings the whole text."""

import pytest

from bench.pace.figures import GOALS, figures
from bench.pace.limits import ALONE, LIMITERS, TOGETHER, Bucket, Cell, alone, together
from bench.pace.ours import ours
from bench.pace.rounds import POLICIES, Outcome, Seen, play
from bench.pace.stage import Answer, Platform
from bench.report import Measured
from bench.virtual_time import run
from core.contract import Budget

UPDATE, APPEND, DISCORD = LIMITERS


def played(policy, cell, seed=1):
    platform = Platform(cell, seed)

    async def play_it():
        await policy(platform)

    run(play_it())
    return platform


def test_a_sliding_limit_gives_each_call_back_by_itself():
    bucket = Bucket(Budget("b", 2, 60))
    assert [bucket.take(at) for at in (0.0, 10.0, 59.0, 60.0, 61.0)] == [0.0, 0.0, 1.0, 0.0, 9.0]
    assert bucket.refused == 2
    assert bucket.allowance(61.0) is None


def test_a_fixed_limit_gives_all_calls_back_at_once():
    bucket = Bucket(Budget("b", 2, 5, fixed=True))
    assert [bucket.take(at) for at in (1.0, 2.0, 3.0, 6.0, 6.5, 7.0)] == [0.0, 0.0, 3.0, 0.0, 0.0, 4.0]
    assert bucket.allowance(7.0).remaining == 0
    assert bucket.allowance(7.0).reset_after == pytest.approx(4.0)


def test_staleness_is_counted_per_token_until_it_is_first_seen():
    answer = Answer(0, [0.0, 1.0, 2.0, 3.0], seen=[(0.5, 1), (2.5, 3), (2.6, 2), (4.0, 4)])
    assert answer.lags() == [0.5, 1.5, 0.5, 1.0]
    assert (answer.first, answer.last) == (0.5, 1.0)


@pytest.mark.parametrize(
    ("limiter", "answers", "seconds", "rtt", "optimum"),
    [
        (UPDATE, 1, 3, 0.15, 0.15),  # as close as round trips allow
        (UPDATE, 1, 30, 0.15, 0.375),  # the budget at once
        (UPDATE, 1, 90, 0.15, 0.675),  # and what comes back
        (APPEND, 1, 30, 0.35, 0.35),
        (DISCORD, 1, 12, 0.15, 0.575),
        (UPDATE, 5, 12, 0.15, 0.675),  # shared
    ],
)
def test_the_optimum(limiter, answers, seconds, rtt, optimum):
    assert Cell(limiter, answers, seconds, 20.0, rtt).optimum == pytest.approx(optimum)


@pytest.mark.parametrize("limiter", LIMITERS, ids=lambda limiter: limiter.name)
@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
@pytest.mark.parametrize("answers", [1, 3])
def test_every_policy_shows_the_whole_text_of_every_answer(policy, limiter, answers):
    platform = played(policy, Cell(limiter, answers, 5.0, 20.0, 0.15))
    assert len(platform.answers) == answers
    for answer in platform.answers:
        assert len(answer.lags()) == answer.tokens == 100
        assert min(answer.lags()) > 0
        assert answer.last >= 0


def test_all_policies_meet_the_same_answers():
    cell = Cell(UPDATE, 2, 3.0, 20.0, 0.15)
    seen = [[answer.arrivals for answer in played(policy, cell).answers] for policy in POLICIES.values()]
    assert all(arrivals == seen[0] for arrivals in seen)


@pytest.mark.parametrize("seed", [1, 2, 9001])
@pytest.mark.parametrize("limiter", LIMITERS, ids=lambda limiter: limiter.name)
def test_the_real_scheduler_is_never_told_to_wait(limiter, seed):
    """Replies overtake each other here: what one says is left may be older than what another said."""
    assert played(ours, Cell(limiter, 5, 12.0, 80.0, 0.15), seed).refused == 0


@pytest.mark.parametrize("limiter", [UPDATE, APPEND], ids=lambda limiter: limiter.name)
def test_of_a_hundred_at_once_each_has_its_whole_text_soon(limiter):
    """They share 50 edits a minute, or 20 ends of streams: who waits is posted whole, in one call."""
    platform = played(ours, Cell(limiter, 100, 12.0, 20.0, 0.15))
    assert max(answer.last for answer in platform.answers) < 10
    assert platform.refused == 0
    assert sum(answer.first < 5.0 for answer in platform.answers) >= 10
    assert sum(len(answer.seen) == 1 for answer in platform.answers) >= 70


def test_the_cells_are_those_of_the_goals():
    assert len(list(alone())) == len(LIMITERS) * len(ALONE) * 4
    cells = list(together((2, 10)))
    assert len(cells) == len(LIMITERS) * 2 * len(TOGETHER) * 4
    assert {cell.answers for cell in cells} == {2, 10}


def test_every_goal_has_a_figure_and_the_worst_is_found():
    def outcome(limiter, answers, staleness, peer=1.0, refused=0):
        mine = Seen(staleness, [0.1], [0.1], refused)
        others = {name: Seen(peer, [0.1], [0.1], 7) for name in POLICIES if name != "ours"}
        return Outcome(Cell(limiter, answers, 30.0, 20.0, 0.15), {"ours": mine, **others})

    single = [outcome(limiter, 1, 0.3) for limiter in LIMITERS] + [outcome(UPDATE, 1, 2.0)]
    several = [outcome(limiter, 2, 0.3, refused=1) for limiter in LIMITERS] + [outcome(APPEND, 3, 1.2)]
    crowd = [outcome(UPDATE, 100, 0.3), outcome(APPEND, 100, 0.3)]
    found = {figure.name: figure.value for figure in figures(single, several, crowd)}
    assert {goal.figure for goal in GOALS} <= set(found)
    assert found["one answer: staleness / best peer, worst cell"] == pytest.approx(2.0)
    assert found["several at once, append: staleness / that of vercel, geometric mean"] == pytest.approx(1.2)
    assert found["refused (429)"] == 3
    assert found["a hundred at once: last token to full text, longest"] == pytest.approx(0.1)
    assert not Measured(figures(single, several, crowd), GOALS).ok


def test_cells_are_played_in_other_processes_and_come_back():
    (outcome,) = play([Cell(DISCORD, 1, 3.0, 20.0, 0.15)], [1, 2])
    assert outcome.cell.seconds == 3.0
    assert set(outcome.by) == set(POLICIES)
    assert len(outcome.by["ours"].firsts) == 2
    assert outcome.against_optimum() == pytest.approx(outcome.by["ours"].staleness / outcome.cell.optimum)
