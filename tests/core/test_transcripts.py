"""How conversations and what was said in them look as a short text."""

import pytest

from core.dify.conversations import Conversation, Turn
from core.transcripts import excerpt, listing, transcript

NOON = 1_790_000_000  # 2026-09-21 14:13 UTC
OURS = "https://dify.internal/files/1/file-preview?sign=secret"


def nothing_ours(_url):
    return False


def told(*turns, room=1_000, is_ours=nothing_ours, lang="en"):
    return transcript(turns, room, is_ours, lang)


def turn(query="Why?", answer="Because.", **more):
    return Turn(id="t", query=query, answer=answer, created_at=NOON, **more)


def test_a_turn_is_its_question_its_date_and_its_answer():
    assert told(turn(), turn("And?", "No.")) == (
        "**Why?** · 2026-09-21 14:13\nBecause.\n\n**And?** · 2026-09-21 14:13\nNo."
    )


@pytest.mark.parametrize(
    "answer",
    [
        "<think>secret</think>Because.",
        "Because.<think>secret, cut by a stop",
        "<details style='color:gray' open> <summary> Thinking... </summary>\nsecret\n</details>Because.",
    ],
)
def test_what_a_model_thought_is_not_told(answer):
    assert told(turn(answer=answer)).splitlines()[1] == "Because."


def test_a_file_of_the_apps_own_is_its_name():
    answer = f"Look: ![a cat]({OURS}) [report.pdf]({OURS})"
    shown = told(turn(answer=answer), is_ours=lambda url: url == OURS)
    assert shown.splitlines()[1] == "Look: 🖼 a cat 📎 report.pdf"


def test_no_answer_is_said_and_why_is_not():
    failed = turn(answer="", status="error", error="secret words of http://internal")
    assert told(failed, lang="ja") == "**Why?** · 2026-09-21 14:13\n(回答は残っていません)"
    assert told(turn(answer="<think>only this</think>")).endswith("(no answer was kept)")


def test_an_answer_of_files_only_is_a_sign():
    drawn = turn(answer="", message_files=[{"id": "f", "url": OURS, "belongs_to": "assistant"}])
    assert told(drawn).splitlines()[1] == "📎"


@pytest.mark.parametrize("count", [1, 2, 7, 10])
@pytest.mark.parametrize("word", ["word ", "言葉", "* x ", "`a` **b** "])
def test_each_turn_has_an_equal_share_of_the_room(count, word):
    text = told(*[turn(word * 3_000, word * 3_000)] * count, room=1_700)
    assert len(text) - text.count("\\") <= 1_700
    parts = text.split("\n\n")
    assert len(parts) == count
    assert all(part.count("\n") == 1 and part.count("…") == 2 for part in parts)


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("one\n\ntwo", "one two"),
        ("# T\n> said\n```python\nprint()\n```\nend", "T said print() end"),
        ("**bold** ~~gone~~ `code` ``more``", "bold gone code more"),
        ("2*3 *x*", "2\\*3 \\*x\\*"),
        ("", ""),
        ("a" * 30, "a" * 19 + "…"),
        ("some words and then others", "some words and…"),
        ("**bold begins and does not end", "bold begins and…"),
        ("ends with a code fence ```", "ends with a code…"),
    ],
)
def test_an_excerpt_is_one_line_and_leaves_no_mark_open(markdown, shown):
    assert excerpt(markdown, 20) == shown


def test_conversations_are_numbered_from_where_the_page_begins():
    found = [
        Conversation(id="11111111-a", name="Cats", created_at=NOON),
        Conversation(id="22222222-b", name=" ", created_at=NOON),
        Conversation(id="33333333-c", name="long " * 50, created_at=NOON),
    ]
    first, second, third = listing(found, 21, "11111111-a").splitlines()
    assert first == "- `21` **Cats** · 2026-09-21"
    assert second == "- `22` 22222222 · 2026-09-21"
    assert third.startswith("- `23` long long")
    assert len(third) < 85
