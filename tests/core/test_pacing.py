"""The law of pacing: points worked out by hand from its text, and what must hold everywhere."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.pacing import APPENDING, FIXED, SLIDING, Load, wait


def load(calls=50, seconds=60.0, rtt=0.2, answers=1, returning=()):
    return Load(calls, seconds, rtt, answers, tuple(returning))


def gap(law, state, age):
    return wait(law, state, age=age, since_last=0.0)


# Worked out with a pocket calculator from pacing.md ("The law"), not with the code under test.
POINTS = {
    # x = 0 + max(4, 1.5*50*.2) = 15; H = 1.1*15*ln(1 + .45*60/15) = 16.98867; r = 2; G = H/(50-2)
    "first edit, update": (SLIDING, load(), 0.0, 0.353931),
    # x = 45; H = 1.1*45*ln(1 + 27/45) = 23.26518; H/48
    "age 30 s, nothing used": (SLIDING, load(), 30.0, 0.484691),
    # 10 used: 5 come back in 1..5 s (within H), 5 in 40..44 s; G = max(H/(40-2+5), max e_j/(38+j)) = H/43
    "age 30 s, 10 used": (SLIDING, load(returning=[1, 2, 3, 4, 5, 40, 41, 42, 43, 44]), 30.0, 0.541051),
    # k = 5: x = 12 + max(4, 15/5^1.2 = 2.174) = 16; H = 17.6*ln(1 + 27/16) = 17.39956; r = floor(2+2) = 4;
    # G = H/46 = .378251; times 5
    "five answers": (SLIDING, load(answers=5), 12.0, 1.891257),
    # nothing overlaps where calls append: r = 1; G = H/49
    "first edit, append": (APPENDING, load(), 0.0, 0.346708),
    # n = 100, rtt .35: x = 8 + 52.5 = 60.5; H = 66.55*ln(1 + 27/60.5) = 24.55665; /98 = .2506; not below rtt
    "never closer than a round trip": (SLIDING, load(calls=100, rtt=0.35), 8.0, 0.35),
    # Discord 5/5: x = 0 + max(2.5, 1*5*.2) = 2.5; H = .75*2.5*ln(1 + 5/2.5) = 2.059898; r = 1; G = H/4
    "first edit, Discord": (FIXED, load(calls=5, seconds=5.0), 0.0, 0.514975),
    # 2 used, the window ends in 1.5 s: x = 6.5, H = 4.875*ln(1 + 5/6.5) = 2.781406, m = 2;
    # left - r = 2; G = max(H/4 = .6953, 1.5/3, 1.5/4)
    "Discord, 2 used": (FIXED, load(calls=5, seconds=5.0, returning=[1.5, 1.5]), 4.0, 0.695352),
}


@pytest.mark.parametrize("name", POINTS)
def test_a_point_of_the_law(name):
    law, state, age, expected = POINTS[name]
    assert gap(law, state, age) == pytest.approx(expected, rel=2e-5)


def test_with_nothing_left_it_waits_for_the_first_call_to_come_back():
    alone = load(calls=1, returning=[7.0])  # half of one call is no reserve
    assert wait(SLIDING, alone, age=100.0, since_last=1000.0) == pytest.approx(7.0)
    # and for a second one where one is kept in reserve: e_(1-0+1)
    state = load(calls=3, returning=[7.0, 8.0, 9.0])
    assert wait(SLIDING, state, age=100.0, since_last=1000.0) == pytest.approx(8.0)


def test_the_reserve_is_kept_until_calls_come_back():
    # left 1, reserve 1: 0 would be left; e_(1-1+1) = the first one
    state = load(calls=3, returning=[5.0, 6.0])
    assert wait(SLIDING, state, age=100.0, since_last=1000.0) == pytest.approx(5.0)
    # Discord lets the call leave a round trip earlier: it arrives when the window is new
    fixed = load(calls=3, returning=[5.0, 5.0], rtt=0.3)
    assert wait(FIXED, fixed, age=100.0, since_last=1000.0) == pytest.approx(4.7)


def test_the_reserve_grows_with_the_answers_but_never_takes_more_than_half():
    # k = 9: r = min(floor(2 + 4), 50//2) = 6; 45 used leave 5, 4 after this one: wait for e_(6-5+1)
    used = [10.0 + second for second in range(45)]
    assert wait(SLIDING, load(answers=9, returning=used), age=1.0, since_last=1e6) == pytest.approx(11.0)
    # with n = 4 it is 2, not 5: two left, one after this one: wait for e_1
    few = load(calls=4, answers=9, returning=[10.0, 11.0])
    assert wait(SLIDING, few, age=1.0, since_last=1e6) == pytest.approx(10.0)
    assert wait(SLIDING, load(calls=4, answers=9, returning=[10.0]), age=1.0, since_last=1e6) < 0


LOADS = st.builds(
    lambda calls, seconds, rtt, answers, used: Load(
        calls, seconds, rtt, answers, sorted(part * seconds for part in used[:calls])
    ),
    st.integers(1, 200),
    st.floats(0.5, 120),
    st.floats(0.01, 3),
    st.integers(1, 20),
    st.lists(st.floats(0.001, 1), max_size=200),
)
LAWS = st.sampled_from([SLIDING, APPENDING, FIXED])


@given(LAWS, LOADS, st.floats(0, 2000), st.floats(0, 100))
def test_it_never_sends_without_a_call_left_and_never_waits_for_ever(law, state, age, since):
    due = wait(law, state, age=age, since_last=since)
    assert math.isfinite(due)
    if state.left <= 0:
        assert due >= state.returning[0]
    most = max(state.round_trip, state.answers * 3 * state.seconds / max(1, state.calls - state.calls // 2))
    assert due <= max(most, state.seconds)


@given(LAWS, LOADS, st.floats(0, 2000))
def test_two_edits_of_an_answer_are_at_least_a_round_trip_apart(law, state, age):
    assert gap(law, state, age) >= state.round_trip


@given(LAWS, LOADS, st.floats(0, 500), st.floats(0, 500))
def test_with_nothing_used_an_older_answer_is_edited_no_more_often(law, state, age, more):
    fresh = Load(state.calls, state.seconds, state.round_trip, state.answers, ())
    assert gap(law, fresh, age + more) >= gap(law, fresh, age) - 1e-9


@given(LAWS, LOADS, st.floats(0, 500), st.integers(1, 10))
def test_more_answers_at_once_get_fewer_edits_each(law, state, age, more):
    def fresh(answers):
        return Load(state.calls, state.seconds, 0.01, answers, ())

    settled = age + law.beta * state.calls * 0.01  # where the least age does not depend on their number
    assert gap(law, fresh(state.answers + more), settled) >= gap(law, fresh(state.answers), settled) * 0.99


def test_the_least_age_shrinks_with_the_answers_as_written():
    # k = 2, q = 1.2: x = max(4, 15/2^1.2 = 6.52913); H = 1.1*x*ln(1 + 27/x) = 11.75083; r = 2; 2*H/48
    assert gap(SLIDING, load(answers=2), 0.0) == pytest.approx(0.489618, rel=2e-5)
