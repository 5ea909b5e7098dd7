"""Variables in the configuration: where they come from, and that they stay what they are."""

from hypothesis import given
from hypothesis import strategies as st

from bots.yaml_file import read


def value(written, text, environment=None, env=None):
    file = written(f"value: {text}\n", env)
    return read(file, {} if environment is None else environment)["value"]


def test_variables_come_from_the_environment(written):
    assert value(written, "${NAME}", {"NAME": "Ann"}) == "Ann"
    assert value(written, "a-${NAME}-${NAME}-b", {"NAME": "x"}) == "a-x-x-b"


def test_a_default_stands_in_where_the_variable_is_missing_or_empty(written):
    assert value(written, "${NAME:-nobody}") == "nobody"
    assert value(written, '"${NAME:-}"') == ""
    assert value(written, "${NAME:-nobody}", {"NAME": "Ann"}) == "Ann"
    assert value(written, "${NAME:-nobody}", {"NAME": ""}) == "nobody"
    assert value(written, "${NAME:-http://a:1/b}") == "http://a:1/b"


def test_two_dollars_are_one(written):
    assert value(written, "$$") == "$"
    assert value(written, "$${NAME}", {"NAME": "Ann"}) == "${NAME}"
    assert value(written, "$$$${NAME}", {"NAME": "Ann"}) == "$${NAME}"
    assert value(written, "$$${NAME}", {"NAME": "Ann"}) == "$Ann"


def test_a_dollar_of_its_own_stays(written):
    assert value(written, "costs $5, $NAME", {"NAME": "no"}) == "costs $5, $NAME"


def test_env_beside_the_file_is_read_and_the_environment_beats_it(written):
    env = "ONE=from-file\nTWO=from-file\n"
    assert value(written, "${ONE} ${TWO}", {"TWO": "from-environment"}, env) == "from-file from-environment"


def test_what_a_variable_holds_is_never_yaml_and_never_expanded_again(written):
    nasty = 'x: [1, {a: "b"}]\n- ${OTHER} # no $$ comment'
    assert value(written, "${NAME}", {"NAME": nasty}) == nasty
    assert value(written, "# ${NOT_SET} is only a comment\n  7") == 7


def test_keys_are_not_expanded_and_numbers_stay_numbers(written):
    file = written("'${KEY}': 7\nflag: true\nlist: ['${A}', 2.5, null]\n")
    assert read(file, {"A": "a"}) == {"${KEY}": 7, "flag": True, "list": ["a", 2.5, None]}


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40))
def test_any_value_of_a_variable_arrives_as_it_is(tmp_path_factory, text):
    file = tmp_path_factory.getbasetemp() / "any.yaml"
    file.write_text("value: {nested: ['${NAME}']}\n")
    assert read(file, {"NAME": text}) == {"value": {"nested": [text]}}
