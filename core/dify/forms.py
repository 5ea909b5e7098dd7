"""Which variable of an app's input form takes the question's text. Pure.

Source: Dify GET /parameters, `user_input_form`: a list of {type: {variable, label, required, …}}.
"""

from collections.abc import Sequence

from core.dify.about import FormField

TEXTS = frozenset(("paragraph", "text-input"))
NAMES = ("query", "question", "text", "input", "prompt")  # the likeliest first


def query_input(form: Sequence[FormField]) -> str | None:
    """The variable for the question: the only text, else one named like a question, else the first required.

    None where that leaves nothing to choose, or where the form has no text at all.
    """
    texts = [field for field in form if field.type in TEXTS]
    if len(texts) == 1:
        return texts[0].variable
    called = {text.variable.lower(): text.variable for text in reversed(texts)}
    for name in NAMES:
        if name in called:
            return called[name]
    return next((text.variable for text in texts if text.required), None)
