"""The bench of rendering: what grows is rendered once and whole, and a price that grows is found."""

import asyncio

import pytest

from bench.render import GOALS, NAMES, cpu_seconds, run
from bench.render.answers import answer
from bench.render.growing import Step, anew, early_and_late, grow, total
from bench.render.surfaces import Surface, all_surfaces
from bench.report import Figure, Goal, Measured


def recording(page_length=300):
    """A surface that notes its drafts."""
    drafts = []
    return Surface("notes", page_length, len, drafts.append), drafts


def test_no_line_of_an_answer_was_seen_before():
    first, second = (
        {line for line in answer(5000).splitlines() if any(map(str.isdigit, line))} for _ in range(2)
    )
    assert len(first) > 40
    assert not first & second - {"|---|---:|---|"}
    assert len(answer(777)) == 777


def test_what_grows_is_rendered_page_by_page_and_whole():
    surface, drafts = recording()
    taken = grow(surface, 1200, 20)
    assert len(taken) == 20
    assert [step.page for step in taken] == sorted(step.page for step in taken)
    closed = [draft for draft in drafts if draft.final]
    assert len(closed) == taken[-1].page + 1 > 3
    assert len(drafts) <= 20 + taken[-1].page
    assert drafts[-1].final


def test_the_reference_renders_all_pages_at_each_step():
    surface, drafts = recording()
    taken = anew(surface, 1200, 20)
    assert len(drafts) == sum(step.page + 1 for step in taken) > 40
    assert total(taken) == pytest.approx(sum(step.cpu for step in taken))


def test_whole_pages_are_compared_the_first_with_the_last_third():
    prices = [99, 1, 2, 0, 0, 3, 5, 99]  # of the steps on each page
    taken = [Step(price, page) for page, price in enumerate(prices) for _ in range(page + 1)]
    early, late = early_and_late(taken)
    assert early == pytest.approx((1 * 2 + 2 * 3) / 5)
    assert late == pytest.approx((3 * 6 + 5 * 7) / 13)


@pytest.mark.parametrize("pages", [1, 2, 3])
def test_pages_that_are_too_few_are_not_compared(pages):
    assert early_and_late([Step(1.0, page) for page in range(pages)]) is None


def test_a_price_that_grows_with_what_is_frozen_is_short():
    taken = [Step(1.0 + page / 10, page) for page in range(12) for _ in range(5)]
    early, late = early_and_late(taken)
    assert not Measured([Figure("a", late, "us", early)], [Goal("a", 1.3, "ratio")]).ok


def test_it_runs_and_every_goal_has_its_figure():
    report = asyncio.run(run(["--rounds", "1"]))
    found = {figure.name: figure for figure in report.figures}
    assert {goal.figure for goal in GOALS} <= set(found)
    assert all(found[goal.figure].ratio > 0 for goal in GOALS)
    whole = found["Discord: 12 kB in 200 steps, CPU"]
    assert 0 < whole.value < whole.reference


def test_the_bridge_can_ask_what_rendering_costs():
    assert tuple(surface.name for surface in all_surfaces()) == NAMES
    costs = cpu_seconds(2000, 10, rounds=1)
    assert tuple(costs) == NAMES
    assert all(seconds > 0 for seconds in costs.values())
