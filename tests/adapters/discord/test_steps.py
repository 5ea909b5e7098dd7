"""What an app does is one line of small print, which never takes room from the answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.discord.markdown import render
from core.messages import Draft, Step

PATCH = "PATCH /channels/{channel_id}/messages/{message_id}"
SEARCH, READ, WRITE = (Step(key, key.title()) for key in ("search", "read", "write"))


def done(step, state="done"):
    return Step(step.key, step.title, state)


@pytest.mark.parametrize(
    ("steps", "final", "shown"),
    [
        ((SEARCH,), False, "-# ⏳ Search…"),
        ((done(SEARCH), READ), False, "-# ⏳ Read…"),
        ((SEARCH, READ, WRITE, Step("x", "X")), False, "-# ⏳ Read… · Write… · X…"),
        ((done(SEARCH), done(READ)), False, ""),
        ((done(SEARCH), done(READ)), True, "-# ✓ Search · Read"),
        ((done(SEARCH), done(READ, "failed"), done(WRITE)), True, "-# ✓ Search · ✗ Read · ✓ Write"),
        ((done(SEARCH), READ), True, "-# ✓ Search · ✗ Read"),
        ((), True, ""),
    ],
)
def test_the_line_of_steps(steps, final, shown):
    assert render(Draft("Hello", final=final, steps=steps)) == "Hello" + f"\n{shown}" * bool(shown)


def test_steps_without_a_text_are_the_message():
    assert render(Draft("", steps=(SEARCH,))) == "-# ⏳ Search…"
    assert render(Draft("", steps=(done(SEARCH),))) == "-# ✓ Search"


def test_steps_come_before_notices():
    shown = render(Draft("Hello", final=True, steps=(done(SEARCH),), notices=("Stopped.",)))
    assert shown == "Hello\n-# ✓ Search\n-# Stopped."


def test_many_steps_are_counted():
    steps = tuple(Step(str(at), f"Step number {at}", "done") for at in range(40))
    [line] = render(Draft("", final=True, steps=steps)).split("\n")
    assert len(line) <= 150
    assert line.startswith("-# ✓ Step number 0 · Step number 1 · ")
    shown = line.count("Step")
    assert line.endswith(f" · +{40 - shown}")


def test_titles_are_plain_text():
    title = "**a** [b](https://c) @everyone <@1>\n# d"
    shown = render(Draft("", steps=(Step("a", title),)))
    assert "@everyone" not in shown
    assert "<@1>" not in shown
    assert "**a**" not in shown
    assert "\n" not in shown


titles = st.text(max_size=100)
steps = st.lists(
    st.builds(Step, st.just("k"), titles, st.sampled_from(["running", "done", "failed"])), max_size=40
)


@given(st.text(max_size=2500), steps.map(tuple), st.booleans(), st.lists(st.text(max_size=300), max_size=4))
def test_a_message_holds_2000_characters_and_the_text_goes_first(markdown, steps, final, notices):
    plain = render(Draft(markdown, final=final))
    shown = render(Draft(markdown, final=final, steps=steps, notices=tuple(notices)))
    assert 0 < len(shown) <= 2000
    assert shown.startswith(plain) or plain == "…"


async def test_steps_that_stay_the_same_cost_no_call(adapter, simulator, inbox, alice, target):
    dm = simulator.dm(alice)
    simulator.post(dm, alice, "hi")
    live = adapter.live(target(await inbox.next()))
    for drawn in (
        Draft("", steps=(SEARCH,)),
        Draft("", steps=(SEARCH,)),
        Draft("So", steps=(done(SEARCH), READ)),
        Draft("So it is", final=True, steps=(done(SEARCH), done(READ))),
    ):
        await live.show(drawn)
    [answer] = [each for each in dm.messages.values() if each.author is simulator.bot]
    assert [version.content for version in answer.history] == [
        "-# ⏳ Search…",
        "So\n-# ⏳ Read…",
        "So it is\n-# ✓ Search · Read",
    ]
    assert len(simulator.journal.named(PATCH)) == 2
