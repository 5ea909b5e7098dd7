"""Forms as Discord's modals, and what people filled in (Discord: components/reference#label)."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from adapters.discord import inbound, labels
from core.messages import Field, FieldValue, Form, IncomingFile, MessageRef

FIELDS = 5  # components of a modal
LABEL, TEXT_INPUT, SELECT, FILE_UPLOAD, CHECKBOX = 18, 4, 3, 19, 23
SHORT, PARAGRAPH = 1, 2
TITLE_LENGTH, LABEL_LENGTH, DESCRIPTION_LENGTH, TEXT_LENGTH = 45, 45, 100, 4000
OPTIONS, OPTION_LENGTH, FILES = 25, 100, 10
LONG = "parley-option:"  # begins the value of an option that is longer than a value may be

Component = dict[str, Any]


def modal(form: Form, about: MessageRef | None) -> Component:
    """The data of a callback that opens the form (Discord: type 9, MODAL). It has no word for `submit`."""
    return {
        "custom_id": labels.custom_id(form.key, about),
        "title": cut(form.title, TITLE_LENGTH) or "…",
        "components": [_labelled(field) for field in form.fields[:FIELDS]],
    }


def _labelled(field: Field) -> Component:
    label, rest = _split(" ".join(field.label.split()) or field.key)
    known = ", ".join(field.extensions)  # a modal can't restrict what is chosen
    described = cut(" · ".join(part for part in (rest, known) if part), DESCRIPTION_LENGTH)
    shown = {"type": LABEL, "label": label, "component": _input(field)}
    return shown | ({"description": described} if described else {})


def _split(label: str) -> tuple[str, str]:
    """A label, and what goes below it because the label is longer than it may be."""
    if len(label) <= LABEL_LENGTH:
        return label, ""
    head, space, _ = label[: LABEL_LENGTH - 1].rpartition(" ")
    head = head if space and len(head) > LABEL_LENGTH // 2 else label[: LABEL_LENGTH - 1]
    return f"{head}…", f"…{label[len(head) :].lstrip()}"


def cut(text: str, longest: int) -> str:
    """The text, or its beginning and an ellipsis."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _input(field: Field) -> Component:
    if field.kind == "checkbox":
        return {"type": CHECKBOX, "custom_id": field.key, "default": field.value is True}
    if field.kind in ("file", "files"):
        return _upload(field)
    if field.kind == "select" and 0 < len(options(field)) <= OPTIONS:
        return _select(field)
    return _text(field)


def _upload(field: Field) -> Component:
    most = min(field.max_length or FILES, FILES) if field.kind == "files" else 1
    least = 1 if field.required else 0
    kind: Component = {"type": FILE_UPLOAD, "custom_id": field.key, "required": field.required}
    return kind | {"min_values": least, "max_values": max(1, most)}


def options(field: Field) -> list[str]:
    """What can be chosen: an empty option is none, and of two equal ones there is one."""
    return list(dict.fromkeys(option for option in field.options if option))


def _select(field: Field) -> Component:
    return {
        "type": SELECT,
        "custom_id": field.key,
        "required": field.required,
        "min_values": 1 if field.required else 0,
        "max_values": 1,
        "options": [
            {"label": cut(option, OPTION_LENGTH), "value": _value(option, at)}
            | ({"default": True} if option == field.value else {})
            for at, option in enumerate(options(field))
        ],
    }


def _value(option: str, at: int) -> str:
    return option if len(option) <= OPTION_LENGTH else f"{LONG}{at}"


def _text(field: Field) -> Component:
    longest = max(1, min(field.max_length or TEXT_LENGTH, TEXT_LENGTH))
    style = PARAGRAPH if field.kind == "paragraph" else SHORT
    shown: Component = {"type": TEXT_INPUT, "custom_id": field.key, "style": style}
    shown |= {"required": field.required, "max_length": longest}
    value = field.value if isinstance(field.value, str) else ""
    return shown | ({"value": value[:longest]} if value else {})


def refilled(form: Form, given: Mapping[str, FieldValue]) -> Form:
    """The form with what was filled in; files have to be chosen again."""
    kept = {key: value for key, value in given.items() if isinstance(value, str | bool)}
    fields = tuple(replace(field, value=kept.get(field.key, field.value)) for field in form.fields)
    return replace(form, fields=fields)


def values(data: Mapping[str, Any], form: Form | None) -> dict[str, FieldValue]:
    """What stands in a modal's submission, by Field.key; `form`: what was opened, while that is known."""
    files = (data.get("resolved") or {}).get("attachments") or {}
    known = {field.key: field for field in form.fields} if form else {}
    return {
        each["custom_id"]: _filled(each, files, known.get(each["custom_id"]))
        for each in _parts(data.get("components") or [])
    }


def _parts(components: list[Component]) -> Iterator[Component]:
    for each in components:
        inner = each.get("component")
        if inner is not None and "custom_id" in inner:
            yield inner


def _filled(part: Component, files: Mapping[str, Component], field: Field | None) -> FieldValue:
    if part["type"] == CHECKBOX:
        return bool(part.get("value"))
    if part["type"] == FILE_UPLOAD:
        return tuple(_file(files[each]) for each in part.get("values") or [] if each in files)
    if part["type"] == SELECT:
        return _chosen(str(next(iter(part.get("values") or []), "")), field)
    return str(part.get("value") or "")


def _chosen(value: str, field: Field | None) -> str:
    number = value.removeprefix(LONG)
    if number == value or field is None or not number.isdecimal():
        return value
    known = options(field)
    return known[int(number)] if int(number) < len(known) else value


def _file(data: Component) -> IncomingFile:
    return inbound.file(
        str(data["id"]), data["filename"], data.get("content_type"), int(data.get("size", -1)), data["url"]
    )
