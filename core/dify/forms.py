"""Which variable of an app's input form takes the question's text. Pure.

Source: Dify GET /parameters, `user_input_form`: a list of {type: {variable, label, required, …}}.
"""

from collections.abc import Iterator
from typing import Any

TEXTS = frozenset(("paragraph", "text-input"))
NAMES = ("query", "question", "text", "input", "prompt")  # the likeliest first


def query_input(form: object) -> str | None:
    """The variable for the question: the only text, else one named like a question, else the first required.

    None where that leaves nothing to choose, or where the form has no text at all.
    """
    texts = list(_texts(form))
    if len(texts) == 1:
        return str(texts[0]["variable"])
    called = {str(text["variable"]).lower(): str(text["variable"]) for text in reversed(texts)}
    for name in NAMES:
        if name in called:
            return called[name]
    return next((str(text["variable"]) for text in texts if text.get("required")), None)


def is_empty(form: object) -> bool:
    """Whether the app asks for nothing at all."""
    return not (isinstance(form, list) and form)


def _texts(form: object) -> Iterator[dict[str, Any]]:
    for item in form if isinstance(form, list) else []:
        for kind, field in item.items() if isinstance(item, dict) else ():
            if kind in TEXTS and isinstance(field, dict) and field.get("variable"):
                yield field
