"""Forms as Slack's modals, and what comes back from them; pure. Slack: docs.slack.dev/surfaces/modals."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from adapters.slack.inbound import Malformed, Self, facts, incoming_file, reading, team_of
from adapters.slack.origin import Origin, of_view
from adapters.slack.sentences import label
from core.messages import Field, FieldValue, Form, FormSubmitted, Refusal

CALLBACK = "parley:form"
FORM_FIELDS = 90  # a view has 100 blocks
_ELEMENT = "parley:field"  # the action_id; the block_id is Field.key
_HEADING = "parley heading"  # no Field.key has a space
_TITLE, _LABEL, _OPTION, _VALUE = 24, 2_000, 75, 150  # characters
_METADATA = 3_000
_TEXT = 3_000
_GROUP, _GROUPS = 100, 100
_FILES = 10
_PROBLEM = 500  # what can be read below a field

View = dict[str, Any]


class TooLarge(Exception):  # noqa: N818
    """Slack can't hold this form."""


def view_of(form: Form, origin: Origin) -> View:
    """The view for views.open, or for the acknowledgement of the view before. Raises TooLarge."""
    blocks = [_block(field, origin.locale) for field in form.fields]
    if len(form.title) > _TITLE or not blocks:
        blocks.insert(0, {"type": "section", "block_id": _HEADING, "text": _plain(form.title or "…", _LABEL)})
    if len(blocks) > 100:
        raise TooLarge(f"{len(blocks)} fields")
    return {
        "type": "modal",
        "callback_id": CALLBACK,
        "private_metadata": _metadata(form, origin),
        "title": _plain(form.title or "…", _TITLE),
        "submit": _plain(form.submit or "OK", _TITLE),
        "close": _plain(label("cancel", origin.locale), _TITLE),
        "blocks": blocks,
    }


def submitted(body: Mapping[str, Any], me: Self) -> tuple[FormSubmitted, Origin] | None:
    """What a person sent, and where it was opened; None where it is no form of ours. Raises Malformed."""
    with reading():
        view = body["view"]
        if view.get("callback_id") != CALLBACK:
            return None
        try:
            known = json.loads(view["private_metadata"])
        except ValueError:
            raise Malformed("private_metadata") from None
        origin = of_view(body, known["at"], me)
        entries = {key: entry[_ELEMENT] for key, entry in view["state"]["values"].items()}
        values = {key: _value(entry, known["long"].get(key, {})) for key, entry in entries.items()}
        person = facts(origin.place.channel, origin.author.id, team_of(body, me))
        form = str(known["form"])
        return FormSubmitted(form, origin.author, origin.place, values, origin.ref, facts=person), origin


def problems(refusal: Refusal, view: Mapping[str, Any]) -> dict[str, str]:
    """The sentences by block; those about no field of the view stand with its first. {}: it has none."""
    fields = [block["block_id"] for block in view.get("blocks") or () if block.get("type") == "input"]
    if not fields:
        return {}
    sentences: dict[str, list[str]] = {}
    for key, sentence in refusal.problems.items():
        sentences.setdefault(key if key in fields else fields[0], []).append(sentence)
    return {key: _cut(" ".join(found).strip() or "…", _PROBLEM) for key, found in sentences.items()}


def _metadata(form: Form, origin: Origin) -> str:
    long = {field.key: found for field in form.fields if (found := _long_options(field))}
    known = {"form": form.key, "at": origin.kept(), "long": long}
    text = json.dumps(known, ensure_ascii=False, separators=(",", ":"))
    if len(text) > _METADATA:
        raise TooLarge("private_metadata")
    return text


def _block(field: Field, locale: str) -> View:
    return {
        "type": "input",
        "block_id": field.key,
        "label": _plain(field.label or field.key, _LABEL),
        "optional": not field.required or field.kind == "checkbox",  # which may stay empty: that says no
        "element": {**_ELEMENTS[field.kind](field, locale), "action_id": _ELEMENT},
    }


def _text(field: Field, _locale: str) -> View:
    most = min(field.max_length or _TEXT, _TEXT)
    element: View = {"type": "plain_text_input", "multiline": field.kind == "paragraph", "max_length": most}
    return element | ({"initial_value": str(field.value)[:most]} if field.value else {})


def _number(field: Field, _locale: str) -> View:
    element: View = {"type": "number_input", "is_decimal_allowed": True}
    return element | ({"initial_value": str(field.value)} if _is_number(field.value) else {})


def _is_number(value: str | bool) -> bool:  # noqa: FBT001 (a Field.value)
    digits = value.removeprefix("-").replace(".", "", 1) if isinstance(value, str) else ""
    return digits.isascii() and digits.isdigit()


def _select(field: Field, locale: str) -> View:
    texts = _options(field)
    if not texts:
        return _text(field, locale)
    options = [_option(text, _key_of(number, text)) for number, text in enumerate(texts)]
    element: View = {"type": "static_select"}
    if len(options) <= _GROUP:
        element["options"] = options
    else:
        firsts = range(0, len(options), _GROUP)
        element["option_groups"] = [_group(options, first) for first in firsts]
    chosen = [option for option, text in zip(options, texts, strict=True) if text == field.value]
    return element | ({"initial_option": chosen[0]} if chosen else {})


def _group(options: list[View], first: int) -> View:
    after = min(first + _GROUP, len(options))
    return {"label": _plain(f"{first + 1}-{after}", _OPTION), "options": options[first:after]}


def _options(field: Field) -> list[str]:
    texts = list(dict.fromkeys(text for text in field.options if text))
    if len(texts) > _GROUP * _GROUPS:
        raise TooLarge(f"{len(texts)} options")
    return texts


def _long_options(field: Field) -> dict[str, str]:
    """Options that are longer than a value may be, by the value that stands for them."""
    if field.kind != "select":
        return {}
    return {_key_of(n, text): text for n, text in enumerate(_options(field)) if len(text) > _VALUE}


def _key_of(number: int, text: str) -> str:
    return text if len(text) <= _VALUE else f"parley:option:{number}"


def _checkbox(field: Field, locale: str) -> View:
    yes = _option(label("yes", locale), "yes")
    return {"type": "checkboxes", "options": [yes]} | (
        {"initial_options": [yes]} if field.value is True else {}
    )


def _file(field: Field, _locale: str) -> View:
    most = 1 if field.kind == "file" else max(1, min(field.max_length or _FILES, _FILES))
    kinds = [extension.lower() for extension in field.extensions]
    return {"type": "file_input", "max_files": most} | ({"filetypes": kinds} if kinds else {})


_ELEMENTS: Mapping[str, Callable[[Field, str], View]] = {
    "text": _text,
    "paragraph": _text,
    "number": _number,
    "select": _select,
    "checkbox": _checkbox,
    "file": _file,
    "files": _file,
}


def _option(text: str, value: str) -> View:
    return {"text": _plain(text, _OPTION), "value": value}


def _plain(text: str, most: int) -> View:
    return {"type": "plain_text", "text": _cut(text, most)}


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _value(entry: Mapping[str, Any], long: Mapping[str, str]) -> FieldValue:
    """Slack: docs.slack.dev/reference/interaction-payloads/view-interactions-payload."""
    match entry["type"]:
        case "static_select":
            value = str((entry.get("selected_option") or {}).get("value") or "")
            return long.get(value, value)
        case "checkboxes":
            return bool(entry.get("selected_options"))
        case "file_input":
            return tuple(incoming_file(file) for file in entry.get("files") or ())
        case _:
            return str(entry.get("value") or "")
