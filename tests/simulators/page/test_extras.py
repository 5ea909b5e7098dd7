"""What the demo's app shows beside text, and the app of #requests."""

import zlib
from types import SimpleNamespace

import pytest

from simulators.dify.script import File, Pause, Tool
from simulators.stage_answers import answer
from simulators.stage_extras import request
from simulators.stage_picture import HEIGHT, WIDTH, bars


def asked(query, **fields):
    """As much of a run as a script looks at."""
    known = {"conversation": None, "turn": 1, "files": [], "inputs": {}, "form": None}
    return SimpleNamespace(**{**known, "query": query, "app": SimpleNamespace(suggestions=()), **fields})


def played(query):
    run = asked(query)
    made = answer(run)
    return list(made.steps), made.sources, run.app.suggestions


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("Show me a picture and your steps", "Search the handbook"),
        ("ステップと画像を見せて", "手引きを検索"),
        ("给我看步骤和图片", "搜索手册"),
    ],
)
def test_steps_and_a_picture_come_where_they_are_asked_for(query, title):
    steps, _, _ = played(query)
    tools = [step for step in steps if isinstance(step, Tool)]
    assert len(tools) == 3
    assert title in tools[0].labels["tool1"].values()
    [file] = [step for step in steps if isinstance(step, File)]
    assert file.data == bars()


def test_a_plain_question_is_answered_with_text_alone():
    steps, sources, _ = played("How do I reset my password?")
    assert all(isinstance(step, str) for step in steps)
    assert not sources


@pytest.mark.parametrize(
    ("query", "suggestion"),
    [
        ("How do I reset my password?", "What if no mail arrives?"),
        ("返金はどうなりますか?", "回答の出典は?"),
        ("你的回答来源是什么?", "给我看步骤和图片"),
        ("Show me a picture and your steps", "Where do your answers come from?"),
    ],
)
def test_three_next_questions_fit_the_answer_and_are_not_the_one_just_asked(query, suggestion):
    _, _, suggestions = played(query)
    assert suggestion in suggestions
    assert query not in suggestions
    assert len(suggestions) == 3


def test_sources_are_numbered_where_they_are_asked_for():
    _, sources, _ = played("Where do your answers come from?")
    assert [each["position"] for each in sources] == [1, 2]


def test_a_file_that_came_with_the_question_is_named():
    file = SimpleNamespace(name="notes.txt", data=b"12345")
    steps = list(answer(asked("What is this?", files=[file])).steps)
    assert "".join(steps).startswith("I got your file `notes.txt`, 5 bytes.")


def test_the_picture_is_a_png_of_its_size():
    data = bars()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    assert (int.from_bytes(data[16:20]), int.from_bytes(data[20:24])) == (WIDTH, HEIGHT)
    start = data.index(b"IDAT") + 4
    assert len(zlib.decompress(data[start : data.index(b"IEND") - 8])) == HEIGHT * (3 * WIDTH + 1)


@pytest.mark.parametrize(("action", "word"), [("approve", "approved"), ("reject", "rejected")])
def test_a_request_waits_for_a_person_and_tells_what_was_decided(action, word):
    form = SimpleNamespace(action=action, inputs={"note": "Fine"})
    steps = list(request(asked("approve", inputs={"name": "Al"}, form=form)).steps)
    at = next(number for number, step in enumerate(steps) if isinstance(step, Pause))
    after = "".join(step for step in steps[at:] if isinstance(step, str))
    assert f"**{word}**" in after
    assert "Fine" in after
