"""What is shown to the one person who used something, as a message of Discord's."""

from typing import Any

from adapters.discord import buttons
from adapters.discord.forms import cut
from adapters.discord.interactions import Interaction
from adapters.discord.markdown import render
from adapters.discord.wording import escaped
from core.messages import Button, Draft, Form, FormSubmitted, Greeting, Refusal, Response, Whisper

AGAIN = "✎"  # opens a form again whose title is not known any more
PROBLEM_LENGTH = 300


def body(response: Response, used: Interaction) -> dict[str, Any]:
    """A message's body, of at most 2,000 characters; the flags are the caller's."""
    text, shown = _told(response, used)
    rows = buttons.rows(shown, used.about)
    return {
        "content": render(Draft(text)),
        "components": rows,
        "allowed_mentions": {"parse": []},
    }


def _told(response: Response, used: Interaction) -> tuple[str, tuple[Button, ...]]:
    match response:
        case Whisper(markdown, shown):
            return markdown, shown
        case Greeting(markdown, questions):
            return "\n".join((markdown, *(f"- {question}" for question in questions))), ()
        case Form():
            return _offered(response)
        case Refusal():
            return _refused(response, used)


def _offered(form: Form) -> tuple[str, tuple[Button, ...]]:
    """A form that can't be opened now: in answer to another one, or because it comes too late."""
    return f"**{escaped(form.title)}**", (Button(form.key, form.title or AGAIN),)


def _refused(refusal: Refusal, used: Interaction) -> tuple[str, tuple[Button, ...]]:
    """A modal is closed when it is sent and shows no errors: they are told, with a way back to it."""
    asked = {field.key: field.label for field in used.form.fields} if used.form else {}
    lines = [
        f"- **{escaped(asked.get(key, key))}**: {cut(problem, PROBLEM_LENGTH)}"
        for key, problem in refusal.problems.items()
    ]
    if not isinstance(used.action, FormSubmitted):
        return "\n".join(lines), ()
    label = used.form.title if used.form and used.form.title else AGAIN
    return "\n".join(lines), (Button(used.action.form, label),)
