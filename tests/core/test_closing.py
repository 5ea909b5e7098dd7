"""How an answer's end is said, and when it can be asked again."""

import pytest

from core.answer import Answer, Outcome
from core.closing import failed, judged, wanting
from core.dify.about import FormField
from core.dify.events import WorkflowFinished
from core.dify.human_forms import HumanForm
from core.dify.metadata import AppFile
from core.errors import Advice, DifyUnreachable


def ended(outcome, text="So far.", **more):
    return judged(Answer.ended(outcome, text=text), more.pop("before", ()), **{**CALM, **more})


CALM = {"stopped": False, "cut": False, "quiet": False}


def test_a_whole_answer_stands_alone():
    closing = ended(Outcome.COMPLETE)
    assert (closing.text, closing.sentences, closing.retry) == ("So far.", (), False)


@pytest.mark.parametrize(
    ("outcome", "said", "retry"),
    [
        (Outcome.LOST, "answer_lost", True),
        (Outcome.STOPPED, "stopped", False),
        (Outcome.PAUSED, "paused", False),
    ],
)
def test_what_is_not_whole_says_why_and_what_can_be_done(outcome, said, retry):
    closing = ended(outcome)
    assert (closing.text, closing.sentences, closing.retry) == ("So far.", (said,), retry)


def test_what_somebody_stopped_is_not_offered_again():
    for outcome in (Outcome.COMPLETE, Outcome.LOST, Outcome.STOPPED):
        closing = ended(outcome, stopped=True)
        assert (closing.sentences, closing.outcome, closing.retry) == (("stopped",), "stopped", False)


def test_what_our_own_end_cut_off_is_offered_again():
    closing = ended(Outcome.COMPLETE, stopped=True, cut=True)
    assert (closing.sentences, closing.retry) == (("interrupted",), True)


def test_of_a_question_that_is_gone_nothing_is_said():
    assert ended(Outcome.STOPPED, text="", stopped=True, quiet=True).sentences == ()
    assert ended(Outcome.STOPPED, stopped=True, quiet=True).text == "So far."


def test_an_empty_answer_says_so_unless_it_has_files():
    assert ended(Outcome.COMPLETE, text=" \n").sentences == ("empty_answer",)
    with_file = Answer.ended(Outcome.COMPLETE)
    with_file.files = (AppFile(id="f", url="/files/f.png"),)
    assert judged(with_file, (), **CALM).sentences == ()


def test_a_run_that_waits_shows_what_it_asks_and_keeps_what_came():
    form = HumanForm.model_validate(
        {
            "form_token": "t",
            "form_content": "Go on? {{#$output.note#}}",
            "actions": [{"id": "yes", "title": "Yes"}],
        }
    )
    closing = judged(Answer.ended(Outcome.PAUSED, text="So far.", form=form), (), **CALM)
    assert (closing.text, closing.sentences, closing.form) == ("So far.\n\nGo on?", ("decide",), form)


def test_a_form_that_can_not_be_answered_here_is_only_told_of():
    form = HumanForm.model_validate({"form_token": None, "actions": [{"id": "yes"}]})
    closing = judged(Answer.ended(Outcome.PAUSED, text="So far.", form=form), (), **CALM)
    assert (closing.text, closing.sentences, closing.form) == ("So far.", ("paused",), None)


def test_what_the_form_wants_to_know_is_named_and_the_question_waits():
    fields = [FormField(variable="name", label="Your name"), FormField(variable="age")]
    closing = wanting(fields, "Helpdesk")
    assert (closing.setup, closing.retry) == (True, False)
    assert closing.footers[0].values == {"app": "Helpdesk", "names": "Your name, age"}


def test_what_is_needed_anyway_comes_first():
    assert ended(Outcome.LOST, before=["memory_lost"]).sentences == ("memory_lost", "answer_lost")


def test_a_failure_says_what_the_error_stands_for_and_hints_to_the_operator():
    answer = Answer.ended(Outcome.FAILED, text="Half")
    answer.error_code, answer.error_status = "provider_not_initialize", 400
    closing = judged(answer, (), **CALM)
    assert closing.text == "Half"
    assert closing.sentences == ("model_unavailable",)
    assert "provider_not_initialize" in closing.hint


@pytest.mark.parametrize("retry", [True, False])
def test_an_error_that_may_pass_is_offered_again(retry):
    error = DifyUnreachable(Advice("dify_unreachable", "no connection", retry=retry))
    closing = failed(error, "")
    assert (closing.sentences, closing.retry, closing.hint) == (
        ("dify_unreachable",),
        retry,
        "no connection",
    )


def test_a_run_that_failed_for_its_inputs_wants_the_form_and_any_other_can_be_asked_again():
    def run(error):
        answer = Answer()
        data = {"status": "failed", "error": error}
        answer.take(WorkflowFinished(event="workflow_finished", data=data))
        return judged(answer, (), **CALM)

    refused, broken = run("city is required in input form"), run("the model said 500")
    assert (refused.sentences, refused.setup, refused.retry) == (("inputs_refused",), True, False)
    assert (broken.sentences, broken.setup, broken.retry) == (("dify_failed",), False, True)
