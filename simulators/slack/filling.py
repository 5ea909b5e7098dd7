"""How a person fills in a modal: what Slack's client lets them send, as the app is told it; pure."""

from collections.abc import Callable, Iterable
from typing import Any

from simulators.slack import blocks as block_kit
from simulators.slack.files import Upload
from simulators.slack.views import MAX_FILES, MAX_INPUT, NUMBER

SELECTED = {
    "static_select": "selected_option",
    "radio_buttons": "selected_option",
    "users_select": "selected_user",
    "conversations_select": "selected_conversation",
    "channels_select": "selected_channel",
    "datepicker": "selected_date",
    "checkboxes": "selected_options",
    "multi_static_select": "selected_options",
}
FILE_BYTES = 10 * 2**20  # of a file in a file_input

Element = dict[str, Any]
Keep = Callable[[Upload], dict[str, Any]]  # keeps a file, and returns the file object


def filled(body: dict[str, Any], values: dict[str, Any], keep: Keep) -> dict[str, Any]:
    """`state.values`: block_id -> action_id -> what was entered; what nobody touched keeps its first value.

    `values` are by block_id or action_id: a text, an option by its value or label, a list of those, Uploads.
    Raises KeyError where the modal has no such element, ValueError where the client would not send it.
    """
    state: dict[str, Any] = {}
    blocks = body.get("blocks") or []
    fields = [(block, each) for block in blocks for each in block_kit.interactive(block)]
    unknown = set(values) - {
        name for block, each in fields for name in (block["block_id"], each["action_id"])
    }
    if unknown:
        raise KeyError(*unknown)
    for block, element in fields:
        if element["type"] != "button":
            name = block["block_id"] if block["block_id"] in values else element["action_id"]
            entry = _entry(element, values.get(name, first(element)), keep)
            if block.get("type") == "input" and not block.get("optional") and _is_empty(entry):
                raise ValueError(f"{name}: required")
            state.setdefault(block["block_id"], {})[element["action_id"]] = entry
    return state


def first(element: Element) -> Any:
    """What stands in an element before anybody touches it."""
    if "initial_option" in element:
        return element["initial_option"]["value"]
    if "initial_options" in element:
        return [option["value"] for option in element["initial_options"]]
    return element.get("initial_value")


def picked(element: Element, value: Any) -> Any:
    """The option(s) of a select or of checkboxes, or the id of another kind of select."""
    groups = element.get("option_groups") or []
    options = [*(element.get("options") or []), *(option for group in groups for option in group["options"])]

    def chosen(wanted: Any) -> Iterable[dict[str, Any]]:
        return (option for option in options if wanted in (option["value"], option["text"]["text"]))

    if SELECTED[element["type"]] == "selected_options":
        return [option for wanted in value or [] for option in chosen(wanted)]
    if SELECTED[element["type"]] == "selected_option":
        return next(iter(chosen(value)), None)
    return value


def _entry(element: Element, value: Any, keep: Keep) -> dict[str, Any]:
    kind = element["type"]
    if kind in SELECTED:
        return {"type": kind, SELECTED[kind]: picked(element, value)}
    if kind == "file_input":
        uploads = list(value or [])
        _check_files(element, uploads)
        return {"type": kind, "files": [keep(upload) for upload in uploads]}
    if kind == "number_input" and value and not NUMBER.fullmatch(value):
        raise ValueError(f"not a number: {value}")
    if value and len(value) > element.get("max_length", MAX_INPUT):
        raise ValueError("too long")
    return {"type": kind, "value": value or None}


def _check_files(element: Element, uploads: list[Upload]) -> None:
    if len(uploads) > element.get("max_files", MAX_FILES):
        raise ValueError("too many files")
    kinds = element.get("filetypes")
    for upload in uploads:
        if kinds and upload.name.rpartition(".")[2].lower() not in kinds:
            raise ValueError(f"not of the types {kinds}")
        if len(upload.data) > FILE_BYTES:
            raise ValueError("file too large")


def _is_empty(entry: dict[str, Any]) -> bool:
    return not any(value for name, value in entry.items() if name != "type")
