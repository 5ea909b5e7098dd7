"""Which app answers where, and which words are commands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.messages import Addressed, IncomingMessage, MessageRef, Person, Place
from core.router import Command, PlaceFilter, Route, choose, command_of


def message(platform="chat", *, direct=False, **facts):
    place = Place(platform, "w", "c", direct=direct)
    sets = {name: frozenset(values) for name, values in facts.items()}
    ref = MessageRef(platform, "w", "c", "m")
    return IncomingMessage(ref, place, Person("u"), "hi", Addressed.MENTION, "id", facts=sets)


def only(dm=None, **lists):
    return PlaceFilter({name: frozenset(values) for name, values in lists.items()}, dm)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("new", Command.NEW),
        (" New ", Command.NEW),
        ("NEW!", Command.NEW),
        ("/new", Command.NEW),
        ("new topic.", Command.NEW),
        ("新しい話題", Command.NEW),
        ("新しい話題。", Command.NEW),
        ("新话题", Command.NEW),
        ("新話題", Command.NEW),
        ("stop", Command.STOP),
        ("Stop!!", Command.STOP),
        ("help", Command.HELP),
        ("/help", Command.HELP),
        ("help me with this", None),
        ("what is new", None),
        ("new?", None),
        ("stop it", None),
        ("", None),
        ("!", None),
    ],
)
def test_only_the_whole_text_is_a_command(text, command):
    assert command_of(text) is command


def test_the_first_route_that_matches_wins():
    routes = [Route("sales", {"chat": only(channels=["C1"])}), Route("support"), Route("never")]
    assert choose(routes, message(channels=["C1"])) == "sales"
    assert choose(routes, message(channels=["C2"])) == "support"


def test_where_no_route_matches_nothing_is_guessed():
    assert choose([], message()) == ""
    assert choose([Route("sales", {"chat": only(channels=["C1"])})], message(channels=["C2"])) == ""


def test_a_named_platform_restricts_to_it():
    routes = [Route("a", {"chat": only()})]
    assert choose(routes, message("chat")) == "a"
    assert choose(routes, message("other")) == ""


def test_several_platforms_each_with_its_own_lists():
    routes = [Route("a", {"chat": only(channels=["C1"]), "other": only(guilds=["G"])})]
    assert choose(routes, message("chat", channels=["C1"])) == "a"
    assert choose(routes, message("other", channels=["C1"], guilds=["G"])) == "a"
    assert choose(routes, message("other", channels=["C1"])) == ""


def test_an_absent_list_is_any_and_an_empty_list_is_none():
    assert only().matches(message())
    assert not only(channels=[]).matches(message(channels=["C1"]))
    assert not only(channels=[]).matches(message())


def test_lists_are_anded_and_their_values_ored():
    rule = only(channels=["C1", "C2"], users=["U1"])
    assert rule.matches(message(channels=["C2"], users=["U1"]))
    assert not rule.matches(message(channels=["C2"], users=["U2"]))
    assert not rule.matches(message(channels=["C3"], users=["U1"]))


@pytest.mark.parametrize("direct", [True, False])
def test_direct_messages_can_be_wanted_or_unwanted(direct):
    for rule in (only(True), Route("a", dm=True)):
        assert rule.matches(message(direct=direct)) is direct
    for rule in (only(False), Route("a", dm=False)):
        assert rule.matches(message(direct=direct)) is not direct
    assert Route("a").matches(message(direct=direct))
    assert Route("a", {"chat": only(True)}, dm=None).matches(message(direct=direct)) is direct


IDS = st.frozensets(st.sampled_from("abc"))
LISTS = st.dictionaries(st.sampled_from(["channels", "users"]), IDS)


@given(LISTS, LISTS, st.sampled_from([None, True, False]), st.booleans())
def test_a_filter_against_the_rule_in_words(lists, facts, dm, direct):
    passes = True
    for name in lists:
        passes = passes and any(value in facts.get(name, ()) for value in lists[name])
    if dm is True:
        passes = passes and direct
    if dm is False:
        passes = passes and not direct
    assert PlaceFilter(lists, dm).matches(message(direct=direct, **facts)) is passes
