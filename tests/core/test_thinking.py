"""Thinking inside an answer is hidden, however its tags come; everything else stays as it is."""

import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.thinking import visible

OLD = (
    '<details style="color:gray;background-color: #f8f8f8;padding: 8px;" open> <summary> Thinking... '
    "</summary>\nFirst, the user\n</details>"
)
SHOWN = {
    "Plain words, a < b and c > d.": "Plain words, a < b and c > d.",
    "<think>Hm.</think>\n\nYes.": "Yes.",
    "<think\n>Hm.</think >Yes.": "Yes.",
    '<THINK time="3">Hm.</Think>Yes.': "Yes.",
    f"{OLD}Yes.": "Yes.",
    "One. <think>Hm.</think>Two.": "One. Two.",
    "<think>a</think>One.<think>b</think>Two.": "One.Two.",
    "<think>never closed": "",
    "Before <think>never closed": "Before ",
    "The tag `<think>` opens it.": "The tag `<think>` opens it.",
    "```html\n<think>x</think>\n```\nSo.": "```html\n<think>x</think>\n```\nSo.",
    "<details><summary>More</summary>text</details>": "<details><summary>More</summary>text</details>",
    "<details><summary>Thinking about it</summary>x": "<details><summary>Thinking about it</summary>x",
    "<thinker>x": "<thinker>x",
    "ends with <": "ends with <",
    "ends with <thi": "ends with <thi",
    "<detail": "<detail",
}


@pytest.mark.parametrize("text", SHOWN)
def test_what_is_shown_at_the_end(text):
    assert visible(text, final=True) == SHOWN[text]


@pytest.mark.parametrize("text", SHOWN)
def test_it_only_grows_wherever_it_is_cut(text):
    states = [visible(text[:end], final=False) for end in range(len(text) + 1)]
    states.append(visible(text, final=True))
    for earlier, later in itertools.pairwise(states):
        assert later.startswith(earlier)
    assert not any("Hm" in state or "user" in state or "never" in state for state in states)


@given(
    st.lists(
        st.sampled_from(
            ["<think>", "</think>", "<", "<th", "ink>", "a ", "\n", OLD, "`", "```\n", "<details>"]
        )
    )
)
@example(["`", "<details>", "\n", "<think>"])
@example([OLD, "\n", "</think>", "<think>"])
def test_any_mixture_only_grows(pieces):
    text = "".join(pieces)
    states = [visible(text[:end], final=False) for end in range(len(text) + 1)]
    for earlier, later in itertools.pairwise([*states, visible(text, final=True)]):
        assert later.startswith(earlier)
