"""What an answer looks like at Discord."""

import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.discord import tables
from adapters.discord.adapter import LIMITS
from adapters.discord.markdown import LONGEST, measure, render, rewrite
from core.messages import Draft
from core.sentences import CATALOGUE

PIECES = [
    *["@everyone", "@here", "<@123>", "<@!123>", "<@&123>", "<#123>", "@", "<", "everyone", "https://a.b/"],
    *[
        "```",
        "````",
        "~~~",
        "`",
        "``",
        "\n",
        "\n\n",
        "#### ",
        "**",
        "| a | b |\n",
        "|---|:-:|\n",
        "| 日本 | x |\n",
    ],
    *[
        "[",
        "](",
        ")",
        "!",
        "![x](https://i.mg/a.png)",
        "[t](https://a.b/c_(d))",
        " ",
        "text ",
        "```py\n",
        "|",
        "-# ",
    ],
]
texts = st.lists(st.sampled_from(PIECES) | st.text(max_size=8), max_size=60).map("".join)
PING = re.compile(r"@everyone|@here|<@[!&]?\d+>|<#\d+>")


@given(texts, st.lists(texts, max_size=3))
@example("@every![](one)one", [])
@example("[@here](https://a.b/@here)", ["@everyone"])
def test_nothing_pings(markdown, notices):
    assert not PING.search(render(Draft(markdown, notices=tuple(notices))))


@given(texts)
def test_the_measure_is_the_length(markdown):
    if measure(markdown) <= LONGEST:
        assert len(render(Draft(markdown))) == measure(markdown)


@given(texts, st.lists(texts, max_size=4), st.integers(1, 40))
def test_never_above_the_limit_and_never_empty(markdown, notices, times):
    draft = Draft(markdown * times, notices=tuple(notices))
    assert 0 < len(render(draft)) <= LONGEST


@given(texts)
def test_every_code_fence_is_closed(markdown):
    assert rewrite(markdown).count("```") % 2 == 0


@given(texts)
def test_notices_never_change_the_answer(markdown):
    if measure(markdown) <= LONGEST and rewrite(markdown):
        assert render(Draft(markdown, notices=("Stopped.",))).startswith(rewrite(markdown))


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("Hello **you**", "Hello **you**"),
        ("# One\n### Three", "# One\n### Three"),
        ("#### Four **x** ##", "**Four x**"),
        ("#### Using C#", "**Using C#**"),
        ("#### f(**kwargs)", "f(**kwargs)"),
        ("#### `**kwargs`", "`**kwargs`"),
        ("#### #", ""),
        ("see [the docs](https://a.b/c)", "see the docs (<https://a.b/c>)"),
        ("see [https://a.b](https://a.b)", "see <https://a.b>"),
        ("[wiki](https://a.b/c_(d) 'title')", "wiki (<https://a.b/c_(d)>)"),
        ("![a cat](https://a.b/cat.png)", "a cat (<https://a.b/cat.png>)"),
        ("[![logo](https://a.b/l.png)](https://a.b)", "logo (<https://a.b/l.png>) (<https://a.b>)"),
        ("as they say [[1]](https://a.b)", "as they say [1] (<https://a.b>)"),
        ("`[a](https://b.c)` stays", "`[a](https://b.c)` stays"),
        ("```python\nx = 1", "```python\nx = 1\n```"),
        ("~~~js\n[a](b)\n~~~\nend", "```js\n[a](b)\n```\nend"),
        ('```python title="a"\nx\n```', "```python\nx\n```"),
        ("````md\n```\ninner\n```\n````", "```md\n`\u200b`\u200b`\ninner\n`\u200b`\u200b`\n```"),
        ("- a\n  ```\n  x\n  ```", "- a\n  ```\n  x\n  ```"),
        ("hello @everyone <@1> <#2>", "hello @\u200beveryone <\u200b@1> <\u200b#2>"),
        ("https://a.b/@here/x", "https://a.b/%40here/x"),
        ("a\tb", "a\tb"),
        ("\n\nx\n\n", "x"),
    ],
)
def test_rewriting(markdown, shown):
    assert rewrite(markdown) == shown


def test_a_table_becomes_aligned_columns():
    table = "| Name | 数量 |\n|:--|--:|\n| 日本語 | 1 |\n| **a** \\| b | 20 |\nafter"
    assert rewrite(table) == ("```\nName   | 数量\n-------+-----\n日本語 |    1\na | b  |   20\n```\nafter")


def test_what_only_looks_like_bold_type_in_a_table_stays():
    table = "| a | b |\n|---|---|\n| 2**10 | `__init__` |\n| **kw | my__var |\n| ***x*** | __y__ |"
    shown = rewrite(table).splitlines()[3:-1]
    assert [line.split(" | ") for line in shown] == [
        ["2**10", "__init__"],
        ["**kw ", "my__var"],
        ["*x*  ", "y"],
    ]


def test_a_long_gap_in_a_heading_takes_no_long_time():
    started = time.perf_counter()
    assert measure(f"#### a{' ' * 2000}b") > 2000
    assert time.perf_counter() - started < 0.2


def test_a_wide_table_becomes_a_list():
    long = "a sentence that is much too long to be a column of a table in a code block"
    table = f"| Name | What | Empty |\n|---|---|---|\n| One | {long} | |\n| **Two** | [x](https://a.b) | y |"
    assert rewrite(table) == (
        f"- **One**\n  - What: {long}\n- **Two**\n  - What: x (https://a.b)\n  - Empty: y"
    )


def test_a_table_that_would_grow_much_stays_as_written():
    header = "h" * 80
    table = f"| n | {header} |\n|---|---|\n" + "| 1 | 2 |\n" * 20
    assert len(rewrite(table)) < len(table) + 10
    assert rewrite(table).startswith(f"```\n| n | {header} |")


def test_a_wide_table_without_rows_yet_stays_as_written():
    header = f"| {'h' * 80} | b |\n|---|---|"
    assert rewrite(header) == f"```\n{header}\n```"


def test_pipes_without_a_delimiter_are_no_table():
    assert rewrite("a | b\nc | d") == "a | b\nc | d"
    assert rewrite("| a | b |\n|---|") == "| a | b |\n|---|"


def test_columns_of_east_asian_text():
    assert tables.columns("日本a\u0301\u200b") == 5


def test_notices_stand_below_as_subtext():
    draft = Draft("```\nx", notices=("Stopped by\nAlice.", "Memory @everyone starts afresh."))
    assert render(draft) == ("```\nx\n```\n-# Stopped by Alice.\n-# Memory @\u200beveryone starts afresh.")
    assert render(Draft("", notices=("Working…",))) == "-# Working…"


ENDS = ("stopped", "paused", "interrupted", "dify_failed", "model_failed", "inputs_refused", "internal")


@pytest.mark.parametrize("lang", ["en", "ja", "zh"])
def test_a_full_page_has_room_for_all_that_one_answer_may_have_to_say(lang):
    said = {name: " ".join(CATALOGUE[name][lang].split()) for name in CATALOGUE}
    longest = max(ENDS, key=lambda name: len(said[name]))
    files = max((name for name in said if name.startswith("file_")), key=lambda name: len(said[name]))
    notices = tuple(said[name] for name in ("memory_lost", files, longest))
    shown = render(Draft("x" * LIMITS.page_length, final=True, notices=notices))
    assert [line.removeprefix("-# ") for line in shown.splitlines()[1:]] == list(notices)


def test_notices_give_way_to_the_text():
    text = "x" * 1990
    assert render(Draft(text, notices=("A long notice.",))) == text
    cut = render(Draft("x" * 1950, notices=("n" * 100,)))
    assert len(cut) == LONGEST
    assert cut.endswith("n…")


def test_an_empty_draft_is_still_a_message():
    assert render(Draft("")) == "…"
    assert render(Draft(" \n")) == "…"
