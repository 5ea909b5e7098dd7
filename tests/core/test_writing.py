"""The messages of an answer that another process began, put in order."""

from core.messages import MessageRef, Standing
from core.writing import merged


def ref(name):
    return MessageRef("chat", "w", "c", name)


def test_what_was_kept_is_all_where_nothing_else_stands():
    assert merged([ref("a"), ref("b")], []) == [ref("a"), ref("b")]


def test_a_page_that_is_known_by_its_key_takes_its_place():
    found = [Standing(ref("p0"), 0), Standing(ref("p2"), 2), Standing(ref("p1"), 1)]
    assert merged([], found) == [ref("p0"), ref("p1"), ref("p2")]
    assert merged([ref("a")], [Standing(ref("p1"), 1)]) == [ref("a"), ref("p1")]


def test_a_message_without_a_key_goes_behind_those_that_are_known():
    found = [Standing(ref("x"), None), Standing(ref("y"), None)]
    assert merged([ref("a")], found) == [ref("a"), ref("x"), ref("y")]


def test_two_messages_of_one_page_are_both_kept_so_that_none_stays_half_written():
    found = [Standing(ref("p0"), 0), Standing(ref("again"), 0)]
    assert merged([], found) == [ref("p0"), ref("again")]
    assert merged([ref("a")], [Standing(ref("p0"), 0)]) == [ref("a"), ref("p0")]
