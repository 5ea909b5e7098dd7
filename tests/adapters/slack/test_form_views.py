"""What Slack takes as a form, without a network."""

import json

import pytest

from adapters.slack import forms
from adapters.slack.origin import Origin
from core.messages import Field, Form, Person, Place
from simulators.slack import views

ORIGIN = Origin(Place("slack", "T1", "C1", "1.2"), Person("U1"), "trigger", "https://hooks.slack.com/x" * 5)


def made(*fields, title="T", submit="S", locale="en"):
    return views.checked(forms.view_of(Form("f", title, submit, fields), ORIGIN))


def test_long_titles_and_labels_are_shown_whole_or_cut():
    view = made(Field("a", "l" * 3000), title="t" * 40, submit="s" * 40)
    assert view["title"]["text"] == "t" * 23 + "…"
    assert view["blocks"][0]["text"]["text"] == "t" * 40
    assert len(view["submit"]["text"]) == 24


@pytest.mark.parametrize(
    "field",
    [
        Field("a", ""),
        Field("a", "A", max_length=5, value="longer than that"),
        Field("a", "A", "paragraph", max_length=99_999, value="x" * 5_000),
        Field("a", "A", "number", value="many"),
        Field("a", "A", "number", value="-1.5"),
        Field("a", "A", "select"),
        Field("a", "A", "select", options=("b", "b", ""), value="c"),
        Field("a", "A", "select", options=tuple(map(str, range(250))), value="249"),
        Field("a", "A", "checkbox", required=True),
        Field("a", "A", "files", max_length=50, extensions=("PDF",)),
        Field("a", "A", "files"),
    ],
)
def test_odd_fields_make_views_that_slack_takes(field):
    made(field)


def test_as_many_fields_as_the_limits_say():
    made(*(Field(f"f{number}", "F") for number in range(forms.FORM_FIELDS)), title="t" * 40)
    with pytest.raises(forms.TooLarge):
        made(*(Field(f"f{number}", "F") for number in range(101)))


def test_what_a_view_carries_is_short():
    long = Field("city", "City", "select", options=("Paris", "x" * 200))
    text = forms.view_of(Form("inputs:7", "T", "S", (long,)), ORIGIN)["private_metadata"]
    assert len(text) <= 3000
    assert json.loads(text)["form"] == "inputs:7"
