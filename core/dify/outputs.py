"""What a run's outputs are shown as: text, and files. Pure."""

import json
from collections.abc import Iterator
from typing import Any

from core.dify.metadata import AppFile
from core.dify.rows import rows_in

_FILE = "__dify__file__"  # `dify_model_identity` of a file among the outputs


def text_of(outputs: object) -> str:
    """A chatflow's `answer`; of a workflow all outputs of its end, one below the other, as Dify streams them.

    Texts stand as they are, numbers and objects as JSON; files and empty outputs are left out.
    """
    if not isinstance(outputs, dict):
        return ""
    if isinstance(outputs.get("answer"), str):
        return str(outputs["answer"])
    return "\n".join(said for value in outputs.values() if (said := _said(value)))


def _said(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None or value in ([], {}) or _is_file(value):
        return ""
    return json.dumps(value, ensure_ascii=False)


def _is_file(value: Any) -> bool:
    if isinstance(value, list):
        return all(_is_file(item) for item in value)
    return isinstance(value, dict) and value.get("dify_model_identity") == _FILE


def files_of(outputs: object, beside: object = None) -> tuple[AppFile, ...]:
    """The files among the outputs (under any name, alone or listed) and in the list beside, each once."""
    values = list(outputs.values()) if isinstance(outputs, dict) else []
    found = rows_in([*_flat(values), *(beside if isinstance(beside, list) else [])], AppFile)
    return tuple({file.url or file.id: file for file in found if file.url or file.id}.values())


def _flat(values: list[Any]) -> Iterator[Any]:
    for value in values:
        yield from (item for item in (value if isinstance(value, list) else [value]) if _is_file(item))
