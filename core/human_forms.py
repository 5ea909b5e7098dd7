"""What a run asks of a person, as it is kept while it waits, and as a platform shows it. Pure."""

from collections.abc import Mapping
from typing import Any

from core.dify.human_forms import HumanForm
from core.messages import Button, Field, Form
from core.sentences import say

DECIDE = "decide"  # begins the keys of the buttons and forms


def kept_form(form: HumanForm | None) -> dict[str, Any]:
    """What is kept of a form while it waits; {} where it can't be answered here."""
    if form is None or not form.form_token or not form.buttons:
        return {}
    return {
        "token": form.form_token,
        "title": form.node_title,
        "text": form.text,  # which stands at the end of the answer while it waits
        "inputs": [[one.output_variable_name, one.type] for one in form.inputs if one.output_variable_name],
        "actions": [[action.id, action.title or action.id] for action in form.buttons],
        "defaults": form.defaults,
        "until": form.expiration_time,
    }


def buttons_of(kept: Mapping[str, Any]) -> tuple[Button, ...]:
    """A button for each way to decide."""
    return tuple(Button(f"{DECIDE}:{at}", title[:70]) for at, (_, title) in enumerate(kept["actions"]))


def decision_form(kept: Mapping[str, Any], at: int, lang: str) -> Form:
    """What the form wants to know before it takes this decision."""
    fields = tuple(
        Field(
            key=name,
            label=name,
            kind="paragraph" if kind == "paragraph" else "text",
            value=str(kept["defaults"].get(name, "")),
        )
        for name, kind in kept["inputs"]
    )
    title = kept["actions"][at][1]
    return Form(f"{DECIDE}:{at}", kept["title"] or title, title or say("form_send", lang), fields)
