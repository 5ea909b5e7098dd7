"""The checks of an app's input form, in Dify's words."""

from collections.abc import Mapping
from typing import Any

from simulators.dify.state import App


def input_problem(app: App, inputs: Mapping[str, Any]) -> str | None:
    """The first thing wrong with the inputs, or None."""
    for field in app.input_form:
        for kind, rules in field.items():
            problem = _problem(kind, rules, inputs.get(str(rules["variable"])))
            if problem:
                return problem
    return None


def _problem(kind: str, rules: Mapping[str, Any], value: Any) -> str | None:
    name = rules["variable"]
    if value in (None, ""):
        return f"{name} is required in input form" if rules.get("required") else None
    if kind in {"text-input", "paragraph"} and not isinstance(value, str):
        return f"(type '{kind}') {name} in input form must be a string"
    if kind == "select" and value not in rules["options"]:
        return f"{name} in input form must be one of the following: {list(rules['options'])}"
    longest = rules.get("max_length")
    if longest and isinstance(value, str) and len(value) > longest:
        return f"{name} in input form must be less than {longest} characters"
    return None
