"""What a person wrote, as the app is told it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.discord.wording import TITLE_LENGTH, Directory, readable, title, turns_to_another

NAMES = Directory(
    us=frozenset({"1", "9"}), users={"2": "Bob"}, roles={"3": "staff"}, channel={"4": "general"}.get
)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("<@1> hello", "hello"),
        ("<@!1>", ""),
        ("hey <@1> you", "hey you"),
        ("hey <@1>, you <@2>  x", "hey , you @Bob  x"),
        ("<@&9> hello", "hello"),
        ("ask <@2> of <@&3> in <#4>", "ask @Bob of @staff in #general"),
        ("<@77> <#78>", "@77 #78"),
        ("<:party:123> <a:dance:5>", ":party: :dance:"),
        ("</ask now:5> at <t:0:R>", "/ask now at 1970-01-01 00:00 UTC"),
        ("<@1>\n```\na  b\n```", "```\na  b\n```"),
        ("a  b", "a  b"),
        ("x < 3 <@> <#>", "x < 3 <@> <#>"),
    ],
)
def test_readable(content, text):
    assert readable(content, NAMES) == text


@pytest.mark.parametrize(
    ("content", "other"),
    [("<@2> look", True), ("<@1> look", False), ("look <@2>", False), (" <@&3> x", True), ("<@&9> x", False)],
)
def test_turning_to_another(content, other):
    assert turns_to_another(content, NAMES.us) is other


@given(st.text(), st.text())
def test_a_title_is_always_a_name(text, otherwise):
    name = title(text, otherwise)
    assert 0 < len(name) <= 100
    assert "\n" not in name


def test_titles():
    assert title("## What is love?\nmore", "x") == "What is love?"
    assert title("\n```\n", "Alice") == "Alice"
    long = title("word " * 40, "x")
    assert long.endswith("word…")
    assert len(long) <= TITLE_LENGTH
