"""Modals: what Discord accepts as one, and what its client lets people send (components/reference)."""

from typing import Any

from simulators.discord import content as rules
from simulators.discord.errors import Refusal, invalid, too_long

ACTION_ROW, STRING_SELECT, TEXT_INPUT, TEXT_DISPLAY, LABEL = 1, 3, 4, 10, 18
FILE_UPLOAD, RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX = 19, 21, 22, 23
SELECTS = (3, 5, 6, 7, 8)
IN_LABELS = (TEXT_INPUT, *SELECTS, FILE_UPLOAD, RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX)
TITLE, LABELS, DESCRIPTIONS, CUSTOM_IDS, TEXTS = 45, 45, 100, 100, 4000

Json = dict[str, Any]


def check(data: Json) -> None:
    """Raises Refusal 50035 for the first thing that Discord would not take."""
    _check_length(data, "title", 1, TITLE, "data")
    _check_length(data, "custom_id", 1, CUSTOM_IDS, "data")
    components = data.get("components") or []
    if not 1 <= len(components) <= 5:
        raise invalid("data.components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
    for number, each in enumerate(components):
        _check_top(each, f"data.components.{number}")
    ids = [each["custom_id"] for each in rules.flat(components) if "custom_id" in each]
    if len(ids) != len(set(ids)):
        text = "Component custom id cannot be duplicated"
        raise invalid("data.components", "COMPONENT_CUSTOM_ID_DUPLICATED", text)


def _check_length(what: Json, name: str, least: int, most: int, path: str) -> None:
    value = what.get(name) or ""
    if not isinstance(value, str) or not least <= len(value) <= most:
        text = f"Must be between {least} and {most} in length."
        raise invalid(f"{path}.{name}", "BASE_TYPE_BAD_LENGTH", text)


def _check_top(part: Json, path: str) -> None:
    if part["type"] == LABEL:
        _check_length(part, "label", 1, LABELS, path)
        _check_length(part, "description", 0, DESCRIPTIONS, path)
        _check_input(part["component"], f"{path}.component")
    elif part["type"] == ACTION_ROW:
        for each in part["components"]:
            _check_input(each, f"{path}.components")
    elif part["type"] != TEXT_DISPLAY:
        raise invalid(f"{path}.type", "BASE_TYPE_CHOICES", "Not possible in a modal.")


def _check_input(part: Json, path: str) -> None:
    if part["type"] not in IN_LABELS or part.get("disabled"):
        raise invalid(f"{path}.type", "BASE_TYPE_CHOICES", "Not possible in a modal.")
    _check_length(part, "custom_id", 1, CUSTOM_IDS, path)
    if part["type"] == TEXT_INPUT:
        _check_text(part, path)
    if part["type"] in (STRING_SELECT, RADIO_GROUP, CHECKBOX_GROUP):
        _check_options(part, path)
    if part["type"] in (*SELECTS, FILE_UPLOAD, CHECKBOX_GROUP):
        _check_range(part, path)


def _check_text(part: Json, path: str) -> None:
    longest = part.get("max_length") or TEXTS
    if part.get("style") not in (1, 2) or not 1 <= longest <= TEXTS:
        raise invalid(f"{path}.max_length", "NUMBER_TYPE_MAX", f"int value should be between 1 and {TEXTS}.")
    _check_length(part, "value", 0, longest, path)
    _check_length(part, "placeholder", 0, 100, path)


def _check_options(part: Json, path: str) -> None:
    options = part.get("options") or []
    most = 25 if part["type"] == STRING_SELECT else 10
    if not 1 <= len(options) <= most:
        raise too_long(f"{path}.options", most)
    for number, each in enumerate(options):
        for name in ("label", "value"):
            _check_length(each, name, 1, 100, f"{path}.options.{number}")
    values = [each["value"] for each in options]
    if len(values) != len(set(values)):
        text = "The specified option value is already used"
        raise invalid(f"{path}.options", "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", text)
    if sum(bool(each.get("default")) for each in options) > (part.get("max_values") or 1):
        raise Refusal(50035)


def _check_range(part: Json, path: str) -> None:
    most = 10 if part["type"] in (FILE_UPLOAD, CHECKBOX_GROUP) else 25
    least = 1 if part.get("min_values") is None else part["min_values"]
    highest = 1 if part.get("max_values") is None else part["max_values"]
    if not 0 <= least <= most or not 1 <= highest <= most or least > highest:
        raise invalid(f"{path}.max_values", "NUMBER_TYPE_MAX", f"int value should be between 1 and {most}.")
    if part.get("required", True) and least < 1:
        raise invalid(f"{path}.min_values", "NUMBER_TYPE_MIN", "int value should be at least 1.")


def filled(part: Json, values: Json) -> Json:
    """A component of a form as the client sends it back. Raises ValueError for what it would not send."""
    kept = {"type": part["type"], "id": part["id"]}
    if "components" in part:
        return kept | {"components": [filled(each, values) for each in part["components"]]}
    if "component" in part:
        return kept | {"component": filled(part["component"], values)}
    if "custom_id" not in part:
        return kept
    given = values.get(part["custom_id"], _preset(part))
    return kept | {"custom_id": part["custom_id"]} | _answer(part, given)


def _preset(part: Json) -> Any:
    """What is sent by a person who touches nothing."""
    chosen = [each["value"] for each in part.get("options") or [] if each.get("default")]
    if part["type"] == CHECKBOX:
        return bool(part.get("default"))
    if part["type"] == RADIO_GROUP:
        return next(iter(chosen), None)
    return part.get("value", "") if part["type"] == TEXT_INPUT else chosen


def _answer(part: Json, given: Any) -> Json:
    if part["type"] in (CHECKBOX, RADIO_GROUP):
        return {"value": given}
    if part["type"] == TEXT_INPUT:
        return {"value": _typed(part, given)}
    chosen = [str(each.id) if hasattr(each, "id") else str(each) for each in given]
    known = {each["value"] for each in part.get("options") or []}
    if part["type"] == STRING_SELECT and not set(chosen) <= known:
        raise ValueError(f"there is no option {chosen!r}")
    if (part.get("required", True) and not chosen) or len(chosen) > (part.get("max_values") or 1):
        raise ValueError(f"{part['custom_id']!r} takes another number of choices")
    return {"values": chosen}


def _typed(part: Json, text: str) -> str:
    if part.get("required", True) and not text:
        raise ValueError(f"{part['custom_id']!r} is required")
    if len(text) > (part.get("max_length") or TEXTS):
        raise ValueError(f"{part['custom_id']!r} takes {part['max_length']} characters")
    return text
