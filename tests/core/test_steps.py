"""What is seen of an app's work: names of tools, nodes and rounds, never what they got or gave."""

import json

import pytest

from core.dify.events import parse
from core.messages import Step
from core.steps import LONGEST, MOST, Steps


def event(name, **fields):
    return parse(json.dumps({"event": name, **fields}).encode())


def node(name, node_id, title, **data):
    return event(name, data={"node_id": node_id, "title": title, "node_type": "tool", **data})


def shown(*events, lang="en", icons=None):
    steps = Steps(lang, icons)
    for each in events:
        steps.take(each)
    return [(step.title, step.state) for step in steps.shown]


def test_a_tool_is_one_step_however_often_its_thought_is_sent():
    thought = {"id": "t1", "tool": "search;maps", "thought": "I think", "tool_input": '{"q":"secret"}'}
    begun = event("agent_thought", **thought)
    ended = event("agent_thought", **thought, observation="a secret")

    assert shown(begun) == [("search, maps", "running")]
    assert shown(begun, ended) == [("search, maps", "done")]


def test_a_thought_without_a_tool_is_no_step():
    assert shown(event("agent_thought", id="t1", thought="hm", tool="")) == []


@pytest.mark.parametrize(
    ("lang", "title"), [("en", "Search"), ("ja", "検索"), ("zh", "Search"), ("xx", "Search")]
)
def test_a_tool_is_called_by_its_label_in_the_askers_language(lang, title):
    labels = {"search": {"en_US": "Search", "ja_JP": "検索"}}
    assert shown(event("agent_thought", id="t", tool="search", tool_labels=labels), lang=lang) == [
        (title, "running")
    ]


def test_a_tool_has_the_apps_own_emoji():
    assert shown(event("agent_thought", id="t", tool="search"), icons={"search": "🔎"}) == [
        ("🔎 search", "running")
    ]


def test_a_node_runs_and_ends():
    begun, ended = (
        node("node_started", "n1", "Think"),
        node("node_finished", "n1", "Think", status="succeeded"),
    )
    failed = node("node_finished", "n1", "Think", status="failed")

    assert shown(begun) == [("Think", "running")]
    assert shown(begun, ended) == [("Think", "done")]
    assert shown(begun, failed) == [("Think", "failed")]


def test_a_repeated_node_says_which_time_it_is():
    assert shown(node("node_started", "n1", "Ask"), node("node_retry", "n1", "Ask", retry_index=1)) == [
        ("Ask (2)", "running")
    ]


@pytest.mark.parametrize("kind", ["start", "end", "answer", "if-else", "variable-aggregator"])
def test_nodes_that_say_nothing_to_who_asked_are_left_out(kind):
    assert shown(node("node_started", "n1", "X", node_type=kind)) == []


@pytest.mark.parametrize("kind", ["iteration", "loop"])
def test_rounds_are_counted_in_one_step(kind):
    data = {"node_id": "n1", "title": "Each page"}
    events = [
        event(f"{kind}_started", data=data),
        event(f"{kind}_next", data={**data, "index": 2}),
        event(f"{kind}_completed", data={**data, "status": "succeeded"}),
    ]
    assert shown(*events[:2]) == [("Each page (3)", "running")]
    assert shown(*events) == [("Each page", "done")]


def test_what_an_agents_node_does_is_named_its_rounds_are_not():
    outer = event("agent_log", data={"id": "a", "label": "ROUND 1", "status": "start"})
    call = {"id": "b", "parent_id": "a", "label": "CALL weather"}
    begun = event("agent_log", data={**call, "status": "start"})
    ended = event("agent_log", data={**call, "status": "success", "data": {"secret": 1}})

    assert shown(outer, begun) == [("CALL weather", "running")]
    assert shown(outer, begun, ended) == [("CALL weather", "done")]


def test_with_the_run_everything_has_ended():
    assert shown(node("node_started", "n1", "Think"), event("workflow_finished", data={})) == [
        ("Think", "done")
    ]


def test_titles_are_one_short_line():
    [(title, _)] = shown(node("node_started", "n1", "a\nb " + "c" * 200))
    assert title.startswith("a b c")
    assert len(title) == LONGEST


def test_a_long_run_shows_its_first_and_its_newest_steps():
    steps = Steps()
    for at in range(3 * MOST):
        steps.take(node("node_started", f"n{at}", f"step {at}"))
    assert len(steps.shown) == MOST
    assert steps.shown[0] == Step("node:n0", "step 0", "running")
    assert steps.shown[-1].title == f"step {3 * MOST - 1}"


def test_other_events_are_no_steps():
    assert shown(event("message", answer="x"), event("ping"), parse(b"{")) == []


def test_a_model_that_writes_alone_is_no_step_beside_others_it_is():
    begun = node("node_started", "n1", "LLM", node_type="llm")
    ended = node("node_finished", "n1", "LLM", node_type="llm", status="failed")
    assert shown(begun) == []
    assert shown(begun, ended) == [("LLM", "failed")]
    assert shown(begun, node("node_started", "n2", "Search")) == [("LLM", "running"), ("Search", "running")]
