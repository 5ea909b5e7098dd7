"""What an app's form gets, against the checks of a Dify server (those of the simulator)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.dify.about import FormField, Parameters
from core.dify.file_types import FileInput, plain
from core.dify.inputs import asked, file_variables, merged, problems
from simulators.dify.inputs import input_problem
from simulators.dify.state import App

FILE = FileInput.uploaded("f1", "document")
LINK = "https://e.com/a.pdf"
REMOTE = FileInput.remote(LINK, "document")
TONES = ["plain", "fancy"]


def field(kind, **more):
    return FormField(
        type=kind, variable=more.pop("variable", "x"), options=more.pop("options", TONES), **more
    )


@pytest.mark.parametrize(
    ("kind", "value", "sent"),
    [
        ("text-input", "Ann", "Ann"),
        ("paragraph", 7, "7"),
        ("paragraph", True, "true"),
        ("select", "fancy", "fancy"),
        ("number", "5", 5),
        ("number", " -5 ", -5),
        ("number", "2.50", 2.5),
        ("number", "1e3", 1000.0),
        ("number", 7, 7),
        ("checkbox", "yes", True),
        ("checkbox", "off", False),
        ("checkbox", False, False),
        ("checkbox", 1, True),
        ("json_object", '{"a": 1}', {"a": 1}),
        ("json_object", {"a": 1}, {"a": 1}),
        ("file", FILE, FILE),
        ("file", (FILE,), FILE),
        ("file-list", (FILE, FILE), [FILE, FILE]),
        ("file", LINK, REMOTE),
        ("file", [LINK], REMOTE),
        ("file", {"url": LINK}, REMOTE),
        ("file", {"type": "document", "transfer_method": "remote_url", "url": LINK}, REMOTE),
        ("file", REMOTE, REMOTE),
        ("file-list", LINK, [REMOTE]),
        ("file-list", f"{LINK}\n{LINK}\n", [REMOTE, REMOTE]),
        ("file-list", [LINK, {"url": LINK}], [REMOTE, REMOTE]),
        ("file-list", {"url": LINK}, [REMOTE]),
        ("json_object", "{}", {}),
    ],
)
@pytest.mark.parametrize("source", ["configured", "remembered", "default"])
def test_a_value_is_sent_as_the_type_that_dify_wants(kind, value, sent, source):
    one = field(kind, required=True, default=value if source == "default" else None)
    values = {"configured": {}, "remembered": {}} | {source: {"x": value}}
    inputs, missing = merged([one], values["configured"], values["remembered"])
    assert inputs == {"x": sent}
    assert type(inputs["x"]) is type(sent)
    assert missing == []


@pytest.mark.parametrize(
    ("kind", "value", "sentence", "values"),
    [
        ("text-input", "", "input_required", {}),
        ("text-input", "  ", "input_required", {}),
        ("number", None, "input_required", {}),
        ("file-list", (), "input_required", {}),
        ("text-input", "abcd", "input_too_long", {"limit": "3", "length": "4"}),
        ("paragraph", "abcd", "input_too_long", {"limit": "3", "length": "4"}),
        ("paragraph", ["a"], "input_not_accepted", {}),
        ("select", "loud", "input_no_option", {"options": "plain, fancy"}),
        ("number", "five", "input_no_number", {}),
        ("number", "nan", "input_no_number", {}),
        ("number", "1" * 400, "input_no_number", {}),
        ("number", True, "input_no_number", {}),
        ("checkbox", "maybe", "input_not_accepted", {}),
        ("json_object", "[1]", "input_not_accepted", {}),
        ("json_object", "{", "input_not_accepted", {}),
        ("file", "a.pdf", "input_no_file", {}),
        ("file", {"a": 1}, "input_no_file", {}),
        ("file", {"transfer_method": "remote_url"}, "input_no_file", {}),
        ("file", "https://e.com/a.zip", "file_type_refused", {"types": ""}),
        ("file-list", "a.pdf", "input_no_file", {}),
        ("file-list", ["https://e.com/a.pdf", "b.pdf"], "input_no_file", {}),
        ("file-list", f"{LINK} {LINK} {LINK} {LINK}", "input_too_many_files", {"limit": "3", "length": "4"}),
        ("file", (FILE, FILE), "input_too_many_files", {"limit": "1", "length": "2"}),
        ("file-list", (FILE,) * 4, "input_too_many_files", {"limit": "3", "length": "4"}),
    ],
)
def test_what_dify_would_refuse_is_named_and_counts_as_missing(kind, value, sentence, values):
    one = field(kind, required=True, max_length=3)
    found = problems([one], {"x": value})
    assert (found["x"].sentence, dict(found["x"].values)) == (sentence, values)
    assert merged([one], {"x": value}, {}) == ({}, [one])
    assert merged([one], {}, {"x": value}) == ({}, [one])


LINKED = {"allowed_file_types": ["image"], "allowed_file_upload_methods": ["remote_url"]}


@pytest.mark.parametrize(
    ("value", "more", "sentence"),
    [
        ("a.pdf", LINKED, "input_no_link"),
        (5, LINKED, "input_no_link"),
        (LINK, LINKED, "file_type_refused"),
        (LINK, {"allowed_file_upload_methods": ["local_file"]}, "input_no_file"),
        ([LINK, LINK], LINKED, "input_too_many_files"),
    ],
)
def test_what_is_wrong_with_a_link_depends_on_the_variable(value, more, sentence):
    assert problems([field("file", **more)], {"x": value})["x"].sentence == sentence


def test_a_person_beats_the_configuration_which_beats_the_default():
    one = field("text-input", default="default", required=True)
    assert merged([one], {"x": "configured"}, {"x": "said"})[0] == {"x": "said"}
    assert merged([one], {"x": "configured"}, {})[0] == {"x": "configured"}
    assert merged([one], {}, {})[0] == {"x": "default"}
    tone = field("select", default="plain")
    assert merged([tone], {"x": "fancy"}, {"x": "an option that is gone"})[0] == {"x": "fancy"}


@pytest.mark.parametrize(("kind", "sent"), [("paragraph", {"x": ""}), ("select", {}), ("number", {})])
def test_what_a_person_emptied_does_not_come_back_as_the_default(kind, sent):
    default = {"paragraph": "default", "select": "plain", "number": "5"}[kind]
    assert merged([field(kind, default=default)], {}, {"x": ""}) == (sent, [])


def test_what_is_optional_and_has_no_value_is_left_to_dify():
    form = [field(kind, variable=kind, default="") for kind in ("text-input", "select", "number", "file")]
    assert merged(form, {}, {}) == ({}, [])


def test_the_question_and_what_dify_fills_are_nobodys_to_fill():
    form = [
        field("paragraph", variable="topic", required=True),
        field("external_data_tool", variable="weather", required=True),
        field("text-input", variable="name", required=True),
        field("text-input", variable="secret", hide=True, required=True),
    ]
    assert [one.variable for one in asked(form, "topic")] == ["name"]
    inputs, missing = merged(form, {"topic": "no", "secret": "s"}, {"secret": "mine"}, query_input="topic")
    assert inputs == {"secret": "s"}  # only the configuration fills what people do not see
    assert [one.variable for one in missing] == ["name"]


@pytest.mark.parametrize("kind", ["file", "file-list"])
def test_files_of_the_message_are_not_missed(kind):
    one = field(kind, required=True)
    assert merged([one], {}, {}, with_files=True) == ({}, [])
    assert merged([one], {}, {}) == ({}, [one])


def test_variables_for_files_say_what_they_take():
    said = Parameters.model_validate(
        {
            "user_input_form": [
                {"paragraph": {"variable": "topic"}},
                {"file": {"variable": "cv", "required": True, "allowed_file_types": ["document"]}},
                {
                    "file-list": {
                        "variable": "rest",
                        "max_length": 5,
                        "allowed_file_types": ["image", "custom"],
                        "allowed_file_extensions": [".ZIP", "log"],
                        "allowed_file_upload_methods": ["local_file"],
                    }
                },
                {"file-list": {"variable": "any"}},
            ]
        }
    )
    cv, rest, anything = file_variables(said.form, most=10)
    assert (cv.variable, cv.many, cv.most, cv.required) == ("cv", False, 1, True)
    assert (rest.many, rest.most, rest.required) == (True, 5, False)
    assert (rest.extensions, rest.methods) == (("zip", "log"), ("local_file",))
    assert anything.most == 10
    names = ("a.pdf", "a.png", "a.zip", "a.LOG", "a.exe", "a.mp3")
    assert [cv.takes(name) for name in names] == [True, False, False, False, False, False]
    assert [rest.takes(name) for name in names] == [False, True, True, True, False, False]
    assert all(anything.takes(name) for name in names)


KINDS = ("text-input", "paragraph", "select", "number", "checkbox", "json_object", "file", "file-list")
FILES = st.lists(st.just(FILE), max_size=4)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-99, 99),
    st.floats(),
    st.text(max_size=6),
    st.sampled_from(("plain", "5", "1.5", "yes", "{}", '{"a": 1}')),
    st.just({"a": 1}),
    st.sampled_from((LINK, "https://e.com/a.zip", {"url": LINK}, [LINK], [LINK, "x"])),
    FILES,
    FILES.map(tuple),
    st.just(FILE),
)


@st.composite
def forms(draw):
    return [
        field(
            kind,
            variable=f"v{number}",
            required=draw(st.booleans()),
            max_length=draw(st.sampled_from((None, 3))),
            default=draw(st.one_of(st.none(), st.just(""), VALUES)),
        )
        for number, kind in enumerate(draw(st.lists(st.sampled_from(KINDS), max_size=4)))
    ]


def at_dify(form):
    return App("k", "chat", "x", input_form=[{one.type: one.model_dump()} for one in form])


SOURCES = st.dictionaries(st.sampled_from(("v0", "v1", "v2", "v3")), VALUES)


@given(forms(), SOURCES, SOURCES)
def test_dify_takes_what_is_merged_unless_something_is_missing(form, configured, remembered):
    inputs, missing = merged(form, configured, remembered)
    sent = {name: plain(value) for name, value in inputs.items()}
    problem = input_problem(at_dify(form), sent)
    assert (problem is None) is not bool(missing)
    if missing:
        assert problem == f"{missing[0].variable} is required in input form"


@given(forms(), SOURCES)
def test_what_has_no_problem_is_taken_by_dify_as_it_was_given(form, values):
    wrong = problems(form, values)
    good = [one for one in form if one.variable not in wrong]
    inputs, missing = merged(good, {}, values)
    assert missing == []
    assert input_problem(at_dify(good), {name: plain(value) for name, value in inputs.items()}) is None
