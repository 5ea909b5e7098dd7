"""What Block Kit accepts (limits as data), and what a reader sees of it; pure."""

import copy
import re
import secrets
from collections.abc import Iterator
from typing import Any

from simulators.slack.refusal import Refusal

Block = dict[str, Any]

MAX_BLOCKS = 50
MAX_MARKDOWN_TEXT = 12_000  # per call, and for all markdown blocks of one message together
MAX_POST_TEXT = 40_000  # longer is cut, with the warning message_truncated
MAX_UPDATE_TEXT = 4_000
MAX_BLOCK_TEXT = {"section": 3_000, "header": 150, "context": 3_000}
MAX_ELEMENTS = {"actions": 25, "context_actions": 5, "context": 10}
MAX_ID = 255
MAX_BUTTON_TEXT = 75
MAX_BUTTON_VALUE = 2_000
MAX_FIELDS = 10
MAX_TABLE = (100, 20, 10_000)  # rows, columns, characters
BLOCK_TYPES = frozenset({
    "actions", "alert", "call", "card", "carousel", "context", "context_actions", "data_table", "divider",
    "file", "header", "image", "input", "markdown", "plan", "rich_text", "section", "table", "task_card",
    "video",
})  # fmt: skip

_TOKEN = re.compile(r"<(![a-z]+|@[UW][A-Z0-9]+|!subteam\^[A-Z0-9]+)(?:\|[^>]*)?>")


def checked(blocks: Any, *, limit: int = MAX_BLOCKS) -> list[Block]:
    """The blocks as Slack keeps them (with a block_id each, and an action_id per element), or a Refusal."""
    if blocks in (None, ""):
        return []
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise Refusal("invalid_blocks_format")
    problems = (
        [] if len(blocks) <= limit else [f"[ERROR] no more than {limit} items allowed [json-pointer:/blocks]"]
    )
    for number, block in enumerate(blocks):
        problems += [f"[ERROR] {what} [json-pointer:/blocks/{number}]" for what in _problems(block)]
    named = [block["block_id"] for block in blocks if block.get("block_id")]
    if len(named) != len(set(named)):
        problems.append("[ERROR] `block_id` already exists [json-pointer:/blocks]")
    if problems:
        raise Refusal("invalid_blocks", errors=problems, response_metadata={"messages": problems})
    if markdown_length(blocks) > MAX_MARKDOWN_TEXT:
        raise Refusal("msg_blocks_too_long")
    return [_with_ids(block) for block in blocks]


def markdown_length(blocks: list[Block]) -> int:
    """The characters of all markdown blocks together."""
    return sum(len(str(block.get("text", ""))) for block in blocks if block.get("type") == "markdown")


def _problems(block: Block) -> Iterator[str]:
    kind = block.get("type")
    if kind not in BLOCK_TYPES:
        yield f"unsupported type: {kind}"
        return
    if len(str(block.get("block_id") or "")) > MAX_ID:
        yield f"block_id must be less than {MAX_ID + 1} characters"
    limit = MAX_BLOCK_TEXT.get(kind)
    if limit and len(_text_of(block.get("text"))) > limit:
        yield f"must be less than {limit + 1} characters"
    if len(block.get("fields") or []) > MAX_FIELDS:
        yield f"no more than {MAX_FIELDS} items allowed"
    if kind in ("table", "data_table"):
        yield from _table_problems(block.get("rows") or [])
    elements = block.get("elements") or []
    if len(elements) > MAX_ELEMENTS.get(kind, len(elements)):
        yield f"no more than {MAX_ELEMENTS[kind]} items allowed"
    if kind == "actions" and not elements:
        yield "no fewer than 1 items allowed"
    named = [element["action_id"] for element in interactive(block) if element.get("action_id")]
    for name in sorted({name for name in named if named.count(name) > 1}):
        yield f"`action_id` {name} already exists"
    for element in interactive(block):
        yield from _element_problems(element)


def _table_problems(rows: list[Any]) -> Iterator[str]:
    max_rows, columns, characters = MAX_TABLE
    if len(rows) > max_rows:
        yield f"no more than {max_rows} rows allowed"
    if any(len(row) > columns for row in rows):
        yield f"no more than {columns} columns allowed"
    if sum(len(_text_of(cell)) for row in rows for cell in row) > characters:
        yield f"no more than {characters} characters allowed in a table"


def _element_problems(element: dict[str, Any]) -> Iterator[str]:
    if element.get("type") == "button" and not _text_of(element.get("text")):
        yield "missing required field: text"
    if len(str(element.get("action_id") or "")) > MAX_ID:
        yield f"action_id must be less than {MAX_ID + 1} characters"
    for button in (element, element.get("positive_button") or {}, element.get("negative_button") or {}):
        if len(str(button.get("value") or "")) > MAX_BUTTON_VALUE:
            yield f"value must be less than {MAX_BUTTON_VALUE + 1} characters"
        if len(_text_of(button.get("text"))) > MAX_BUTTON_TEXT:
            yield f"text must be less than {MAX_BUTTON_TEXT + 1} characters"


def _with_ids(block: Block) -> Block:
    kept = copy.deepcopy(block)
    kept.setdefault("block_id", secrets.token_urlsafe(4)[:5])
    for element in interactive(kept):
        element.setdefault("action_id", secrets.token_urlsafe(4)[:5])
    return kept


def interactive(block: Block) -> list[dict[str, Any]]:
    """The elements of a block that a person can use: buttons, selects, feedback buttons, inputs."""
    if block.get("type") in ("actions", "context_actions"):
        return list(block.get("elements") or [])
    return [block[key] for key in ("accessory", "element") if isinstance(block.get(key), dict)]


def shown(blocks: list[Block]) -> str:
    """The text that a reader sees of the blocks, one line per block (buttons and dividers are no text)."""
    return "\n".join(text for block in blocks if (text := _block_text(block)))


def _block_text(block: Block) -> str:
    kind = block.get("type")
    if kind in ("actions", "context_actions", "divider", "input"):
        return ""
    if kind in ("context", "rich_text"):
        return _text_of(block)
    if kind in ("table", "data_table"):
        return "\n".join(" | ".join(_text_of(cell) for cell in row) for row in block.get("rows") or [])
    parts = [_text_of(block.get("text")), *(_text_of(field) for field in block.get("fields") or [])]
    return "\n".join(part for part in parts if part)


def _text_of(value: Any) -> str:
    if not isinstance(value, dict):
        return value if isinstance(value, str) else ""
    if "elements" in value:
        return "".join(_text_of(element) for element in value["elements"])
    if value.get("type") == "user":
        return f"<@{value['user_id']}>"
    if value.get("type") == "emoji":
        return f":{value['name']}:"
    if value.get("type") == "link":
        return str(value.get("text") or value.get("url") or "")
    return _text_of(value.get("text"))


def pings(text: str) -> list[str]:
    """Who a text would notify if Slack read it: `!channel`, `!here`, `@U…`, `!subteam^…`."""
    return _TOKEN.findall(text)


def rich_text(text: str) -> list[Block]:
    """The rich_text block that Slack adds to what a person types: mentions become user elements."""
    elements: list[dict[str, Any]] = []
    for part in re.split(r"(<@[UW][A-Z0-9]+>)", text):
        if part.startswith("<@"):
            elements.append({"type": "user", "user_id": part[2:-1]})
        elif part:
            elements.append({"type": "text", "text": part})
    section = {"type": "rich_text_section", "elements": elements}
    return [{"type": "rich_text", "block_id": secrets.token_urlsafe(4)[:5], "elements": [section]}]
