"""What a view may be made of: modals and the Home tab; pure. Slack: docs.slack.dev/reference/views."""

import re
from collections.abc import Iterator
from typing import Any

from simulators.slack import blocks as block_kit
from simulators.slack.refusal import Refusal

View = dict[str, Any]
Problems = Iterator[tuple[str, str]]  # what is wrong, and where

MAX_VIEW_BLOCKS = 100
MAX_METADATA = 3_000
MAX_CALLBACK = 255
MAX_WORDS = 24  # of title, submit and close
MAX_LABEL = 2_000  # of an input block, and its hint
MAX_OPTIONS = {"static_select": 100, "multi_static_select": 100, "checkboxes": 10, "radio_buttons": 10}
MAX_GROUPS = 100
MAX_OPTION_TEXT = 75
MAX_OPTION_VALUE = 150
MAX_INPUT = 3_000
MAX_FILES = 10
INPUTS = frozenset({
    "channels_select", "checkboxes", "conversations_select", "datepicker", "datetimepicker",
    "email_text_input", "external_select", "file_input", "multi_static_select", "number_input",
    "plain_text_input", "radio_buttons", "rich_text_input", "static_select", "timepicker", "url_text_input",
    "users_select",
})  # fmt: skip
NUMBER = re.compile(r"-?\d+(\.\d+)?")


def checked(body: Any, kinds: tuple[str, ...] = ("modal",)) -> View:
    """The view as Slack keeps it, or a Refusal that names each problem and its place."""
    if not isinstance(body, dict) or body.get("type") not in kinds:
        raise _refusal([("unsupported type", "/type")])
    problems = [*_frame(body), *_content(body)]
    if problems:
        raise _refusal(problems)
    try:
        blocks = block_kit.checked(body.get("blocks"), limit=MAX_VIEW_BLOCKS)
    except Refusal as refusal:
        raise _refusal(
            [(str(problem), "/blocks") for problem in refusal.extra.get("errors", [refusal])]
        ) from None
    return {**body, "blocks": blocks}


def _refusal(problems: list[tuple[str, str]]) -> Refusal:
    messages = [f"[ERROR] {what} [json-pointer:/view{where}]" for what, where in problems]
    return Refusal("invalid_arguments", response_metadata={"messages": messages})


def _frame(body: View) -> Problems:
    if body["type"] == "modal":
        yield from _words(body, "title", MAX_WORDS, needed=True)
    for name in ("submit", "close"):
        yield from _words(body, name, MAX_WORDS)
    for name, most in (("private_metadata", MAX_METADATA), ("callback_id", MAX_CALLBACK)):
        if len(str(body.get(name) or "")) > most:
            yield f"must be less than {most + 1} characters", f"/{name}"
    kinds = [block.get("type") for block in body.get("blocks") or [] if isinstance(block, dict)]
    if body["type"] == "modal" and "input" in kinds and not body.get("submit"):
        yield "a submit button is needed with input blocks", "/submit"


def _content(body: View) -> Problems:
    blocks = body.get("blocks")
    if not isinstance(blocks, list) or not blocks:
        yield "missing required field: blocks", "/blocks"
        return
    for number, block in enumerate(blocks):
        if isinstance(block, dict) and block.get("type") == "input":
            yield from ((what, f"/blocks/{number}{where}") for what, where in _input(block))


def _input(block: View) -> Problems:
    yield from _words(block, "label", MAX_LABEL, needed=True)
    yield from _words(block, "hint", MAX_LABEL)
    element = block.get("element")
    if not isinstance(element, dict) or element.get("type") not in INPUTS:
        yield "unsupported element", "/element"
        return
    kind = element["type"]
    if kind in MAX_OPTIONS:
        yield from _choices(element, MAX_OPTIONS[kind])
    elif kind == "plain_text_input":
        yield from _text(element)
    elif kind == "number_input":
        yield from _number(element)
    elif kind == "file_input":
        yield from _files(element)


def _words(part: View, name: str, most: int, *, needed: bool = False) -> Problems:
    value = part.get(name)
    if value is None and not needed:
        return
    if not isinstance(value, dict) or value.get("type") != "plain_text" or not value.get("text"):
        yield f"missing required field: {name}", f"/{name}"
    elif len(value["text"]) > most:
        yield f"must be less than {most + 1} characters", f"/{name}/text"


def _choices(element: View, most: int) -> Problems:
    groups = element.get("option_groups")
    if groups is not None and (element.get("options") is not None or not 0 < len(groups) <= MAX_GROUPS):
        yield "invalid option_groups", "/element/option_groups"
    lists = (
        [element.get("options") or []] if groups is None else [group.get("options") or [] for group in groups]
    )
    for group in groups or []:
        yield from _words(group, "label", MAX_OPTION_TEXT, needed=True)
    for options in lists:
        if not 0 < len(options) <= most:
            yield f"no fewer than 1 and no more than {most} items allowed", "/element/options"
        for option in options:
            yield from _option(option)
    everything = [option for options in lists for option in options]
    values = [option.get("value") for option in everything]
    if len(values) != len(set(values)):
        yield "option values must be unique", "/element/options"
    first = [element.get("initial_option"), *(element.get("initial_options") or [])]
    if any(option is not None and option not in everything for option in first):
        yield "must be one of the options", "/element/initial_option"


def _option(option: View) -> Problems:
    yield from _words(option, "text", MAX_OPTION_TEXT, needed=True)
    value = option.get("value")
    if not isinstance(value, str) or not 0 < len(value) <= MAX_OPTION_VALUE:
        yield f"must be between 1 and {MAX_OPTION_VALUE} characters", "/element/options/value"


def _text(element: View) -> Problems:
    most = element.get("max_length", MAX_INPUT)
    if not isinstance(most, int) or not 0 < most <= MAX_INPUT:
        yield f"must be between 1 and {MAX_INPUT}", "/element/max_length"
    elif len(str(element.get("initial_value") or "")) > most:
        yield "longer than max_length", "/element/initial_value"


def _number(element: View) -> Problems:
    if not isinstance(element.get("is_decimal_allowed"), bool):
        yield "missing required field: is_decimal_allowed", "/element"
    first = element.get("initial_value")
    if first is not None and not (isinstance(first, str) and NUMBER.fullmatch(first)):
        yield "must be a number, as a string", "/element/initial_value"


def _files(element: View) -> Problems:
    most = element.get("max_files", MAX_FILES)
    if not isinstance(most, int) or not 0 < most <= MAX_FILES:
        yield f"must be between 1 and {MAX_FILES}", "/element/max_files"
    kinds = element.get("filetypes")
    if kinds is not None and not (kinds and all(isinstance(kind, str) and kind for kind in kinds)):
        yield "must be file extensions", "/element/filetypes"
