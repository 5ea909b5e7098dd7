"""The checks of an app's input form, in Dify's words (api/core/app/apps/base_app_generator.py)."""

from collections.abc import Mapping
from typing import Any

from simulators.dify.state import App

TEXTS = ("text-input", "paragraph", "select")


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
    if kind == "external_data_tool":  # filled by a call of Dify's own
        return None
    if value in (None, ""):
        return f"{name} is required in input form" if rules.get("required") else None
    if kind in TEXTS and not isinstance(value, str):
        return f"(type '{kind}') {name} in input form must be a string"
    wrong = _wrong(kind, rules, value)
    return f"{name} in input form must be {wrong}" if wrong else None


def _wrong(kind: str, rules: Mapping[str, Any], value: Any) -> str | None:
    options, longest = list(rules.get("options", ())), rules.get("max_length") or 0
    listed = isinstance(value, list) and all(isinstance(item, dict) for item in value)
    wrong = {
        "select": (value not in options, f"one of the following: {options}"),
        "number": (not _is_number(value), "a valid number"),
        "file": (not isinstance(value, dict), "a file"),
        "file-list": (not listed, "a list of files"),
        "json_object": (not isinstance(value, dict), "a dict"),
    }
    if wrong.get(kind, (False, ""))[0]:
        return wrong[kind][1]
    counted = {"text-input": "characters", "paragraph": "characters", "file-list": "files"}.get(kind)
    return f"less than {longest} {counted}" if counted and longest and len(value) > longest else None


def _is_number(value: Any) -> bool:
    """Dify reads a text with a dot as float, any other as int."""
    if isinstance(value, str):
        try:
            float(value) if "." in value else int(value)
        except ValueError:
            return False
        return True
    return isinstance(value, int | float)
