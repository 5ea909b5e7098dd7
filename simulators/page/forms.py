"""Forms that the bot opened, on both platforms in one shape for the page; and what was filled in."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from simulators.discord.interactions import Interaction
from simulators.slack import blocks as block_kit
from simulators.slack import filling
from simulators.slack.state import View
from simulators.stage import Stage

Field = dict[str, Any]
Form = dict[str, Any]

SLACK_KINDS = {
    "number_input": "number", "static_select": "select", "radio_buttons": "select", "checkboxes": "checks",
    "multi_static_select": "checks", "file_input": "files", "datepicker": "date",
}  # fmt: skip
TEXT, SELECT, LABEL, FILES, RADIO, CHECKS, CHECK = 4, 3, 18, 19, 21, 22, 23  # Discord's component types
DISCORD_KINDS = {SELECT: "select", RADIO: "select", FILES: "files", CHECKS: "checks", CHECK: "check"}
ANY_TEXT = 3_000  # characters, where the form does not say


def view(stage: Stage) -> dict[str, Form]:
    """The form in front of each person and platform; a newer one stands before an older one."""
    names = {user.id: name for name, user in stage.slack_places.people.items()}
    slack = {names[each.user]: each for each in stage.slack.open_views if each.user in names}
    shown = {f"form/slack/{each.id}": _slack(each, name) for name, each in slack.items()}
    for name, opened in _open_in_discord(stage).items():
        shown[f"form/discord/{opened.id}"] = _discord(opened, name)
    return shown


def _open_in_discord(stage: Stage) -> dict[str, Interaction]:
    """By person: the newest form of each, unless it was sent or closed; no older one comes up again."""
    names = {user.id: name for name, user in stage.discord_places.people.items()}
    opened = [each for each in stage.discord.world.interactions.values() if each.modal is not None]
    newest = {names[each.user.id]: each for each in opened if each.user.id in names}
    return {name: each for name, each in newest.items() if each.id not in stage.closed_forms}


def slack_form(stage: Stage, known: str) -> View | None:
    """The open view with this id."""
    return next((each for each in stage.slack.open_views if each.id == known), None)


def discord_form(stage: Stage, known: str) -> Interaction | None:
    """The interaction whose form is open, by its id."""
    return next((each for each in _open_in_discord(stage).values() if str(each.id) == known), None)


# ---- Slack


def _slack(opened: View, name: str) -> Form:
    body = opened.body
    return {
        "platform": "slack",
        "person": name,
        "title": _words(body.get("title")),
        "submit": _words(body.get("submit")) or "Submit",
        "close": _words(body.get("close")) or "Cancel",
        "version": opened.hash,
        "fields": list(slack_fields(body)),
        "errors": opened.errors,
    }


def slack_fields(body: Mapping[str, Any]) -> Iterator[Field]:
    """What can be filled in, and the texts between; keys are block_ids."""
    for block in body.get("blocks") or []:
        if block.get("type") == "input":
            yield _slack_field(block, block["element"])
        elif text := block_kit.shown([block]):
            yield {"key": block["block_id"], "kind": "note", "label": text}


def _slack_field(block: Mapping[str, Any], element: dict[str, Any]) -> Field:
    kind = SLACK_KINDS.get(element["type"], "paragraph" if element.get("multiline") else "text")
    groups = [element, *(element.get("option_groups") or [])]
    options = [option for group in groups for option in group.get("options") or []]
    return {
        "key": block["block_id"],
        "kind": kind,
        "label": _words(block.get("label")),
        "hint": _words(block.get("hint")) or _words(element.get("placeholder")),
        "required": not block.get("optional"),
        "value": filling.first(element) or ([] if kind == "checks" else ""),
        "options": [{"value": each["value"], "label": _words(each["text"])} for each in options],
        "longest": element.get("max_length") or ANY_TEXT,
        "most": element.get("max_files") or 1,
        "accept": ",".join(f".{name}" for name in element.get("filetypes") or []),
    }


def _words(text: Any) -> str:
    return str(text.get("text") or "") if isinstance(text, dict) else ""


# ---- Discord


def _discord(opened: Interaction, name: str) -> Form:
    modal = opened.modal or {}
    return {
        "platform": "discord",
        "person": name,
        "title": modal.get("title") or "",
        "submit": "Submit",  # Discord lets nobody name it
        "close": "Cancel",
        "version": str(opened.id),
        "fields": list(discord_fields(modal)),
        "errors": {},
    }


def discord_fields(modal: Mapping[str, Any]) -> Iterator[Field]:
    """What can be filled in, and the texts between; keys are custom_ids."""
    for part in modal.get("components") or []:
        if part["type"] == LABEL:
            yield _discord_field(part["component"], part)
        elif "components" in part:  # the older form: a row with a text input that has a label itself
            yield from (_discord_field(each, each) for each in part["components"])
        elif part.get("content"):
            yield {
                "key": str(part.get("id") or part["content"])[:80],
                "kind": "note",
                "label": part["content"],
            }


def _discord_field(part: Mapping[str, Any], labelled: Mapping[str, Any]) -> Field:
    kind = DISCORD_KINDS.get(part["type"], "paragraph" if part.get("style") == 2 else "text")
    kind = "checks" if kind == "select" and (part.get("max_values") or 1) > 1 else kind
    options = part.get("options") or []
    chosen = [each["value"] for each in options if each.get("default")]
    first = {"checks": chosen, "check": bool(part.get("default")), "select": (chosen or [""])[0]}
    return {
        "key": part["custom_id"],
        "kind": kind,
        "label": labelled.get("label") or "",
        "hint": labelled.get("description") or part.get("placeholder") or "",
        "required": part.get("required", True) and kind != "check",
        "value": first.get(kind, part.get("value") or ""),
        "options": [{"value": each["value"], "label": each["label"]} for each in options],
        "longest": part.get("max_length") or ANY_TEXT,
        "most": part.get("max_values") or 1,
        "accept": "",
    }


def entered(field: Field, value: Any, files: Callable[[list[str]], list[Any]]) -> Any:
    """A value from the page as its field takes it; `files` finds those by id. Raises ValueError."""
    kind = field["kind"]
    if kind == "check":
        return _of(value, bool)
    if kind in ("files", "checks"):
        texts = [_of(each, str) for each in _of(value, list)]
        return files(texts) if kind == "files" else texts
    text = _of(value, str)
    if len(text) > field["longest"]:
        raise ValueError("is too long")
    return text


def _of(value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise ValueError("has the wrong type")  # noqa: TRY004 (one kind of error for all that is wrong)
    return value
