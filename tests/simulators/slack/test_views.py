"""What Slack takes as a view, and what its client lets people send."""

import pytest

from simulators.slack import Upload, views
from simulators.slack.filling import filled
from simulators.slack.refusal import Refusal


def plain(text):
    return {"type": "plain_text", "text": text}


def option(text, value=None):
    return {"text": plain(text), "value": value or text}


def asked(element, **fields):
    return {
        "type": "input",
        "block_id": "b",
        "label": plain("L"),
        "element": {"action_id": "a", **element},
        **fields,
    }


def modal(*blocks, **fields):
    return {"type": "modal", "title": plain("T"), "submit": plain("S"), "blocks": list(blocks), **fields}


TEXT = {"type": "plain_text_input"}
SELECT = {"type": "static_select", "options": [option("x"), option("y")]}
FILE = {"type": "file_input", "filetypes": ["png"], "max_files": 1}


@pytest.mark.parametrize(
    "view",
    [
        modal(asked(TEXT)),
        modal(asked({**TEXT, "max_length": 3, "initial_value": "abc"})),
        modal(asked({"type": "number_input", "is_decimal_allowed": True, "initial_value": "-1.5"})),
        modal(asked({**SELECT, "initial_option": option("y")})),
        modal(asked(FILE)),
        modal({"type": "divider"}, submit=None),
        {"type": "home", "blocks": [{"type": "divider"}]},
    ],
)
def test_views_that_slack_takes(view):
    assert views.checked(view, ("modal", "home"))["blocks"][0]["block_id"]


@pytest.mark.parametrize(
    ("view", "where"),
    [
        ("text", "/view/type"),
        ({"type": "modal", "blocks": [{"type": "divider"}]}, "/view/title"),
        (modal(asked(TEXT), title=plain("x" * 25)), "/view/title/text"),
        (modal(asked(TEXT), title={"type": "mrkdwn", "text": "T"}), "/view/title"),
        (modal(asked(TEXT), submit=None), "/view/submit"),
        (modal(asked(TEXT), close=plain("x" * 25)), "/view/close/text"),
        (modal(asked(TEXT), private_metadata="x" * 3001), "/view/private_metadata"),
        (modal(asked(TEXT), callback_id="x" * 256), "/view/callback_id"),
        (modal(), "/view/blocks"),
        (modal(*({"type": "divider"} for _ in range(101))), "/view/blocks"),
        (modal(asked(TEXT), asked(TEXT)), "/view/blocks"),
        (modal(asked(TEXT, label=None)), "/view/blocks/0/label"),
        (modal(asked(TEXT, label=plain("x" * 2001))), "/view/blocks/0/label/text"),
        (modal(asked({"type": "button"})), "/view/blocks/0/element"),
        (modal(asked({**TEXT, "max_length": 3001})), "/view/blocks/0/element/max_length"),
        (modal(asked({**TEXT, "max_length": 2, "initial_value": "abc"})), "/element/initial_value"),
        (modal(asked({"type": "number_input"})), "/view/blocks/0/element"),
        (
            modal(asked({"type": "number_input", "is_decimal_allowed": True, "initial_value": "x"})),
            "initial_value",
        ),
        (modal(asked({"type": "static_select", "options": []})), "/element/options"),
        (
            modal(asked({"type": "static_select", "options": [option(str(n)) for n in range(101)]})),
            "/options",
        ),
        (modal(asked({"type": "static_select", "options": [option("x" * 76)]})), "/text/text"),
        (modal(asked({"type": "static_select", "options": [option("x", "v" * 151)]})), "/options/value"),
        (modal(asked({"type": "static_select", "options": [option("x"), option("x")]})), "/element/options"),
        (modal(asked({**SELECT, "initial_option": option("z")})), "/element/initial_option"),
        (modal(asked({"type": "checkboxes", "options": [option(str(n)) for n in range(11)]})), "/options"),
        (modal(asked({**FILE, "max_files": 11})), "/element/max_files"),
        (modal(asked({**FILE, "filetypes": []})), "/element/filetypes"),
    ],
)
def test_views_that_slack_refuses_name_the_place(view, where):
    with pytest.raises(Refusal, match="invalid_arguments") as refused:
        views.checked(view)
    assert where in refused.value.extra["response_metadata"]["messages"][0]


def keep(upload):
    return {"name": upload.name}


def test_what_was_entered_by_block_or_action():
    view = modal(asked(TEXT), asked({**SELECT, "action_id": "pick"}, block_id="c"))
    state = filled(view, {"b": "words", "pick": "y"}, keep)
    assert state["b"]["a"] == {"type": "plain_text_input", "value": "words"}
    assert state["c"]["pick"]["selected_option"] == option("y")


def test_files_that_were_entered():
    state = filled(modal(asked(FILE)), {"b": [Upload("a.PNG", b"x")]}, keep)
    assert state["b"]["a"] == {"type": "file_input", "files": [{"name": "a.PNG"}]}


@pytest.mark.parametrize(
    ("element", "value"),
    [
        (TEXT, ""),
        ({**TEXT, "max_length": 2}, "abc"),
        ({"type": "number_input"}, "seven"),
        (SELECT, "z"),
        (FILE, []),
        (FILE, [Upload("a.gif", b"x")]),
        (FILE, [Upload("a.png", b"x")] * 2),
        (FILE, [Upload("a.png", bytes(10 * 2**20 + 1))]),
    ],
)
def test_what_the_client_does_not_send(element, value):
    with pytest.raises(ValueError):
        filled(modal(asked(element)), {"b": value}, keep)


def test_a_field_that_is_not_there():
    with pytest.raises(KeyError):
        filled(modal(asked(TEXT)), {"nowhere": "x"}, keep)
