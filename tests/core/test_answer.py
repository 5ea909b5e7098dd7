"""The fold of Dify's events: every order in which a stream may end, and the traps on the way."""

import json

import pytest

from core.answer import Answer, Outcome
from core.dify.events import parse

IDS = {"task_id": "task", "message_id": "msg", "conversation_id": "conv"}


def ev(name, **fields):
    return parse(json.dumps({"event": name, **fields}).encode())


def fold(*events):
    answer = Answer()
    for event in events:
        answer.take(event)
    return answer


def message(text="Hello "):
    return ev("message", **IDS, answer=text)


def agent(text="Hello "):
    return ev("agent_message", **IDS, answer=text)


def finish(status, **data):
    return ev("workflow_finished", task_id="task", workflow_run_id="run", data={"status": status, **data})


PING = ev("ping")
STARTED = ev("workflow_started", **IDS, workflow_run_id="run", data={"id": "run"})
THOUGHT = ev("agent_thought", **IDS, id="th", thought="Hello ", tool="clock")
END = ev("message_end", **IDS, metadata={})
ERROR = ev("error", message_id="msg", code="completion_request_error", status=400, message="secret host:9001")
PAUSED = [ev("human_input_required", **IDS, data={"form_id": "f"}), ev("workflow_paused", data={})]
SYNTHETIC = [
    ev("workflow_started", task_id="task", workflow_run_id=None, data={}),
    finish("failed", error="Workflow stream ended without a terminal event"),
]
VALIDATION = [STARTED, finish("failed", error="text is required in input form")]

ENDS = {  # dify-live.md section 2 and dify-api.md section 2.3; (events, outcome, text, error code)
    "chat ok, 0.15 and 1.16": ([message(), END], "complete", "Hello ", None),
    "chat ok, nothing but pings before": ([PING, PING, message(), END], "complete", "Hello ", None),
    "chat failed at once": ([ERROR], "failed", "", "completion_request_error"),
    "chat failed in the middle": ([message(), ERROR], "failed", "Hello ", "completion_request_error"),
    "chat stopped": ([message(), END], "complete", "Hello ", None),
    "chat broke off": ([message()], "lost", "Hello ", None),
    "chat empty answer": ([message(""), END], "complete", "", None),
    "agent ok": ([THOUGHT, agent(), THOUGHT, END], "complete", "Hello ", None),
    "agent failed": ([THOUGHT, agent(), ERROR], "failed", "Hello ", "completion_request_error"),
    "agent broke off": ([THOUGHT, agent()], "lost", "Hello ", None),
    "new agent ok": ([agent("Hel"), agent("lo "), message(), END], "complete", "Hello ", None),
    "chatflow ok, up to 1.12": ([STARTED, message(), finish("succeeded"), END], "complete", "Hello ", None),
    "chatflow failed, up to 1.12": (
        [STARTED, message(), finish("failed"), ERROR],
        "failed",
        "Hello ",
        "completion_request_error",
    ),
    "chatflow stopped, up to 1.12": ([STARTED, message(), finish("stopped"), END], "stopped", "Hello ", None),
    "chatflow ok, 1.13.0": ([PING, STARTED, message(), finish("succeeded")], "complete", "Hello ", None),
    "chatflow ok, since 1.13.1": (
        [PING, STARTED, message(), END, finish("succeeded")],
        "complete",
        "Hello ",
        None,
    ),
    "chatflow failed, since 1.13": ([PING, STARTED, message(), finish("failed")], "failed", "Hello ", None),
    "chatflow stopped, since 1.13": (
        [PING, STARTED, message(), finish("stopped")],
        "stopped",
        "Hello ",
        None,
    ),
    "chatflow stopped by another user, 1.16": (
        [PING, STARTED, message(), finish("stopped", error="Aborted: User requested stop")],
        "stopped",
        "Hello ",
        None,
    ),
    "chatflow with a fail branch": (
        [STARTED, ev("node_retry", data={}), message(), END, finish("partial-succeeded")],
        "complete",
        "Hello ",
        None,
    ),
    "chatflow paused": ([PING, STARTED, message(), *PAUSED], "paused", "Hello ", None),
    "chatflow error, then a synthetic failed finish, 1.15": (
        [message(), ERROR, *SYNTHETIC],
        "failed",
        "Hello ",
        "completion_request_error",
    ),
    "annotation reply, up to 1.12": ([message(), END], "complete", "Hello ", None),
    "annotation reply, since 1.15": ([PING, message(), END, *SYNTHETIC], "complete", "Hello ", None),
    "bad inputs, since 1.15": ([PING, *VALIDATION], "failed", "", None),
    "no free worker: a ping and a clean end": ([PING], "lost", "", None),
    "nothing at all": ([], "lost", "", None),
    "chatflow broke off": ([PING, STARTED, message()], "lost", "Hello ", None),
    "a finish of no known status": ([STARTED, message(), finish("bewildered")], "failed", "Hello ", None),
    "workflow ok": (
        [STARTED, ev("text_chunk", data={"text": "Hello "}), finish("succeeded")],
        "complete",
        "Hello ",
        None,
    ),
    "workflow failed": ([STARTED, finish("failed")], "failed", "", None),
    "workflow stopped": ([STARTED, finish("stopped")], "stopped", "", None),
    "completion ok": ([message(), END], "complete", "Hello ", None),
}


@pytest.mark.parametrize("name", ENDS)
def test_how_a_stream_ended(name):
    events, outcome, text, code = ENDS[name]
    answer = fold(*events)
    assert (answer.outcome, answer.text, answer.error_code) == (Outcome(outcome), text, code)
    assert answer.redraws == 0


@pytest.mark.parametrize("name", ENDS)
def test_pings_and_unknown_and_broken_events_change_no_verdict(name):
    events, outcome, text, code = ENDS[name]
    noise = [PING, ev("brand_new", answer="no"), parse(b"{broken")]
    answer = fold(*noise, *(each for event in events for each in (event, *noise)))
    assert (answer.outcome, answer.text, answer.error_code) == (Outcome(outcome), text, code)
    assert answer.malformed == len(events) + 1


@pytest.mark.parametrize("late", [ERROR, finish("failed"), finish("stopped"), *PAUSED])
def test_whatever_follows_a_message_end_it_is_a_success(late):
    assert fold(message(), END, late).outcome is Outcome.COMPLETE


def test_a_message_end_does_not_turn_a_failure_into_a_success():
    assert fold(message(), ERROR, END).outcome is Outcome.FAILED
    assert fold(STARTED, finish("failed"), END).outcome is Outcome.FAILED


def test_the_error_after_a_failed_finish_names_the_cause_only_once():
    second = ev("error", code="invalid_param", status=400)
    answer = fold(STARTED, finish("failed"), ERROR, second)
    assert (answer.error_code, answer.error_status) == ("completion_request_error", 400)


def test_an_error_without_code_or_status_is_a_failure():
    answer = fold(message(), ev("error"))
    assert (answer.outcome, answer.error_code, answer.error_status) == (Outcome.FAILED, "unknown", None)


def test_the_message_of_an_error_is_not_kept():
    assert "secret" not in repr(fold(message(), ERROR))


# The traps: what a client author gets wrong.


def test_t1_text_that_is_labelled_as_a_file_is_text():
    file = ev("message_file", **IDS, id="f", type="image", belongs_to="assistant", url="/files/f.png")
    labelled = ev("message_file", **IDS, id="msg", answer="world")
    answer = fold(message(), file, labelled, END)
    assert (answer.text, [made.id for made in answer.files]) == ("Hello world", ["f"])


def test_a_file_of_the_asker_is_no_file_of_the_answer():
    file = ev("message_file", **IDS, id="f", type="image", belongs_to="user", url="/files/f.png")
    assert fold(file, message(), END).files == ()


def test_t2_the_closing_whole_message_of_a_new_agent_is_not_added():
    answer = fold(agent("Let me "), THOUGHT, agent("check."), message("Let me check."), END)
    assert (answer.text, answer.redraws) == ("Let me check.", 0)


def test_t2_where_the_closing_message_differs_it_wins():
    answer = fold(agent(" thinking aloud"), message("The result."), END)
    assert (answer.text, answer.redraws) == ("The result.", 1)


def test_t2_an_empty_closing_message_takes_nothing_away():
    assert fold(agent("Hi"), message(""), END).text == "Hi"


def test_thoughts_are_never_appended():
    assert fold(THOUGHT, agent("Hi"), THOUGHT, THOUGHT, END).text == "Hi"


def thought(text="", tool=""):
    return ev("agent_thought", **IDS, id="th", thought=text, tool=tool)


def test_an_agent_that_reasons_is_known_by_the_round_that_no_thought_repeats():
    assert fold(thought(), agent(" I know. "), agent("Late."), END).thinks_aloud
    assert fold(
        thought(), agent("I need"), thought("I need", "clock"), thought(), agent("Late."), END
    ).thinks_aloud


def test_after_tools_an_agent_may_have_thought_aloud():
    rounds = [thought(), agent("Hm. "), thought("Hm. ", "clock"), thought(), agent("Late."), thought("Late.")]
    assert fold(*rounds, END).thinks_aloud


def test_nobody_else_thinks_aloud():
    assert not fold(thought(), agent("Late."), thought("Late."), END).thinks_aloud
    assert not fold(agent("Late."), END).thinks_aloud
    assert not fold(message("Late."), END).thinks_aloud
    whole = [thought(), agent("Hm. "), thought("Hm. ", "clock"), agent("Late."), message("Late."), END]
    assert not fold(*whole).thinks_aloud  # a New Agent closes with what Dify keeps


def test_t3_a_replacement_replaces_everything_and_more_may_follow():
    replaced = ev("message_replace", **IDS, answer="Moderated.", reason="output_moderation")
    answer = fold(message("bad "), message("words"), replaced, message(" More."), END)
    assert (answer.text, answer.redraws) == ("Moderated. More.", 1)


def test_t3_the_same_replacement_twice_is_one_redraw():
    replaced = ev("message_replace", **IDS, answer="Moderated.")
    answer = fold(message("bad"), replaced, replaced, END)
    assert (answer.text, answer.redraws) == ("Moderated.", 1)


def test_t3_a_replacement_that_only_goes_on_is_no_redraw():
    assert fold(message("He"), ev("message_replace", answer="Hello")).redraws == 0


def test_t4_the_text_before_an_error_stays():
    answer = fold(message("One "), message("two "), message("three"), ERROR)
    assert (answer.text, answer.outcome) == ("One two three", Outcome.FAILED)


def test_a_workflows_text_can_be_replaced():
    answer = fold(ev("text_chunk", data={"text": "a"}), ev("text_replace", data={"text": "b"}))
    assert (answer.text, answer.redraws) == ("b", 1)


def test_where_nothing_was_streamed_the_finish_has_the_answer():
    assert fold(STARTED, finish("succeeded", outputs={"answer": "Whole."})).text == "Whole."
    assert fold(message("Some"), finish("succeeded", outputs={"answer": "Whole."})).text == "Some"
    assert fold(STARTED, finish("succeeded", outputs={"answer": ["no", "text"]})).text == '["no", "text"]'
    assert fold(STARTED, finish("succeeded", outputs=None)).text == ""


def test_a_resumption_does_not_reset_the_text():
    resumed = ev("workflow_started", **IDS, workflow_run_id="run", data={"reason": "resumption"})
    assert fold(STARTED, message("a"), resumed, message("b"), END).text == "ab"


def test_ids_are_taken_as_soon_as_they_come_and_never_lost():
    answer = fold(PING)
    assert not answer.identified
    answer.take(ev("error", message_id="msg"))  # carries no task id
    assert (answer.message_id, answer.identified) == ("msg", False)
    answer.take(message())
    assert answer.identified
    answer.take(ev("message_end", task_id="other", message_id="other", conversation_id="other"))
    assert (answer.task_id, answer.message_id, answer.conversation_id) == ("task", "msg", "conv")


def test_a_workflow_is_identified_by_its_run():
    answer = fold(ev("workflow_started", task_id="task", workflow_run_id="run", data={}))
    assert (answer.identified, answer.run_id, answer.message_id) == (True, "run", "")


def finished(**data):
    return ev("workflow_finished", **IDS, data={"status": "succeeded", "outputs": {}, **data})


def test_what_an_answer_cost_is_told_by_its_end_or_its_run():
    usage = ev("message_end", **IDS, metadata={"usage": {"total_tokens": 30, "latency": 1.5}})
    assert fold(message(), usage).spent == (30, 1.5)
    assert fold(finished(total_tokens=12, elapsed_time="0.5")).spent == (12, 0.5)
    assert fold(message(), END).spent == (0, 0)


@pytest.mark.parametrize("odd", [None, "many", -3, float("inf"), {}, True])
def test_a_cost_that_is_no_amount_counts_nothing(odd):
    spent = fold(finished(total_tokens=odd, elapsed_time=odd)).spent
    assert spent in ((0, 0), (1, 1))  # true is a number in JSON's eyes of some versions
