"""Where a question goes in an input form, and how outputs are shown."""

import pytest

from core.dify.about import Parameters
from core.dify.forms import query_input
from core.dify.outputs import text_of


def text(variable, kind="paragraph", **more):
    return {kind: {"variable": variable, "required": False, **more}}


LANGUAGE = {"select": {"variable": "query", "options": ["en"], "required": True}}


@pytest.mark.parametrize(
    ("form", "variable"),
    [
        ([text("topic")], "topic"),
        ([LANGUAGE, text("topic", "text-input")], "topic"),
        ([text("topic", required=True), text("Question")], "Question"),
        ([text("input"), text("query")], "query"),
        ([text("Query"), text("QUERY")], "Query"),
        ([text("style"), text("topic", required=True), text("tone", required=True)], "topic"),
        ([text("style"), text("topic")], None),
        ([LANGUAGE], None),
        ([], None),
        (None, None),
        ("nonsense", None),
        ([None, "x", {"paragraph": None}, {"paragraph": {}}, text("topic")], "topic"),
    ],
)
def test_the_question_goes_into_the_likeliest_text(form, variable):
    said = Parameters.model_validate({"user_input_form": form})
    assert query_input(said.form) == variable


FILE = {"dify_model_identity": "__dify__file__", "url": "http://files/1"}


@pytest.mark.parametrize(
    ("outputs", "shown"),
    [
        ({"answer": "Hello", "files": []}, "Hello"),
        ({"answer": ""}, ""),
        ({"answer": 42}, "42"),
        ({"result": "one ", "echo": "two"}, "one \ntwo"),
        ({"result": "one", "none": None, "empty": "", "list": [], "object": {}}, "one"),
        ({"count": 0, "ok": False}, "0\nfalse"),
        ({"rows": [{"name": "é"}]}, '[{"name": "é"}]'),
        ({"text": "see", "chart": FILE, "charts": [FILE, FILE]}, "see"),
        ({}, ""),
        (None, ""),
        ("text", ""),
        (["text"], ""),
    ],
)
def test_outputs_are_shown_as_text(outputs, shown):
    assert text_of(outputs) == shown
