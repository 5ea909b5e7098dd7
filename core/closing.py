"""How a turn ends: what stays, what is said under it, and whether it can be asked again; pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.answer import Answer, Outcome
from core.dify.errors import failure
from core.errors import ParleyError
from core.footers import Footer
from core.thinking import visible


@dataclass(frozen=True)
class Closing:
    """The text that stays, the sentences under it (keys of core.sentences), and the word for the books."""

    text: str
    sentences: tuple[str, ...]
    outcome: str
    retry: bool = False  # with a button to ask again
    hint: str = ""  # for the operator's log
    footers: tuple[Footer, ...] = ()


_SAID = {Outcome.STOPPED: "stopped", Outcome.PAUSED: "paused", Outcome.LOST: "answer_lost"}


def failed(error: ParleyError, text: str) -> Closing:
    """Nothing of an answer came, for a reason that is known."""
    advice = error.advice
    return Closing(text, (advice.sentence,), Outcome.FAILED, retry=advice.retry, hint=advice.hint)


def judged(answer: Answer, before: Sequence[str], *, stopped: bool, cut: bool, quiet: bool) -> Closing:
    """How an answer ended; `before` are the sentences that it needs anyway.

    `stopped`: somebody stopped it; `cut`: because the process ends; `quiet`: nobody wants to read it.
    """
    text = visible(answer.text, final=True)
    outcome = answer.outcome
    if stopped and outcome in {Outcome.COMPLETE, Outcome.LOST, Outcome.STOPPED}:
        outcome = Outcome.STOPPED
    said, retry, hint = _SAID.get(outcome, ""), outcome is Outcome.LOST, ""
    if outcome is Outcome.FAILED:
        advice = failure(answer.error_code, answer.error_status).advice
        said, retry, hint = advice.sentence, advice.retry, f"{advice.hint} ({answer.error_code})"
    if outcome is Outcome.COMPLETE and not text.strip() and not answer.files:
        said = "empty_answer"
    if outcome is Outcome.STOPPED and cut:
        said, retry = "interrupted", True
    if outcome is Outcome.STOPPED and quiet and not text:
        return Closing("", (), outcome)
    files = ["file_not_shown"] if answer.files else []
    return Closing(text, tuple(filter(None, [*before, *files, said])), outcome, retry, hint)
