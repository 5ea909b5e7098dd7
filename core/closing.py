"""How a turn ends: what stays, what is said under it, and whether it can be asked again; pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.answer import Answer, Outcome
from core.dify.about import FormField
from core.dify.errors import failure
from core.dify.human_forms import HumanForm
from core.errors import ParleyError
from core.footers import Footer
from core.human_forms import kept_form
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
    form: HumanForm | None = None  # that a person has to answer before it goes on
    setup: bool = False  # with a button to fill in what the app wants to know first
    offers: tuple[str, ...] = ()  # questions that stand as buttons
    message_id: str = ""  # Dify's, and of the conversation
    conversation_id: str = ""
    spent: tuple[float, float] = (0.0, 0.0)  # tokens and seconds at Dify

    @property
    def complete(self) -> bool:
        """A whole answer of the app's."""
        return self.outcome == Outcome.COMPLETE


REFUSED = "inputs_refused"
_STOPS = frozenset((Outcome.COMPLETE, Outcome.LOST, Outcome.STOPPED))
_SAID = {Outcome.STOPPED: "stopped", Outcome.PAUSED: "paused", Outcome.LOST: "answer_lost"}


def failed(error: ParleyError, text: str) -> Closing:
    """Nothing of an answer came, for a reason that is known."""
    advice = error.advice
    return Closing(text, (advice.sentence,), Outcome.FAILED, retry=advice.retry, hint=advice.hint)


def wanting(missing: Sequence[FormField], app: str) -> Closing:
    """The app's form wants to know something first; the question waits."""
    names = ", ".join(field.label or field.variable for field in missing)
    footer = Footer("setup_needed", {"app": app, "names": names})
    return Closing("", (), "setup", footers=(footer,), setup=True)


def judged(answer: Answer, before: Sequence[str], *, stopped: bool, cut: bool, quiet: bool) -> Closing:
    """How an answer ended; `before` are the sentences that it needs anyway.

    `stopped`: somebody stopped it; `cut`: because the process ends; `quiet`: nobody wants to read it.
    """
    text = visible(answer.text, final=True)
    outcome = answer.outcome
    if stopped and (outcome in _STOPS or (outcome is Outcome.PAUSED and not cut)):
        outcome = Outcome.STOPPED
    said, retry, hint = _SAID.get(outcome, ""), outcome is Outcome.LOST, ""
    if outcome is Outcome.FAILED:
        advice = answer.advice or failure(answer.error_code, answer.error_status).advice
        said, retry, hint = advice.sentence, advice.retry, f"{advice.hint} ({answer.error_code})"
    if outcome is Outcome.COMPLETE and not text.strip() and not answer.files:
        said = "empty_answer"
    form = answer.form if outcome is Outcome.PAUSED and kept_form(answer.form) else None
    if form is not None:
        said, text = "decide", "\n\n".join(part for part in (text, form.text) if part.strip())
    if outcome is Outcome.STOPPED and cut:
        said, retry = "interrupted", True
    if outcome is Outcome.STOPPED and quiet and not text:
        return Closing("", (), outcome)
    return Closing(
        text,
        tuple(filter(None, [*before, said])),
        outcome,
        retry,
        hint,
        form=form,
        setup=outcome is Outcome.FAILED and said == REFUSED,
        message_id=answer.message_id,
        conversation_id=answer.conversation_id,
        spent=answer.spent,
    )
